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
	// write sends b within the time-out, and returns how much of it went out.
	write(b *batch, timeout time.Duration) (int, error)
	// interrupt makes a write under way return soon.
	interrupt()
	// close ends the line after what was written, telling the client's side.
	close()
}

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

// session is one connection of a station. One goroutine writes; it alone
// touches the position. Everybody else leaves word under mu and pokes it.
type session struct {
	feed    *Feed
	ring    *ring // of the epoch in which the session began
	id      string
	out     line
	since   time.Time
	index   int           // in feed.sessions, under feed.mu; -1 = not there
	counted bool          // its goroutines are in feed.lines
	poke    chan struct{} // capacity 1: there is something to do

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
}

// wake tells the writer that there is something to do.
func (s *session) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// say queues an answer to the client.
func (s *session) say(op byte, data []byte) {
	s.mu.Lock()
	full := len(s.queue) >= maxQueued
	if !full {
		s.queue = append(s.queue, control{op, data})
	}
	s.mu.Unlock()
	if full {
		s.leave(quit{CloseSlow, "slow", time.Second, "answers are not being read"})
		return
	}
	s.wake()
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
