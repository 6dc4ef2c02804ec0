package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/casework"
	"tocsin/internal/stream/streamtest"
)

// submitted is a case ready for release.
func (w *world) submitted() string {
	w.t.Helper()
	c, err := w.author.Draft(w.t.Context(), missing())
	if err == nil {
		err = w.author.Submit(w.t.Context(), c.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

// The event log's server is killed right after one release was taken, and is
// away for ten seconds while another is asked for. What was acknowledged reaches
// everybody, what was refused reached nobody, and nobody restarts anything.
// Guards invariants 3 and 4.
func TestNATSGoneForTenSeconds(t *testing.T) {
	t.Parallel() // it waits more than it works
	url, kill, restart := streamtest.Server(t)
	w := newWorld(t)
	w.conf.NATS.URL = url
	w.open(80, 10)
	w.everybody(released(t, w.author, w.approver), 1, 30*time.Second) // all lines are good

	before, during := w.submitted(), w.submitted()
	if _, err := w.approver.Release(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	kill()
	asked := make(chan error, 1)
	go func() {
		_, err := w.approver.Release(t.Context(), during)
		asked <- err
	}()
	time.Sleep(10 * time.Second)
	restart()
	err := <-asked
	w.everybody(before, 1, time.Minute)
	c, getErr := w.author.Get(t.Context(), during)
	if getErr != nil {
		t.Fatal(getErr)
	}
	t.Logf("the release asked for during the outage: %v; the case is %s", err, c.Stage)
	if err != nil {
		if !strings.Contains(err.Error(), "503 ") || !strings.Contains(err.Error(), "urn:tocsin:problem:") {
			t.Errorf("the officer reads %v, want a 503 problem that says what to do", err)
		}
		if c.Stage == casework.StageSubmitted { // nothing was released, so it can be now
			if _, err := w.approver.Release(t.Context(), during); err != nil {
				t.Errorf("releasing again after the outage: %v", err)
			}
		} else if !strings.Contains(err.Error(), "problem:pending") {
			t.Errorf("the officer was refused by %v, and the case is %s", err, c.Stage)
		}
	}
	w.everybody(during, 1, time.Minute)
	w.everybody(released(t, w.author, w.approver), 1, 30*time.Second) // as good as before
	if !w.alive() {
		t.Error("the server did not live through the outage")
	}
	eventually(t, 10*time.Second, "the receivers themselves", func() error {
		for i, c := range w.citizens {
			if n := len(c.Messages()); n != 4 {
				return fmt.Errorf("citizen %d holds %d messages, want 4", i, n)
			}
		}
		for _, number := range w.phones {
			if n := len(w.smsc.Texts(number)); n != 4 {
				return fmt.Errorf("a phone holds %d texts, want 4", n)
			}
		}
		if n := len(w.partner.Got()); n < 4 {
			return errors.New("the partner lacks a webhook")
		}
		return nil
	})
}
