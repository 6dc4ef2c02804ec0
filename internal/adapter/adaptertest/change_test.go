package adaptertest

import (
	"context"
	"encoding/json"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

type payload = adapter.Payload

// word changes what Render gave in its text alone.
func word(change func(s string, lang alert.Lang, m *alert.Message) string) func(*post, *alert.Message, alert.Lang, payload, error) (payload, error) {
	return func(_ *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
		if err != nil {
			return out, err
		}
		text := change(out.Parts[0].Text, lang, m)
		out.Parts = []adapter.Part{{Name: "Letter", Text: text, Count: len([]rune(text)), Limit: 500, Unit: "characters"}}
		out.Body, err = json.Marshal(letter{text, string(m.MsgType)})
		return out, err
	}
}

// part changes the one part.
func part(change func(*adapter.Part)) func(*post, *alert.Message, alert.Lang, payload, error) (payload, error) {
	return func(_ *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
		if err == nil {
			change(&out.Parts[0])
		}
		return out, err
	}
}

// after changes the receipts of a good Send.
func after(change func(out []adapter.Receipt, batch []adapter.Recipient) []adapter.Receipt) func(*post, context.Context, adapter.Delivery, []adapter.Recipient) ([]adapter.Receipt, error) {
	return func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
		out, err := p.sendAll(ctx, d, batch)
		return change(out, batch), err
	}
}

// each changes the failures of a good Send.
func each(change func(f *adapter.Failure, r adapter.Recipient)) func(*post, context.Context, adapter.Delivery, []adapter.Recipient) ([]adapter.Receipt, error) {
	return after(func(out []adapter.Receipt, batch []adapter.Recipient) []adapter.Receipt {
		for i := range out {
			if out[i].Failure != nil {
				change(out[i].Failure, batch[i])
			}
		}
		return out
	})
}

func limit(change func(*adapter.Limits)) fault {
	return fault{driver: func(d *adapter.Driver) { change(&d.Limits) }}
}
