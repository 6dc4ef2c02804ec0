package broadcast

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxQueued bounds the answers that wait for a client's line. The rate limit
// on its frames keeps an honest client far below it.
const maxQueued = 1024

// keepEntries is how large a buffer a connection keeps after a replay; live it needs one place.
const keepEntries = 16

// line is a transport's way to the client.
type line interface {
	framing
	// write sends what is left of b within the time-out, and returns how much of b has then gone out.
	write(b *batch, timeout time.Duration) (int, error)
	// interrupt makes a write under way return soon.
	interrupt()
	// close ends the line after what was written, telling the client's side.
	close()
}

// directLine is a line that may take bytes without waiting. Its session has no
// standing writer: whoever finds it resting writes, and a goroutine does only
// while there is something to wait for.
type directLine interface {
	line
	// try writes what the line takes of p now; 0 where it cannot say.
	try(a *attempt, p []byte) (int, error)
}

// The states of a session without a standing writer.
const (
	resting uint32 = iota
	atWork
	pressed // at work, and there is more to look at
	ended
)

// quit is why and how a connection ends.
type quit struct {
	code   int
	reason string
	retry  time.Duration
	detail string
}

// control is an answer on its way: a text message, or a control frame.
type control struct {
	op   byte
	data []byte
}

// session is one connection of a station. One goroutine at a time writes: on a
// direct line whoever has claimed the turn, elsewhere the one in run. It alone
// touches the position; everybody else leaves word under mu and wakes it.
type session struct {
	feed    *Feed
	ring    *ring // of the epoch in which the session began
	id      string
	out     line
	since   time.Time
	index   int           // in feed.sessions, under feed.mu; -1 = not there
	counted bool          // its goroutines are in feed.lines
	poke    chan struct{} // capacity 1: there is something to do; nil on a direct line
	turn    atomic.Uint32 // on a direct line: resting, atWork, pressed or ended

	who atomic.Pointer[station] // rights may change while connected

	mu      sync.Mutex
	queue   []control
	resume  *resumeFrame
	resend  []*entry
	quit    *quit
	started bool // a resume was asked for
	gone    bool // the line is dead

	// Of the writer alone.
	begun   bool // the first resume was answered
	saidBye bool
	backlog []*entry
	next    uint64 // index in the ring
	prev    uint64 // seq of the alert frame sent before, or where the chain began
	passed  uint64 // seq up to which the log has been gone through
	buf     []*entry

	asked bool // of the sweeper alone: the unconfirmed were sent again after the first 15 seconds

	// For the sweeper.
	caught   atomic.Bool   // live was sent
	position atomic.Uint64 // bytes of the log gone through
	writing  atomic.Int64  // start of the write under way, Unix nanoseconds; 0 = none
	beat     atomic.Int64  // when the next heartbeat is due, Unix nanoseconds
	heard    atomic.Int64  // when the client was last heard, Unix nanoseconds; 0 = the line has no pongs
}

// claim takes the writer's turn; false when somebody has it, who will look again.
func (s *session) claim() bool {
	for {
		switch state := s.turn.Load(); state {
		case resting:
			if s.turn.CompareAndSwap(resting, atWork) {
				return true
			}
		case atWork:
			if s.turn.CompareAndSwap(atWork, pressed) {
				return false
			}
		default:
			return false
		}
	}
}

// rest gives the turn back; false when there is more to do, and the caller keeps it.
func (s *session) rest() bool {
	if s.turn.CompareAndSwap(atWork, resting) {
		return true
	}
	s.turn.Store(atWork)
	return false
}

// plain says whether s, whose turn the caller has, is due nothing but the log's next frames.
func (s *session) plain() bool {
	if !s.begun || !s.caught.Load() || len(s.backlog) > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) == 0 && s.resume == nil && len(s.resend) == 0 && s.quit == nil && !s.gone
}

// wake tells the writer that there is something to do.
func (s *session) wake() {
	if s.poke == nil {
		if s.claim() {
			go s.write(nil)
		}
		return
	}
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// say sends a control frame to the client.
func (s *session) say(op byte, data []byte) {
	s.queueUp(control{op, data})
	s.wake()
}

// queueAnswer leaves a message for the client; wake sends it.
func (s *session) queueAnswer(data []byte) { s.queueUp(control{opText, data}) }

func (s *session) queueUp(c control) {
	s.mu.Lock()
	full := len(s.queue) >= maxQueued
	if !full {
		s.queue = append(s.queue, c)
	}
	s.mu.Unlock()
	if full {
		s.leave(quit{CloseSlow, "slow", time.Second, "answers are not being read"})
	}
}

// ask leaves word of a resume; the newest one counts.
func (s *session) ask(q resumeFrame) {
	s.mu.Lock()
	s.resume, s.started = &q, true
	s.mu.Unlock()
	s.wake()
}

// again sends e once more.
func (s *session) again(e *entry) {
	s.mu.Lock()
	if len(s.resend) < maxQueued {
		s.resend = append(s.resend, e)
	}
	s.mu.Unlock()
	s.wake()
}

// leave ends the session with a bye; the first reason counts.
func (s *session) leave(q quit) {
	s.mu.Lock()
	if s.quit == nil {
		s.quit = &q
	}
	s.mu.Unlock()
	s.wake()
}

// leaving says whether the session is on its way out.
func (s *session) leaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quit != nil || s.gone
}

// lost says that the line is dead: the writer ends without a word.
func (s *session) lost() {
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.out.interrupt()
	s.wake()
}

// cut is leave for one who must not get another byte, even if a write is stuck.
func (s *session) cut(q quit) {
	s.leave(q)
	if s.writing.Load() != 0 {
		s.out.interrupt()
	}
}
