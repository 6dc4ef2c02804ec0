//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// threads serve the clients: two keep up with any server here, and leave it its share of the cores.
	threads = 2
	// handshakes under way at once, of all clients. It stays below the 4,096
	// places of a listener's queue: past it the kernel drops attempts and tries
	// again a second later, and the figure would be the kernel's.
	handshakes = 2000
	// roundWait bounds each wait: 19,000 JetStream consumers take 80 s to come back.
	roundWait = 150 * time.Second
)

// fleet is the clients of one server: a socket and some bytes each, read by a
// few threads with epoll, so that 19,000 of them cost as little as can be and
// the same whatever the server.
type fleet struct {
	kind    dialect
	clients []*client
	threads []*thread
	slots   chan struct{} // handshakes under way

	epoch    atomic.Pointer[string] // of the feed's cursors
	target   atomic.Int64           // the alert that ends the round
	reached  atomic.Int64           // clients that have it
	whole    chan struct{}          // closed when all have
	ready    atomic.Int64           // clients that are connected and subscribed
	all      chan struct{}          // closed when all are
	receipts atomic.Bool            // acknowledge each alert
	answered atomic.Int64           // receipts that the server has stored
	awaited  atomic.Int64           // receipts that end the wait
	stored   chan struct{}

	// What must stay zero.
	twice, disorder, refused atomic.Int64
	lost                     atomic.Int64 // connections ended by the server
	why                      atomic.Pointer[string]
}

// thread reads some of the clients.
type thread struct {
	f    *fleet
	ep   int
	mu   sync.Mutex // held while events are handled: whoever opens or drops sockets waits for it
	buf  []byte
	out  []byte // what the client in hand is to say
	stop bool
}

// newFleet makes n clients; connect opens them.
func newFleet(kind dialect, addr string, tokens []string, n int) (*fleet, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	to := &syscall.SockaddrInet4{Port: number, Addr: [4]byte(net.ParseIP(host).To4())}
	f := &fleet{kind: kind, slots: make(chan struct{}, handshakes)}
	for range threads {
		ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			return nil, err
		}
		f.threads = append(f.threads, &thread{f: f, ep: ep, buf: make([]byte, 256<<10)})
	}
	for i := range n {
		c := &client{n: i, fd: -1, to: to, next: 1}
		if len(tokens) > 0 {
			c.token = tokens[i%len(tokens)]
		}
		f.clients = append(f.clients, c)
	}
	for _, t := range f.threads {
		go t.run()
	}
	return f, nil
}

// of is the thread that reads client i.
func (f *fleet) of(i int) *thread { return f.threads[i%len(f.threads)] }

// connect opens all clients and waits until each has subscribed.
func (f *fleet) connect() error {
	f.ready.Store(0)
	f.all = make(chan struct{})
	if err := f.open(); err != nil {
		return err
	}
	return f.await(f.all, "be connected", &f.ready)
}

// open starts every client's handshake.
func (f *fleet) open() error {
	errs := make(chan error, len(f.threads))
	for k := range f.threads {
		go func() {
			for i := k; i < len(f.clients); i += len(f.threads) {
				f.slots <- struct{}{}
				if err := f.of(i).dial(f.clients[i]); err != nil {
					errs <- fmt.Errorf("client %d: %w", i, err)
					return
				}
			}
			errs <- nil
		}()
	}
	var err error
	for range f.threads {
		err = errors.Join(err, <-errs)
	}
	return err
}

// expect sets the alert that ends the next round.
func (f *fleet) expect(last int) {
	for _, t := range f.threads {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	for _, c := range f.clients {
		c.reached = 0
	}
	f.reached.Store(0)
	f.whole = make(chan struct{})
	f.target.Store(int64(last))
}

// expectReceipts sets how many answers end the wait for receipts.
func (f *fleet) expectReceipts(n int) {
	f.answered.Store(0)
	f.stored = make(chan struct{})
	f.awaited.Store(int64(n))
	f.receipts.Store(n > 0)
}

// arrivals of the round's last alert, Unix nanoseconds.
type arrivals struct {
	Median, P99, Last int64
}

// wait returns when every client has the alert that was expected.
func (f *fleet) wait() (arrivals, error) {
	if err := f.await(f.whole, "have the last alert", &f.reached); err != nil {
		return arrivals{}, err
	}
	at := make([]int64, len(f.clients))
	for i, c := range f.clients {
		at[i] = c.reached
	}
	slices.Sort(at)
	return arrivals{at[len(at)/2], at[len(at)*99/100], at[len(at)-1]}, nil
}

// await waits for what all clients must do.
func (f *fleet) await(done <-chan struct{}, what string, have *atomic.Int64) error {
	late := time.NewTimer(roundWait)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		reason := ""
		if why := f.why.Load(); why != nil {
			reason = ": " + *why
		}
		return fmt.Errorf("%d of %d clients %s after %v, %d lines lost%s", have.Load(), len(f.clients), what, roundWait, f.lost.Load(), reason)
	}
}

// drop cuts every line without a word, as when a country's power fails: a reset,
// which leaves no socket waiting for a minute.
func (f *fleet) drop() {
	for i, c := range f.clients {
		t := f.of(i)
		t.mu.Lock()
		t.hangUp(c)
		t.mu.Unlock()
	}
}

// storm drops nothing: it connects all clients at once from where each was, and
// returns when it began and when all had the expected alert.
func (f *fleet) storm() (began int64, a arrivals, err error) {
	began = time.Now().UnixNano()
	if err := f.open(); err != nil {
		return 0, a, err
	}
	a, err = f.wait()
	return began, a, err
}

// close ends the clients and their threads.
func (f *fleet) close() {
	f.drop()
	for _, t := range f.threads {
		t.mu.Lock()
		t.stop = true
		_ = syscall.Close(t.ep)
		t.mu.Unlock()
	}
}

// note keeps the first reason of a failure.
func (f *fleet) note(why string) { f.why.CompareAndSwap(nil, &why) }
