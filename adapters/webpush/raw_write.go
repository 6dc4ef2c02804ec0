package webpush

import (
	"slices"
	"time"

	"golang.org/x/net/http2"
)

// write writes what waits, until the connection ends.
func (c *rawLink) write() {
	var buf []byte
	for {
		select {
		case <-c.kick:
		case <-c.done:
			return
		}
		for {
			buf = c.collect(buf[:0])
			if len(buf) == 0 {
				break
			}
			// A service that reads nothing is cut off, not waited for.
			err := c.conn.SetWriteDeadline(time.Now().Add(answerTimeout))
			if err == nil {
				_, err = c.conn.Write(buf)
			}
			if err != nil {
				c.fail(err)
				return
			}
		}
	}
}

// collect appends the frames that may go now to buf: about writeAtOnce bytes.
func (c *rawLink) collect(buf []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return buf
	}
	c.blocked = slices.DeleteFunc(c.blocked, func(s *stream) bool { return c.streams[s.id] != s || c.body(s) })
	n := 0
	for _, f := range c.outbox {
		// A new stream for which the connection has no window would only wait.
		if c.out.Len() >= writeAtOnce || c.window < int64(len(f.body)) {
			break
		}
		c.begin(f)
		n++
	}
	clear(c.outbox[:n])
	if c.outbox = c.outbox[n:]; len(c.outbox) == 0 {
		c.outbox = nil
	}
	buf = append(buf, c.out.Bytes()...)
	c.out.Reset()
	return buf
}

// begin writes f's headers and as much of its body as the windows allow. c is locked.
func (c *rawLink) begin(f *flight) {
	s := &stream{flight: f, id: c.next, window: c.initial, unsent: f.body}
	if c.next += 2; c.next > lastStream {
		c.leaving = true // and another connection takes its place
		c.line.sick.Store(true)
	}
	c.streams[s.id] = s
	err := c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: s.id, BlockFragment: c.encoder.encode(f), EndHeaders: true,
	})
	if err != nil { // a buffer takes everything, and our numbers are valid
		return
	}
	if !c.body(s) {
		c.blocked = append(c.blocked, s)
	}
}

// body writes what the windows allow of s's body, and says whether that was all. c is locked.
func (c *rawLink) body(s *stream) bool {
	n := min(int64(len(s.unsent)), s.window, c.window)
	if n <= 0 && len(s.unsent) > 0 {
		return false
	}
	last := n == int64(len(s.unsent))
	if c.framer.WriteData(s.id, last, s.unsent[:n]) != nil {
		return true // see begin
	}
	s.unsent = s.unsent[n:]
	s.window -= n
	c.window -= n
	return last
}
