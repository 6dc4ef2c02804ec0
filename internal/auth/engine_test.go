package auth

import (
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/stream/streamtest"
)

func TestOnTheEngine(t *testing.T) {
	e := streamtest.Embedded(t, alert.Drill)
	b, err := New(t.Context(), e.Cases())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"anna", "anna.smith", "anna-b"} { // a dot makes a deeper subject
		o := anna()
		o.ID = id
		if err := b.Add(t.Context(), o, password); err != nil {
			t.Fatal(err)
		}
	}
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	again, err := New(t.Context(), e.Cases())
	if err != nil {
		t.Fatal(err)
	}
	if l := again.List(); len(l) != 2 || l[0].ID != "anna-b" || l[1].ID != "anna.smith" {
		t.Errorf("after a restart: %v", l)
	}
	if _, err := again.SignIn(t.Context(), "anna.smith", password); err != nil {
		t.Error(err)
	}
	_, err = again.SignIn(t.Context(), "anna", password)
	wantErr(t, err, ErrCredentials)
	if o, ok := again.byToken(token); !ok || o.ID != "anna.smith" {
		t.Errorf("the token is %v's", o)
	}
}
