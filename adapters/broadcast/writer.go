package broadcast

import (
	"time"
)

// run is the standing writer of a line that is not direct: it ends when the line does, or after the bye.
func (s *session) run() {
	defer s.end()
	for range s.poke {
		for more := true; more; {
			var over bool
			if more, over = s.step(newBatch()); over {
				return
			}
		}
	}
}

// write is the writer of a direct line, with the turn, while there is something
// to write. b, unless nil, is what is under way already.
func (s *session) write(b *batch) {
	if b != nil {
		ok := s.flush(b)
		b.free()
		if !ok {
			s.end()
			return
		}
	}
	for {
		more, over := s.step(newBatch())
		if over {
			s.end()
			return
		}
		if !more && s.rest() {
			return
		}
	}
}

// step writes one batch of what is due.
func (s *session) step(b *batch) (more, over bool) {
	defer b.free()
	more, over = s.fill(b)
	if b.size > 0 && !s.flush(b) {
		over = true
	}
	return more, over
}

// end takes leave of the line and of the feed.
func (s *session) end() {
	s.turn.Store(ended)
	s.lost()
	s.out.close()
	s.feed.leave(s)
	s.feed.done(s)
}

// fill puts into b what the client is due, in this order: answers, hello,
// repeats, alerts, live, heartbeat. more says that b was too small for all of it.
func (s *session) fill(b *batch) (more, over bool) {
	s.mu.Lock()
	queue, resume, resend, q, gone := s.queue, s.resume, s.resend, s.quit, s.gone
	s.queue, s.resume, s.resend = nil, nil, nil
	s.mu.Unlock()
	if gone {
		return false, true
	}
	for _, c := range queue {
		if c.op == opText {
			s.out.message(b, "", c.data, nil)
		} else {
			s.out.control(b, c.op, c.data)
		}
	}
	if q != nil {
		s.bye(b, *q)
		return false, true
	}
	if resume != nil {
		s.begin(b, *resume)
	}
	if !s.begun {
		return false, false
	}
	now := time.Now()
	for _, e := range resend {
		s.alert(b, e, now, true)
	}
	return s.log(b, now)
}

// log puts alerts into b, and live and a heartbeat when the head is reached.
func (s *session) log(b *batch, now time.Time) (more, over bool) {
	for len(s.backlog) > 0 && b.size < batchBytes {
		s.alert(b, s.backlog[0], now, true)
		s.backlog = s.backlog[1:]
	}
	if len(s.backlog) > 0 {
		return true, false
	}
	end, head, total, _ := s.ring.end()
	entries, next, lost := s.ring.take(s.buf[:0], s.next, batchBytes-b.size)
	if lost {
		s.bye(b, quit{CloseSlow, "slow", time.Second, "the ring went past this connection"})
		return false, true
	}
	for _, e := range entries {
		s.alert(b, e, now, !s.caught.Load())
		s.passed = e.seq
		s.position.Store(e.total)
	}
	clear(entries)
	if s.buf, s.next = entries[:0], next; cap(s.buf) > keepEntries {
		s.buf = nil
	}
	if next < end {
		return true, false
	}
	if next == end { // else the log moved on between the two looks, and head is not behind us yet
		s.passed = max(s.passed, head)
		s.position.Store(total)
	}
	if !s.caught.Load() {
		s.caught.Store(true)
		s.out.message(b, cursor(s.ring.epoch, s.passed), mustEncode(liveFrame{"live", s.passed}), nil)
	}
	if now.UnixNano() >= s.beat.Load() {
		s.beat.Store(now.Add(s.feed.beatEvery).UnixNano())
		s.out.control(b, opPing, nil)
		if hb, at := s.feed.heartbeat(s.who.Load(), now); at <= s.next {
			s.out.message(b, "", hb, nil)
		} else {
			s.beat.Store(0) // an alert came between: first that one
			return true, false
		}
	}
	return false, false
}

// alert puts one alert into b, unless it is not for this station or may not go out any more.
func (s *session) alert(b *batch, e *entry, now time.Time, replay bool) {
	body := e.text(now)
	if body == nil || !s.who.Load().sees(e.areas) {
		return
	}
	var head [96]byte
	s.out.message(b, cursor(s.ring.epoch, e.seq), appendHead(head[:0], e.seq, s.prev, replay), body)
	s.prev = e.seq
	s.feed.stats.frames.Add(1)
}

// begin answers a resume.
func (s *session) begin(b *batch, q resumeFrame) {
	f := s.feed
	who := s.who.Load()
	p := s.ring.plan(q, func(e *entry) bool { return f.confirmed(who.id, e.identifier) })
	s.backlog, s.next, s.prev, s.passed = p.backlog, p.next, p.prev, p.prev
	s.begun = true
	s.caught.Store(false)
	s.position.Store(p.total)
	s.beat.Store(0) // right after live, so that the client can prove what it holds
	s.out.message(b, "", mustEncode(helloFrame{
		Type: "hello", Session: s.id, Node: f.settings.Node, Nodes: f.settings.Nodes, Epoch: s.ring.epoch, Head: p.head,
		CursorOK: p.ok, Reason: p.reason, Heartbeat: f.settings.HeartbeatS, CredDays: who.credDays(time.Now()),
		Warning: who.warning(time.Now()),
	}), nil)
}

// bye puts the last word and the close frame into b.
func (s *session) bye(b *batch, q quit) {
	s.saidBye = true
	s.out.message(b, "", mustEncode(byeFrame{
		Type: "bye", Reason: q.reason, RetryMS: q.retry.Milliseconds(),
		Cursor: cursor(s.ring.epoch, s.passed), Detail: q.detail,
	}), nil)
	s.out.control(b, opClose, append([]byte{byte(q.code >> 8), byte(q.code)}, q.reason...))
	if q.reason == "slow" {
		s.feed.stats.slow.Add(1)
	}
}

// flush writes b. A client that does not take it in time is told so if it wakes
// up within the grace, at the end of the frame it was in: never in the middle.
func (s *session) flush(b *batch) bool {
	s.writing.Store(time.Now().UnixNano())
	n, err := s.out.write(b, s.feed.limits.write)
	s.writing.Store(0)
	if err == nil {
		return true
	}
	s.mu.Lock()
	q, gone := s.quit, s.gone
	s.mu.Unlock()
	if gone || s.saidBye || !isTimeout(err) {
		return false
	}
	if q == nil {
		q = &quit{CloseSlow, "slow", time.Second, "nothing was read for too long"}
	}
	last := newBatch()
	defer last.free()
	if rest := b.leftover(n); rest > 0 {
		last.small(remaining(b.rest, rest))
		last.endFrame()
	}
	s.bye(last, *q)
	_, _ = s.out.write(last, s.feed.limits.grace)
	return false
}

// remaining is the first n bytes of bufs: what a broken write left of its frame.
func remaining(bufs [][]byte, n int) []byte {
	out := make([]byte, 0, n)
	for _, p := range bufs {
		out = append(out, p[:min(len(p), n-len(out))]...)
	}
	return out
}
