package auth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"tocsin/internal/audit"
	"tocsin/internal/stream"
)

// notes keeps what is noted.
type notes struct {
	mu  sync.Mutex
	all []audit.Event
}

// Note is audit.Log's.
func (n *notes) Note(_ context.Context, ev audit.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, ev)
}

// take gives what was noted since, a line each: kind, by, about, network, detail.
func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var lines []string
	for _, ev := range n.all {
		lines = append(lines, strings.Join([]string{ev.Kind, ev.By, ev.About, ev.Network, ev.Detail}, "|"))
	}
	n.all = nil
	return lines
}

// Each way of not getting in is noted, with the network and, when it is one, the account's name.
func TestRefusedSignInsAreNoted(t *testing.T) {
	b, _ := withAnna(t)
	n := new(notes)
	b.RecordTo(n)
	from := context.WithValue(t.Context(), networkKey{}, "192.0.2.77/32")
	for _, c := range []struct{ name, id, password, want string }{
		{"a wrong password", "anna.smith", "a wrong password", "sign_in_failed||anna.smith|192.0.2.0/24|password"},
		{"nobody", "somebody", password, "sign_in_failed|||192.0.2.0/24|password"},
		{"a password in the wrong box", password, "x", "sign_in_failed|||192.0.2.0/24|password"},
		{"an officer at the stations' door", "-", "", "sign_in_failed||anna.smith|192.0.2.0/24|password"},
	} {
		if c.id == "-" {
			_, _ = b.SignInEditor(from, "anna.smith", password)
		} else {
			_, _ = b.SignIn(from, c.id, c.password)
		}
		if got := n.take(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	for range freeTries + 1 {
		_, _ = b.SignIn(from, "anna.smith", "a wrong password")
	}
	if got := n.take(); !slices.Contains(got, "sign_in_throttled||anna.smith|192.0.2.0/24|") {
		t.Errorf("slowed down: %q", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "[2001:db8:1:2:3::4]:5"
	r.Header.Set("Authorization", "Bearer nothing")
	site(t, b).ServeHTTP(newAnswer(), r)
	if got := n.take(); !slices.Equal(got, []string{"sign_in_failed|||2001:db8:1::/48|token"}) {
		t.Errorf("a token: %q", got)
	}
}

func newAnswer() http.ResponseWriter { return &answer{http.Header{}} }

type answer struct{ h http.Header }

func (a *answer) Header() http.Header         { return a.h }
func (a *answer) Write(p []byte) (int, error) { return len(p), nil }
func (a *answer) WriteHeader(int)             {}

// A session that the server ends says why, once.
func TestEndedSessionsAreNoted(t *testing.T) {
	b, _ := office(t)
	n := new(notes)
	b.RecordTo(n)
	mux := site(t, b)
	desk, phone := newBrowser(t, mux), newBrowser(t, mux)
	desk.signIn()
	phone.signIn()
	n.take()
	desk.wantWho("")
	desk.wantWho("")
	if got := n.take(); len(got) != 1 || !strings.HasPrefix(got[0], "session_ended|anna.smith||") || !strings.Contains(got[0], ErrElsewhere.Error()) {
		t.Errorf("elsewhere: %q", got)
	}
	if err := b.Dismiss(t.Context(), ada, "anna.smith"); err != nil {
		t.Fatal(err)
	}
	phone.wantWho("")
	if got := n.take(); len(got) != 1 || !strings.Contains(got[0], ErrRevoked.Error()) {
		t.Errorf("revoked: %q", got)
	}
}

// What an account's log says becomes acts: who did it, to whom, and nothing secret.
func TestAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := office(t)
		byAda := context.WithValue(t.Context(), officerKey{}, ada)
		byBoris := context.WithValue(t.Context(), officerKey{}, boris)
		if _, err := b.Ask(byAda, ada, AskNew, newcomer, "a secret reason"); err != nil {
			t.Fatal(err)
		}
		given, err := b.Confirm(byBoris, boris, "nils", b.Requests()[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		token, err := b.NewToken(AsOperator(t.Context()), "nils")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Dismiss(byAda, ada, "nils"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, rec := range l.Records() {
			ev, ok := Audited(rec)
			if ok && ev.About == "nils" {
				got = append(got, ev.Kind+"|"+ev.By+"|"+ev.Detail)
			}
			for _, secret := range []string{given.Invite, token, "a secret reason"} {
				if strings.Contains(ev.Detail, secret) {
					t.Errorf("%s holds a secret or somebody's words", ev.Detail)
				}
			}
		}
		want := []string{
			"officer_asked|ada|new: author in BE-VLG", "officer_added|boris|author in BE-VLG, confirmed by a second administrator",
			"officer_token|operator|", "officer_revoked|ada|",
		}
		if !slices.Equal(got, want) {
			t.Errorf("acts %q, want %q", got, want)
		}
	})
	for name, rec := range map[string]stream.Record{
		"a case":               {Subject: "cases.1", Data: []byte(`{"kind":"released"}`)},
		"no event":             {Subject: "officers.anna", Data: []byte(`nonsense`)},
		"the use of a passkey": {Subject: "officers.anna", Data: []byte(`{"kind":"passkey_used"}`)},
		"the use of a code":    {Subject: "officers.anna", Data: []byte(`{"kind":"code_used"}`)},
	} {
		if ev, ok := Audited(rec); ok {
			t.Errorf("%s is an act: %+v", name, ev)
		}
	}
	for data, want := range map[string]string{
		`{"kind":"signed_in","by":"system","way":{"by":"passkey","network":"198.51.100.9/32"}}`: "signed_in|anna|198.51.100.0/24|passkey",
		`{"kind":"signed_out","by":"anna","way":{"session":"S"}}`:                               "signed_out|anna||",
		`{"kind":"passkey_used","key":"K","suspect":true}`:                                      "officer_passkey_suspect|||",
		`{"kind":"recovery_used","by":"system","way":{"code":"H"}}`:                             "officer_recovery_used|anna||",
	} {
		ev, ok := Audited(stream.Record{Subject: "officers.anna", Data: []byte(data)})
		if got := strings.Join([]string{ev.Kind, ev.By, ev.Network, ev.Detail}, "|"); !ok || got != want {
			t.Errorf("%s: %q, want %q", data, got, want)
		}
	}
}
