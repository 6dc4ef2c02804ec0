package webpush

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// maxStreams bounds what one connection carries, whatever the service grants:
	// with a connection the outcome of as many pushes is lost.
	maxStreams = 256
	// maxAnswer is what is read of an answer's body: its status is all that counts.
	maxAnswer = 1 << 10
	// maxHeaders bounds the headers of one answer.
	maxHeaders = 16 << 10
	// ourWindow is what a service may send us of one answer's body before we look at it.
	ourWindow = 16 << 10
	// maxControl bounds answers to the service's own frames that wait to be
	// written: a service that floods us with pings and reads nothing is cut off.
	maxControl = 64 << 10
	// writeAtOnce is about how many bytes go to TLS in one call: two full records.
	writeAtOnce = 32 << 10
	// lastStream is where a connection retires, well before stream numbers end.
	lastStream = 1 << 30
	// A connection on which nothing was heard for pingAfter, while answers are
	// due, is pinged, and dropped when nothing is heard for pingTimeout more.
	pingAfter   = 5 * time.Second
	pingTimeout = 3 * time.Second
	// tickEvery is how often time-outs are looked for while something is under way.
	tickEvery = 500 * time.Millisecond
)

var (
	errSilent = errors.New("the connection has gone silent")
	errRested = errors.New("the connection was put to rest")
)

// rawLink is a connection that writes HTTP/2 frames itself: one goroutine that
// writes all waiting pushes in one call, one that reads all answers that have
// come, and per push no goroutine, no timer, no header map and no header but its
// path, for the others are one byte each once the service knows them.
//
// It does what an HTTP/2 client must: settings, both flow-control windows, pings,
// GOAWAY and refused streams. What it does not need it refuses: server push.
type rawLink struct {
	line   *line
	conn   net.Conn
	reader *bufio.Reader
	framer *http2.Framer // reading; its writer is used under mu
	kick   chan struct{} // there is something to write
	done   chan struct{} // closed with err

	mu      sync.Mutex
	out     bytes.Buffer // what framer writes to
	encoder headEncoder
	outbox  []*flight
	streams map[uint32]*stream
	blocked []*stream // for want of a window
	granted int       // streams at once
	next    uint32    // the next stream's number
	window  int64     // of the connection, for sending
	initial int64     // of a new stream
	leaving bool      // GOAWAY: takes nothing new
	err     error
	heard   time.Time
	pinged  time.Time // zero: no ping is out
	ticking bool
	tick    *time.Timer

	// The reader's own.
	decoder     *hpack.Decoder
	fields      answerFields
	partial     uint32 // the stream whose headers go on in the next frame; 0 = none
	partialEnds bool
	headers     int    // bytes of that block so far
	unacked     uint32 // body bytes that the service may send again
	ended       []*flight
}

// stream is one push on the connection.
type stream struct {
	*flight
	id       uint32
	window   int64
	unsent   []byte // of the body
	answered bool
	got      int // bytes of the answer's body
}

// openRaw makes conn a connection for l: it greets the service and waits for its
// settings, so that the first pushes respect them.
func openRaw(ctx context.Context, l *line, conn net.Conn) (link, error) {
	c := &rawLink{
		line: l, conn: conn, reader: bufio.NewReaderSize(conn, writeAtOnce),
		kick: make(chan struct{}, 1), done: make(chan struct{}),
		streams: map[uint32]*stream{}, granted: maxStreams, next: 1, window: 65535, initial: 65535, heard: time.Now(),
	}
	c.framer = http2.NewFramer(&c.out, c.reader)
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(16 << 10) // the least that may be allowed, and what we have not widened
	c.encoder.init()
	c.decoder = hpack.NewDecoder(4096, c.fields.take)
	c.decoder.SetMaxStringLength(maxHeaders)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err := c.greet()
	if !stop() || err != nil {
		conn.Close()
		return nil, fmt.Errorf("HTTP/2 greeting: %w", errors.Join(context.Cause(ctx), err))
	}
	c.tick = time.AfterFunc(time.Hour, c.look)
	c.tick.Stop()
	l.client.running.Go(c.read)
	l.client.running.Go(c.write)
	return c, nil
}

// greet writes the preface and reads up to the service's first settings.
func (c *rawLink) greet() error {
	c.out.WriteString(http2.ClientPreface)
	if err := c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: ourWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeaders},
	); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		return err
	}
	c.out.Reset()
	first, err := c.framer.ReadFrame()
	if err != nil {
		return err
	}
	settings, ok := first.(*http2.SettingsFrame)
	if !ok || settings.IsAck() {
		return errors.New("the service does not begin with its settings")
	}
	return c.settings(settings)
}

func (c *rawLink) room() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.leaving {
		return 0
	}
	return c.granted - len(c.streams) - len(c.outbox)
}

func (c *rawLink) dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil || c.leaving
}

func (c *rawLink) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)+len(c.outbox) > 0
}

func (c *rawLink) post(fs []*flight) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.leaving {
		return 0
	}
	c.outbox = append(c.outbox, fs...)
	if !c.ticking {
		c.ticking, c.heard = true, time.Now()
		c.tick.Reset(tickEvery)
	}
	c.wake()
	return len(fs)
}

// wake tells the writer that there is something to write.
func (c *rawLink) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// abandon resets the streams of a Send that is over: the service may have taken
// the pushes, but nothing of them is under way here any more.
func (c *rawLink) abandon(t *tally) {
	c.mu.Lock()
	var gone []*flight
	kept := c.outbox[:0]
	for _, f := range c.outbox {
		if f.home == t {
			gone = append(gone, f)
		} else {
			kept = append(kept, f)
		}
	}
	clear(c.outbox[len(kept):])
	c.outbox = kept
	for _, s := range c.streams {
		if s.home == t && !s.answered {
			gone = append(gone, s.flight)
			c.reset(s, http2.ErrCodeCancel)
		}
	}
	c.settle()
	c.mu.Unlock()
	c.drop(gone, errAbandoned)
}

// reset ends a stream from our side. c is locked.
func (c *rawLink) reset(s *stream, code http2.ErrCode) {
	delete(c.streams, s.id)
	if c.framer.WriteRSTStream(s.id, code) == nil { // a buffer takes everything
		c.wake()
	}
}

// drop ends fs without an answer.
func (c *rawLink) drop(fs []*flight, err error) {
	if len(fs) == 0 {
		return
	}
	for _, f := range fs {
		f.err = err
	}
	c.line.land(fs, time.Now())
}

// settle ends a connection that was asked to leave and has nothing left. c is locked.
func (c *rawLink) settle() {
	if c.leaving && c.err == nil && len(c.streams)+len(c.outbox) == 0 {
		c.err = errRested
		close(c.done)
		c.conn.Close()
		c.line.sick.Store(true)
	}
}

func (c *rawLink) close() { c.fail(errRested) }

// fail ends the connection with all that is under way.
func (c *rawLink) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	close(c.done)
	c.tick.Stop()
	unsent := c.outbox
	var lost []*flight
	for _, s := range c.streams {
		if !s.answered {
			lost = append(lost, s.flight)
		}
	}
	c.outbox, c.blocked = nil, nil
	clear(c.streams)
	c.mu.Unlock()
	c.conn.Close()
	c.line.sick.Store(true)
	c.drop(unsent, errUnprocessed)
	c.drop(lost, errLost)
	c.line.pump()
}

// look finds pushes and connections that have waited too long.
func (c *rawLink) look() {
	now := time.Now()
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	var late []*flight
	for _, s := range c.streams {
		if now.Sub(s.begun) >= answerTimeout {
			if !s.answered {
				late = append(late, s.flight)
			}
			c.reset(s, http2.ErrCodeCancel)
		}
	}
	silent := false
	switch {
	case len(c.streams) == 0 && len(c.outbox) == 0:
	case !c.pinged.IsZero():
		silent = now.Sub(c.pinged) >= pingTimeout
	case now.Sub(c.heard) >= pingAfter:
		c.pinged = now
		if c.framer.WritePing(false, [8]byte{'t', 'o', 'c', 's', 'i', 'n'}) == nil {
			c.wake()
		}
	}
	if c.ticking = len(c.streams)+len(c.outbox) > 0; c.ticking {
		c.tick.Reset(tickEvery)
	}
	c.settle()
	c.mu.Unlock()
	c.drop(late, errLate)
	if silent {
		c.fail(errSilent)
	}
}
