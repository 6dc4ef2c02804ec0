package webpush

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// stdLink is a connection of the standard library: HTTP/2, or HTTP/1.1 where a
// service has nothing newer. It is the oracle of rawLink, which does the same for
// a quarter of the cost.
type stdLink struct {
	line *line
	conn *http.ClientConn
	work chan *flight  // to the workers that have nothing to do
	done chan struct{} // closed with the link
	once sync.Once
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
	return &stdLink{line: l, conn: conn, work: make(chan *flight), done: make(chan struct{})}, nil
}

func (c *stdLink) room() int {
	if c.dead() {
		return 0
	}
	return c.conn.Available()
}

func (c *stdLink) dead() bool     { return c.conn.Err() != nil }
func (c *stdLink) busy() bool     { return c.conn.Err() == nil && c.conn.InFlight() > 0 }
func (c *stdLink) abandon(*tally) {} // its requests live in the Send's context

func (c *stdLink) close() {
	c.once.Do(func() {
		c.conn.SetStateHook(nil)
		close(c.done)
		c.conn.Close()
	})
}

func (c *stdLink) post(fs []*flight) int {
	for i, f := range fs {
		if c.conn.Reserve() != nil {
			return i
		}
		select {
		case c.work <- f:
		default:
			go c.fly(f)
		}
	}
	return len(fs)
}

// fly makes one request after the other: a stack that has grown once is worth
// keeping. There are never more of it than the connection has places.
func (c *stdLink) fly(f *flight) {
	for {
		f.err = c.roundTrip(f)
		c.line.land([]*flight{f}, time.Now())
		select {
		case f = <-c.work:
		case <-c.done:
			return
		}
	}
}

func (c *stdLink) roundTrip(f *flight) error {
	ctx, cancel := context.WithTimeoutCause(f.home.ctx, answerTimeout, errLate)
	defer cancel()
	r := &http.Request{
		Method: http.MethodPost, Host: c.line.authority, Header: f.head.header(),
		URL:  &url.URL{Scheme: c.line.scheme, Host: c.line.authority, Opaque: f.start + string(f.rest)},
		Body: io.NopCloser(bytes.NewReader(f.body)), ContentLength: int64(len(f.body)),
	}
	answer, err := c.conn.RoundTrip(r.WithContext(ctx))
	switch {
	case err == nil:
	case f.home.ctx.Err() != nil:
		return errAbandoned
	case ctx.Err() != nil:
		return errLate
	case c.conn.Err() != nil, strings.Contains(err.Error(), "GOAWAY"), strings.Contains(err.Error(), "conn not usable"):
		return errLost // net/http exports no error for the latter two, and may not have closed the connection yet
	default:
		return errors.Join(errReset, err)
	}
	f.status, f.after = answer.StatusCode, answer.Header.Get("Retry-After")
	// What is left of the answer is read a little way, so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	answer.Body.Close()
	return nil
}

// header is h for net/http, made once and only read from then on.
func (h *head) header() http.Header {
	h.once.Do(func() {
		h.std = http.Header{
			"Authorization":    {h.token},
			"Content-Encoding": {"aes128gcm"},
			"Content-Type":     {"application/octet-stream"},
			"Ttl":              {h.ttl},
			"Urgency":          {h.urgency},
			"User-Agent":       {userAgent},
		}
		if h.topic != "" {
			h.std["Topic"] = []string{h.topic}
		}
	})
	return h.std
}
