package adaptertest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// recorder is a test whose failures are only noted.
type recorder struct {
	scope
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, s)
}

func (r *recorder) Error(args ...any)                 { r.note(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.note(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.note(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// verdict asks one question of c and returns what it found.
func verdict(t *testing.T, q check, c Case) []string {
	r := &recorder{scope: scope{TB: t}}
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		q.ask(tester{r, t}, c)
	}()
	<-done
	r.close()
	return r.failures
}
