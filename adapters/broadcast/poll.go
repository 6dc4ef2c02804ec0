package broadcast

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxWait is how long a poll may wait: less than the patience of most proxies.
const maxWait = 25 * time.Second

// pollAnswer is one answer of the long poll: hello, alerts, live and heartbeat in one.
type pollAnswer struct {
	Epoch    string            `json:"epoch"`
	Head     uint64            `json:"head"`
	Cursor   string            `json:"cursor"` // for the next poll
	CursorOK bool              `json:"cursor_ok"`
	Reason   string            `json:"reason,omitempty"`
	More     bool              `json:"more"` // poll again at once
	Alerts   []json.RawMessage `json:"alerts"`
	Live     []liveRef         `json:"live"`
	Degraded bool              `json:"degraded"`
}

// servePoll is GET /v1/feed/poll?cursor=&wait=25: what came after the cursor,
// at once or as soon as something comes. A poll that waits counts as a session.
func (f *Feed) servePoll(w http.ResponseWriter, r *http.Request) {
	who, err := f.enter(r)
	if err != nil {
		refuse(w, err)
		return
	}
	q, err := asked(r.URL.Query(), "")
	if err != nil {
		refuse(w, err)
		return
	}
	wait := maxWait
	if raw := r.URL.Query().Get("wait"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || time.Duration(n)*time.Second > maxWait {
			refuse(w, &problem{http.StatusBadRequest, "wait is 0 to 25 seconds", "wait"})
			return
		}
		wait = time.Duration(n) * time.Second
	}
	s := f.newSession(who, nowhere{}, 1)
	defer f.done(s)
	defer f.leave(s)
	f.polls.begin(who.id)
	defer f.polls.end(who.id)
	a, err := s.poll(r, q, wait)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxWait))
	_, _ = w.Write(mustEncode(a))
}

// lingers is how long a station that polls counts as connected after an answer:
// it is on its way back.
const lingers = 10 * time.Second

// polls are the stations that poll: one poll after the other is one connection.
type polls struct {
	mu sync.Mutex
	by map[string]*polling
}

// polling is a chain of polls.
type polling struct {
	since time.Time
	open  int
	ended time.Time // the last of them
}

func (p *polls) begin(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	c := p.by[id]
	if c == nil || c.gone(now) {
		c = &polling{since: now}
		if p.by == nil {
			p.by = map[string]*polling{}
		}
		p.by[id] = c
	}
	c.open++
}

func (p *polls) end(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.by[id]; c != nil {
		c.open--
		c.ended = time.Now()
	}
}

func (c *polling) gone(now time.Time) bool { return c.open == 0 && now.Sub(c.ended) > lingers }

// since lists the stations that poll, and when each began to.
func (p *polls) since(now time.Time) map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]time.Time{}
	for id, c := range p.by {
		if !c.gone(now) {
			out[id] = c.since
		}
	}
	return out
}

// forget drops those who did not come back, and says whether there were any.
func (p *polls) forget(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.by)
	maps.DeleteFunc(p.by, func(_ string, c *polling) bool { return c.gone(now) })
	return len(p.by) < before
}

// poll gathers what is due, waiting for the first of it.
func (s *session) poll(r *http.Request, q resumeFrame, wait time.Duration) (*pollAnswer, error) {
	s.mu.Lock()
	s.started = true
	s.mu.Unlock()
	f := s.feed
	p := s.ring.plan(q, func(e *entry) bool { return f.confirmed(s.who.Load().id, e.identifier) })
	s.backlog, s.next, s.prev = p.backlog, p.next, p.prev
	a := &pollAnswer{Epoch: s.ring.epoch, CursorOK: p.ok, Reason: p.reason, Alerts: []json.RawMessage{}}
	seq := p.prev
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for size := 0; ; {
		s.mu.Lock()
		end := s.quit
		s.mu.Unlock()
		if end != nil {
			return nil, end.problem()
		}
		head, err := s.gather(seq)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		for len(s.backlog) > 0 && size < 4*batchBytes {
			e := s.backlog[0]
			s.backlog = s.backlog[1:]
			seq = max(seq, e.seq)
			if body := e.text(now); body != nil && s.who.Load().sees(e.areas) {
				var h [96]byte
				a.Alerts = append(a.Alerts, append(appendHead(h[:0], e.seq, s.prev, true), body...))
				s.prev, size = e.seq, size+len(body)
			}
		}
		a.Head, a.More = head, len(s.backlog) > 0
		if len(a.Alerts) > 0 || !p.ok {
			break
		}
		select {
		case <-s.poke:
			continue
		case <-timer.C:
		case <-r.Context().Done():
		}
		break
	}
	if !a.More {
		seq = max(seq, a.Head)
	}
	a.Cursor, a.Degraded = cursor(s.ring.epoch, seq), f.cutOff()
	a.Live = s.ring.refs(func(e *entry) bool { return s.who.Load().sees(e.areas) })
	return a, nil
}

// gather adds what the log has now to the backlog, and returns the head that it then speaks of.
func (s *session) gather(seq uint64) (head uint64, err error) {
	_, head, _, _ = s.ring.end()
	entries, next, lost := s.ring.take(nil, s.next, ringBytes)
	if lost {
		return 0, &problem{http.StatusServiceUnavailable, "the log moved on too fast; poll again with the same cursor", ""}
	}
	s.next = next
	s.backlog = append(s.backlog, entries...)
	if n := len(entries); n > 0 {
		head = max(head, entries[n-1].seq)
	}
	return max(head, seq), nil
}

// problem is why a poll ended, as an answer.
func (q quit) problem() *problem {
	status := http.StatusServiceUnavailable
	switch q.code {
	case CloseAuthentication:
		status = http.StatusUnauthorized
	case CloseNotAllowed:
		status = http.StatusForbidden
	case CloseTooManySessions, CloseRate:
		status = http.StatusTooManyRequests
	}
	return &problem{status, q.detail, ""}
}

// nowhere is the line of a poll: its answer is written once, by the handler.
type nowhere struct{ eventStream }

func (nowhere) write(*batch, time.Duration) (int, error) { return 0, nil }
func (nowhere) interrupt()                               {}
func (nowhere) close()                                   {}
