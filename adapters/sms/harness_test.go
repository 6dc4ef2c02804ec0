package sms

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/smpp"
)

// inbox is a ledger that remembers, and fails the first fail reports.
type inbox struct {
	mu   sync.Mutex
	fail int
	got  []adapter.Report
	came chan struct{} // one for each report
}

func newInbox() *inbox { return &inbox{came: make(chan struct{}, 10_000)} }

func (b *inbox) Report(_ context.Context, r adapter.Report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("the ledger is away")
	}
	b.got = append(b.got, r)
	b.came <- struct{}{}
	return nil
}

func (b *inbox) reports() []adapter.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]adapter.Report(nil), b.got...)
}

// wait returns when n more reports have come.
func (b *inbox) wait(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for i := range n {
		select {
		case <-b.came:
		case <-timeout:
			t.Fatalf("%d of %d reports came", i, n)
		}
	}
}

// registry remembers who was removed.
type registry struct {
	adapter.Registry
	removed chan string
}

func (g *registry) Remove(_ context.Context, channel, id string) error {
	g.removed <- channel + "/" + id
	return nil
}

// fixture is an open channel.
type fixture struct {
	*SMS
	inbox    *inbox
	registry *registry
}

// start opens the channel with the gateways and closes it with the test.
func start(t *testing.T, gateways ...any) fixture {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"gateways": gateways})
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{inbox: newInbox(), registry: &registry{removed: make(chan string, 10)}}
	a, closeIt, err := Driver().Open(t.Context(), raw, adapter.Env{
		Realm: alert.Drill, Log: slog.New(slog.DiscardHandler), Inbox: f.inbox, Recipients: f.registry,
		KeyDir: t.TempDir(), AllowLoopback: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := closeIt(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	f.SMS = a.(*SMS)
	return f
}

// gate is the settings of an SMPP gateway, with changes.
func gate(t *testing.T, address string, change ...func(map[string]any)) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := map[string]any{
		"kind": "smpp", "name": "one", "address": address, "system_id": "tocsin", "password_file": file,
		"source": "TOCSIN", "window": 50, "rate": 10_000, "response_s": 2,
	}
	for _, c := range change {
		c(g)
	}
	return g
}

func with(key string, value any) func(map[string]any) {
	return func(g map[string]any) { g[key] = value }
}

const (
	shortEN = "MISSING CHILD: Anna, 7. Seen in Antwerp at 16:00. Call 116000. https://alerts.example/en/alerts/7"
	longRU  = "ПРОПАЛ РЕБЁНОК: Анна, 7 лет, рост 120 см, красная куртка. Видели в Антверпене в 16:00. Звоните 116000. https://alerts.example/ru/alerts/7"
)

// message is an alert with an SMS in two languages.
func message() *alert.Message {
	return &alert.Message{
		Realm: alert.Drill, Identifier: "tocsin-test-1", Case: "c1", Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusExercise,
		Languages: []alert.Lang{alert.English, alert.Russian}, Expires: time.Now().Add(time.Hour),
		Texts: map[alert.Lang]alert.Texts{alert.English: {SMS: shortEN}, alert.Russian: {SMS: longRU}},
	}
}

// delivery is m rendered.
func (f fixture) delivery(t *testing.T, m *alert.Message) adapter.Delivery {
	t.Helper()
	d := adapter.Delivery{Message: m, Payloads: make(map[alert.Lang]adapter.Payload)}
	for _, l := range m.Languages {
		p, err := f.Render(m, l)
		if err != nil {
			t.Fatal(err)
		}
		d.Payloads[l] = p
	}
	return d
}

// people are n recipients of lang with Belgian mobile numbers from 0470 000000 up.
func (f fixture) people(t *testing.T, n int, lang alert.Lang) []adapter.Recipient {
	t.Helper()
	out := make([]adapter.Recipient, n)
	for i := range out {
		var err error
		if out[i], err = NewRecipient(number(i), "BE", []string{"BE"}, lang, f.salt); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func number(i int) string {
	digits := "000000" + strconv.Itoa(i)
	return "+32470" + digits[len(digits)-6:]
}

// send makes one attempt within the time of a test.
func (f fixture) send(t *testing.T, d adapter.Delivery, people []adapter.Recipient) []adapter.Receipt {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	receipts, err := f.Send(ctx, d, people)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipts) != len(people) {
		t.Fatalf("%d receipts for %d recipients", len(receipts), len(people))
	}
	for _, r := range receipts {
		if r.Failure != nil && strings.Contains(r.Failure.Error(), "32470") {
			t.Errorf("a failure names a number: %v", r.Failure)
		}
	}
	return receipts
}

// parts is how many messages a text takes.
func parts(t *testing.T, s string) int {
	t.Helper()
	e, err := smpp.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return len(e.Parts)
}
