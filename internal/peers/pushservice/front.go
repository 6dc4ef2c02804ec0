package pushservice

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// frontStreams is what a connection may have open, as with net/http.
	frontStreams = 100
	// frontWindow is what may be on its way to us on a connection.
	frontWindow = 1 << 20
	// maxHeadBlock bounds one push's headers, and maxHeadField one of them.
	maxHeadBlock = 16 << 10
	maxHeadField = 8 << 10
)

// front is a connection on which pushes are read frame by frame, as the front of a
// large push service reads them: net/http's server costs more for each push than a
// sender does, so that a bench of senders on the same machine would measure it. It
// takes what servePush takes and answers the same; faults it cannot play.
type front struct {
	s      *Service
	conn   *tls.Conn
	reader *bufio.Reader
	framer *http2.Framer

	// The reader's own.
	fields  *hpack.Decoder
	head    pushHead
	path    string
	block   int // bytes of the headers so far
	partial *arriving
	ends    bool
	streams map[uint32]*arriving // whose body has not ended
	unacked int

	kick chan struct{} // there is something to answer
	done chan struct{} // the reader has ended

	mu   sync.Mutex
	out  bytes.Buffer // what framer writes to
	due  []arriving   // in the order of their time, which is that of their coming
	open int          // streams
}

// arriving is one push.
type arriving struct {
	id   uint32
	path string
	head pushHead
	body []byte
	at   time.Time // when it is answered
}

// serveFront is what net/http calls for a connection that speaks HTTP/2.
func (s *Service) serveFront(_ *http.Server, conn *tls.Conn, _ http.Handler) {
	c := &front{
		s: s, conn: conn, reader: bufio.NewReaderSize(conn, 32<<10), streams: map[uint32]*arriving{},
		kick: make(chan struct{}, 1), done: make(chan struct{}),
	}
	c.framer = http2.NewFramer(&c.out, c.reader)
	c.framer.SetReuseFrames()
	c.fields = hpack.NewDecoder(4096, c.field)
	c.fields.SetMaxStringLength(maxHeadField)
	defer conn.Close()
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c.reader, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	var writer sync.WaitGroup
	writer.Go(c.write)
	c.say(func() error {
		return errors.Join(
			c.framer.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: frontStreams}),
			c.framer.WriteWindowUpdate(0, frontWindow-65535))
	})
	for c.read() == nil {
	}
	close(c.done)
	writer.Wait()
	s.inFlight.Add(-int64(c.open))
}

// say has write add frames, and wakes the writer.
func (c *front) say(write func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if write() == nil { // a buffer takes everything
		c.wake()
	}
}

func (c *front) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// read takes one frame.
func (c *front) read() error {
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return err
	}
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			c.say(c.framer.WriteSettingsAck)
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			c.say(func() error { return c.framer.WritePing(true, f.Data) })
		}
	case *http2.HeadersFrame:
		c.head, c.path, c.block = pushHead{}, "", 0
		c.partial, c.ends = &arriving{id: f.StreamID}, f.StreamEnded()
		return c.header(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.ContinuationFrame:
		return c.header(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.DataFrame:
		return c.data(f)
	case *http2.RSTStreamFrame:
		if c.streams[f.StreamID] != nil { // one that is due is answered all the same
			delete(c.streams, f.StreamID)
			c.left(1)
		}
	case *http2.GoAwayFrame:
		return errors.New("the sender leaves")
	}
	return nil
}

// field takes one header.
func (c *front) field(f hpack.HeaderField) {
	switch f.Name {
	case ":path":
		c.path = f.Value
	case "authorization":
		c.head.authorization = f.Value
	case "ttl":
		c.head.ttl = f.Value
	case "topic":
		c.head.topic = f.Value
	case "urgency":
		c.head.urgency = f.Value
	case "content-encoding":
		c.head.encoding = f.Value
	}
}

// header takes a piece of a push's headers.
func (c *front) header(fragment []byte, whole bool) error {
	if c.block += len(fragment); c.partial == nil || c.block > maxHeadBlock {
		return errors.New("headers without end, or without beginning")
	}
	if _, err := c.fields.Write(fragment); err != nil {
		return err
	}
	if !whole {
		return nil
	}
	if err := c.fields.Close(); err != nil {
		return err
	}
	p := c.partial
	c.partial = nil
	p.path, p.head = c.path, c.head
	c.mu.Lock()
	full := c.open >= frontStreams
	if !full {
		c.open++
	}
	c.mu.Unlock()
	if full {
		c.say(func() error { return c.framer.WriteRSTStream(p.id, http2.ErrCodeRefusedStream) })
		return nil
	}
	c.s.entered()
	if c.ends {
		c.arrived(p)
	} else {
		c.streams[p.id] = p
	}
	return nil
}

// data takes a piece of a push's body.
func (c *front) data(f *http2.DataFrame) error {
	if c.unacked += int(f.Length); c.unacked >= frontWindow/4 {
		n := uint32(c.unacked)
		c.unacked = 0
		c.say(func() error { return c.framer.WriteWindowUpdate(0, n) })
	}
	p := c.streams[f.StreamID]
	if p == nil {
		return nil
	}
	if room := maxBody + 1 - len(p.body); room > 0 { // one more says that it is too long
		p.body = append(p.body, f.Data()[:min(room, len(f.Data()))]...)
	}
	if f.StreamEnded() {
		delete(c.streams, f.StreamID)
		c.arrived(p)
	}
	return nil
}

// arrived lines p up for its answer.
func (c *front) arrived(p *arriving) {
	p.at = time.Now().Add(c.s.o.Delay)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due = append(c.due, *p); len(c.due) == 1 {
		c.wake()
	}
}

// left counts streams that have ended.
func (c *front) left(n int) {
	c.mu.Lock()
	c.open -= n
	c.mu.Unlock()
	c.s.inFlight.Add(-int64(n))
}

// write answers what is due, all of it in one call, until the connection ends.
func (c *front) write() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var buf []byte
	for {
		now := time.Now()
		c.mu.Lock()
		n := 0
		for n < len(c.due) && !c.due[n].at.After(now) {
			n++
		}
		ready := c.due[:n:n]
		if c.due = c.due[n:]; len(c.due) > 0 {
			timer.Reset(c.due[0].at.Sub(now))
		} else {
			c.due = nil
		}
		c.mu.Unlock()
		for i := range ready {
			c.answer(&ready[i])
		}
		if n > 0 {
			c.left(n)
		}
		c.mu.Lock()
		buf = append(buf[:0], c.out.Bytes()...)
		c.out.Reset()
		c.mu.Unlock()
		if len(buf) > 0 {
			_ = c.conn.SetWriteDeadline(now.Add(10 * time.Second)) // of a sender that reads nothing
			if _, err := c.conn.Write(buf); err != nil {
				c.conn.Close() // the reader ends by it
				<-c.done
				return
			}
			continue // more may be due
		}
		select {
		case <-c.kick:
		case <-timer.C:
		case <-c.done:
			return
		}
	}
}

// answer accepts p, or says why not, into the buffer.
func (c *front) answer(p *arriving) {
	status, words, fields := http.StatusCreated, "", make([]byte, 0, 128)
	id, ok := strings.CutPrefix(p.path, "/push/")
	m, err := Message{}, error(refusal{http.StatusNotFound, "no such subscription"})
	if ok {
		m, err = c.s.accept(id, p.head, func() ([]byte, error) { return p.body, nil })
	}
	if err != nil {
		c.s.refused.Add(1)
		status, words = statusOf(err), err.Error()
	} else {
		c.s.accepted.Add(1)
		fields = literal(literal(fields, "location", c.s.pushURL+"/message/"+m.Version), "ttl", strconv.Itoa(m.TTL))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	block := append(literal(make([]byte, 0, 16+len(fields)), ":status", strconv.Itoa(status)), fields...)
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.id, BlockFragment: block, EndHeaders: true, EndStream: words == ""})
	if words != "" {
		_ = c.framer.WriteData(p.id, true, []byte(words)) // a buffer takes everything
	}
}

// literal appends a header that stays out of the sender's table: RFC 7541, 6.2.2.
// No name or value of ours is longer than 126 bytes.
func literal(to []byte, name, value string) []byte {
	to = append(append(to, 0, byte(len(name))), name...)
	return append(append(to, byte(len(value))), value...)
}
