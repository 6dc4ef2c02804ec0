package broadcast

import (
	"testing"
	"time"

	"tocsin/internal/adapter"
)

// A token opens the newsroom for its station alone, and for as long as it opens the feed.
func TestNewsroomTokens(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station("BE")
	got, seal, ok := w.feed.StationByToken(token)
	if !ok || got != id || seal == token || !w.feed.Holds(id, seal) {
		t.Fatalf("the token is of %q, %v", got, ok)
	}
	for _, bad := range []string{"", id, id + ".", id + ".wrong", token + "x", "st-nobody.secret"} {
		if got, _, ok := w.feed.StationByToken(bad); ok {
			t.Errorf("%q is a token of %q", bad, got)
		}
	}
	other, _ := w.station("BE")
	if w.feed.Holds(other, seal) || w.feed.Holds("st-nobody", seal) || w.feed.Holds(id, "") {
		t.Error("a seal opens another station's door")
	}
	for name, change := range map[string]func(*adapter.Recipient){
		"the token has expired": func(r *adapter.Recipient) {
			r.Address = mustEncode(Station{TokenSHA256: seal, Expires: time.Now().Add(-time.Second)})
		},
		"another token": func(r *adapter.Recipient) {
			fresh, _, err := NewStation("Radio Test", []string{"BE"}, "fr")
			if err != nil {
				t.Fatal(err)
			}
			r.Address = fresh.Address
		},
	} {
		r, _ := w.reg.Get(Name, id)
		change(&r)
		if err := w.reg.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := w.feed.StationByToken(token); ok || w.feed.Holds(id, seal) {
			t.Errorf("%s: it still opens the door", name)
		}
	}
}
