package stream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// NATS answers a publish that it does not permit with nothing: the caller times
// out, and the reason arrives on its own at the connection's error handler. Here
// the two meet again.

// deniedFor is how long a refusal is remembered: longer than one try, shorter
// than it takes an operator to mend the rights.
const deniedFor = 5 * time.Second

// maxDenied bounds what is remembered: a wrong file of credentials refuses every subject.
const maxDenied = 256

var deniedSubject = regexp.MustCompile(`(?i)publish to "([^"]+)"`)

// denials are the refusals of one engine's connections. The zero value is ready.
type denials struct {
	mu      sync.Mutex
	at      map[string]time.Time                             // subject -> when it was refused
	waiting map[string]map[*context.CancelCauseFunc]struct{} // subject -> calls under way
}

// note remembers the subject of a refused publish and ends the calls that wait for its answer.
func (d *denials) note(err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	m := deniedSubject.FindStringSubmatch(err.Error())
	if m == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == nil || len(d.at) >= maxDenied {
		d.at = make(map[string]time.Time)
	}
	d.at[m[1]] = time.Now()
	for cancel := range d.waiting[m[1]] {
		(*cancel)(fmt.Errorf("%w: publish to %s", errDenied, m[1]))
	}
}

// errDenied: asking again is of no use until the operator gives other credentials.
var errDenied = errors.New("NATS does not permit it with these credentials")

// has says whether a publish to the subject was refused just now.
func (d *denials) has(subject string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Since(d.at[subject]) < deniedFor
}

// watch is ctx for one call to the subject: it ends with errDenied when NATS refuses it.
func (d *denials) watch(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = make(map[string]map[*context.CancelCauseFunc]struct{})
	}
	if d.waiting[subject] == nil {
		d.waiting[subject] = make(map[*context.CancelCauseFunc]struct{})
	}
	d.waiting[subject][&cancel] = struct{}{}
	return ctx, func() {
		cancel(nil)
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting[subject], &cancel)
		if len(d.waiting[subject]) == 0 {
			delete(d.waiting, subject)
		}
	}
}
