package receive

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Receiver is one station's receiver.
type Receiver struct {
	opt    Options
	client *http.Client
	unlock func()

	mu      sync.Mutex
	state   *state
	dirty   bool // state has changes that may be lost
	news    chan struct{}
	busy    map[string]chan struct{} // identifier -> closed when its processing ends
	passed  map[string]time.Time     // identifier -> when it was refused: not asked for again at once
	lines   []*line
	hung    time.Time           // when the host of the pictures hung last
	offset  time.Duration       // of the feed's clock, when ours is wrong
	wanting map[string]*wanting // case -> pictures of its newest revision that could not be had yet

	runs   chan string // cases whose command is due
	alarms alarms
}

// New opens the folder, which belongs to this receiver until Run ends.
func New(opt Options) (*Receiver, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(opt.Dir) // the commands run in it and are told paths below it
	if err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	opt.Dir = dir
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	unlock, err := lockSoon(opt.Dir)
	if err != nil {
		return nil, err
	}
	s, err := loadState(opt.Dir)
	if err == nil {
		err = tidy(opt.Dir, s)
	}
	if err != nil {
		unlock()
		return nil, fmt.Errorf("dir: %w", err)
	}
	r := &Receiver{
		unlock: unlock,
		opt:    opt, client: opt.client(), state: s, news: make(chan struct{}), busy: map[string]chan struct{}{},
		passed: map[string]time.Time{}, wanting: map[string]*wanting{}, runs: make(chan string, maxCases),
	}
	if len(opt.AlarmExec) > 0 {
		r.alarms.calls = make(chan Alarm, maxCalls)
	}
	for _, addr := range opt.Feeds {
		r.lines = append(r.lines, &line{r: r, addr: addr, beat: defaultBeat})
	}
	r.missing()
	return r, nil
}

// Close gives the folder back without Run.
func (r *Receiver) Close() { r.unlock() }

// Run follows the feeds until ctx ends, once. Faults are alarms and are tried again; it returns nil at the end of ctx.
func (r *Receiver) Run(ctx context.Context) error {
	defer r.unlock()
	defer r.client.CloseIdleConnections()
	var all sync.WaitGroup
	for id, h := range r.state.Cases {
		if h.Run {
			r.runs <- id
		}
	}
	for _, l := range r.lines {
		l.heard = time.Now() // silence counts from here
		all.Go(func() { l.follow(ctx) })
	}
	if len(r.opt.Exec) > 0 {
		all.Go(func() { r.execute(ctx) })
	}
	if len(r.opt.AlarmExec) > 0 {
		all.Go(func() { r.call(ctx) })
	}
	all.Go(func() { r.keep(ctx) })
	all.Go(func() { r.post(ctx) })
	all.Go(func() { r.mend(ctx) })
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.save(r.opt.Dir)
}

// keep does what no frame announces: the end of alerts, and saving what may be saved late.
func (r *Receiver) keep(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			r.listen(now)
			r.alarms.end(func(s *Standing) bool { return now.Sub(s.Last) > forgetAfter })
			r.mu.Lock()
			r.expire(r.now())
			if r.dirty {
				_ = r.save() // a failure is an alarm, and is tried again
			}
			for id, at := range r.passed {
				if now.Sub(at) > passedFor {
					delete(r.passed, id)
				}
			}
			r.mu.Unlock()
		}
	}
}

// save writes the state. A failure is an alarm, which ends with the next success. Under r.mu.
func (r *Receiver) save() error {
	r.dirty = true
	if err := r.state.save(r.opt.Dir); err != nil {
		r.alarm("", AlarmDisk, err.Error())
		return err
	}
	r.dirty = false
	r.settle(AlarmDisk)
	return nil
}

// passedFor is how long a document that failed is not asked for again because of a heartbeat.
const passedFor = 5 * time.Minute

// maxPassed bounds what a forger can make us remember.
const maxPassed = 4096

// expire deletes the files of alerts whose time has passed. Under r.mu.
func (r *Receiver) expire(now time.Time) {
	for id, h := range r.state.Cases {
		if !h.Ended.IsZero() || now.Before(h.Expires) {
			continue
		}
		if err := erase(r.opt.Dir, id, 0); err != nil {
			r.alarm("", AlarmDisk, fmt.Sprintf("the files of ended case %s cannot be deleted: %v", id, err))
			continue
		}
		h.Ended, h.Run = now.UTC(), false
		r.forgo(id)
		r.log("expired", id, h.Revision, "")
		removed := &Receipt{Identifier: h.Identifier, Revision: h.Revision, State: "removed", At: now.UTC(), Epoch: h.Epoch}
		h.say(removed)
		_ = r.owe(removed) // a failure is an alarm
	}
}
