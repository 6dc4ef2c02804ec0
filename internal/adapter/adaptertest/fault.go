package adaptertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// hanging wants Send to end soon after its context, with failures that are
// tried again and never with a success: when the far end hangs in the middle of
// things, and when it has hung since before the channel was opened.
func hanging(t tester, c Case) {
	for _, early := range []bool{false, true} {
		k := prepare(t, c, alert.Drill)
		if k.far.Hang == nil {
			return
		}
		if early {
			k.far.Hang()
		}
		k.begin()
		people := k.some(0, min(30, c.Driver.Limits.Batch))
		d := k.deliver(drill(alert.TypeAlert))
		k.far.Hang()
		k.unanswered(d, people, 200*time.Millisecond)
		k.unanswered(d, people, 0) // over before it begins
	}
}

// unanswered sends with so much time to a far end that says nothing.
func (k *kit) unanswered(d adapter.Delivery, people []adapter.Recipient, wait time.Duration) {
	k.Helper()
	ctx, cancel := context.WithTimeout(k.Context(), wait)
	defer cancel()
	var got []adapter.Receipt
	if !k.within(func() { got = k.attempt(ctx, d, people) }) {
		k.Fatal("Send goes on long after its context has ended")
	}
	k.lost("hangs", got)
}

// away wants the same when nobody is there at all, and that the failures do not
// say where nobody was: the errors of package net do.
func away(t tester, c Case) {
	k := start(t, c, alert.Drill)
	if k.far.Down == nil {
		return
	}
	people := k.some(0, min(5, c.Driver.Limits.Batch))
	d := k.deliver(drill(alert.TypeAlert))
	k.far.Down()
	k.lost("is away", k.send(d, people))
}

// lost wants every receipt to be a failure that is soon tried again.
func (k *kit) lost(what string, got []adapter.Receipt) {
	k.Helper()
	for i, r := range got {
		if r.Failure == nil {
			k.Errorf("receipt %d of a far end that %s: %s, want a failure", i, what, r.State)
		} else if r.Failure.Class != adapter.Temporary && r.Failure.Class != adapter.Throttled {
			k.Errorf("receipt %d of a far end that %s: %s (%v): it would not be tried again soon", i, what, r.Failure.Class, r.Failure)
		}
	}
}

// nonsense are addresses that no channel wrote.
var nonsense = []json.RawMessage{
	nil,
	{},
	json.RawMessage(`null`), json.RawMessage(`{}`), json.RawMessage(`[]`), json.RawMessage(`"x"`), json.RawMessage(`7`),
	json.RawMessage(`{`),
	{0xff, 0x00, 0xfe},
	json.RawMessage(`{"x":` + strings.Repeat("[", 20_000)),
	json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`),
}

func badAddresses(t tester, c Case) {
	k := start(t, c, alert.Drill)
	if c.Driver.Limits.Batch < 3 {
		return
	}
	good := k.some(0, 2)
	d := k.deliver(drill(alert.TypeAlert))
	for _, raw := range nonsense {
		k.between(d, good, raw, true)
	}
	all, each := spoilt(good[0].Address)
	for _, raw := range all {
		k.between(d, good, raw, true)
	}
	for _, raw := range each {
		k.between(d, good, raw, false) // a field may matter to others only
	}
}

// between sends to two good recipients with a bad one between them.
func (k *kit) between(d adapter.Delivery, good []adapter.Recipient, raw json.RawMessage, must bool) {
	k.Helper()
	got := k.send(d, []adapter.Recipient{good[0], nobody(raw), good[1]})
	what := fmt.Sprintf("address %.80q", raw)
	for _, i := range []int{0, 2} {
		if got[i].Failure != nil {
			k.Errorf("%s: another recipient failed with it: %v", what, got[i].Failure)
		}
	}
	switch f := got[1].Failure; {
	case f == nil && must:
		k.Errorf("%s: %s, want a failure", what, got[1].State)
	case f != nil && f.Class != adapter.Rejected && f.Class != adapter.Temporary:
		k.Errorf("%s: %s (%v), want rejected or temporary", what, f.Class, f)
	}
}

// inside is an address of the cloud's own machinery: what a stranger would like us to call.
const inside = "169.254.169.254"

// spoilt makes bad addresses out of a good one: all texts at once, and each by
// itself. Links that lead inside our own network belong to the first sort.
func spoilt(good json.RawMessage) (all, each []json.RawMessage) {
	var fields map[string]any
	if json.Unmarshal(good, &fields) != nil {
		return nil, nil
	}
	for _, s := range []string{"", "garbage", "\u0000☃\r\nX: y", strings.Repeat("9", 100_000)} {
		whole := map[string]any{}
		for name, v := range fields {
			whole[name] = v
			if text, ok := v.(string); ok {
				whole[name] = s
				each = append(each, changed(fields, name, s))
				if u, err := url.Parse(text); err == nil && u.Host != "" {
					u.Host = inside
					all = append(all, changed(fields, name, u.String()))
				}
			}
		}
		all = append(all, encode(whole))
	}
	return all, each
}

func changed(fields map[string]any, name string, v any) json.RawMessage {
	out := map[string]any{}
	maps.Copy(out, fields)
	out[name] = v
	return encode(out)
}

func encode(v any) json.RawMessage {
	var buf bytes.Buffer
	_ = json.NewEncoder(&buf).Encode(v) // maps of what was decoded always encode
	return buf.Bytes()
}

// refusals has the far end refuse one of two recipients in each of its ways.
func refusals(t tester, c Case) {
	for n := 0; ; n++ {
		k := start(t, c, alert.Drill)
		if n >= len(k.far.Refusals) {
			return
		}
		people := k.some(0, 2)
		if c.Driver.Limits.Batch < 2 {
			people = people[:1]
		}
		d := k.deliver(drill(alert.TypeAlert))
		refusal := k.far.Refusals[n]
		refusal.Refuse(0)
		got := k.send(d, people)
		k.refused(refusal, got[0])
		for _, r := range got[1:] {
			if (r.Failure != nil) != refusal.All {
				t.Errorf("%s: the other recipient: %v; failure expected: %t", refusal.Name, r.Failure, refusal.All)
			}
		}
	}
}

func (k *kit) refused(want Refusal, got adapter.Receipt) {
	k.Helper()
	f := got.Failure
	switch {
	case f == nil:
		k.Errorf("%s: %s, want a failure", want.Name, got.State)
	case f.Class != want.Class:
		k.Errorf("%s: %s (%v), want %s", want.Name, f.Class, f, want.Class)
	case f.After != want.After:
		k.Errorf("%s: after %s, want %s", want.Name, f.After, want.After)
	}
}
