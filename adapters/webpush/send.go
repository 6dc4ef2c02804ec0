package webpush

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

const (
	// fanOut is how many requests one Send has under way. A batch is one job to
	// the runner, but each recipient is a request of his own, and one after the
	// other at 50 ms each a batch of 200 would take ten seconds.
	fanOut = 64
	// maxTTL is four weeks: the longest the large services take.
	maxTTL = 28 * 24 * time.Hour
	// maxAnswer is what is read of an answer, so that the connection can be used again.
	maxAnswer = 1 << 10
	// recordOverhead makes webpush-go's padding nothing: 86 bytes of header, 16
	// of tag and 1 of end mark. It pads to the record size, 4 KB by default.
	recordOverhead = 103
)

// notice is one payload ready to go to anybody.
type notice struct {
	body    []byte
	topic   string // empty: replaces nothing
	urgency push.Urgency
	ttl     time.Duration
}

// Send posts d to each recipient, at most fanOut at once, and returns when
// all have an answer. Its goroutines end with it.
func (a *Adapter) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	m := d.Message
	if m.Realm != a.env.Realm {
		return nil, &adapter.Failure{Class: adapter.Rejected, Code: "realm", Reason: fmt.Sprintf("a message of the %s realm cannot leave from the %s realm", m.Realm, a.env.Realm)}
	}
	n := notice{topic: Topic(m), urgency: push.UrgencyHigh, ttl: min(m.Expires.Sub(a.now()), maxTTL)}
	if m.MsgType == alert.TypeCancel {
		n.urgency = push.UrgencyNormal // an all-clear need not wake a sleeping telephone
	}
	receipts := make([]adapter.Receipt, len(batch))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(fanOut, len(batch)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(batch)); i = next.Add(1) - 1 {
				mine := n
				mine.body = d.Payload(batch[i].Lang).Body
				receipts[i] = a.attempt(ctx, mine, batch[i])
				d.Land(int(i))
			}
		})
	}
	wg.Wait()
	return receipts, nil
}

// attempt makes one push and survives its own panic: a goroutine's panic would
// pass the runner by and end the process.
func (a *Adapter) attempt(ctx context.Context, n notice, r adapter.Recipient) (receipt adapter.Receipt) {
	defer func() {
		if p := recover(); p != nil {
			receipt = failed(adapter.Temporary, "panic", "the web push adapter panicked on this recipient")
		}
	}()
	if ctx.Err() != nil {
		return failed(adapter.Temporary, "", "the time of this attempt ran out before this recipient's turn")
	}
	var address subscription
	if err := json.Unmarshal(r.Address, &address); err != nil {
		return failed(adapter.Rejected, "address", "the stored subscription cannot be read")
	}
	target, err := a.guard.check(address.Endpoint)
	if err != nil {
		return failed(adapter.Rejected, "endpoint", "the endpoint "+err.Error())
	}
	return a.post(ctx, n, target, address)
}

// post encrypts n for one subscription and posts it.
func (a *Adapter) post(ctx context.Context, n notice, target endpoint, address subscription) adapter.Receipt {
	seconds := int(n.ttl / time.Second)
	if seconds <= 0 { // some services refuse 0, and nothing goes out after expiry
		return adapter.Receipt{State: adapter.Expired}
	}
	header, err := a.tokens.header(target.origin, a.now())
	if err != nil {
		return failed(adapter.Misconfigured, "vapid", "no VAPID token could be signed: check vapid.json")
	}
	// webpush-go appends its end mark and padding to the message it is given:
	// the full slice expression makes it copy instead of writing into the bytes
	// that all recipients share.
	body := n.body[:len(n.body):len(n.body)]
	subscribed := push.Subscription{Endpoint: target.url, Keys: push.Keys{P256dh: address.P256dh, Auth: address.Auth}}
	answer, err := push.SendNotificationWithContext(ctx, body, &subscribed, &push.Options{
		HTTPClient:      authorized{a.client, header},
		RecordSize:      uint32(len(body) + recordOverhead),
		Subscriber:      a.subject,
		Topic:           n.topic,
		TTL:             seconds,
		Urgency:         n.urgency,
		VAPIDPublicKey:  a.keys.Public,
		VAPIDPrivateKey: a.keys.Private,
	})
	if err != nil {
		return a.unanswered(ctx, err)
	}
	defer answer.Body.Close()
	io.CopyN(io.Discard, answer.Body, maxAnswer) //nolint:errcheck // the status is all that counts
	receipt := classify(answer.StatusCode, answer.Header, a.now())
	if receipt.Failure != nil && receipt.Failure.Class == adapter.Misconfigured {
		a.tokens.refused(target.origin, a.now())
	}
	return receipt
}

// authorized puts the origin's shared token in the place of the one that
// webpush-go signed for this message alone.
type authorized struct {
	client doer
	header string
}

func (c authorized) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", c.header)
	return c.client.Do(r)
}

func failed(class adapter.Class, code, reason string) adapter.Receipt {
	return adapter.Receipt{State: adapter.Failed, Failure: &adapter.Failure{Class: class, Code: code, Reason: reason}}
}
