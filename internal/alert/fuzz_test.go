package alert

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzFacts decodes what a stranger may send and judges it. It must never
// panic, never list faults without end, and never take what it took before as wrong.
func FuzzFacts(f *testing.F) {
	full, err := json.Marshal(good())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		full, []byte(`{}`), []byte(`{"children":[{"age":19}],"polygons":[[{"lat":1e308,"lon":-1e308},null]]}`),
		[]byte(`{"note":{"xx":"\ud800"},"expires":"9999-12-31T23:59:59Z","last_seen":{"at":"0000-01-01T00:00:00Z"}}`),
		[]byte(`{"polygons":[[{"lat":0,"lon":0},{"lat":1,"lon":1},{"lat":0,"lon":1},{"lat":1,"lon":0},{"lat":0,"lon":0}]]}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var facts Facts
		if json.NewDecoder(bytes.NewReader(data)).Decode(&facts) != nil {
			return
		}
		faults := facts.Validate(noon)
		if len(faults) > 3000 {
			t.Fatalf("%d faults", len(faults))
		}
		for _, x := range faults {
			if x.Field == "" || x.Code == "" || len(x.Text) > 400 || !utf8.ValidString(x.Field+x.Text) {
				t.Fatalf("fault %+v", x)
			}
		}
		if stored := facts.Storable(); len(stored) > len(faults) {
			t.Fatalf("what cannot be stored must not be valid: %v", stored)
		}
		if p, _ := facts.Completeness(); p < 0 || p > 100 {
			t.Fatalf("%d %%", p)
		}
		again, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		var back Facts
		if err := json.Unmarshal(again, &back); err != nil {
			t.Fatalf("not read again: %v", err)
		}
		m := Message{Facts: &facts, Languages: facts.Languages, Polygons: facts.Polygons, Expires: facts.Expires}
		_ = m.Validate(noon.Add(time.Hour))
	})
}
