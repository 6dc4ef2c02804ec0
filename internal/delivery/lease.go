package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/internal/stream"
)

const (
	// ackWait is after how long without a sign of life a job goes to another worker.
	ackWait = 6 * time.Second
	// leaseTime is how long we count on a job after a sign of life that the queue
	// confirmed: shorter than ackWait by what its way back to us may have taken. The
	// first begins when we asked for jobs, up to stream.PullFor before this one came.
	leaseTime = ackWait - time.Second
	// signEvery is how often we give one.
	signEvery = ackWait / 3
)

// errLost ends a job that another worker may have by now.
var errLost = errors.New("the job may be in other hands")

// lease is our hold on a job. A worker that was frozen or cut off for longer than
// the queue waits must not go on where it was: others have told the same people
// meanwhile. Since it may not even have noticed, each Send asks the clock first:
// the queue takes a sign of life for a job from whoever gives it, so its answer
// says only that the queue lives. (A virtual machine that is paused with its clock
// sees nothing of it; who was under way there is told twice.)
type lease struct {
	mu    sync.Mutex
	until time.Time
	lost  bool
}

// held says whether the job is ours. Once it is not, it stays so: somebody has
// been left out because of that answer.
func (l *lease) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = l.lost || !time.Now().Before(l.until)
	return !l.lost
}

// renew counts from when the sign was given, not from when its answer came.
func (l *lease) renew(given time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = given.Add(leaseTime)
}

// keep tells the queue that the job is in good hands until stop is called. The
// context ends with errLost once that has not been confirmed for too long.
func (r *Runner) keep(ctx context.Context, t stream.Task) (_ context.Context, l *lease, stop func()) {
	ctx, lose := context.WithCancelCause(ctx)
	l = new(lease)
	l.renew(t.Asked())
	var done sync.WaitGroup
	done.Go(func() {
		for sleep(ctx, signEvery) == nil {
			given := time.Now() // before the look: we may be frozen between the two
			if !l.held() {
				lose(errLost)
				return
			}
			sign, cancel := context.WithTimeout(ctx, signEvery)
			err := t.Extend(sign)
			cancel()
			if err == nil {
				l.renew(given)
			} else if ctx.Err() == nil {
				r.deps.Log.Warn("job not extended", "channel", r.channel.Driver.Name, "error", err)
			}
		}
	})
	return ctx, l, func() {
		lose(nil)
		done.Wait()
	}
}
