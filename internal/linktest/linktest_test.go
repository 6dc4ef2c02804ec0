package linktest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/cap"
	"tocsin/internal/region"
	"tocsin/internal/stream/streamtest"
)

// world is one cluster: a log, its stations, and the alerts that are live.
type world struct {
	alerts, ledger *streamtest.Memory
	stations       []adapter.Recipient
	released       time.Time // of the newest live alert; zero = none
	policy         Policy
	sign           func(*alert.Message) ([]byte, error)
	atlas          *region.Atlas
}

func newWorld(t *testing.T, realm alert.Realm) *world {
	t.Helper()
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		alerts: new(streamtest.Memory), ledger: new(streamtest.Memory), atlas: atlas,
		stations: []adapter.Recipient{{
			ID: "st1", Name: "Radio Nord", Areas: []string{"BE-VAN", "FR"}, Created: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		}},
		sign: func(m *alert.Message) ([]byte, error) { return []byte(m.Identifier), nil },
		policy: Policy{
			Realm: realm, Agency: "BEPOL", Sender: "alerts@police.example", PublicURL: "https://alert.example", Country: "BE",
			Schedule: Schedule{Day: time.Wednesday, Hour: 10, Zone: time.UTC},
		},
	}
}

// server is one more server of the cluster.
func (w *world) server() *Service {
	return New(Deps{
		Alerts: w.alerts, Book: NewBook(w.ledger, "broadcast", slog.New(slog.DiscardHandler)), Sign: w.sign, Areas: w.atlas.Areas,
		Stations: func() []adapter.Recipient { return w.stations },
		Newest:   func() (time.Time, bool) { return w.released, !w.released.IsZero() },
		Policy:   w.policy, Log: slog.New(slog.DiscardHandler),
	})
}

// sent lists when tests went out.
func (w *world) sent() []string {
	var out []string
	for _, r := range w.alerts.Records() {
		out = append(out, r.Time.UTC().Format("Mon 15:04"))
	}
	return out
}

// TestSchedule plays weeks on several servers: one test a week, once in the cluster,
// never beside a young alert, and after a downtime as soon as there is a server.
// The clock begins on Saturday 1 January 2000, 00:00 UTC.
func TestSchedule(t *testing.T) {
	const day = 24 * time.Hour
	toWednesday := 4*day + 10*time.Hour
	for _, tt := range []struct {
		name string
		play func(t *testing.T, w *world, run func(servers int, d time.Duration))
		want string
	}{
		{"every week, once for three servers", func(_ *testing.T, _ *world, run func(int, time.Duration)) { run(3, 21*day) }, "Wed 10:00, Wed 10:00, Wed 10:00"},
		{"restarts send nothing twice", func(_ *testing.T, _ *world, run func(int, time.Duration)) {
			for range 20 {
				run(1, 12*time.Hour)
			}
		}, "Wed 10:00"},
		{"caught up after a downtime", func(_ *testing.T, _ *world, run func(int, time.Duration)) {
			run(0, toWednesday+30*time.Hour)
			run(1, day)
		}, "Thu 16:00"},
		{"after two weeks down only the newest is caught up", func(_ *testing.T, _ *world, run func(int, time.Duration)) {
			run(0, 13*day)
			run(1, day)
		}, "Fri 00:00"},
		{"postponed while an alert is young", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			run(2, toWednesday-time.Hour)
			w.released = time.Now()
			run(2, day)
		}, "Wed 12:00"},
		{"sent once the young alert is withdrawn", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			run(1, toWednesday-time.Hour)
			w.released = time.Now()
			run(1, 90*time.Minute)
			w.released = time.Time{}
			run(1, day)
		}, "Wed 10:30"},
		{"a new system does not begin with a test", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			w.stations[0].Created = time.Now().Add(5 * day)
			run(1, 6*day)
		}, ""},
		{"no stations, no test", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			w.stations = nil
			run(1, 8*day)
		}, ""},
		{"switched off", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			w.policy.Off = true
			run(1, 8*day)
		}, ""},
		{"a log that is away is tried again", func(_ *testing.T, w *world, run func(int, time.Duration)) {
			down := errors.New("away")
			w.sign = func(m *alert.Message) ([]byte, error) {
				if time.Now().UTC().Hour() < 11 {
					return nil, down
				}
				return []byte(m.Identifier), nil
			}
			run(1, 5*day)
		}, "Wed 11:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			synctest.Test(t, func(t *testing.T) {
				tt.play(t, w, func(servers int, d time.Duration) {
					ctx, cancel := context.WithTimeout(t.Context(), d)
					defer cancel()
					for range servers {
						s := w.server()
						go func() { _ = s.Run(ctx) }()
					}
					<-ctx.Done()
					synctest.Wait()
				})
				if got := strings.Join(w.sent(), ", "); got != tt.want {
					t.Errorf("tests went out at %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestMessage: the test is valid and signed in both realms, speaks all six
// languages, is about nobody, and says EXERCISE in a drill.
func TestMessage(t *testing.T) {
	signer, err := cap.LoadOrCreateSigner(t.TempDir(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, realm := range []alert.Realm{alert.Live, alert.Drill} {
		w := newWorld(t, realm)
		w.sign = func(m *alert.Message) ([]byte, error) {
			doc, err := cap.FromMessage(m)
			if err != nil {
				return nil, err
			}
			if problems := cap.Validate(doc, m.Sent); len(problems) > 0 {
				t.Errorf("%s: CAP: %v", realm, problems)
			}
			return signer.Sign(doc)
		}
		id, err := w.server().Now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var m alert.Message
		if err := json.Unmarshal(w.alerts.Records()[0].Data, &m); err != nil {
			t.Fatal(err)
		}
		if m.Identifier != id || m.Status != alert.StatusTest || !m.LinkTest() || len(m.Media) != 0 || m.Repeat != nil ||
			m.Expires.Sub(m.Sent) != Life || !slices.Equal(m.AreaCodes(), []string{"BE", "FR"}) {
			t.Errorf("%s: %+v", realm, m)
		}
		doc, err := cap.Verify(m.CAP, signer.Certificate())
		if err != nil || doc.Status != "Test" || len(doc.Info) != len(alert.Langs) {
			t.Errorf("%s: %v, %+v", realm, err, doc)
		}
		for _, lang := range alert.Langs {
			exercise, test := alert.StatusWord(alert.StatusExercise, lang), alert.StatusWord(alert.StatusTest, lang)
			for _, c := range alert.Counts(m.Texts[lang]) {
				begins := test
				if realm == alert.Drill {
					begins = exercise + ". " + test
				}
				if c.Over() || !strings.HasPrefix(c.Text, begins) {
					t.Errorf("%s %s %s: %d of %d: %q does not begin with %q", realm, lang, c.Name, c.Count, c.Limit, c.Text, begins)
				}
			}
		}
	}
}

// TestNow: whoever asks for a test at a bad moment is told why and what to do.
func TestNow(t *testing.T) {
	w := newWorld(t, alert.Live)
	synctest.Test(t, func(t *testing.T) {
		s := w.server()
		refused := func(why string) {
			t.Helper()
			if _, err := s.Now(t.Context()); !errors.Is(err, ErrNotNow) || !strings.Contains(err.Error(), why) {
				t.Errorf("err = %v, want one that says %q", err, why)
			}
		}
		w.released = time.Now().Add(-time.Hour)
		refused("an alert is live; test the lines after 02:00 UTC")
		w.released = time.Now().Add(-Quiet)
		if _, err := s.Now(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Book.apply(batch(time.Now(), []string{"st1"}))
		refused("wait for its result")
		time.Sleep(apart)
		stations := w.stations
		w.stations = nil
		refused("no station is registered")
		w.stations = stations
		if _, err := s.Now(t.Context()); err != nil || len(w.alerts.Records()) != 2 {
			t.Errorf("%v, %d tests", err, len(w.alerts.Records()))
		}
	})
}

func TestSlot(t *testing.T) {
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, brussels)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	sunday := Schedule{Day: time.Sunday, Hour: 2, Minute: 30, Zone: brussels}
	wednesday := Schedule{Day: time.Wednesday, Hour: 10, Zone: brussels}
	for _, tt := range []struct {
		s               Schedule
		now, slot, next string
	}{
		{wednesday, "2026-11-25 09:59", "2026-11-18 10:00", "2026-11-25 10:00"},
		{wednesday, "2026-11-25 10:00", "2026-11-25 10:00", "2026-12-02 10:00"},
		{wednesday, "2026-12-01 23:59", "2026-11-25 10:00", "2026-12-02 10:00"},
		{wednesday, "2027-01-01 00:00", "2026-12-30 10:00", "2027-01-06 10:00"},
		{wednesday, "2027-03-30 12:00", "2027-03-24 10:00", "2027-03-31 10:00"}, // the clocks went forward between
		{sunday, "2027-03-28 12:00", "2027-03-28 03:30", "2027-04-04 02:30"},    // 02:30 did not exist
	} {
		if slot := tt.s.Slot(at(tt.now)); !slot.Equal(at(tt.slot)) {
			t.Errorf("at %s the slot is %s, want %s", tt.now, slot, tt.slot)
		}
		if next := tt.s.Next(at(tt.now)); !next.Equal(at(tt.next)) {
			t.Errorf("at %s the next is %s, want %s", tt.now, next, tt.next)
		}
	}
}
