package scenario

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/casework"
	"tocsin/internal/peers/partner"
	"tocsin/internal/peers/pushservice"
)

// state is how the board shows one named recipient.
func (w *world) state(id, name string) (s adapter.State, attempts int) {
	w.t.Helper()
	b, err := w.author.Board(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range b.Rows {
		if r.Name == name {
			return r.State, r.Attempts
		}
	}
	w.t.Fatalf("%s is not on the board", name)
	return "", 0
}

// A partner that hangs, and a citizen whose push service stalls, cost the others
// nothing: everybody else has the alert, its update and its withdrawal while
// they still hang. Guards invariant 8.
func TestSlowPartnerDelaysNobody(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t)
	w.open(50, 10)
	w.gate.hangs.Store(true)
	village, err := partner.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = village.Close() })
	secret := w.recipient("website", app.NewRecipient{Name: "Village", Endpoint: village.URL(), Areas: []string{"*"}, Lang: alert.English})
	if keys, err := app.Keys(w.conf); err != nil || village.Trust(secret, keys.Webhook) != nil {
		t.Fatal("the second partner's secret", err)
	}
	w.push.Fail(pushservice.Fault{N: 1, Subscriber: w.citizens[0].ID, Stall: time.Minute})

	id := released(t, w.author, w.approver)
	pressed := time.Now()
	citizens := func(messages int) error {
		lacking := 0
		for _, c := range w.citizens[1:] {
			if len(c.Messages()) < messages {
				lacking++
			}
		}
		if lacking > 0 {
			return fmt.Errorf("%d citizens lack it", lacking)
		}
		return nil
	}
	others := func(messages int) error {
		for _, number := range w.phones {
			if len(w.smsc.Texts(number)) < messages {
				return errors.New("a phone lacks it")
			}
		}
		if len(village.Got()) < messages {
			return errors.New("the other partner lacks it")
		}
		return nil
	}
	const soon = 8 * time.Second // below the ten seconds that the hanging partner is given
	eventually(t, soon, "the others have the alert", func() error { return errors.Join(others(1), citizens(1)) })
	t.Logf("everybody else had it %v after the release", time.Since(pressed).Round(time.Millisecond))
	if s, _ := w.state(id, "Town"); s == adapter.Accepted {
		t.Error("the hanging partner is shown as having it")
	}
	w.revise(id, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	eventually(t, soon, "the others have the update", func() error { return errors.Join(others(2), citizens(2)) })
	if err := w.author.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "the others have the withdrawal", func() error { return errors.Join(others(3), citizens(3)) })
	w.gate.hangs.Store(false)
	w.push.Mend()
	// What is on the wire to the stalled ones must end before what is newer begins.
	eventually(t, 40*time.Second, "the slow ones get the withdrawal", func() error {
		if s, _ := w.state(id, "Town"); s != adapter.Removed || len(w.citizens[0].Messages()) == 0 {
			return errMissing
		}
		return nil
	})
}

// A partner that fails for some seconds is tried again until he has it, stays
// registered whatever he answers, and never gets an older revision after a newer one.
// Guards invariants 4 and 5.
func TestPartnerRecovers(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t)
	w.open(1, 1)
	for _, status := range []int{http.StatusInternalServerError, http.StatusNotFound, http.StatusGone} {
		before := w.gate.hits.Load()
		had := len(w.partner.Got())
		w.gate.status.Store(int32(status))
		id := released(t, w.author, w.approver)
		eventually(t, 20*time.Second, "three attempts", func() error {
			if w.gate.hits.Load() < before+3 {
				return errMissing
			}
			return nil
		})
		w.revise(id, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
		w.gate.status.Store(0)
		w.everybody(id, 2, 40*time.Second)
		got := w.partner.Got()[had:]
		if n := len(got); n == 0 || got[n-1].Type != "alert.updated" || got[n-1].Revision != 2 {
			t.Errorf("after answering %d for a while the partner has %+v, want the update last", status, got)
		}
		if _, attempts := w.state(id, "Town"); attempts < 1 {
			t.Errorf("the board shows %d attempts", attempts)
		}
	}
}

var errMissing = errors.New("not yet")
