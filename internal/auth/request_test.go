package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

var (
	ada   = Officer{ID: "ada", Name: "Ada Lind", Roles: []Role{Admin, Author}}
	boris = Officer{ID: "boris", Name: "Boris Kok", Roles: []Role{Admin, Approver}}
	cora  = Officer{ID: "cora", Name: "Cora Weiss", Roles: []Role{Admin}}
	dirk  = Officer{ID: "dirk", Name: "Dirk Maes", Roles: []Role{Auditor}}
)

// office is a book with three administrators, an auditor and Anna.
func office(t *testing.T) (*Book, *streamtest.Memory) {
	t.Helper()
	b, l := withAnna(t)
	for _, o := range []Officer{ada, boris, cora, dirk} { // without a password, which costs time
		data, err := json.Marshal(event{Kind: kindAdded, Officer: &o})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(t.Context(), stream.Entry{Subject: subjectPrefix + o.ID, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, l
}

// with is o after a change.
func with(o Officer, change func(*Officer)) Officer {
	o = o.clone()
	change(&o)
	return o
}

// asks begins a request that has to wait, and gives its id.
func asks(t *testing.T, b *Book, by Officer, kind RequestKind, o Officer) string {
	t.Helper()
	applied, err := b.Ask(t.Context(), by, kind, o, "a good reason")
	if err != nil || applied {
		t.Fatalf("asking: applied %v, %v", applied, err)
	}
	s, waiting := b.Standing(o.ID)
	if !waiting || s.Waiting == nil {
		for _, r := range b.Requests() {
			if r.Officer.ID == o.ID {
				return r.ID
			}
		}
		t.Fatal("no request waits")
	}
	return s.Waiting.ID
}

func wantRefusal(t *testing.T, what string, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %v with %q", what, err, kind, text)
	}
}

var newcomer = Officer{ID: "nils", Name: "Nils Holm", Unit: "Ghent", Roles: []Role{Author}, Areas: []string{"BE-VLG"}}

// Two administrators make an account; its officer signs in with what the second one was shown.
func TestNewOfficerByTwo(t *testing.T) {
	b, l := office(t)
	id := asks(t, b, ada, AskNew, newcomer)
	if _, known := b.Standing("nils"); known || len(b.List()) != 5 {
		t.Error("an account that was only asked for is there")
	}
	given, err := b.Confirm(t.Context(), boris, "nils", id)
	if err != nil || given == nil {
		t.Fatal(given, err)
	}
	o, _, err := b.Invited(given.Invite)
	if err != nil || !slices.Equal(o.Areas, []string{"BE-VLG"}) || !o.Has(Author) {
		t.Errorf("the new officer: %+v, %v", o, err)
	}
	if len(b.Requests()) != 0 {
		t.Error("the request waits still")
	}
	again := open(t, l)
	if s, ok := again.Standing("nils"); !ok || !s.Active || s.Password || !s.Invited.Equal(given.Until) || s.Waiting != nil {
		t.Errorf("after a restart: %+v", s)
	}
}

// Whoever may not ask, and what may not be asked.
func TestAskRefused(t *testing.T) {
	b, _ := office(t)
	if err := b.Add(t.Context(), with(newcomer, func(o *Officer) { o.ID = "gone" }), password); err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	more := with(anna(), func(o *Officer) { o.Roles = append(o.Roles, Admin) })
	for name, tt := range map[string]struct {
		by   Officer
		kind RequestKind
		o    Officer
		why  error
		text string
	}{
		"an author":                {anna(), AskChange, more, ErrForbidden, "Only an administrator"},
		"an auditor":               {dirk, AskChange, more, ErrForbidden, "Only an administrator"},
		"nobody":                   {Officer{}, AskNew, newcomer, ErrForbidden, "Only an administrator"},
		"a claim in the request":   {Officer{ID: "dirk", Roles: []Role{Admin}}, AskNew, newcomer, ErrForbidden, "Only an administrator"},
		"a change of nothing":      {ada, AskChange, anna(), ErrStage, "Nothing was changed"},
		"a change of nobody":       {ada, AskChange, newcomer, ErrStage, "revoked"},
		"a reset of a revoked one": {ada, AskReset, Officer{ID: "gone", Name: "x", Roles: []Role{Author}}, ErrStage, "revoked"},
		"restoring an active one":  {ada, AskRestore, anna(), ErrStage, "not revoked"},
		"restoring nobody":         {ada, AskRestore, newcomer, ErrStage, "not revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Ask(t.Context(), tt.by, tt.kind, tt.o, "a good reason")
			wantRefusal(t, name, err, tt.why, tt.text)
		})
	}
	for name, tt := range map[string]struct {
		o      Officer
		reason string
		field  string
	}{
		"a name in use":         {anna(), "a reason", "id"},
		"a revoked one's name":  {with(newcomer, func(o *Officer) { o.ID = "gone" }), "a reason", "id"},
		"no reason":             {newcomer, " ", "reason"},
		"a long reason":         {newcomer, strings.Repeat("r", 301), "reason"},
		"no role":               {with(newcomer, func(o *Officer) { o.Roles = nil }), "a reason", "roles"},
		"a strange area":        {with(newcomer, func(o *Officer) { o.Areas = []string{"Flanders"} }), "a reason", "areas"},
		"an area twice":         {with(newcomer, func(o *Officer) { o.Areas = []string{"BE", "BE"} }), "a reason", "areas"},
		"too many areas":        {with(newcomer, func(o *Officer) { o.Areas = slices.Repeat([]string{"BE"}, 101) }), "a reason", "areas"},
		"the operator's name":   {with(newcomer, func(o *Officer) { o.ID = "operator" }), "a reason", "id"},
		"an editor and officer": {with(newcomer, func(o *Officer) { o.Roles = append(o.Roles, Editor) }), "a reason", "roles"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Ask(t.Context(), ada, AskNew, tt.o, tt.reason)
			if v, ok := errors.AsType[alert.Invalid](err); !ok || v[0].Field != tt.field {
				t.Errorf("%v, want a fault in %s", err, tt.field)
			}
		})
	}
	if n := len(b.Requests()); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

// Who may not confirm, and when: nobody alone, nobody about himself, and nothing
// that is not what was asked any more.
func TestConfirmRefused(t *testing.T) {
	more := with(anna(), func(o *Officer) { o.Roles = append(o.Roles, Admin) })
	for name, tt := range map[string]struct {
		by        Officer
		meanwhile func(t *testing.T, b *Book, id string)
		why       error
		text      string
	}{
		"who asked":         {by: ada, why: ErrForbidden, text: "You asked for this"},
		"an auditor":        {by: dirk, why: ErrForbidden, text: "Only an administrator"},
		"about himself":     {by: anna(), why: ErrForbidden, text: "Only an administrator"},
		"another's request": {boris, func(t *testing.T, b *Book, id string) { decline(t, b, cora, id) }, ErrStage, "meanwhile"},
		"confirmed already": {boris, func(t *testing.T, b *Book, id string) {
			if _, err := b.Confirm(t.Context(), cora, "anna.smith", id); err != nil {
				t.Fatal(err)
			}
		}, ErrStage, "meanwhile"},
		"who asked was revoked": {boris, func(t *testing.T, b *Book, _ string) {
			if err := b.Dismiss(t.Context(), cora, "ada"); err != nil {
				t.Fatal(err)
			}
		}, ErrStage, "no longer an administrator"},
		"who asked lost the right": {boris, func(t *testing.T, b *Book, _ string) {
			demote(t, b, cora, with(ada, func(o *Officer) { o.Roles = []Role{Author} }))
		}, ErrStage, "no longer an administrator"},
		"who confirms was revoked": {boris, func(t *testing.T, b *Book, _ string) {
			if err := b.Dismiss(t.Context(), cora, "boris"); err != nil {
				t.Fatal(err)
			}
		}, ErrForbidden, "Only an administrator"},
		"roles changed meanwhile": {boris, func(t *testing.T, b *Book, _ string) {
			if err := b.Revoke(AsOperator(t.Context()), "anna.smith"); err != nil {
				t.Fatal(err)
			}
		}, ErrStage, "changed after this was asked"},
		"a day later": {boris, func(t *testing.T, _ *Book, _ string) { time.Sleep(RequestLife) }, ErrStage, "24 hours"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := office(t)
				id := asks(t, b, ada, AskChange, more)
				if tt.meanwhile != nil {
					tt.meanwhile(t, b, id)
				}
				before, _ := b.Standing("anna.smith")
				_, err := b.Confirm(t.Context(), tt.by, "anna.smith", id)
				wantRefusal(t, name, err, tt.why, tt.text)
				if after, _ := b.Standing("anna.smith"); !slices.Equal(before.Roles, after.Roles) || before.Active != after.Active {
					t.Errorf("the refused request changed %+v to %+v", before, after)
				}
			})
		})
	}
}

func decline(t *testing.T, b *Book, by Officer, id string) {
	t.Helper()
	if err := b.Decline(t.Context(), by, "anna.smith", id, "not now"); err != nil {
		t.Fatal(err)
	}
}

func demote(t *testing.T, b *Book, by, o Officer) {
	t.Helper()
	if applied, err := b.Ask(t.Context(), by, AskChange, o, "no longer on duty"); err != nil || !applied {
		t.Fatalf("taking a right away: applied %v, %v", applied, err)
	}
}

// Nobody lifts himself, whichever way he goes about it: his own request needs
// another's confirmation, and he does not confirm another's about himself.
func TestOwnElevation(t *testing.T) {
	b, _ := office(t)
	up := with(ada, func(o *Officer) { o.Roles = []Role{Admin, Author, Approver} })
	own := asks(t, b, ada, AskChange, up)
	_, err := b.Confirm(t.Context(), ada, "ada", own)
	wantRefusal(t, "own request", err, ErrForbidden, "You asked for this")
	if err := b.Decline(t.Context(), ada, "ada", own, "taken back"); err != nil {
		t.Fatal(err)
	}
	others := asks(t, b, boris, AskChange, up)
	_, err = b.Confirm(t.Context(), ada, "ada", others)
	wantRefusal(t, "another's request", err, ErrForbidden, "your own account")
	if _, err := b.Confirm(t.Context(), cora, "ada", others); err != nil {
		t.Fatal(err)
	}
	if s, _ := b.Standing("ada"); !s.Has(Approver) {
		t.Error("a third person's confirmation had no effect")
	}
	wantRefusal(t, "dismissing oneself", b.Dismiss(t.Context(), ada, "ada"), ErrForbidden, "your own account")
}

// Two administrators press at the same moment on two nodes: the log takes one.
func TestTwoConfirmAtOnce(t *testing.T) {
	one, l := office(t)
	two := open(t, l)
	id := asks(t, one, ada, AskChange, with(anna(), func(o *Officer) { o.Roles = append(o.Roles, Admin) }))
	before := len(l.Records())
	results := make(chan error, 2)
	for by, b := range map[string]*Book{"boris": one, "cora": two} {
		go func() {
			_, err := b.Confirm(context.WithoutCancel(t.Context()), Officer{ID: by}, "anna.smith", id)
			results <- err
		}()
	}
	x, y := <-results, <-results
	if (x == nil) == (y == nil) {
		t.Errorf("two confirmations at once: %v and %v", x, y)
	}
	wantRefusal(t, "the slower one", errors.Join(x, y), ErrStage, "meanwhile")
	if n := len(l.Records()) - before; n != 1 {
		t.Errorf("%d events of two confirmations", n)
	}
}

// A reset voids every way of signing in, and gives one that two administrators vouch for.
func TestResetAndRestore(t *testing.T) {
	b, _ := office(t)
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	given, err := b.Confirm(t.Context(), boris, "anna.smith", asks(t, b, ada, AskReset, anna()))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.byToken(token); ok {
		t.Error("an old token is good still")
	}
	_, err = b.SignIn(t.Context(), "anna.smith", password)
	wantErr(t, err, ErrCredentials)
	if _, _, err := b.Invited(given.Invite); err != nil {
		t.Error(err)
	}
	if err := b.Dismiss(t.Context(), ada, "anna.smith"); err != nil {
		t.Fatal(err)
	}
	if s, _ := b.Standing("anna.smith"); s.Active || s.Password || s.Passkeys+s.Tokens > 0 {
		t.Errorf("after the revocation: %+v", s)
	}
	_, _, err = b.Invited(given.Invite)
	wantErr(t, err, ErrInvite)
	again, err := b.Confirm(t.Context(), cora, "anna.smith", asks(t, b, boris, AskRestore, anna()))
	if err != nil {
		t.Fatal(err)
	}
	if o, _, err := b.Invited(again.Invite); err != nil || !o.Has(Approver) {
		t.Errorf("the restored officer: %+v, %v", o, err)
	}
}

// A station's editor signs in with a password that his administrators hand over.
func TestNewEditorByTwo(t *testing.T) {
	b, _ := office(t)
	ivo := Officer{ID: "ivo", Name: "Ivo Maes", Roles: []Role{Editor}, Station: "st-1"}
	given, err := b.Confirm(t.Context(), boris, "ivo", asks(t, b, ada, AskNew, ivo))
	if err != nil || given.Invite != "" {
		t.Fatal(given, err)
	}
	if o, err := b.SignInEditor(t.Context(), "ivo", given.Password); err != nil || o.Station != "st-1" {
		t.Errorf("the new editor: %+v, %v", o, err)
	}
	if list := b.Standings(); list[len(list)-1].ID != "ivo" {
		t.Error("editors are not listed behind the officers")
	}
}

// Requests are on the log: another node and a new server know them, and when they end.
func TestRequestsSurviveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := office(t)
		id := asks(t, b, ada, AskNew, newcomer)
		_, err := b.Ask(t.Context(), boris, AskNew, newcomer, "the same again")
		wantRefusal(t, "a second one about the same", err, ErrStage, "waiting")
		again := open(t, l)
		list := again.Requests()
		if len(list) != 1 || list[0].ID != id || list[0].By != "ada" || list[0].Reason != "a good reason" || list[0].Before != nil {
			t.Fatalf("after a restart: %+v", list)
		}
		time.Sleep(RequestLife - time.Second)
		if len(again.Requests()) != 1 {
			t.Error("it ended too early")
		}
		time.Sleep(time.Second)
		if len(again.Requests()) != 0 {
			t.Error("it waits for ever")
		}
		if _, err := again.Confirm(t.Context(), boris, "nils", asks(t, again, ada, AskNew, newcomer)); err != nil {
			t.Errorf("asked anew after its end: %v", err)
		}
	})
}

// A programme's token ends with nothing but the account's own end; its rights are those of the account now.
func TestTokenHasTheRightsOfNow(t *testing.T) {
	b, _ := office(t)
	token, err := b.NewToken(t.Context(), "anna.smith")
	if err != nil {
		t.Fatal(err)
	}
	demote(t, b, ada, with(anna(), func(o *Officer) { o.Roles = []Role{Author} }))
	var got Officer
	h := b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = From(r.Context()) }))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	h.ServeHTTP(nil, r)
	if got.ID != "anna.smith" || got.Has(Approver) {
		t.Errorf("by token: %+v", got)
	}
}
