package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/exercise"
	"tocsin/internal/ledger"
)

// patience bounds the wait for the last receipt of a revision.
const patience = 2 * time.Minute

// result is what the demonstration came to.
type result struct {
	channels  int
	complete  map[string]int // channel to the revisions that all its recipients have
	revisions int
	confirmed map[string]bool
	slowest   time.Duration // release to last receipt, of the first alert
	faults    []error
}

func (r *result) line() string {
	whole := 0
	for _, n := range r.complete {
		if n == r.revisions {
			whole++
		}
	}
	return fmt.Sprintf("demo: %d/%d channels, release to last receipt %d ms, withdrawal confirmed %d/%d",
		whole, r.channels, r.slowest.Milliseconds(), len(r.confirmed), r.channels)
}

func (r *result) err() error {
	for channel, n := range r.complete {
		if n != r.revisions {
			r.faults = append(r.faults, fmt.Errorf("%s has %d of %d revisions", channel, n, r.revisions))
		}
	}
	if len(r.complete) != r.channels || len(r.confirmed) != r.channels {
		r.faults = append(r.faults, errors.New("not every channel has everything"))
	}
	return errors.Join(r.faults...)
}

// play drafts, releases, updates and withdraws one exercise alert.
func (s *stage) play(ctx context.Context) (*result, error) {
	r := &result{
		channels: len(s.app.Config.Channels), revisions: 3,
		complete: make(map[string]int), confirmed: make(map[string]bool),
	}
	c, err := s.author.Draft(ctx, anna(time.Now()))
	if err != nil {
		return nil, err
	}
	if err := s.withPhoto(ctx, c.ID, exercise.Brown, exercise.Red); err != nil {
		return nil, err
	}
	s.say("\n%s drafts case %s: Anna, 7, last seen at Gare du Nord\n", authorID, c.ID)
	release := func() (time.Time, error) {
		if err := s.author.Submit(ctx, c.ID); err != nil {
			return time.Time{}, err
		}
		m, err := s.approver.Release(ctx, c.ID)
		if err == nil {
			s.sayTexts(m)
		}
		return s.approver.Pressed(), err
	}
	if err := s.revision(ctx, r, c.ID, 1, "ALERT", release); err != nil {
		return nil, err
	}
	if err := s.author.Edit(ctx, c.ID, addVehicle); err != nil {
		return nil, err
	}
	s.say("\n%s adds the van that a witness saw\n", authorID)
	if err := s.revision(ctx, r, c.ID, 2, "UPDATE", release); err != nil {
		return nil, err
	}
	s.say("\nthe child is found: %s withdraws the alert\n", authorID)
	withdraw := func() (time.Time, error) {
		err := s.author.Withdraw(ctx, c.ID, alert.OutcomeFound)
		return s.author.Pressed(), err
	}
	if err := s.revision(ctx, r, c.ID, 3, "WITHDRAWAL", withdraw); err != nil {
		return nil, err
	}
	if err := s.checkReceivers(ctx, c.ID, r); err != nil {
		r.faults = append(r.faults, err)
	}
	return r, nil
}

// sayTexts shows what a phone and a presenter get.
func (s *stage) sayTexts(m *alert.Message) {
	t := m.Texts[m.Languages[0]]
	s.say("%s approves what every channel will say:\n  push   %s | %s\n  SMS    %s\n  on air %s\n",
		approverID, t.PushTitle, strings.ReplaceAll(t.PushBody, "\n", " / "), t.SMS, t.Spoken)
}

// revision makes a release happen, waits for every receipt, and prints the table.
func (s *stage) revision(ctx context.Context, r *result, id string, n int, what string, do func() (time.Time, error)) error {
	pressed, err := do()
	if err != nil {
		return err
	}
	board, err := s.await(ctx, id, n)
	if err != nil {
		r.faults = append(r.faults, err)
	}
	// The board counts from the moment the stream took the release; we count
	// from the moment the approver pressed the button.
	before := board.Released.Sub(pressed)
	s.say("%s, revision %d: released in %d ms\n", what, n, before.Milliseconds())
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "channel\trecipients\treceipts\tfirst ms\tlast ms\tconfirmed\t")
	for _, t := range board.Channels {
		first := time.Duration(t.FirstMS)*time.Millisecond + before
		last := time.Duration(t.LastMS)*time.Millisecond + before
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t\n", t.Channel, t.Recipients, t.Accepted,
			first.Milliseconds(), last.Milliseconds(), confirmation(t))
		if t.Accepted == t.Recipients && t.Recipients > 0 {
			r.complete[t.Channel]++
		}
		if n == 1 {
			r.slowest = max(r.slowest, last)
		}
	}
	return w.Flush()
}

// confirmation is what a channel's recipients said for themselves.
func confirmation(t ledger.Totals) string {
	switch {
	case t.Removed > 0:
		return fmt.Sprintf("%d removed", t.Removed)
	case t.Delivered > 0:
		return fmt.Sprintf("%d delivered", t.Delivered)
	default:
		return "-"
	}
}

// await waits until every recipient of the revision is accounted for.
func (s *stage) await(ctx context.Context, id string, revision int) (ledger.Board, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	told := time.Now()
	for {
		board, err := s.app.Ledger.BoardOf(id, revision)
		if err == nil && s.settled(board, revision) {
			return board, nil
		}
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			s.say("  waiting: %s\n", progress(board))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return board, fmt.Errorf("revision %d is not complete after %v: %s", revision, patience, progress(board))
		}
	}
}

// settled says that every channel's recipients have the revision, and that
// those who can speak for themselves have done so.
func (s *stage) settled(b ledger.Board, revision int) bool {
	if len(b.Channels) < len(s.app.Config.Channels) {
		return false
	}
	for _, t := range b.Channels {
		done := t.Accepted
		if t.Channel == "sms" {
			done = t.Delivered
		}
		if revision == 3 && (t.Channel == "broadcast" || t.Channel == "website") {
			done = t.Removed
		}
		if done+t.Failed < t.Recipients {
			return false
		}
	}
	return true
}

func progress(b ledger.Board) string {
	var parts []string
	for _, t := range b.Channels {
		parts = append(parts, fmt.Sprintf("%s %d/%d", t.Channel, t.Accepted, t.Recipients))
	}
	return strings.Join(parts, ", ")
}
