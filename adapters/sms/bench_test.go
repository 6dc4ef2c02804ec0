package sms

import (
	"encoding/json"
	"log/slog"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/smsc"
)

// BenchmarkSend sends texts of two parts to 100 numbers over one bind, with receipts.
func BenchmarkSend(b *testing.B) {
	centre, err := smsc.Start(smsc.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = centre.Close() }()
	raw, err := json.Marshal(map[string]any{"gateways": []any{map[string]any{
		"kind": "smpp", "name": "one", "address": centre.Addr(), "system_id": "x", "source": "TOCSIN", "window": 100, "rate": 1e6,
	}}})
	if err != nil {
		b.Fatal(err)
	}
	in := &inbox{came: make(chan struct{}, 10_000_000)}
	a, closeIt, err := Driver().Open(b.Context(), raw, adapter.Env{
		KeyDir: b.TempDir(), Inbox: in, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = closeIt(b.Context()) }()
	m := message()
	p, err := a.Render(m, alert.Russian)
	if err != nil {
		b.Fatal(err)
	}
	d := adapter.Delivery{Message: m, Payloads: map[alert.Lang]adapter.Payload{alert.Russian: p}}
	people := make([]adapter.Recipient, 100)
	for i := range people {
		if people[i], err = NewRecipient(number(i), "", []string{"*"}, alert.Russian, make([]byte, saltSize)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		receipts, err := a.Send(b.Context(), d, people)
		if err != nil || receipts[0].Failure != nil {
			b.Fatal(err, receipts[0].Failure)
		}
	}
	b.ReportMetric(float64(len(people)*b.N)/b.Elapsed().Seconds(), "texts/s")
}
