package webpush

import (
	"errors"
	"net/http"
	"time"

	"tocsin/internal/adapter"
)

// refusedRun is after how many refusals of our key or token in a row, with no
// push taken between, an origin is stopped. Not after the first: a stranger
// may subscribe with another server's key, and must not silence the origin for all.
const refusedRun = 8

// note lets the line learn from how f ended, and says whether it must stop now. l is locked.
func (l *line) note(f *flight, now time.Time) (stop bool) {
	if f.err != nil {
		if errors.Is(f.err, errCalm) {
			l.pace.complained(now)
		}
		return false
	}
	l.pace.answered(now, now.Sub(f.begun))
	switch f.status {
	case http.StatusTooManyRequests, http.StatusNotAcceptable, http.StatusServiceUnavailable:
		l.pace.complained(now)
		if after := retryAfter(f.after, now); after > 0 {
			l.notBefore, l.code = now.Add(after), codeOf(f.status)
			return true
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		l.refusals++
		l.refusal = codeOf(f.status)
		return l.refusals >= refusedRun
	default:
		if taken(f.status) {
			l.refusals = 0
		}
	}
	return false
}

// verdict says why nothing may leave now; nil = go ahead. After refusals one
// push at a time may try whether they have ended, if the caller has not tried
// yet: probe says that his may, and he must then send one, wait for its end and
// call probed.
func (l *line) verdict(now time.Time, tried bool) (f *adapter.Failure, probe bool) {
	l.mu.Lock()
	defer l.unlock()
	if left := l.notBefore.Sub(now); left > 0 {
		return slower(l.code, left), false
	}
	if l.refusals < refusedRun {
		return nil, false
	}
	if l.probing || tried {
		return refused(l.refusal), false
	}
	l.probing = true
	return nil, true
}

// probed ends a probe.
func (l *line) probed() {
	l.mu.Lock()
	defer l.unlock()
	l.probing = false
}

// stoppedBy is the failure of those whom a stop met in the queue.
func (l *line) stoppedBy(now time.Time) *adapter.Failure {
	l.mu.Lock()
	defer l.unlock()
	if left := l.notBefore.Sub(now); left > 0 || l.refusals < refusedRun {
		return slower(l.code, max(left, 0))
	}
	return refused(l.refusal)
}

// hopeless is how long those behind the queue should stay away, when at the
// service's pace they would wait longer than a Send has; 0 = not hopeless.
func (l *line) hopeless() time.Duration {
	l.mu.Lock()
	defer l.unlock()
	if l.pace.rate == 0 {
		return 0
	}
	wait := time.Duration(float64(len(l.queue)) / l.pace.rate * float64(time.Second))
	if wait < queueTime {
		return 0
	}
	return wait
}
