package website

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"code.dny.dev/ssrf"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

const (
	// maxAnswer bounds what is read of a partner's answer: we look for one word in it.
	maxAnswer = 4 << 10
	// maxAfter bounds a Retry-After: an alert does not wait for tomorrow.
	maxAfter = 10 * time.Minute
)

// Send makes one request to each partner of batch, all at once.
func (w *Website) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	receipts := make([]adapter.Receipt, len(batch))
	slots := make(chan struct{}, fanOut) // whatever the runner's batch
	var all sync.WaitGroup
	for i, r := range batch {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			receipts[i] = w.send(ctx, r, d.Message.Identifier, d.Payload(r.Lang).Body, d.Message.MsgType)
			d.Land(i)
		})
	}
	all.Wait()
	return receipts, nil
}

// Ping sends a signed ping, so that a broken endpoint is known before any alert.
func (w *Website) Ping(ctx context.Context, r adapter.Recipient) error {
	at := w.now().UTC()
	body := []byte(`{"type":"ping","timestamp":"` + at.Format(time.RFC3339) + `","data":{}}`)
	if got := w.send(ctx, r, "ping-"+strconv.FormatInt(at.UnixNano(), 36), body, ""); got.Failure != nil {
		return got.Failure
	}
	return nil
}

func (w *Website) send(ctx context.Context, r adapter.Recipient, id string, body []byte, kind alert.MsgType) adapter.Receipt {
	var p Partner
	if err := json.Unmarshal(r.Address, &p); err != nil {
		return failed(adapter.Rejected, "address", "the partner's registration is damaged; register it anew")
	}
	secret, err := secretBytes(p.Secret)
	if err != nil {
		return failed(adapter.Rejected, "secret", "the partner's secret is damaged; register it anew")
	}
	if _, why := checkEndpoint(p.Endpoint, w.env.AllowLoopback); why != "" {
		return failed(adapter.Rejected, "endpoint", why)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Endpoint, bytes.NewReader(body))
	if err != nil {
		return failed(adapter.Rejected, "endpoint", "the partner's address cannot be used; register it anew")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin/1 (+"+w.env.Contact+")")
	sign(req.Header, id, w.now(), body, secret, w.key)
	resp, err := w.client.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode/100 == 2 {
		answer = nil // he took it; what he wanted to say is lost
	}
	return w.classify(resp, answer, kind)
}

// unanswered is a failure without a status. Its text has no address in it. All
// are tried again: names, certificates and servers are mended while an alert runs.
func unanswered(err error) adapter.Receipt {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, name := errors.AsType[*net.DNSError](err)
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork):
		return failed(adapter.Temporary, "guard", "the partner's name leads to an address that is not public")
	case certificate:
		return failed(adapter.Temporary, "tls", "the partner's certificate is not valid for its name")
	case name:
		return failed(adapter.Temporary, "dns", "the partner's name cannot be resolved")
	case errors.As(err, &timeout) && timeout.Timeout():
		return failed(adapter.Temporary, "timeout", "the partner did not answer in time")
	default:
		return failed(adapter.Temporary, "network", "no connection to the partner")
	}
}

// classify says what a partner's status means. No status unsubscribes anybody.
func (w *Website) classify(resp *http.Response, answer []byte, kind alert.MsgType) adapter.Receipt {
	code := strconv.Itoa(resp.StatusCode)
	switch s := resp.StatusCode; {
	case s/100 == 2:
		var said struct {
			Removed bool `json:"removed"`
		}
		if kind == alert.TypeCancel && json.Unmarshal(answer, &said) == nil && said.Removed {
			return adapter.Receipt{State: adapter.Removed}
		}
		return adapter.Receipt{State: adapter.Accepted}
	case s/100 == 3:
		return failed(adapter.Temporary, code, "the partner redirects; webhooks follow no redirect: register the new address")
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return failed(adapter.Misconfigured, code, "the partner refuses our signature: give him his secret anew")
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		r := failed(adapter.Throttled, code, "the partner asks for time")
		r.Failure.After = retryAfter(resp.Header.Get("Retry-After"), w.now())
		return r
	case s == http.StatusNotFound || s == http.StatusGone:
		return failed(adapter.Temporary, code, "nothing answers at the partner's address; he stays registered")
	case s/100 == 4:
		return failed(adapter.Temporary, code, "the partner's server does not take the message; it is tried again until he mends it")
	default:
		return failed(adapter.Temporary, code, "the partner's server failed")
	}
}

// retryAfter reads seconds or a date, bounded.
func retryAfter(v string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(n, int(maxAfter/time.Second))) * time.Second // before it overflows
	} else if at, err := http.ParseTime(v); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxAfter)
}

func failed(class adapter.Class, code, reason string) adapter.Receipt {
	return adapter.Receipt{Failure: &adapter.Failure{Class: class, Code: code, Reason: reason}}
}
