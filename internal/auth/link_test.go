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
		"anna.smith": "anna.smith", " Anna.Smith ": "anna.smith", "BRAM.Willems@police.example": "bram",
		"bram":  "carla", // who was linked to the name comes before who has it
		"carla": "", "gone": "", "gone@police.example": "", "ivo": "", "nobody": "", "": "", " ": "",
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
