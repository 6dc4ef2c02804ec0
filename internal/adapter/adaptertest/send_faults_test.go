package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func sendFaults() []example {
	return []example{
		{"one receipt short", "one receipt for each, in order", "19 receipts for 20", fault{send: after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
			return out[:max(0, min(19, len(out)))]
		})}},
		{"receipts in another order", "one receipt for each, in order", "place", fault{send: after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
			if len(out) == 9 {
				out[0], out[1] = out[1], out[0]
			}
			return out
		})}},
		{"sends only the first", "one receipt for each, in order", "took 0", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			out := make([]adapter.Receipt, len(batch))
			for i := range out {
				out[i].State = adapter.Accepted
			}
			if len(batch) > 0 {
				out[0] = p.one(ctx, d, batch[0])
			}
			return out, nil
		}}},
		{"a receipt without a state", "one receipt for each, in order", "without a failure", fault{send: after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
			for i := range out {
				out[i].State = ""
			}
			return out
		})}},
		{"a long reference", "one receipt for each, in order", "reference", fault{send: after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
			for i := range out {
				out[i].Ref = strings.Repeat("x", 200)
			}
			return out
		})}},
		{"cannot update", "alert, update and withdrawal arrive", "took 1", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			if d.Message.MsgType == alert.TypeUpdate {
				return after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
					for i := range out {
						out[i] = adapter.Receipt{State: adapter.Accepted}
					}
					return out
				})(p, ctx, d, make([]adapter.Recipient, len(batch)))
			}
			return p.sendAll(ctx, d, batch)
		}}},
		{"duplicates swallowed", "duplicates are answered each", "2 receipts for 4", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			var once []adapter.Recipient
			seen := map[string]bool{}
			for _, r := range batch {
				if !seen[r.ID] {
					once = append(once, r)
				}
				seen[r.ID] = true
			}
			return p.sendAll(ctx, d, once)
		}}},
		{"does not look at its context", "send ends with its context", "goes on long after", fault{send: func(p *post, _ context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			return p.sendAll(context.Background(), d, batch)
		}}},
		{"waits for the first connection", "send ends with its context", "goes on long after", fault{open: func(_ context.Context, p *post) error {
			hung := false
			p.office.set(func() { hung = p.office.hangs })
			p.send = func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
				if hung {
					<-p.office.closed
				}
				return p.sendAll(ctx, d, batch)
			}
			return nil
		}}},
		{"calls silence a success", "send ends with its context", "want a failure", fault{send: after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
			for i := range out {
				out[i] = adapter.Receipt{State: adapter.Accepted}
			}
			return out
		})}},
		{"gives up on silence", "send ends with its context", "tried again", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Class = adapter.Rejected })}},
		{"takes a closed office for a dead subscriber", "a far end that is away", "tried again", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Class = adapter.Gone })}},
		{"says where nobody is", "a far end that is away", "part of an address", fault{send: each(func(f *adapter.Failure, r adapter.Recipient) {
			b, _ := boxOf(r)
			f.Reason = "dial " + b.URL + ": connection refused"
		})}},
		{"one bad address fails all", "a bad address fails alone", "another recipient failed", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			for _, r := range batch {
				if _, ok := boxOf(r); !ok {
					return nil, errors.New("a box makes no sense")
				}
			}
			return p.sendAll(ctx, d, batch)
		}}},
		{"a bad address is gone", "a bad address fails alone", "want rejected or temporary", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Class = adapter.Gone })}},
		{"takes any address", "a bad address fails alone", "want a failure", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) {}), open: func(_ context.Context, p *post) error {
			p.send = after(func(out []adapter.Receipt, _ []adapter.Recipient) []adapter.Receipt {
				for i := range out {
					out[i] = adapter.Receipt{State: adapter.Accepted}
				}
				return out
			})
			return nil
		}}},
		{"everything is temporary", "refusals have their class", "want gone", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Class, f.After = adapter.Temporary, 0 })}},
		{"does not say when", "refusals have their class", "want 7s", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.After = 0 })}},
		{"asks for time without being throttled", "refusals have their class", "only Throttled", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.After = time.Second })}},
		{"no reason", "refusals have their class", "without a reason", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Reason = "" })}},
		{"an unknown class", "refusals have their class", "unknown", fault{send: each(func(f *adapter.Failure, _ adapter.Recipient) { f.Class = 99 })}},
		{"says which box", "refusals have their class", "part of an address", fault{send: each(func(f *adapter.Failure, r adapter.Recipient) {
			if b, ok := boxOf(r); ok {
				f.Reason += " of " + strings.ToUpper(b.Box)
			}
		})}},
		{"logs which box", "alert, update and withdrawal arrive", "the log holds", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			p.env.Log.Debug("sending", "to", string(batch[0].Address))
			return p.sendAll(ctx, d, batch)
		}}},
		{"logs who is missing", "alert, update and withdrawal arrive", "names the case", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			p.env.Log.Info("sending", "headline", d.Message.Texts[alert.English].Headline)
			return p.sendAll(ctx, d, batch)
		}}},
		{"an error with the address", "a bad address fails alone", "the error holds", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			return nil, fmt.Errorf("posting to %s", batch[0].Address)
		}}},
		{"appends to the body", "payloads are read only", "wrote into", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			_ = append(d.Payloads[alert.English].Body, 0)
			return p.sendAll(ctx, d, batch)
		}}},
		{"stamps the message", "payloads are read only", "changed the message", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			d.Message.Sent = time.Time{}
			return p.sendAll(ctx, d, batch)
		}}},
		{"sorts the batch", "payloads are read only", "changed the batch", fault{send: func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
			defer func() { batch[0], batch[1] = batch[1], batch[0] }()
			return p.sendAll(ctx, d, batch)
		}}},
		{"one at a time", "send from several goroutines", "busy", fault{open: func(_ context.Context, p *post) error {
			var busy sync.Mutex
			p.send = func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
				if !busy.TryLock() {
					return nil, errors.New("busy")
				}
				defer busy.Unlock()
				time.Sleep(20 * time.Millisecond)
				return p.sendAll(ctx, d, batch)
			}
			return nil
		}}},
	}
}
