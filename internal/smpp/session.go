package smpp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNotSent is returned when a request was certainly not sent: it may go elsewhere at once.
	ErrNotSent = errors.New("not sent")
	// ErrUnanswered is returned when a request was sent, or may have been, and no
	// answer came. The message may be delivered: whoever sends it again accepts
	// that it may arrive twice.
	ErrUnanswered = errors.New("no answer")

	errUnbound = errors.New("the message centre ended the bind")
	errSilent  = errors.New("the message centre does not answer")
)

// session is one connection with its bind. Each direction has its own sequence
// numbers: ours answer requests of ours only.
type session struct {
	o    Options
	conn net.Conn
	out  chan []byte // frames for the writer

	ctx   context.Context // ends with the session, with its cause
	over  context.CancelCauseFunc
	ended chan struct{} // closed when reader and writer are through and the connection is closed

	mu      sync.Mutex
	pending map[uint32]chan PDU
	seq     uint32

	heard      atomic.Int64 // when the last PDU came, in Unix nanoseconds
	deliveries chan struct{}
	handlers   sync.WaitGroup
}

// outQueue is how many frames wait for the writer before senders block.
const outQueue = 64

func newSession(o Options, conn net.Conn) *session {
	s := &session{
		o: o, conn: conn, out: make(chan []byte, outQueue), ended: make(chan struct{}),
		pending: make(map[uint32]chan PDU), deliveries: make(chan struct{}, maxDeliveries),
	}
	s.ctx, s.over = context.WithCancelCause(context.Background())
	s.heard.Store(time.Now().UnixNano())
	var reader, writer sync.WaitGroup
	reader.Go(s.read)
	writer.Go(s.write)
	go func() {
		<-s.ctx.Done()
		_ = conn.SetWriteDeadline(time.Now().Add(closeTime))
		writer.Wait()
		s.hangUp()
		reader.Wait()
		_ = conn.Close()
		s.handlers.Wait()
		close(s.ended)
	}()
	return s
}

// hangUp closes our half and gives the other side closeTime to close its own;
// the reader sees it. Where halves cannot be closed alone, both are.
func (s *session) hangUp() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = s.conn.Close()
		return
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(closeTime))
}

// call sends a request and waits for its answer. The place for the answer is
// made before the request is written: a local centre answers within microseconds.
func (s *session) call(ctx context.Context, c Command, body []byte) (PDU, error) {
	answer := make(chan PDU, 1)
	s.mu.Lock()
	s.seq = s.seq%0x7FFFFFFF + 1
	seq := s.seq
	s.pending[seq] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pending, seq)
		s.mu.Unlock()
	}()
	frame := PDU{Command: c, Seq: seq, Body: body}.Append(nil)
	select {
	case <-s.ctx.Done():
		return PDU{}, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(s.ctx))
	default:
	}
	select {
	case s.out <- frame:
	case <-s.ctx.Done():
		return PDU{}, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(s.ctx))
	case <-ctx.Done():
		return PDU{}, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	timer := time.NewTimer(s.o.Response)
	defer timer.Stop()
	var why error
	select {
	case p := <-answer:
		return p, status(c, p)
	case <-timer.C:
		why = errSilent
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-s.ctx.Done():
		why = context.Cause(s.ctx)
	}
	select { // it may have come in the same moment
	case p := <-answer:
		return p, status(c, p)
	default:
		return PDU{}, fmt.Errorf("%w: %w", ErrUnanswered, why)
	}
}

func status(c Command, p PDU) error {
	switch {
	case p.Status != OK:
		return &StatusError{Command: c, Status: p.Status}
	case p.Command != c.Response():
		return &StatusError{Command: c, Status: InvCmdID} // a nack that names no reason, or another's answer
	}
	return nil
}

// write writes what is waiting in one go. When the session is over it puts out
// what is left, so that the answer to an unbind arrives.
func (s *session) write() {
	w := bufio.NewWriterSize(s.conn, 16<<10)
	for {
		select {
		case frame := <-s.out:
			_ = s.conn.SetWriteDeadline(time.Now().Add(s.o.Response))
			_, err := w.Write(frame)
			if err == nil && len(s.out) == 0 {
				err = w.Flush()
			}
			if err != nil {
				s.over(fmt.Errorf("write: %w", err))
				return
			}
		case <-s.ctx.Done():
			_ = s.conn.SetWriteDeadline(time.Now().Add(closeTime))
			for len(s.out) > 0 {
				_, _ = w.Write(<-s.out) // the first error stays with the writer
			}
			_ = w.Flush()
			return
		}
	}
}

// read takes what comes until the connection ends. After the session is over it
// only waits for the other side to close.
func (s *session) read() {
	r := bufio.NewReaderSize(s.conn, 16<<10)
	for {
		p, err := Read(r)
		if err != nil {
			s.over(fmt.Errorf("read: %w", err))
			return
		}
		if s.ctx.Err() != nil {
			continue
		}
		s.heard.Store(time.Now().UnixNano())
		s.take(p)
	}
}

func (s *session) take(p PDU) {
	switch {
	case p.Command.IsResponse():
		s.mu.Lock()
		answer := s.pending[p.Seq]
		delete(s.pending, p.Seq)
		s.mu.Unlock()
		if answer != nil {
			answer <- p // has room: one answer for each sequence number
		}
	case p.Command == EnquireLink:
		s.send(p.Reply(OK, nil))
	case p.Command == Unbind:
		s.send(p.Reply(OK, nil))
		s.over(errUnbound)
	case p.Command == DeliverSM:
		s.deliver(p)
	default:
		s.send(PDU{Command: GenericNack, Status: InvCmdID, Seq: p.Seq})
	}
}

func (s *session) send(p PDU) {
	select {
	case s.out <- p.Append(nil):
	case <-s.ctx.Done():
	}
}

// deliver hands a deliver_sm over and answers when it is stored, not before: an
// unanswered one comes again, an answered one never.
func (s *session) deliver(p PDU) {
	m, err := DecodeMessage(p.Body)
	if err != nil {
		s.send(p.Reply(InvCmdLen, []byte{0}))
		return
	}
	if s.o.Deliver == nil {
		s.send(p.Reply(TempAppError, []byte{0}))
		return
	}
	select {
	case s.deliveries <- struct{}{}:
	default:
		s.send(p.Reply(TempAppError, []byte{0}))
		return
	}
	s.handlers.Go(func() {
		defer func() { <-s.deliveries }()
		s.send(p.Reply(s.o.Deliver(s.ctx, m), []byte{0}))
	})
}

// enquire tests a silent link until the session is over.
func (s *session) enquire(ctx context.Context) {
	timer := time.NewTimer(s.o.Enquire)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ctx.Done():
			return
		case <-timer.C:
		}
		quiet := time.Since(time.Unix(0, s.heard.Load()))
		if quiet < s.o.Enquire {
			timer.Reset(s.o.Enquire - quiet)
			continue
		}
		if _, err := s.call(ctx, EnquireLink, nil); errors.Is(err, ErrUnanswered) && ctx.Err() == nil {
			s.over(errSilent)
			return
		}
		timer.Reset(s.o.Enquire)
	}
}
