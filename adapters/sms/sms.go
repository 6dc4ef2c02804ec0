// Package sms is the channel of text messages: to one or more message centres
// over SMPP 3.4, or through a provider's HTTP gateway.
//
// # What a recipient gets
//
// One text in his language, of at most two parts in the GSM alphabet or three
// in UCS-2. Updates and withdrawals are ordinary new texts: an SMS cannot be
// taken back.
//
// # At least once
//
// A message that was sent and not answered may have been delivered. It is
// tried again all the same: an alert that comes twice is better than one that
// does not come. For the same reason a long text of which one part was refused
// is sent again as a whole.
//
// # Several gateways
//
// A text goes to the first gateway with room. One that refuses it, throttles or
// is not connected leaves it to the next; only when a gateway may have taken it
// is the attempt over. So a second provider carries on where the first fails.
//
// # Receipts
//
// The centre's answer makes the recipient Accepted; a delivery receipt makes
// him Delivered when all parts are there, or Failed with the first part that
// is not. A receipt is acknowledged to the centre only after it is stored, so
// none is lost; while it cannot be stored the centre is asked to come again.
// What parts belong together is kept in memory: after a restart the receipt of
// the last part speaks for the text.
//
// # Leaving
//
// Whoever answers STOP, or its like in the six languages, is off the list.
package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/smpp"
)

// Name is the channel's name in settings and subjects.
const Name = "sms"

// What a text may take: more parts cost more, arrive later and out of order.
const (
	maxGSMParts, maxGSMUnits   = 2, 306 // septets
	maxUCS2Parts, maxUCS2Units = 3, 201 // UTF-16 units
)

// SMS is the channel.
type SMS struct {
	env    adapter.Env
	salt   []byte
	secret string // the last segment of the callback's address
	pool   pool
	parts  *tracker
}

// Driver opens the channel. Its Sends go to the gateways' windows at once and
// wait there, so Limits bound memory, and the windows and rates of the
// settings bound the traffic.
func Driver() adapter.Driver {
	return adapter.Driver{
		Name: Name, Title: "SMS",
		Limits: adapter.Limits{Batch: 100, Concurrency: 8, PerDestination: 8, Timeout: time.Minute, ShardSize: 500},
		Open:   open,
	}
}

func open(_ context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
	settings, err := decodeSettings(raw, env.AllowLoopback)
	if err != nil {
		return nil, nil, err
	}
	s := &SMS{env: env, parts: newTracker()}
	if s.salt, err = Salt(env.KeyDir); err != nil {
		return nil, nil, err
	}
	if s.secret, err = callbackSecret(env.KeyDir); err != nil {
		return nil, nil, err
	}
	for _, g := range settings.smpp {
		gate, err := s.openSMPP(g)
		if err != nil {
			return nil, nil, errors.Join(err, s.close(context.Background()))
		}
		s.pool = append(s.pool, gate)
	}
	for _, g := range settings.http {
		s.pool = append(s.pool, s.openHTTP(g))
	}
	return s, s.close, nil
}

func (s *SMS) close(ctx context.Context) error { return s.pool.close(ctx) }

// Render is the text in lang, with typographic characters made plain.
func (s *SMS) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	if err := adapter.CheckMessage(m, s.env.Realm, lang); err != nil {
		return adapter.Payload{}, err
	}
	body := smpp.Plain(m.Texts[lang].SMS)
	field := "texts." + string(lang) + ".sms"
	if strings.TrimSpace(body) == "" {
		return adapter.Payload{}, alert.Invalid{{Field: field, Code: "required", Text: "There is no text for SMS in this language."}}
	}
	t, err := smpp.Encode(body)
	if err != nil {
		return adapter.Payload{}, alert.Invalid{{Field: field, Code: "too_long", Text: "Shorten the text for SMS."}}
	}
	unit, parts, limit := "GSM-7 characters", maxGSMParts, maxGSMUnits
	if !t.GSM {
		unit, parts, limit = "UCS-2 characters", maxUCS2Parts, maxUCS2Units
	}
	if len(t.Parts) > parts {
		return adapter.Payload{}, alert.Invalid{{
			Field: field, Code: "too_long",
			Text: fmt.Sprintf("The text takes %d %s in %d parts; shorten it to %d in %d.", t.Units, unit, len(t.Parts), limit, parts),
		}}
	}
	return adapter.Payload{
		MIME: "text/plain; charset=utf-8", Body: []byte(body),
		Parts: []adapter.Part{{
			Name: "SMS", Text: body, Count: t.Units, Limit: limit, Unit: unit + " in " + plural(len(t.Parts)),
		}},
	}, nil
}

func plural(parts int) string {
	if parts == 1 {
		return "1 part"
	}
	return fmt.Sprintf("%d parts", parts)
}

// Check says which gateways cannot take a message now.
func (s *SMS) Check(ctx context.Context) error {
	var down []error
	for _, g := range s.pool {
		if f := settled(ctx, g); f != nil {
			down = append(down, fmt.Errorf("gateway %s: %w", g.name(), f))
		}
	}
	return errors.Join(down...)
}
