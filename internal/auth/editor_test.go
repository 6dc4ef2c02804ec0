package auth

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"tocsin/internal/alert"
)

// withEva is a book of an officer and of an editor of the station st-1.
func withEva(t *testing.T) *Book {
	t.Helper()
	b, _ := withAnna(t)
	eva := Officer{ID: "eva", Name: "Eva Maes", Roles: []Role{Editor}, Station: "st-1"}
	if err := b.Add(t.Context(), eva, password); err != nil {
		t.Fatal(err)
	}
	return b
}

// Each side's door takes its own people alone, and answers the others as it answers strangers.
func TestTwoDoors(t *testing.T) {
	b := withEva(t)
	for _, tt := range []struct {
		name, id string
		editors  bool
		want     error
	}{
		{"officer at the officers' door", "anna.smith", false, nil},
		{"editor at the officers' door", "eva", false, ErrCredentials},
		{"officer at the editors' door", "anna.smith", true, ErrCredentials},
		{"editor at the editors' door", "eva", true, nil},
		{"stranger at the editors' door", "nobody", true, ErrCredentials},
	} {
		door := b.SignIn
		if tt.editors {
			door = b.SignInEditor
		}
		if o, err := door(t.Context(), tt.id, password); err != tt.want || (err == nil && o.ID != tt.id) {
			t.Errorf("%s: %q, %v; want %v", tt.name, o.ID, err, tt.want)
		}
	}
	if _, err := b.NewToken(t.Context(), "eva"); err == nil {
		t.Error("an editor has a token for the officers' API")
	}
}

// sides is a site that says whom it takes for what.
func sides(t *testing.T, b *Book) *browser {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		o, isOfficer := From(r.Context())
		e, isEditor := EditorFrom(r.Context())
		g, isGuest := GuestFrom(r.Context())
		switch {
		case isOfficer && !isEditor && !isGuest:
			_, _ = io.WriteString(w, "officer "+o.ID)
		case isEditor && !isOfficer && !isGuest:
			_, _ = io.WriteString(w, "editor "+e.ID+" of "+e.Station)
		case isGuest && !isOfficer && !isEditor:
			_, _ = io.WriteString(w, "guest "+g.Name+" of "+g.Station+" by "+g.Seal)
		}
	})
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if err := b.StartSession(w, r, proved(t, b, r.FormValue("id"))); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/guest", func(w http.ResponseWriter, r *http.Request) {
		err := b.StartGuest(w, r, Guest{Station: "st-1", Name: r.FormValue("name"), Seal: "seal"})
		if _, bad := errors.AsType[alert.Invalid](err); bad {
			w.WriteHeader(http.StatusUnprocessableEntity)
		} else if err != nil {
			t.Error(err)
		}
	})
	return newBrowser(t, b.Middleware(mux))
}

// A session is of one person of one side: who signs in last is who acts.
func TestSidesOfASession(t *testing.T) {
	b := withEva(t)
	c := sides(t, b)
	c.wantWho("")
	for _, step := range []struct{ target, who string }{
		{"/in?id=eva", "editor eva of st-1"},
		{"/in?id=anna.smith", "officer anna.smith"},
		{"/guest?name=Ivo", "guest Ivo of st-1 by seal"},
		{"/in?id=eva", "editor eva of st-1"},
	} {
		before := c.cookies["tocsin"]
		c.get(step.target)
		c.wantWho(step.who)
		if c.cookies["tocsin"] == before {
			t.Errorf("%s keeps the session id: it can be planted", step.target)
		}
	}
	if err := b.Revoke(t.Context(), "eva"); err != nil {
		t.Fatal(err)
	}
	c.wantWho("")
}

func TestGuestNeedsAName(t *testing.T) {
	c := sides(t, withEva(t))
	for _, name := range []string{"", "%20", "Eva%E2%80%AE", "%FF"} {
		if code, _ := c.get("/guest?name=" + name); code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d, want 422", name, code)
		}
		c.wantWho("")
	}
}
