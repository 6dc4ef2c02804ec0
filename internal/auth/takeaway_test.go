package auth

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// Rights that are taken away need one administrator, end the session and what it
// has open; rights that are given leave it alone.
func TestTakingAway(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*Officer)
		applied bool // at once
		cut     bool
	}{
		"a role less":             {func(o *Officer) { o.Roles = []Role{Author} }, true, true},
		"everywhere to one place": {func(o *Officer) { o.Areas = []string{"BE"} }, true, true},
		"a role more":             {func(o *Officer) { o.Roles = append(o.Roles, Admin) }, false, false},
		"one role for another":    {func(o *Officer) { o.Roles = []Role{Author, Admin} }, false, true},
		"another name":            {func(o *Officer) { o.Name = "Anna Jones" }, false, false},
		"a role less, renamed":    {func(o *Officer) { o.Roles, o.Name = []Role{Author}, "Anna Jones" }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := office(t)
			mux := site(t, b)
			desk := newBrowser(t, mux)
			desk.signIn()
			cut := make(chan error, 1)
			since := b.accounts["anna.smith"].since
			_, leave, err := b.enter(t.Context(), session{Officer: "anna.smith", Since: since}, func(err error) { cut <- err })
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
			applied, err := b.Ask(t.Context(), ada, AskChange, with(anna(), tt.change), "a good reason")
			if err != nil || applied != tt.applied {
				t.Fatalf("applied %v, %v", applied, err)
			}
			if !applied {
				if _, err := b.Confirm(t.Context(), boris, "anna.smith", b.Requests()[0].ID); err != nil {
					t.Fatal(err)
				}
			}
			if (len(cut) == 1) != tt.cut {
				t.Errorf("what was open was cut: %v", len(cut) == 1)
			}
			want := "anna.smith"
			if tt.cut {
				want = ""
			}
			desk.wantWho(want)
		})
	}
}

// Taking a right away waits for nothing, and voids what was asked about the account before.
func TestTakingAwayWaitsForNothing(t *testing.T) {
	b, _ := office(t)
	id := asks(t, b, ada, AskChange, with(anna(), func(o *Officer) { o.Roles = append(o.Roles, Admin) }))
	for i := len(b.Requests()); i < maxRequests; i++ {
		asks(t, b, ada, AskNew, with(newcomer, func(o *Officer) { o.ID = fmt.Sprint("nils", i) }))
	}
	demote(t, b, cora, with(anna(), func(o *Officer) { o.Roles = []Role{Author} }))
	_, err := b.Confirm(t.Context(), boris, "anna.smith", id)
	wantRefusal(t, "what was asked before", err, ErrStage, "changed after this was asked")
	if s, _ := b.Standing("anna.smith"); !slices.Equal(s.Roles, []Role{Author}) || s.Waiting != nil {
		t.Errorf("afterwards: %+v", s)
	}
}

// An administrator may be the last: that he is none any more another confirms,
// as he does not revoke himself. His other rights he gives up alone.
func TestResigning(t *testing.T) {
	b, _ := office(t)
	demote(t, b, ada, with(ada, func(o *Officer) { o.Roles = []Role{Admin} }))
	id := asks(t, b, boris, AskChange, with(boris, func(o *Officer) { o.Roles = []Role{Approver} }))
	if s, _ := b.Standing("boris"); !s.Has(Admin) {
		t.Error("he took his own right away")
	}
	if _, err := b.Confirm(t.Context(), cora, "boris", id); err != nil {
		t.Fatal(err)
	}
	if s, _ := b.Standing("boris"); s.Has(Admin) {
		t.Error("confirmed without effect")
	}
}

// A revocation on one node ends what is open on another.
func TestDismissEndsOtherNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := office(t)
		other := open(t, l)
		cut := make(chan error, 1)
		_, leave, err := other.enter(t.Context(), session{Officer: "anna.smith", Since: other.accounts["anna.smith"].since}, func(err error) { cut <- err })
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		if err := b.Dismiss(t.Context(), ada, "anna.smith"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case err := <-cut:
			wantErr(t, err, ErrRevoked)
		default:
			t.Error("what is open on the other node goes on")
		}
		wantRefusal(t, "twice", b.Dismiss(t.Context(), ada, "anna.smith"), ErrStage, "revoked")
		wantRefusal(t, "by an auditor", b.Dismiss(t.Context(), dirk, "ada"), ErrForbidden, "Only an administrator")
	})
}

// deaf is the log of a node to which nothing is told.
type deaf struct{ *streamtest.Memory }

func (deaf) Follow(ctx context.Context, _ string, _ uint64, _ func(stream.Record) error, _ func()) error {
	<-ctx.Done()
	return nil
}

// A node that has not heard of a revocation reads of it before the revoked administrator does anything there.
func TestRevokedOnAnotherNode(t *testing.T) {
	more := with(anna(), func(o *Officer) { o.Roles = append(o.Roles, Admin) })
	for name, act := range map[string]func(ctx context.Context, b *Book, request string) error{
		"asks": func(ctx context.Context, b *Book, _ string) error {
			_, err := b.Ask(ctx, boris, AskNew, newcomer, "a good reason")
			return err
		},
		"takes away": func(ctx context.Context, b *Book, _ string) error {
			_, err := b.Ask(ctx, boris, AskChange, with(dirk, func(o *Officer) { o.Areas = []string{"BE"} }), "a good reason")
			return err
		},
		"confirms": func(ctx context.Context, b *Book, request string) error {
			_, err := b.Confirm(ctx, boris, "anna.smith", request)
			return err
		},
		"declines": func(ctx context.Context, b *Book, request string) error {
			return b.Decline(ctx, boris, "anna.smith", request, "not now")
		},
		"dismisses": func(ctx context.Context, b *Book, _ string) error { return b.Dismiss(ctx, boris, "cora") },
	} {
		t.Run(name, func(t *testing.T) {
			b, l := office(t)
			request := asks(t, b, ada, AskChange, more)
			other, err := New(t.Context(), deaf{l})
			wantErr(t, err, nil)
			wantErr(t, b.Dismiss(t.Context(), ada, "boris"), nil)
			before := len(l.Records())
			wantRefusal(t, name, act(t.Context(), other, request), ErrForbidden, "Only an administrator")
			if n := len(l.Records()) - before; n != 0 {
				t.Errorf("%d events", n)
			}
		})
	}
}
