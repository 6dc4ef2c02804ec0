package smpp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// State says how a bind stands.
type State struct {
	Bound  bool
	Trying bool  // connecting, and nothing has failed yet
	Err    error // why it is down, or why the last try failed
}

// Client keeps one bind: it connects, binds, tests the link, and begins anew
// when the connection is lost. There are never two connections: the old one is
// closed on both sides, or given up after closeTime, before the next is dialled.
type Client struct {
	o      Options
	window chan struct{}
	pace   *pace
	stop   context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	state   State
	session *session
	changed chan struct{} // closed and replaced at each change of state
}

// Open checks o and begins to connect; it does not wait for the other side.
// An error names the setting.
func Open(o Options) (*Client, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		o: o, window: make(chan struct{}, o.Window), pace: newPace(o.Rate, o.Window), stop: stop,
		done: make(chan struct{}), state: State{Trying: true}, changed: make(chan struct{}),
	}
	go c.run(ctx)
	return c, nil
}

// Close unbinds and waits until the connection is closed, or ctx ends.
func (c *Client) Close(ctx context.Context) error {
	c.stop()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// State is how the bind stands, and a channel that is closed when that changes.
func (c *Client) State() (State, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.changed
}

// Window is how many messages may await their answers.
func (c *Client) Window() int { return cap(c.window) }

func (c *Client) set(st State, s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.session = st, s
	close(c.changed)
	c.changed = make(chan struct{})
}

// run binds again and again until ctx ends.
func (c *Client) run(ctx context.Context) {
	defer close(c.done)
	wait := c.o.Retry
	for ctx.Err() == nil {
		began := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) >= steady {
			wait = c.o.Retry
		}
		pause := wait
		if Refused(err) {
			pause = max(pause, refusedRetry)
		}
		wait = min(2*wait, maxRetry)
		// Jitter: after a centre's restart its many customers must not knock all at once.
		pause = pause/2 + rand.N(pause/2+1)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	c.set(State{Err: errors.New("closed")}, nil)
}

// once holds one bind for as long as it lasts and says why it ended.
func (c *Client) once(ctx context.Context) error {
	conn, err := c.o.dial(ctx)
	if err != nil {
		c.set(State{Err: err}, nil)
		return err
	}
	s := newSession(c.o, conn)
	err = c.bind(ctx, s)
	if err != nil {
		s.over(err)
		<-s.ended
		c.set(State{Err: err}, nil)
		return err
	}
	c.set(State{Bound: true}, s)
	s.enquire(ctx)
	if ctx.Err() != nil {
		c.set(State{Err: errors.New("closed")}, nil) // nothing new starts
		c.unbind(s)
	}
	<-s.ctx.Done()
	err = context.Cause(s.ctx)
	// The first try after a loss is often a success: until it fails, callers may wait for it.
	c.set(State{Trying: true, Err: err}, nil)
	<-s.ended
	return err
}

func (c *Client) bind(ctx context.Context, s *session) error {
	body, err := c.o.Bind.Append(nil)
	if err != nil {
		return err
	}
	if _, err := s.call(ctx, c.o.Mode, body); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// unbind says goodbye, so that the centre frees the bind at once.
func (c *Client) unbind(s *session) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	// Requests under way get their answers first.
	for range cap(c.window) {
		select {
		case c.window <- struct{}{}:
		case <-ctx.Done():
		}
	}
	_, _ = s.call(ctx, Unbind, nil) // closing follows either way
	s.over(errors.New("closed"))
}

// Refused says whether err is the centre's no to our name or password, which
// waiting does not mend.
func Refused(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	if !ok || e.Command == SubmitSM {
		return false
	}
	switch e.Status {
	case InvPassword, InvSystemID, BindFailed, 0x53: // 0x53: system_type
		return true
	}
	return false
}

// Submit sends m and returns the centre's id for it, which is empty where the
// centre gives none. It blocks while the window
// is full or the rate is used up. Errors: *StatusError is the centre's no;
// ErrNotSent and ErrUnanswered say whether it can have been delivered.
func (c *Client) Submit(ctx context.Context, m *Message) (id string, err error) {
	body, err := m.Append(make([]byte, 0, 256))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	c.mu.Lock()
	s, st := c.session, c.state
	c.mu.Unlock()
	if s == nil {
		return "", fmt.Errorf("%w: not bound: %w", ErrNotSent, st.reason())
	}
	select {
	case c.window <- struct{}{}:
	case <-s.ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrNotSent, context.Cause(s.ctx))
	case <-ctx.Done():
		return "", fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	defer func() { <-c.window }()
	if err := c.pace.wait(ctx); err != nil {
		return "", err
	}
	p, err := s.call(ctx, SubmitSM, body)
	if e, ok := errors.AsType[*StatusError](err); ok {
		switch e.Status {
		case Throttled, QueueFull:
			c.pace.throttled()
		case InvBindStatus:
			s.over(err) // the centre has forgotten the bind: only a new one helps
		}
	}
	if err != nil {
		return "", err
	}
	c.pace.accepted()
	return DecodeID(p.Body), nil
}

func (s State) reason() error {
	if s.Err == nil {
		return errors.New("connecting")
	}
	return s.Err
}
