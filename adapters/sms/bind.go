package sms

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/smpp"
)

// bind is a gateway over SMPP.
type bind struct {
	SMPP
	client *smpp.Client
	source smpp.Address
	parts  *tracker
	ref    atomic.Uint32 // ties the parts of a text together; any start will do
	room   chan struct{}
}

func (s *SMS) openSMPP(g SMPP) (*bind, error) {
	b := &bind{SMPP: g, source: sourceAddress(g.Source), parts: s.parts}
	b.ref.Store(rand.Uint32())
	o := g.options()
	o.Deliver = func(ctx context.Context, m *smpp.Message) smpp.Status { return s.incoming(ctx, b, m) }
	var err error
	if b.client, err = smpp.Open(o); err != nil {
		return nil, fmt.Errorf("settings: gateway %s: %w", g.Name, err)
	}
	b.room = make(chan struct{}, b.client.Window())
	return b, nil
}

// sourceAddress types the sender: a number, a short code or a name.
func sourceAddress(s string) smpp.Address {
	digits := strings.TrimPrefix(s, "+")
	switch {
	case !sourceDigit.MatchString(s):
		return smpp.Address{TON: smpp.TONAlphanumeric, Number: s}
	case len(digits) <= 8:
		return smpp.Address{TON: smpp.TONNetwork, NPI: smpp.NPIISDN, Number: digits}
	default:
		return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Number: digits}
	}
}

func (b *bind) name() string { return b.Name }

func (b *bind) slots() chan struct{} { return b.room }

func (b *bind) close(ctx context.Context) error { return b.client.Close(ctx) }

func (b *bind) ready() (*adapter.Failure, bool, <-chan struct{}) {
	st, changed := b.client.State()
	switch {
	case st.Bound:
		return nil, false, changed
	case st.Trying:
		return &adapter.Failure{Code: "connecting", Reason: "the gateway is being connected"}, true, changed
	}
	if smpp.Refused(st.Err) {
		f := classify(st.Err)
		f.Class = adapter.Misconfigured
		f.Reason = "the gateway refuses our name or password; check system_id, password_file and system_type"
		return f, false, changed
	}
	f := &adapter.Failure{Code: "unbound", Reason: "no connection to the gateway"}
	if e, ok := errors.AsType[*smpp.StatusError](st.Err); ok {
		f.Code = e.Status.String()
	}
	return f, false, changed
}

// enough is the time a text needs to have all of its parts submitted; with less
// left it is not begun.
const enough = 2 * time.Second

// send submits t part by part: after a refusal the rest is not paid for.
func (b *bind) send(ctx context.Context, t text) (ref string, untaken bool, f *adapter.Failure) {
	if end, ok := ctx.Deadline(); ok && len(t.encoded.Parts) > 1 && time.Until(end) < enough {
		return "", true, noRoom()
	}
	for i, m := range t.encoded.Messages(byte(b.ref.Add(1))) {
		m.Source = b.source
		m.Dest = smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Number: strings.TrimPrefix(t.number, "+")}
		m.Registered = 1
		if !b.NoValidity && !t.expires.IsZero() {
			m.Validity = smpp.Absolute(t.expires) // the network must not deliver what has expired
		}
		id, err := b.client.Submit(ctx, &m)
		if err != nil {
			f := classify(err)
			// No other gateway knows a number that does not exist.
			return "", i == 0 && !errors.Is(err, smpp.ErrUnanswered) && f.Class != adapter.Rejected, f
		}
		if id != "" {
			ref = b.Name + "/" + b.answered(id)
			b.parts.add(ref, t.parcel)
		}
	}
	return ref, false, nil
}

// throttledFor is how long the runner stays away from a centre that throttles;
// the bind itself has slowed down already.
const throttledFor = time.Second

// classify says what a failed submission means. Reasons hold no number: the
// centre's own words never get into them.
func classify(err error) *adapter.Failure {
	e, ok := errors.AsType[*smpp.StatusError](err)
	switch {
	case errors.Is(err, smpp.ErrUnanswered):
		return &adapter.Failure{Code: "unanswered", Reason: "the gateway did not answer; the text may arrive twice"}
	case !ok:
		return &adapter.Failure{Code: "unsent", Reason: "the connection to the gateway was lost, or its rate left no room in time"}
	}
	f := &adapter.Failure{Code: e.Status.String()}
	switch e.Status {
	case smpp.Throttled, smpp.QueueFull:
		f.Class, f.After, f.Reason = adapter.Throttled, throttledFor, "the gateway asks for time"
	case smpp.InvDestAddr, 0x50, 0x51: // the number's type and plan
		f.Class, f.Reason = adapter.Rejected, "the gateway knows no such number"
	case 0x01, 0x0A, 0x15, 0x43, 0x48, 0x49, smpp.InvExpiry: // length, sender, service type, class, validity
		f.Class, f.Reason = adapter.Misconfigured, "the gateway refuses how we send; check source and no_validity with the provider"
	case smpp.InvPassword, smpp.InvSystemID, smpp.BindFailed:
		f.Class, f.Reason = adapter.Misconfigured, "the gateway refuses our name or password"
	default:
		f.Reason = "the gateway could not take the text"
	}
	return f
}
