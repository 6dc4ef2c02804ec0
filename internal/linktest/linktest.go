// Package linktest tests the lines to the stations once a week: a signed message
// of status Test that goes to the feed alone, that every receiver must confirm,
// and that nobody airs or shows.
//
// One test is sent in a cluster, however many servers keep the schedule: a test's
// place on ALERTS is a subject of its own, named by the scheduled time, and the
// first to write it wins. A test that was missed while all were down is sent
// when one is up again, unless the next one is due. While an alert is young the
// test waits: nobody at a station shall doubt which of the two is real.
package linktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

const (
	// Life is how long a test may be received; afterwards receivers erase it.
	Life = 10 * time.Minute
	// Quiet is how long after the release of an alert no test is sent.
	Quiet = 3 * time.Hour
	// lookEvery is how soon a test is sent once nothing stands in its way any more.
	lookEvery = 20 * time.Second
	// apart keeps a person at the command from flooding the stations.
	apart = time.Minute
	// maxCountries is what one message may name; CAP receivers list them all.
	maxCountries = 60
)

// AlertLog is the ALERTS stream as a test needs it.
type AlertLog interface {
	Append(ctx context.Context, en stream.Entry) (seq uint64, err error)
	Last(ctx context.Context, subject string) (stream.Record, error) // stream.ErrNone
}

// Deps is what the service stands on. Every field is required.
type Deps struct {
	Alerts AlertLog
	Book   *Book
	Sign   func(*alert.Message) ([]byte, error)
	// Stations lists whose lines are tested.
	Stations func() []adapter.Recipient
	// Areas names areas by their codes, leaving out what it does not know.
	Areas func(codes []string) ([]alert.Area, alert.Invalid)
	// Newest is when the newest live alert was released; false when none is live.
	Newest func() (time.Time, bool)
	Policy Policy
	Log    *slog.Logger
}

// Policy is what the agency decided.
type Policy struct {
	Realm     alert.Realm
	Agency    string
	Sender    string
	PublicURL string // without a slash at the end
	Country   string // ISO 3166-1: the area of stations that take everything
	Off       bool   // no schedule; Now still works
	Schedule  Schedule
}

// Service sends the tests.
type Service struct {
	Deps
	done   time.Time // the slot that needs no more work
	waited time.Time // the slot whose postponement was logged
}

// New is a service that does nothing before Run or Now.
func New(d Deps) *Service { return &Service{Deps: d} }

// ErrNotNow is why a test is not sent at this moment; its text says what to do.
var ErrNotNow = errors.New("no test was sent")

// Run keeps the schedule until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.Policy.Off {
		<-ctx.Done()
		return nil
	}
	for {
		if err := s.keep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.Log.Warn("link test not sent yet", "error", err)
		}
		now := time.Now()
		timer := time.NewTimer(min(lookEvery, s.Policy.Schedule.Next(now).Sub(now)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// keep sends the test of the newest slot if it is wanted, missing, and nothing stands in its way.
func (s *Service) keep(ctx context.Context, now time.Time) error {
	slot := s.Policy.Schedule.Slot(now)
	if slot.Equal(s.done) {
		return nil
	}
	// A station that came after the slot waits for the next one; so a new system
	// does not begin with a test that nobody expects.
	if !slices.ContainsFunc(s.Stations(), func(r adapter.Recipient) bool { return r.Created.Before(slot) }) {
		return nil
	}
	_, err := s.Alerts.Last(ctx, s.subject(slot))
	switch {
	case err == nil:
		s.done = slot
		return nil
	case !errors.Is(err, stream.ErrNone):
		return err
	}
	if until, busy := s.busy(now); busy {
		if !slot.Equal(s.waited) {
			s.waited = slot
			s.Log.Info("link test postponed: an alert is live", "slot", slot, "until", until)
		}
		return nil
	}
	_, err = s.send(ctx, slot, now)
	if errors.Is(err, stream.ErrConflict) {
		err = nil // another server was first
	}
	if err == nil {
		s.done = slot
	}
	return err
}

// busy says until when a young alert keeps tests away.
func (s *Service) busy(now time.Time) (until time.Time, yes bool) {
	released, live := s.Newest()
	until = released.Add(Quiet)
	return until, live && now.Before(until)
}

// Now sends a test at once and returns its identifier. ErrNotNow: an alert is
// young, a test was sent a moment ago, or no station is registered.
func (s *Service) Now(ctx context.Context) (identifier string, err error) {
	now := time.Now()
	if until, busy := s.busy(now); busy {
		return "", fmt.Errorf("%w: an alert is live; test the lines after %s, or once it is withdrawn", ErrNotNow, until.UTC().Format("15:04 MST"))
	}
	if last, ok := s.Book.NewestTest(); ok && now.Sub(last.Sent) < apart {
		return "", fmt.Errorf("%w: the last one is %d seconds old; wait for its result", ErrNotNow, int(now.Sub(last.Sent).Seconds()))
	}
	if len(s.Stations()) == 0 {
		return "", fmt.Errorf("%w: no station is registered; `tocsin recipients add-station` does it", ErrNotNow)
	}
	identifier, err = s.send(ctx, now, now)
	if errors.Is(err, stream.ErrConflict) {
		return "", fmt.Errorf("%w: another one was sent in this second; wait for its result", ErrNotNow)
	}
	return identifier, err
}

func (s *Service) subject(slot time.Time) string {
	return "alerts." + s.Policy.Agency + "." + caseID(slot)
}

// send signs and publishes the test of slot. stream.ErrConflict: it is there already.
func (s *Service) send(ctx context.Context, slot, now time.Time) (identifier string, err error) {
	m, err := s.message(slot, now)
	if err != nil {
		return "", fmt.Errorf("write the link test: %w", err)
	}
	if m.CAP, err = s.Sign(m); err != nil {
		return "", fmt.Errorf("sign the link test: %w", err)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode the link test: %w", err)
	}
	_, err = s.Alerts.Append(ctx, stream.Entry{Subject: s.subject(slot), ID: m.Identifier, Data: data, After: new(uint64(0))})
	if err != nil {
		return "", err
	}
	s.Log.Info("link test sent", "identifier", m.Identifier)
	return m.Identifier, nil
}

// message is the test in all six languages, about nobody.
func (s *Service) message(slot, now time.Time) (*alert.Message, error) {
	id, p := caseID(slot), s.Policy
	areas, _ := s.Areas(s.countries()) // an area that the gazetteer does not know has no name to say
	m := &alert.Message{
		Schema: alert.Schema, Realm: p.Realm, Identifier: alert.Identifier(p.Agency, p.Realm, id, 1), Sender: p.Sender,
		Agency: p.Agency, Case: id, Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusTest,
		Languages: alert.Langs, Areas: areas, Sent: now.UTC().Truncate(time.Second),
		Expires: now.UTC().Truncate(time.Second).Add(Life), Page: strings.TrimSuffix(p.PublicURL, "/") + "/*/",
	}
	if err := alert.WriteAll(m); err != nil {
		return nil, err
	}
	return m, m.Validate(now).Err()
}

// countries are those of the agency and of every station, so that the test
// reaches each station whatever areas it takes.
func (s *Service) countries() []string {
	codes := []string{s.Policy.Country}
	for _, r := range s.Stations() {
		for _, a := range r.Areas {
			country, _, _ := strings.Cut(a, "-")
			if a != "*" && !slices.Contains(codes, country) {
				codes = append(codes, country)
			}
		}
	}
	return codes[:min(len(codes), maxCountries)]
}
