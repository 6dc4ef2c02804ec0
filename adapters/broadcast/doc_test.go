package broadcast

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// documented is FEED.md's section of each frame, and what the code sends in it.
var documented = map[string][]any{
	"`resume`":     {resumeFrame{}},
	"`hello`":      {helloFrame{}},
	"`alert`":      {connectionFields{}, alertFrame{}},
	"`live`":       {liveFrame{}},
	"`heartbeat`":  {heartbeatFrame{}},
	"`receipt`":    {receiptFrame{}},
	"`receipt_ok`": {receiptAnswer{}},
	"`bye`":        {byeFrame{}},
	"Poll":         {pollAnswer{}},
}

// connectionFields are what appendHead writes.
type connectionFields struct {
	Type   string `json:"type"`
	Seq    uint64 `json:"seq"`
	Prev   uint64 `json:"prev"`
	Replay bool   `json:"replay"`
}

// fields are the JSON names of v's type and of the types in it that the package or
// the domain defines, each by its name.
func fields(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasPrefix(t.PkgPath(), "tocsin/") {
		return
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue // written as something else than its fields
		}
		into[name] = true
		fields(f.Type, into)
	}
}

// sections are FEED.md's, by the beginning of their heading.
func sections(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("FEED.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1) {
		head, body, _ := strings.Cut(part, "\n")
		head, _, _ = strings.Cut(head, ",")
		head, _, _ = strings.Cut(head, " and ")
		out[head] = body
	}
	return out
}

var (
	quoted  = regexp.MustCompile("`([a-z0-9_]+)`")
	row     = regexp.MustCompile("(?m)^\\| (`.*?) \\|")
	example = regexp.MustCompile("(?s)```json\n(.*?)\n```")
)

// TestEveryFieldIsDocumented: FEED.md names each field of each frame in its own
// section, no field that there is not, and its examples have only such.
func TestEveryFieldIsDocumented(t *testing.T) {
	all := sections(t)
	for name, frames := range documented {
		text, ok := all[name]
		if !ok {
			t.Errorf("FEED.md has no section %s", name)
			continue
		}
		sent := map[string]bool{}
		for _, f := range frames {
			fields(reflect.TypeOf(f), sent)
		}
		said := map[string]bool{}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			said[m[1]] = true
		}
		for f := range sent {
			if f != "type" && !said[f] {
				t.Errorf("%s: the field %s is not in FEED.md", name, f)
			}
		}
		table, _, _ := strings.Cut(text, "| State |") // the receipt's second table is of values
		for _, r := range row.FindAllStringSubmatch(table, -1) {
			for _, m := range quoted.FindAllStringSubmatch(r[1], -1) {
				if !sent[m[1]] && name != "`bye`" {
					t.Errorf("%s: FEED.md tells of a field %s that is never sent", name, m[1])
				}
			}
		}
		examples := example.FindAllStringSubmatch(text, -1)
		if len(examples) == 0 {
			t.Errorf("%s: no example", name)
		}
		for _, e := range examples {
			var v any
			if err := json.Unmarshal([]byte(e[1]), &v); err != nil {
				t.Errorf("%s: example: %v", name, err)
			}
			unknown(v, "", func(path, key string) {
				if !sent[key] && key != "type" && !strings.HasPrefix(path, ".texts") && !strings.Contains(path, ".names") {
					t.Errorf("%s: the example has %s.%s, which is never sent", name, path, key)
				}
			})
		}
	}
}

// unknown calls f for each key of an object in v, with the way to it.
func unknown(v any, path string, f func(path, key string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			f(path, k)
			unknown(w, path+"."+k, f)
		}
	case []any:
		for _, w := range v {
			unknown(w, path, f)
		}
	}
}

// TestEveryCodeIsDocumented: close codes, receipt states, starts and bounds stand in FEED.md as they are.
func TestEveryCodeIsDocumented(t *testing.T) {
	text, err := os.ReadFile("FEED.md")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprintf("at most %d KB", readLimit>>10), fmt.Sprintf("%d a second are taken after %d", frameRate, frameBurst),
		fmt.Sprintf("at most %d characters", maxReason), fmt.Sprintf("at most %d characters", maxName), fmt.Sprintf("most\n%d about one revision", maxReceipts),
	}
	for _, code := range []int{
		CloseBadMessage, CloseAuthentication, CloseNotAllowed, CloseSlow, CloseTooManySessions, CloseDraining, CloseRate,
	} {
		want = append(want, "| "+strconv.Itoa(code)+" |")
	}
	for state := range states {
		want = append(want, "| `"+state+"` |")
	}
	for _, s := range starts[1:] {
		want = append(want, "`"+s+"`")
	}
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			t.Errorf("FEED.md does not say %q", w)
		}
	}
}
