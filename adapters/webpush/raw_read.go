package webpush

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/http2"
)

// frameHead is the length of a frame's head.
const frameHead = 9

// read takes what the service says, until the connection ends.
func (c *rawLink) read() {
	for {
		frame, err := c.framer.ReadFrame()
		now := time.Now()
		if err == nil {
			err = c.handle(frame)
		}
		if bad, ok := errors.AsType[http2.StreamError](err); ok {
			c.spoil(bad.StreamID)
			err = nil
		}
		if !c.more() || err != nil {
			c.report(now)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// more says whether a whole frame has come already: what has ended until then
// is reported in one go.
func (c *rawLink) more() bool {
	n := c.reader.Buffered()
	if n < frameHead {
		return false
	}
	head, err := c.reader.Peek(3)
	return err == nil && n >= frameHead+(int(head[0])<<16|int(head[1])<<8|int(head[2]))
}

// report hands over the flights that have ended.
func (c *rawLink) report(now time.Time) {
	c.mu.Lock()
	c.heard, c.pinged = now, time.Time{}
	c.settle()
	c.mu.Unlock()
	if len(c.ended) > 0 {
		c.line.land(c.ended, now)
		c.ended = nil
	}
}

// handle takes one frame. A StreamError spoils a stream, any other the connection.
func (c *rawLink) handle(frame http2.Frame) error {
	switch f := frame.(type) {
	case *http2.HeadersFrame:
		return c.header(f.StreamID, f.StreamEnded(), f.HeadersEnded(), f.HeaderBlockFragment())
	case *http2.ContinuationFrame:
		return c.header(c.partial, c.partialEnds, f.HeadersEnded(), f.HeaderBlockFragment())
	case *http2.DataFrame:
		return c.data(f)
	case *http2.RSTStreamFrame:
		c.end(f.StreamID, outcome(f.ErrCode), f.ErrCode == http2.ErrCodeHTTP11Required)
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return c.settings(f)
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return c.control(func() error { return c.framer.WritePing(true, f.Data) })
		}
	case *http2.WindowUpdateFrame:
		return c.widen(f)
	case *http2.GoAwayFrame:
		c.leave(f)
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// outcome is what a reset stream means for its push.
func outcome(code http2.ErrCode) error {
	switch code {
	case http2.ErrCodeRefusedStream, http2.ErrCodeHTTP11Required:
		return errUnprocessed
	case http2.ErrCodeEnhanceYourCalm:
		return errCalm
	}
	return errReset
}

// header takes a piece of an answer's headers.
func (c *rawLink) header(id uint32, ends, whole bool, fragment []byte) error {
	if c.partial == 0 {
		c.headers, c.fields = 0, answerFields{}
	}
	if c.headers += len(fragment); c.headers > maxHeaders {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	if _, err := c.decoder.Write(fragment); err != nil { // even of a stream that is gone: the table is shared
		return fmt.Errorf("headers: %w", err)
	}
	if !whole {
		c.partial, c.partialEnds = id, ends
		return nil
	}
	c.partial = 0
	if err := c.decoder.Close(); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	return c.answer(id, ends)
}

// answer takes an answer's headers, or what follows its body.
func (c *rawLink) answer(id uint32, ends bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[id]
	if s == nil {
		return nil // abandoned or late
	}
	if !s.answered {
		if c.fields.status/100 == 1 && !ends {
			return nil // the real one follows
		}
		if c.fields.status == 0 {
			return http2.StreamError{StreamID: id, Code: http2.ErrCodeProtocol}
		}
		s.answered = true
		s.status, s.after = c.fields.status, c.fields.after
		c.ended = append(c.ended, s.flight)
	}
	if ends {
		c.finish(s)
	}
	return nil
}

// finish lets go of a stream that the service has ended. c is locked.
func (c *rawLink) finish(s *stream) {
	if len(s.unsent) > 0 { // it did not want to hear the rest
		c.reset(s, http2.ErrCodeCancel)
		return
	}
	delete(c.streams, s.id)
}

// data takes a piece of an answer's body, which is of no use, up to a bound.
func (c *rawLink) data(f *http2.DataFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unacked += f.Length; c.unacked >= ourWindow {
		if err := c.framer.WriteWindowUpdate(0, c.unacked); err != nil {
			return err
		}
		c.unacked = 0
		c.wake()
	}
	s := c.streams[f.StreamID]
	if s == nil {
		return nil
	}
	if !s.answered {
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
	}
	switch s.got += len(f.Data()); {
	case f.StreamEnded():
		c.finish(s)
	case s.got > maxAnswer:
		c.reset(s, http2.ErrCodeCancel)
	}
	return nil
}

// spoil resets a stream on which the service broke the rules.
func (c *rawLink) spoil(id uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[id]; s != nil {
		c.reset(s, http2.ErrCodeProtocol)
		if !s.answered {
			s.err = errReset
			c.ended = append(c.ended, s.flight)
		}
	}
}

// end takes the service's word that a stream is over.
func (c *rawLink) end(id uint32, why error, old bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[id]
	if s == nil {
		return
	}
	delete(c.streams, id)
	if !s.answered {
		s.err = why
		c.ended = append(c.ended, s.flight)
	}
	if old {
		c.line.old.Store(true)
		c.line.sick.Store(true)
		c.leaving = true
	}
}

// settings takes the service's settings and says so.
func (c *rawLink) settings(f *http2.SettingsFrame) error {
	return c.control(func() error {
		err := f.ForeachSetting(func(s http2.Setting) error {
			if err := s.Valid(); err != nil {
				return err
			}
			switch s.ID {
			case http2.SettingMaxConcurrentStreams:
				c.granted = int(min(s.Val, maxStreams))
			case http2.SettingHeaderTableSize:
				c.encoder.resize(s.Val)
			case http2.SettingInitialWindowSize:
				by := int64(s.Val) - c.initial
				c.initial = int64(s.Val)
				for _, s := range c.streams {
					s.window += by
				}
			}
			return nil
		})
		return errors.Join(err, c.framer.WriteSettingsAck())
	})
}

// control has write add frames of our own accord.
func (c *rawLink) control(write func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.Len() > maxControl {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	err := write()
	c.wake()
	return err
}

// widen takes more room for sending.
func (c *rawLink) widen(f *http2.WindowUpdateFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	window := &c.window
	if f.StreamID != 0 {
		s := c.streams[f.StreamID]
		if s == nil {
			return nil
		}
		window = &s.window
	}
	if *window += int64(f.Increment); *window > 1<<31-1 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	c.wake()
	return nil
}

// leave takes the service's wish to end the connection: what it has not begun
// goes elsewhere, what it has is waited for.
func (c *rawLink) leave(f *http2.GoAwayFrame) {
	why := errUnprocessed
	if f.ErrCode == http2.ErrCodeEnhanceYourCalm {
		why = errCalm
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	c.line.sick.Store(true)
	for _, unsent := range c.outbox {
		unsent.err = errUnprocessed
		c.ended = append(c.ended, unsent)
	}
	c.outbox = nil
	for id, s := range c.streams {
		if id > f.LastStreamID {
			delete(c.streams, id)
			if !s.answered {
				s.err = why
				c.ended = append(c.ended, s.flight)
			}
		}
	}
}
