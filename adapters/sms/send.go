package sms

import (
	"context"
	"encoding/json"
	"sync"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/smpp"
)

// Send hands one text to each recipient of batch, all at once: the gateways'
// windows and rates hold back what is too much.
func (s *SMS) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	receipts := make([]adapter.Receipt, len(batch))
	texts := make(map[alert.Lang]smpp.Text)
	parcels := make([]*parcel, len(batch))
	var all sync.WaitGroup
	for i, r := range batch {
		body := string(d.Payload(r.Lang).Body)
		lang := d.Message.Lang(r.Lang)
		t, ok := texts[lang]
		if !ok {
			var err error
			if t, err = smpp.Encode(body); err != nil {
				return nil, &adapter.Failure{Class: adapter.Rejected, Code: "text", Reason: "the text is too long for SMS"}
			}
			texts[lang] = t
		}
		var a address
		if err := json.Unmarshal(r.Address, &a); err != nil || !sourceDigit.MatchString(a.MSISDN) {
			receipts[i].Failure = &adapter.Failure{
				Class: adapter.Rejected, Code: "address", Reason: "the number's registration is damaged; register it anew",
			}
			continue
		}
		parcels[i] = newParcel(len(t.Parts))
		all.Go(func() {
			ref, f := s.pool.send(ctx, text{
				number: a.MSISDN, body: body, encoded: t, expires: d.Message.Expires, parcel: parcels[i],
			})
			receipts[i] = adapter.Receipt{State: adapter.Accepted, Ref: ref, Failure: f}
			d.Land(i)
		})
	}
	all.Wait()
	for i, p := range parcels {
		if p != nil {
			s.parts.settle(p, receipts[i].Ref)
		}
	}
	return receipts, nil
}
