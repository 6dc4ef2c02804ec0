package smpp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

// centre is the far side of a client in a bubble: net.Pipe connections that a
// test reads and answers by hand.
type centre struct {
	mu    sync.Mutex
	open  int
	most  int
	dials []time.Time
	conns chan *link
	fail  error // what dialling comes to
}

func newCentre() *centre { return &centre{conns: make(chan *link, 100)} }

// dial is an Options.Dial.
func (c *centre) dial(context.Context, string, string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials = append(c.dials, time.Now())
	if c.fail != nil {
		return nil, c.fail
	}
	near, far := net.Pipe()
	c.open++
	c.most = max(c.most, c.open)
	c.conns <- &link{Conn: far, r: bufio.NewReader(far)}
	return &counted{Conn: near, centre: c}, nil
}

// counted counts the connections that the client has not closed.
type counted struct {
	net.Conn
	centre *centre
	once   sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.centre.mu.Lock()
		defer c.centre.mu.Unlock()
		c.centre.open--
	})
	return c.Conn.Close()
}

// link is the centre's end of one connection.
type link struct {
	net.Conn
	r *bufio.Reader
}

// next reads the next PDU, or fails the test.
func (l *link) next(t *testing.T) PDU {
	t.Helper()
	p, err := Read(l.r)
	if err != nil {
		t.Fatalf("the client sent nothing more: %v", err)
	}
	return p
}

func (l *link) put(t *testing.T, p PDU) {
	t.Helper()
	if _, err := l.Write(p.Append(nil)); err != nil {
		t.Fatalf("the client does not read: %v", err)
	}
}

// bound takes the next connection and accepts its bind.
func (c *centre) bound(t *testing.T) *link {
	t.Helper()
	l := <-c.conns
	p := l.next(t)
	if p.Command != BindTransceiver {
		t.Fatalf("%#x before the bind", p.Command)
	}
	l.put(t, p.Reply(OK, []byte("centre\x00")))
	return l
}

// serve answers everything until the connection ends: messages by answer.
func (l *link) serve(answer func(PDU) Status) {
	for {
		p, err := Read(l.r)
		if err != nil {
			return
		}
		r := p.Reply(OK, nil)
		if p.Command == SubmitSM {
			r.Status, r.Body = answer(p), []byte("id\x00")
		}
		if p.Command.IsResponse() {
			continue
		}
		if _, err := l.Write(r.Append(nil)); err != nil {
			return
		}
		if p.Command == Unbind {
			_ = l.Close()
			return
		}
	}
}

func always(s Status) func(PDU) Status { return func(PDU) Status { return s } }

// open starts a client against c with changes, and closes it with the test.
func open(t *testing.T, c *centre, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{Address: "centre:2775", Bind: Bind{SystemID: "tocsin"}, Rate: 100_000, Dial: c.dial}
	for _, f := range change {
		f(&o)
	}
	client, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// end closes the client; the far side may be gone.
func end(t *testing.T, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

func note(n byte) *Message {
	return &Message{Source: Address{Number: "1"}, Dest: Address{Number: "2"}, Short: []byte{n}}
}

// submit sends in the background and yields the error.
func submit(ctx context.Context, c *Client) <-chan error {
	out := make(chan error, 1)
	go func() {
		_, err := c.Submit(ctx, note(1))
		out <- err
	}()
	return out
}

// wants fails t unless err is want.
func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
