package adaptertest

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// channelName is what a subject token and a settings key may be.
var channelName = regexp.MustCompile(`^[a-z][a-z0-9]{1,31}$`)

// maxTimeout bounds one Send: a job is not settled before its slowest Send.
const maxTimeout = 2 * time.Minute

func limits(t tester, c Case) {
	d := c.Driver
	l := d.Limits
	if !channelName.MatchString(d.Name) {
		t.Errorf("name %q: it is a subject token and a settings key: small letters and digits", d.Name)
	}
	if strings.TrimSpace(d.Title) == "" {
		t.Error("title: the officer reads it, give one")
	}
	for name, n := range map[string]int{
		"Batch": l.Batch, "Concurrency": l.Concurrency, "PerDestination": l.PerDestination, "ShardSize": l.ShardSize,
	} {
		if n <= 0 {
			t.Errorf("Limits.%s is %d: without a bound the runner has none either", name, n)
		}
	}
	if l.Timeout <= 0 || l.Timeout > maxTimeout {
		t.Errorf("Limits.Timeout is %s: more than 0, at most %s", l.Timeout, maxTimeout)
	}
	if l.ShardSize < l.Batch {
		t.Errorf("Limits.ShardSize %d is below Batch %d: no batch would ever be full", l.ShardSize, l.Batch)
	}
	if l.Concurrency < l.PerDestination {
		t.Errorf("Limits.Concurrency %d is below PerDestination %d", l.Concurrency, l.PerDestination)
	}
	if l.ConfirmWithin < 0 {
		t.Errorf("Limits.ConfirmWithin is %s", l.ConfirmWithin)
	}
}

// strange is a setting that no channel has.
const strange = "no_such_setting"

func strictSettings(t tester, c Case) {
	k := start(t, c, alert.Drill) // good settings open
	good := k.far.Settings
	if len(good) == 0 {
		good = json.RawMessage("{}")
	}
	var v any
	if err := json.Unmarshal(good, &v); err != nil {
		t.Fatalf("Far.Settings: %v", err)
	}
	for _, o := range objects(v) {
		o[strange] = nil
		raw, err := json.Marshal(v)
		delete(o, strange)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.refuses(raw); err == nil || !strings.Contains(err.Error(), strange) {
			t.Errorf("settings with the unknown field %q in %v: error %v, want one that names it", strange, keys(o), err)
		}
	}
	k.mistyped(v)
	for _, raw := range []string{string(good) + "{}", string(good) + "x", `[]`, `"x"`, `7`, `{`} {
		if err := k.refuses(json.RawMessage(raw)); err == nil {
			t.Errorf("settings %q were taken", raw)
		}
	}
}

// refuses opens the channel once more with settings that should not do.
func (k *kit) refuses(raw json.RawMessage) error {
	other := &kit{tester: k.tester, c: k.c, env: k.env, log: k.log, far: k.far, said: map[string]string{}}
	other.far.Settings = raw
	return other.open()
}

// mistyped gives each setting in v a value of a type that none has.
func (k *kit) mistyped(v any) {
	k.Helper()
	for _, o := range objects(v) {
		for name, kept := range o {
			o[name] = [][]bool{{true}}
			raw, err := json.Marshal(v)
			o[name] = kept
			if err != nil {
				k.Fatal(err)
			}
			if err := k.refuses(raw); err == nil || !strings.Contains(err.Error(), name) {
				k.Errorf("setting %q of a wrong type: error %v, want one that names it", name, err)
			}
		}
	}
}

// objects are all JSON objects in v, to be changed in place.
func objects(v any) []map[string]any {
	var out []map[string]any
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, objects(e)...)
		}
	case map[string]any:
		out = append(out, v)
		for _, e := range v {
			out = append(out, objects(e)...)
		}
	}
	return out
}

func keys(o map[string]any) []string {
	var out []string
	for name := range o {
		out = append(out, name)
	}
	return out
}

// openHanging wants the server to start, and to stop, whatever the far end does.
func openHanging(t tester, c Case) {
	k := prepare(t, c, alert.Drill)
	if k.far.Hang != nil {
		k.far.Hang()
	}
	var err error
	if !k.within(func() { err = k.open() }) {
		t.Fatal("Open waits for the far end")
	}
	if err != nil {
		t.Fatalf("Open with good settings: %v", err)
	}
	if err := k.close(); err != nil {
		t.Errorf("close while the far end hangs: %v", err)
	}
}

func selfCheck(t tester, c Case) {
	k := start(t, c, alert.Drill)
	checker, ok := k.channel.(adapter.Checker)
	if !ok {
		return
	}
	if err := checker.Check(t.Context()); err != nil {
		k.hear("the check", err.Error())
		t.Errorf("Check of a channel whose far end is well: %v", err)
	}
}
