package auth

import (
	"errors"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/stream/streamtest"
)

func TestByLink(t *testing.T) {
	b := open(t, new(streamtest.Memory))
	ctx := t.Context()
	for _, o := range []Officer{
		anna(),
		{ID: "bram", Name: "Bram", Roles: []Role{Approver}},
		{ID: "carla", Name: "Carla", Roles: []Role{Author}},
		{ID: "kim", Name: "Kim", Roles: []Role{Author}},
		{ID: "gone", Name: "Gone", Roles: []Role{Author}},
		{ID: "ivo", Name: "Ivo", Roles: []Role{Editor}, Station: "st-1"},
	} {
		if err := b.Add(ctx, o, password); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		b.Link(ctx, "bram", "bram.willems@police.example"), b.Link(ctx, "carla", "bram"),
		b.Link(ctx, "gone", "gone@police.example"), b.Revoke(ctx, "gone"),
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"anna.smith": "anna.smith", "Anna.Smith": "anna.smith", "BRAM.Willems@police.example": "bram",
		"bram": "carla", // who was linked to the name comes before who has it
		// Where officers may choose their name at the provider: nobody's but the very one.
		" anna.smith": "", "anna.smith\u00a0": "", "anna.\u017fmith": "", "bram.willem\u017f@police.example": "", "\u212aim": "",
		"kim": "kim", "carla": "", "gone": "", "gone@police.example": "", "ivo": "", "nobody": "", "": "", " ": "",
	} {
		o, err := b.ByLink(name)
		if o.ID != want || want == "" && !errors.Is(err, ErrStranger) {
			t.Errorf("%q is %q, %v; want %q", name, o.ID, err, want)
		}
	}
	for name, tt := range map[string]struct{ id, link string }{
		"another's link":    {"anna.smith", "Bram.Willems@police.example"},
		"another's sign-in": {"bram", "anna.smith"},
		"endless":           {"anna.smith", strings.Repeat("x", 255)},
		"a line break":      {"anna.smith", "a\nb"},
		"an editor":         {"ivo", "ivo@radio.example"},
	} {
		if _, bad := errors.AsType[alert.Invalid](b.Link(ctx, tt.id, tt.link)); !bad {
			t.Errorf("%s is taken", name)
		}
	}
	wantErr(t, b.Link(ctx, "gone", "x"), ErrUnknown)
	if err := b.Link(ctx, "carla", ""); err != nil {
		t.Fatal(err)
	}
	if o, err := b.ByLink("carla"); o.ID != "carla" {
		t.Errorf("unlinked: %q, %v", o.ID, err)
	}
	// Two at once, by two operators: neither is let in.
	b.mu.Lock()
	for _, id := range []string{"anna.smith", "bram"} {
		a := b.accounts[id]
		a.ways.link = "same"
		b.accounts[id] = a
	}
	b.mu.Unlock()
	_, err := b.ByLink("same")
	wantErr(t, err, ErrAmbiguous)
}

// A reset takes single sign-on away with the rest, until its invitation is used.
// What it calls the officer stays, there and with a restored account: else
// whoever has his sign-in name at the provider would be taken for him.
func TestResetClosesSSO(t *testing.T) {
	b, l := office(t)
	ctx := t.Context()
	const name = "anna@police.example"
	want := func(what, name string, want error) {
		t.Helper()
		for where, book := range map[string]*Book{"here": b, "after a restart": open(t, l)} {
			if o, err := book.SignInBySSO(ctx, name); !errors.Is(err, want) || err == nil && o.ID != "anna.smith" {
				t.Errorf("%s, %s: %q is %q, %v; want %v", what, where, name, o.ID, err, want)
			}
		}
	}
	_, err := b.Confirm(ctx, boris, "anna.smith", asks(t, b, ada, AskReset, anna()))
	wantErr(t, err, nil)
	want("a reset", "anna.smith", ErrReset)
	wantErr(t, b.Link(ctx, "anna.smith", name), nil) // the operator knows what he does
	want("linked anew", name, nil)

	given, err := b.Confirm(ctx, boris, "anna.smith", asks(t, b, ada, AskReset, anna()))
	wantErr(t, err, nil)
	want("a reset of one with a link", name, ErrReset)
	want("a reset of one with a link", "anna.smith", ErrStranger)
	if s, _ := b.Standing("anna.smith"); s.Link {
		t.Error("single sign-on is listed as a way in")
	}
	if _, bad := errors.AsType[alert.Invalid](b.Link(ctx, "dirk", name)); !bad {
		t.Error("another is linked to the name meanwhile")
	}
	_, ticket, err := b.Invited(given.Invite)
	wantErr(t, err, nil)
	_, err = setUp(t, b, ticket, password)
	wantErr(t, err, nil)
	want("the invitation used", name, nil)

	wantErr(t, b.Dismiss(ctx, ada, "anna.smith"), nil)
	want("revoked", name, ErrStranger)
	_, err = b.Confirm(ctx, boris, "anna.smith", asks(t, b, ada, AskRestore, anna()))
	wantErr(t, err, nil)
	want("restored", "anna.smith", ErrStranger)
	want("restored", name, nil)
	wantErr(t, errors.Join(b.Revoke(ctx, "anna.smith"), b.Add(ctx, anna(), password)), nil)
	want("somebody of that name added anew", name, ErrStranger)
	want("somebody of that name added anew", "anna.smith", nil)
}
