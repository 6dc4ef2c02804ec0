package criteria

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// The examples are what a State begins from: each reads, in all six languages,
// under the name of its file, and asks only what an officer can answer at a glance.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("sets/*.json")
	if err != nil || len(files) != len(Examples()) {
		t.Fatalf("%d files, %d of them read: %v", len(files), len(Examples()), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if want := fmt.Sprintf("%s-%d.json", s.ID, s.Version); filepath.Base(f) != want {
			t.Errorf("%s holds %s", f, want)
		}
		if got := len(s.Title); got != len(alert.Langs) {
			t.Errorf("%s: %d languages", f, got)
		}
		for _, c := range s.Criteria {
			if c.Reason != ReasonNever && len(c.Hint) == 0 && c.Reason == ReasonAlways {
				t.Errorf("%s: %s always wants a reason and does not say which", f, c.ID)
			}
		}
	}
	if got, want := Names(), []string{"be", "fr", "osce", "pl", "us-amber"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

// Poland's revision of August 2025 dropped the parents' consent: the newest is
// what a name means, and the older one can still be named.
func TestLoadByName(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version int
		consent bool
	}{{"pl", 2, false}, {"pl@2", 2, false}, {"pl@1", 1, true}} {
		s, err := Load(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		asks := slices.ContainsFunc(s.Criteria, func(c Criterion) bool { return c.ID == "consent" })
		if s.Version != tt.version || asks != tt.consent {
			t.Errorf("%s is version %d, asks for consent: %v", tt.name, s.Version, asks)
		}
	}
	if s, err := Load(""); s != nil || err != nil {
		t.Errorf("no name: %v %v", s, err)
	}
	for _, wrong := range []string{"atlantis", "pl@3", "pl@0001x"} {
		if s, err := Load(wrong); err == nil {
			t.Errorf("%q gave version %d of %s", wrong, s.Version, s.ID)
		}
	}
}

func TestLoadFile(t *testing.T) {
	data, err := examples.ReadFile("sets/osce-1.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ours.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(path); err != nil || s.ID != "osce" {
		t.Errorf("%v %v", s, err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat(" ", maxFile)+"{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "256 KB") || !strings.Contains(err.Error(), path) {
		t.Errorf("a file over the bound: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// good is a small sound set, as its author writes it.
const good = `{"id":"xx","version":1,"title":{"en":"Ours","fr":"Les nôtres"},
"criteria":[{"id":"minor","question":{"en":"Under 18?","fr":"Mineur ?"},"want":"yes","reason":"unmet"}]}`

// TestParseHostile: what is wrong is named by its field, and nothing wrong gets in.
func TestParseHostile(t *testing.T) {
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	swap := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the set", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	many := strings.Repeat(`{"id":"aa","question":{"en":"a","fr":"a"}},`, 13)
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", ``, "cannot be read"},
		{"no object", `[]`, "cannot be read"},
		{"half", good[:60], "cannot be read"},
		{"two documents", good + good, "after the closing brace"},
		{"a misspelt field", swap(`"want"`, `"wants"`), `unknown field "wants"`},
		{"a number for a text", swap(`"Under 18?"`, `18`), "question"},
		{"not UTF-8", swap("Ours", "Ou\xffrs"), "UTF-8"},
		{"no id", swap(`"xx"`, `""`), "id: "},
		{"an id for a path", swap(`"xx"`, `"../etc"`), "id: "},
		{"an id of capitals", swap(`"minor"`, `"Minor"`), "criteria[0].id: "},
		{"an id with a dot", swap(`"minor"`, `"mi.nor"`), "criteria[0].id: "},
		{"a long id", swap(`"minor"`, `"`+strings.Repeat("a", 25)+`"`), "criteria[0].id: "},
		{"version 0", swap(`"version":1`, `"version":0`), "version: "},
		{"a version beyond", swap(`"version":1`, `"version":10000`), "version: "},
		{"a day that is none", swap(`"version":1`, `"version":1,"in_force":"2025-13-01"`), "in_force: "},
		{"a language of no console", swap(`"fr":"Les nôtres"`, `"nl":"Van ons"`), "title: "},
		{"no title", swap(`{"en":"Ours","fr":"Les nôtres"}`, `{}`), "title: "},
		{"a text missing in one language", swap(`,"fr":"Mineur ?"`, ``), "criteria[0].question.fr: "},
		{"an empty text", swap(`"Mineur ?"`, `"  "`), "criteria[0].question.fr: "},
		{"a text in a language too many", swap(`"Mineur ?"`, `"Mineur ?","de":"Kind?"`), "criteria[0].question.de: "},
		{"a language twice", swap(`"fr":"Mineur ?"`, `"fr":"Mineur ?","en":"Over 18?"`), "criteria[0].question.en: "},
		{"a long question", swap(`Under 18?`, strings.Repeat("é", 201)), "criteria[0].question.en: "},
		{"a line break", swap(`Under 18?`, `Under\n18?`), "criteria[0].question.en: "},
		{"turned writing", swap(`Under 18?`, "Under\u202e18?"), "criteria[0].question.en: "},
		{"a hint in half the languages", swap(`"want"`, `"hint":{"en":"So"},"want"`), "criteria[0].hint.fr: "},
		{"a note in a language of nobody", swap(`"version":1`, `"version":1,"note":{"en":"a","fr":"b","xx":"c"}`), "note: "},
		{"unknown wanted", swap(`"want":"yes"`, `"want":"unknown"`), "criteria[0].want: "},
		{"a reason sometimes", swap(`"unmet"`, `"sometimes"`), "criteria[0].reason: "},
		{"no criteria", good[:strings.Index(good, `"criteria"`)] + `"criteria":[]}`, "criteria: "},
		{"thirteen criteria", swap(`"criteria":[`, `"criteria":[`+many), "criteria: "},
		{"one id twice", swap(`"criteria":[`, `"criteria":[{"id":"minor","question":{"en":"a","fr":"a"}},`), "criteria[1].id: "},
		{"a deep nest", strings.Repeat(`{"a":`, 20_000) + `1`, "cannot be read"},
	} {
		if s, err := Parse([]byte(tt.file)); err == nil || s != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Every fault at once: an author mends his file in one go.
func TestParseNamesAll(t *testing.T) {
	_, err := Parse([]byte(`{"id":"X","version":0,"title":{"en":"a"},"criteria":[{"id":"a","question":{},"want":"maybe"}]}`))
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, f := range v {
		fields[f.Field] = true
		if f.Text == "" || f.Code == "" {
			t.Errorf("%+v says too little", f)
		}
	}
	want := []string{"criteria[0].id", "criteria[0].question.en", "criteria[0].want", "id", "version"}
	if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		t.Errorf("faults of %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, name := range []string{"sets/osce-1.json", "sets/pl-1.json"} {
		data, err := examples.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		// What gets in can be asked and answered.
		for _, c := range s.Criteria {
			if Say(c.Question, alert.Russian) == "" {
				t.Fatalf("%q has no words", c.ID)
			}
		}
		if _, v := s.Fit(s.Begin()); len(v) > 0 {
			t.Fatal(v)
		}
	})
}
