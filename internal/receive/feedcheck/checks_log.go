package feedcheck

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// places are how many cursors a replay is tried from: the first, the last and some between.
const places = 5

// cursorAt is the cursor of a seq in the base's epoch.
func (p *probe) cursorAt(seq uint64) string { return fmt.Sprintf("%s-%d", p.base.hello.Epoch, seq) }

// tried are the indexes of up to places alerts, evenly.
func tried(alerts []frame) []int {
	var out []int
	for i := range min(places, len(alerts)) {
		out = append(out, i*(len(alerts)-1)/max(1, min(places, len(alerts))-1))
	}
	return out
}

// follows checks what came after a good cursor.
func (p *probe) follows(seq uint64, all []frame, got snapshot) error {
	if strings.HasPrefix(got.hello.Reason, "expired") {
		// A live alert may be older than what the node keeps; then all that is live follows.
		seq = 0
	} else if !got.hello.CursorOK {
		return fmt.Errorf("cursor %s of an alert that was just sent is not accepted: %q", p.cursorAt(seq), got.hello.Reason)
	}
	if err := chained(seq, got.alerts); err != nil {
		return err
	}
	var due []frame
	for _, a := range all {
		if a.Seq > seq {
			due = append(due, a)
		}
	}
	// What was withdrawn or superseded may come between; what is live must.
	wanted := map[string]bool{}
	for _, a := range due {
		wanted[a.key()] = true
	}
	var came []frame
	for _, a := range got.alerts {
		if wanted[a.key()] {
			came = append(came, a)
		}
	}
	return same("after cursor "+p.cursorAt(seq), due, came)
}

func (p *probe) replay() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	s, err := c.replay(resume{Start: "live"})
	c.cut() // in the middle of everything
	if err != nil {
		return err
	}
	if len(s.alerts) == 0 {
		return nothingLive
	}
	for _, i := range tried(s.alerts) {
		seq := s.alerts[i].Seq
		got, err := p.again(resume{Cursor: p.cursorAt(seq)})
		if err != nil {
			return err
		}
		if err := p.follows(seq, s.alerts, got); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) gap() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	s, err := c.replay(resume{Start: "live"})
	if err != nil {
		return err
	}
	if len(s.alerts) == 0 {
		return nothingLive
	}
	// As if the newest had been lost: its number less one is where we say we are.
	for _, i := range tried(s.alerts) {
		seq := s.alerts[i].Seq - 1
		got, err := c.replay(resume{Cursor: p.cursorAt(seq)})
		if err != nil {
			return fmt.Errorf("a second resume on one line: %w", err)
		}
		if err := p.follows(seq, s.alerts, got); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) startNew() error {
	s, err := p.again(resume{Start: "new"})
	if err != nil {
		return err
	}
	if len(s.alerts) > 0 {
		return fmt.Errorf("%s came", s.alerts[0].key())
	}
	return nil
}

// lostCursor sends a cursor that the feed cannot know.
func (p *probe) lostCursor(cursor, word string) error {
	want, err := p.again(resume{Start: "live"})
	if err != nil {
		return err
	}
	got, err := p.again(resume{Cursor: cursor})
	if err != nil {
		return err
	}
	if got.hello.CursorOK {
		return fmt.Errorf("cursor %s is accepted: what lies before would be missing, and nobody would know", cursor)
	}
	if !strings.HasPrefix(got.hello.Reason, word) {
		return fmt.Errorf("the reason is %q, want it to begin with %s", got.hello.Reason, word)
	}
	if err := chained(0, got.alerts); err != nil {
		return err
	}
	// Withdrawals come too: we may hold the case from before.
	live := map[string]bool{}
	for _, a := range want.alerts {
		live[a.key()] = true
	}
	var came []frame
	for _, a := range got.alerts {
		if live[a.key()] {
			came = append(came, a)
		}
	}
	return same("after the lost cursor", want.alerts, came)
}

func (p *probe) cursorUnknown() error { return p.lostCursor("what-ever", "unknown") }

func (p *probe) cursorForeign() error { return p.lostCursor("feedcheck-1", "foreign") }

func (p *probe) cursorFuture() error {
	if p.err != nil {
		return p.err
	}
	return p.lostCursor(p.cursorAt(p.base.head+1_000_000), "future")
}

func (p *probe) twoLines() error {
	a, err := p.dial()
	if err != nil {
		return err
	}
	defer a.cut()
	b, err := p.dial()
	if err != nil {
		return fmt.Errorf("the second line: %w", err)
	}
	defer b.cut()
	one, err := a.replay(resume{Start: "live"})
	if err != nil {
		return err
	}
	two, err := b.replay(resume{Start: "live"})
	if err != nil {
		return fmt.Errorf("the second line: %w", err)
	}
	if one.hello.Epoch != two.hello.Epoch {
		return fmt.Errorf("the lines have epochs %s and %s", one.hello.Epoch, two.hello.Epoch)
	}
	if len(one.alerts) == 0 {
		return nothingLive
	}
	return same("the second line", one.alerts, two.alerts)
}

func (p *probe) events() error {
	want, err := p.again(resume{Start: "live"})
	if err != nil {
		return err
	}
	got, err := p.stream(url.Values{"start": {"live"}}, "")
	if err != nil {
		return err
	}
	if err := same("the stream", want.alerts, got.alerts); err != nil {
		return err
	}
	for _, a := range got.alerts {
		if a.SSEID != p.cursorAt(a.Seq) {
			return fmt.Errorf("%s has the event id %q, want its cursor %s", a.key(), a.SSEID, p.cursorAt(a.Seq))
		}
	}
	if got.beat.SSEID != "" {
		return fmt.Errorf("a heartbeat has the event id %q: a browser would come back with it", got.beat.SSEID)
	}
	if len(got.alerts) == 0 {
		return nothingLive
	}
	first := got.alerts[0].Seq
	after, err := p.stream(nil, p.cursorAt(first))
	if err != nil {
		return fmt.Errorf("Last-Event-ID: %w", err)
	}
	return p.follows(first, want.alerts, after)
}

func (p *probe) poll() error {
	want, err := p.again(resume{Start: "live"})
	if err != nil {
		return err
	}
	var alerts []frame
	query := url.Values{"start": {"live"}, "wait": {"0"}}
	for range 1000 { // each answer holds a part
		a, err := p.ask(http.MethodGet, p.path("/poll", query), nil, "")
		if err != nil {
			return err
		}
		if a.status != http.StatusOK {
			return fmt.Errorf("status %d", a.status)
		}
		part, err := decodePoll(a.body)
		if err != nil {
			return err
		}
		alerts = append(alerts, part.alerts...)
		query = url.Values{"cursor": {part.Cursor}, "wait": {"0"}}
		if part.More {
			continue
		}
		if err := same("the poll", want.alerts, alerts); err != nil {
			return err
		}
		if a, err = p.ask(http.MethodGet, p.path("/poll", query), nil, ""); err != nil {
			return err
		}
		if part, err = decodePoll(a.body); err != nil {
			return err
		}
		if len(part.alerts) > 0 || !part.CursorOK {
			return fmt.Errorf("the poll after cursor %s begins anew", query.Get("cursor"))
		}
		if len(alerts) == 0 {
			return nothingLive
		}
		return nil
	}
	return errors.New("the poll says more without end")
}
