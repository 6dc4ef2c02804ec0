package receivecmd

import (
	"fmt"
	"time"

	"tocsin/internal/receive"
)

// word is a person's word about an alert. It goes into the outbox of the
// receiver's folder, whether the receiver runs or not.
type word struct {
	Identifier string `arg:"" optional:"" help:"Identifier or case of the alert; the only live one by default."`
	Dir        string `required:"" env:"TOCSIN_RECEIVE_DIR" placeholder:"DIR" help:"The receiver's folder."`
	By         string `placeholder:"NAME" help:"Who says so, for the officer's board."`
	Channel    string `placeholder:"NAME" help:"Programme, such as \"La Une\"."`
	At         string `placeholder:"TIME" help:"When it was, as 2026-11-22T20:15:00+01:00 or 20:15 of today; now by default."`
}

type reasoned struct {
	word
	Reason string `placeholder:"TEXT" help:"Why, in a sentence for the officer."`
}

type (
	seenCmd     struct{ word }
	queuedCmd   struct{ word }
	onAirCmd    struct{ word }
	removedCmd  struct{ word }
	declinedCmd struct{ reasoned }
	failedCmd   struct{ reasoned }
)

// Help is the example.
func (seenCmd) Help() string {
	return "Example:\n  tocsin receive seen --by \"Anna Peeters\" --dir /srv/alerts"
}

// Help is the example.
func (queuedCmd) Help() string {
	return "Example:\n  tocsin receive queued --by Anna --channel \"La Une\" --dir /srv/alerts"
}

// Help is the example.
func (onAirCmd) Help() string {
	return "Example:\n  tocsin receive on-air --by Anna --channel \"La Une\" --at 20:15 --dir /srv/alerts"
}

// Help is the example.
func (declinedCmd) Help() string {
	return "Example:\n  tocsin receive declined --by Anna --reason \"outside our area\" --dir /srv/alerts"
}

// Help is the example.
func (failedCmd) Help() string {
	return "Example:\n  tocsin receive failed --by Anna --reason \"playout is down\" --dir /srv/alerts"
}

// Help is the example.
func (removedCmd) Help() string {
	return "Example:\n  tocsin receive removed 7GQ2XKPB4MNT --by Anna --dir /srv/alerts"
}

// Run notes it.
func (c seenCmd) Run() error { return c.note("seen", "") }

// Run notes it.
func (c queuedCmd) Run() error { return c.note("queued", "") }

// Run notes it.
func (c onAirCmd) Run() error { return c.note("on_air", "") }

// Run notes it.
func (c declinedCmd) Run() error { return c.note("declined", c.Reason) }

// Run notes it.
func (c failedCmd) Run() error { return c.note("failed", c.Reason) }

// Run notes it.
func (c removedCmd) Run() error { return c.note("removed", "") }

// note puts it into the outbox and says what becomes of it.
func (w word) note(state, reason string) error {
	at, err := moment(w.At, time.Now())
	if err != nil {
		return err
	}
	rec, err := receive.Note(w.Dir, receive.Receipt{
		Identifier: w.Identifier, State: state, At: at, By: w.By, Channel: w.Channel, Reason: reason,
	})
	if err != nil {
		return err
	}
	next := "the receiver sends it now"
	if !receive.Running(w.Dir) {
		next = "no receiver runs on this folder: it is sent when one does"
	}
	fmt.Printf("noted %s of %s revision %d; %s\n", rec.State, rec.Identifier, rec.Revision, next)
	return nil
}

// moment reads when something was; zero for now.
func moment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		var clock time.Time
		if clock, err = time.ParseInLocation("15:04", s, now.Location()); err != nil {
			return at, fmt.Errorf("--at %q: write 2026-11-22T20:15:00+01:00, or 20:15 for today", s)
		}
		at = time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	if at.After(now.Add(time.Minute)) {
		return at, fmt.Errorf("--at %q has not been yet; say so when it has", s)
	}
	return at.UTC(), nil
}
