package webpush

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// registry is the recipients in memory.
type registry struct {
	mu   sync.Mutex
	held map[string]adapter.Recipient
	fail error // what writes return
	puts int
}

func (r *registry) Put(_ context.Context, rec adapter.Recipient) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	if r.held == nil {
		r.held = map[string]adapter.Recipient{}
	}
	r.held[rec.ID] = rec
	r.puts++
	return nil
}

func (r *registry) Remove(_ context.Context, _, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, id)
	return r.fail
}

func (r *registry) Get(_, id string) (adapter.Recipient, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec, ok := r.held[id]
	return rec, ok
}

func (r *registry) All(string) []adapter.Recipient {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []adapter.Recipient
	for _, rec := range r.held {
		all = append(all, rec)
	}
	return all
}

// drill is an adapter in the drill realm that may reach loopback.
func drill(t testing.TB, s *pushservice.Service, change ...func(*Settings)) *Adapter {
	t.Helper()
	set := Settings{}
	if s != nil && len(s.Certificate()) > 0 {
		set.RootCAs = filepath.Join(t.TempDir(), "roots.pem")
		if err := os.WriteFile(set.RootCAs, s.Certificate(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range change {
		f(&set)
	}
	a, err := newAdapter(set, adapter.Env{
		Realm: alert.Drill, AllowLoopback: true, Contact: "mailto:alerts@police.example",
		KeyDir: t.TempDir(), Recipients: &registry{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.client.close)
	return a
}

func service(t testing.TB, o pushservice.Options) *pushservice.Service {
	t.Helper()
	s, err := pushservice.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// subscribers are n synthetic user agents and the recipients they make.
func subscribers(t testing.TB, s *pushservice.Service, a *Adapter, n int) ([]*pushservice.Subscriber, []adapter.Recipient) {
	t.Helper()
	users := make([]*pushservice.Subscriber, n)
	batch := make([]adapter.Recipient, n)
	for i := range users {
		u, err := s.NewSubscriber(a.keys.Public)
		if err != nil {
			t.Fatal(err)
		}
		users[i], batch[i] = u, recipientOf(t, a, u.JSON())
	}
	return users, batch
}

// recipientOf is the recipient that a browser's PushSubscription.toJSON makes.
func recipientOf(t testing.TB, a *Adapter, subscription []byte) adapter.Recipient {
	t.Helper()
	var req request
	if err := json.Unmarshal(subscription, &req.Subscription); err != nil {
		t.Fatal(err)
	}
	req.Regions, req.Lang = []string{"BE"}, alert.English
	r, err := a.recipient(req, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// message is revision rev of a drill's case, in the words that officers will release.
func message(typ alert.MsgType, rev int) *alert.Message {
	return issue(alert.Drill, alert.StatusExercise, typ, rev, time.Now().Add(6*time.Hour))
}

func issue(realm alert.Realm, status alert.Status, typ alert.MsgType, rev int, expires time.Time) *alert.Message {
	m := &alert.Message{
		Schema: 1, Realm: realm, Identifier: fmt.Sprintf("bepol-case0042-r%d", rev), Sender: "alerts@police.example",
		Agency: "BEPOL", Case: "case0042", Revision: rev, MsgType: typ, Status: status, Languages: alert.Langs,
		Areas:   []alert.Area{{Code: "BE-BRU", Names: map[alert.Lang]string{alert.English: "Brussels", alert.French: "Bruxelles"}}},
		Expires: expires,
		Page:    "https://alerts.example/*/alerts/case0042",
	}
	if typ == alert.TypeCancel {
		m.Outcome = alert.OutcomeFound
	} else {
		m.Media = []alert.Media{{Kind: "photo", URL: "https://alerts.example/photos/k3X9vQ2mT7.jpg", MIME: "image/jpeg"}}
		m.Facts = &alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Anna", Age: 7, Sex: alert.Female, HeightCM: 125, HairColour: alert.HairBlond, HairLength: alert.LengthLong,
				Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
			}},
			LastSeen: alert.LastSeen{
				At: time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels",
			},
			Instruction: alert.InstructionDoNotApproach, Contact: alert.Contact{Phone: "+3225544000"},
			Areas: []string{"BE-BRU"}, Languages: alert.Langs, Expires: expires, Authority: "Police fédérale",
		}
	}
	if err := alert.WriteAll(m); err != nil {
		panic(err) // the fixture itself is wrong
	}
	return m
}

// delivery renders m in all its languages.
func delivery(t testing.TB, a *Adapter, m *alert.Message) adapter.Delivery {
	t.Helper()
	d := adapter.Delivery{Message: m, Payloads: map[alert.Lang]adapter.Payload{}}
	for lang := range m.Texts {
		p, err := a.Render(m, lang)
		if err != nil {
			t.Fatal(err)
		}
		d.Payloads[lang] = p
	}
	return d
}
