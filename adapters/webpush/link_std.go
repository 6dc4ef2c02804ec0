package webpush

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// stdLink is a connection of the standard library: HTTP/2, or HTTP/1.1 where a
// service has nothing newer. It is the oracle of rawLink, which does the same for
// a third of the cost.
type stdLink struct {
	line *line
	conn *http.ClientConn
}

func dialStd(ctx context.Context, l *line, t *http.Transport) (link, error) {
	conn, err := t.NewClientConn(ctx, l.scheme, l.address)
	if err != nil {
		return nil, err
	}
	conn.SetStateHook(func(c *http.ClientConn) { // a place has become free, or all have gone
		if c.Err() != nil {
			l.sick.Store(true)
		}
		l.pump()
	})
	return &stdLink{l, conn}, nil
}

func (c *stdLink) room() int {
	if c.dead() {
		return 0
	}
	return c.conn.Available()
}

func (c *stdLink) dead() bool     { return c.conn.Err() != nil }
func (c *stdLink) busy() bool     { return c.conn.Err() == nil && c.conn.InFlight() > 0 }
func (c *stdLink) close()         { c.conn.SetStateHook(nil); c.conn.Close() }
func (c *stdLink) abandon(*tally) {} // its requests live in the Send's context

func (c *stdLink) post(fs []*flight) int {
	for i, f := range fs {
		if c.conn.Reserve() != nil {
			return i
		}
		go c.fly(f)
	}
	return len(fs)
}

// fly is one request. Its goroutine ends with the flight, and so before its Send.
func (c *stdLink) fly(f *flight) {
	ctx, cancel := context.WithTimeoutCause(f.home.ctx, answerTimeout, errLate)
	defer cancel()
	f.err = c.roundTrip(ctx, f)
	c.line.land([]*flight{f}, time.Now())
}

func (c *stdLink) roundTrip(ctx context.Context, f *flight) error {
	u, err := url.Parse(c.line.origin + f.start + string(f.rest))
	if err != nil {
		c.conn.Release()
		return err
	}
	r := &http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Header: http.Header{
			"Authorization":    {f.head.token},
			"Content-Encoding": {"aes128gcm"},
			"Content-Type":     {"application/octet-stream"},
			"Ttl":              {f.head.ttl},
			"Urgency":          {f.head.urgency},
			"User-Agent":       {userAgent},
		},
		Body: io.NopCloser(bytes.NewReader(f.body)), ContentLength: int64(len(f.body)),
	}
	if f.head.topic != "" {
		r.Header["Topic"] = []string{f.head.topic}
	}
	answer, err := c.conn.RoundTrip(r.WithContext(ctx))
	switch {
	case err == nil:
	case f.home.ctx.Err() != nil:
		return errAbandoned
	case ctx.Err() != nil:
		return errLate
	case c.conn.Err() != nil:
		return errLost
	default:
		return errors.Join(errReset, err)
	}
	f.status, f.after = answer.StatusCode, answer.Header.Get("Retry-After")
	// What is left of the answer is read a little way, so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	answer.Body.Close()
	return nil
}
