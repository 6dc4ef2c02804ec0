package website

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// hostile is a name that would be markup, and more, on a careless page.
const hostile = `<img src=x onerror="alert(1)">"]}'`

// message is a drill's message with all its texts.
func message(t testing.TB, kind alert.MsgType, rev int, name string) *alert.Message {
	t.Helper()
	const id = "7GQ2XKPB4MNT"
	m := &alert.Message{
		Schema: 1, Realm: alert.Drill, Identifier: alert.Identifier("BEPOL", alert.Drill, id, rev), Sender: "alerts@police.example",
		Agency: "BEPOL", Case: id, Revision: rev, MsgType: kind, Status: alert.StatusExercise,
		Languages: []alert.Lang{alert.English, alert.French}, Areas: []alert.Area{{Code: "BE-BRU"}},
		Sent: time.Now().Truncate(time.Second), Expires: time.Now().Add(6 * time.Hour).Truncate(time.Second),
		Page: "https://alerts.example/*/alerts/" + id,
	}
	m.Facts = &alert.Facts{
		Circumstances: alert.AbductionStranger, Instruction: alert.InstructionDoNotApproach,
		Children:  []alert.Person{{GivenName: name, Age: 7, Sex: alert.Female, Clothing: []alert.Garment{}}},
		LastSeen:  alert.LastSeen{At: m.Sent.Add(-time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels"},
		Contact:   alert.Contact{Phone: "+3225544000", Hotline: "116000"},
		Languages: m.Languages, Areas: []string{"BE-BRU"}, Expires: m.Expires, Authority: "Police",
	}
	m.Media = []alert.Media{{Kind: "photo", Name: "Photo of " + name, URL: "https://alerts.example/photos/k3X9vQ2mT7.jpg", MIME: "image/jpeg"}}
	if kind == alert.TypeCancel {
		m.Outcome, m.Facts, m.Media = alert.OutcomeFound, nil, nil
	}
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// registry is the recipients in memory.
type registry map[string]adapter.Recipient

func (r registry) Put(_ context.Context, rec adapter.Recipient) error { r[rec.ID] = rec; return nil }
func (r registry) Remove(_ context.Context, _, id string) error       { delete(r, id); return nil }
func (r registry) Get(_, id string) (adapter.Recipient, bool)         { rec, ok := r[id]; return rec, ok }
func (r registry) All(string) []adapter.Recipient                     { return nil }

// inbox keeps reports, or refuses them with fail.
type inbox struct {
	got  []adapter.Report
	fail error
}

func (i *inbox) Report(_ context.Context, r adapter.Report) error {
	if i.fail == nil {
		i.got = append(i.got, r)
	}
	return i.fail
}

// channel opens the channel as the demo does, or with the guard closed.
func channel(t testing.TB, loopback bool) (*Website, *inbox) {
	t.Helper()
	in := new(inbox)
	a, stop, err := Driver().Open(t.Context(), nil, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Inbox: in, Recipients: registry{},
		Contact: "mailto:ops@police.example", KeyDir: t.TempDir(), AllowLoopback: loopback,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.WithoutCancel(t.Context())) })
	w, ok := a.(*Website)
	if !ok {
		t.Fatalf("Open gave a %T", a)
	}
	return w, in
}

// recipient registers a partner at endpoint.
func recipient(t testing.TB, w *Website, endpoint string) (adapter.Recipient, string) {
	t.Helper()
	r, secret, err := NewPartner("City of Brussels", endpoint, []string{"BE"}, alert.French, w.env.AllowLoopback)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.env.Recipients.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r, secret
}

// rendered is m as the runner hands it to Send.
func rendered(t testing.TB, w *Website, m *alert.Message) adapter.Delivery {
	t.Helper()
	d := adapter.Delivery{Message: m, Payloads: make(map[alert.Lang]adapter.Payload)}
	for _, lang := range m.Languages {
		p, err := w.Render(m, lang)
		if err != nil {
			t.Fatal(err)
		}
		d.Payloads[lang] = p
	}
	return d
}

// one sends m to one partner.
func one(t testing.TB, w *Website, m *alert.Message, r adapter.Recipient) adapter.Receipt {
	t.Helper()
	got, err := w.Send(t.Context(), rendered(t, w, m), []adapter.Recipient{r})
	if err != nil || len(got) != 1 {
		t.Fatalf("Send gave %d receipts and %v", len(got), err)
	}
	return got[0]
}

// heard is one webhook as a partner's server gets it.
type heard struct {
	header http.Header
	body   []byte
}

// server is a partner's server that keeps what it hears and then answers as told.
type server struct {
	*httptest.Server
	mu  sync.Mutex
	got []heard
}

func serve(t testing.TB, answer http.HandlerFunc) *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client gave up
		}
		s.mu.Lock()
		s.got = append(s.got, heard{header: r.Header.Clone(), body: body})
		s.mu.Unlock()
		if answer != nil {
			answer(rw, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) heard() []heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}
