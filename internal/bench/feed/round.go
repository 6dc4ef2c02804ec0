//go:build linux

package main

import (
	"fmt"
	"time"

	"tocsin/internal/bench/measure"
)

const (
	burst  = 100                     // alerts at once, and missed before a storm
	settle = 1500 * time.Millisecond // before memory is read: handshakes leave garbage
	pause  = 100 * time.Millisecond  // between two releases
)

// figures of one round of one server. A figure that was not taken is 0.
type figures struct {
	kb                float64 // memory for each idle connection
	median, p99, last float64 // ms from a release to its arrival, each the median of the releases
	cpu               float64 // µs of the server for each delivery, one release at a time
	clientCPU         float64 // µs of the clients for each delivery
	burst             float64 // s from the release of 100 to the last client's last
	burstCPU          float64 // µs for each delivery of it
	storm             float64 // s from the first reconnect to the last client's 100th missed alert
	receipt           float64 // µs that a stored receipt adds to a delivery, one release at a time
	receiptBurst      float64 // µs that it adds in a burst
	faults            outcome
}

// plan is what is measured in a round.
type plan struct {
	kind     string
	clients  int
	size     int // of a frame
	releases int // one at a time
	burst    bool
	storm    bool
	receipts int // alerts that each client acknowledges; 0 = none
}

// round starts the server and its clients, measures, and ends both.
type round struct {
	plan
	server *peer
	crowd  *crowd
	pids   [2]int // server, clients
	next   int    // number of the next release
	got    figures
}

func (p plan) run() (figures, error) {
	r := &round{plan: p, next: 1}
	var err error
	if r.server, err = startPeer(p.kind, p.clients, p.size); err != nil {
		return r.got, err
	}
	defer r.server.stop()
	if r.crowd, err = startCrowd(); err != nil {
		return r.got, err
	}
	defer r.crowd.stop()
	for _, part := range []func() error{r.connect, r.low, r.atOnce, r.reconnect, r.acknowledge, r.check} {
		if err := part(); err != nil {
			return r.got, fmt.Errorf("%s with %d clients: %w", p.kind, p.clients, err)
		}
	}
	return r.got, nil
}

// connect opens all clients and reads what they cost in memory.
func (r *round) connect() error {
	before, err := memoryOf(r.server.pid)
	if err != nil {
		return err
	}
	out, err := r.crowd.ask(order{Op: "connect", Kind: r.kind, Addr: r.server.addr, Tokens: r.server.tokens, Clients: r.clients})
	if err != nil {
		return err
	}
	r.pids = [2]int{r.server.pid, out.PID}
	time.Sleep(settle)
	after, err := memoryOf(r.server.pid)
	r.got.kb = (after - before) / float64(r.clients)
	return err
}

// cpu reads the processor time of server and clients, in microseconds.
func (r *round) cpu() (of [2]float64, err error) {
	for i, pid := range r.pids {
		d, err := cpuOf(pid)
		if err != nil {
			return of, err
		}
		of[i] = float64(d.Nanoseconds()) / 1e3
	}
	return of, nil
}

// release sends count alerts and waits for the last client's last one.
func (r *round) release(count int) (at int64, a arrivals, err error) {
	if _, err := r.crowd.ask(order{Op: "expect", Last: r.next + count - 1}); err != nil {
		return 0, a, err
	}
	at, err = r.server.publish(r.next, count)
	if err != nil {
		return 0, a, fmt.Errorf("release: %w", err)
	}
	r.next += count
	out, err := r.crowd.ask(order{Op: "wait"})
	return at, out.arrivals, err
}

// series sends n single releases and returns their times in ms, and both sides' CPU for each delivery.
func (r *round) series(n int) (median, p99, last []float64, cpu [2]float64, err error) {
	before, err := r.cpu()
	if err != nil {
		return median, p99, last, cpu, err
	}
	for range n {
		time.Sleep(pause)
		at, a, err := r.release(1)
		if err != nil {
			return median, p99, last, cpu, err
		}
		ms := func(t int64) float64 { return float64(t-at) / 1e6 }
		median, p99, last = append(median, ms(a.Median)), append(p99, ms(a.P99)), append(last, ms(a.Last))
	}
	time.Sleep(pause)
	after, err := r.cpu()
	for i := range cpu {
		cpu[i] = (after[i] - before[i]) / float64(n*r.clients)
	}
	return median, p99, last, cpu, err
}

// low measures single releases.
func (r *round) low() error {
	if r.releases == 0 {
		return nil
	}
	if _, _, err := r.release(1); err != nil { // the first warms up
		return err
	}
	median, p99, last, cpu, err := r.series(r.releases)
	r.got.median, r.got.p99, r.got.last = measure.Median(median), measure.Median(p99), measure.Median(last)
	r.got.cpu, r.got.clientCPU = cpu[0], cpu[1]
	return err
}

// atOnce measures a burst.
func (r *round) atOnce() error {
	if !r.burst {
		return nil
	}
	before, err := r.cpu()
	if err != nil {
		return err
	}
	at, a, err := r.release(burst)
	if err != nil {
		return err
	}
	after, err := r.cpu()
	r.got.burst = float64(a.Last-at) / 1e9
	r.got.burstCPU = (after[0] - before[0]) / float64(burst*r.clients)
	return err
}

// reconnect drops all clients, releases what they miss, and lets them all come back at once.
func (r *round) reconnect() error {
	if !r.storm {
		return nil
	}
	if r.next == 1 { // each must have a place from where to go on
		if _, _, err := r.release(1); err != nil {
			return err
		}
	}
	cursor := r.server.cursor
	if _, err := r.crowd.ask(order{Op: "drop"}); err != nil {
		return err
	}
	if _, err := r.server.publish(r.next, burst); err != nil {
		return err
	}
	r.next += burst
	if _, err := r.crowd.ask(order{Op: "expect", Last: r.next - 1}); err != nil {
		return err
	}
	out, err := r.crowd.ask(order{Op: "storm", Cursor: cursor})
	r.got.storm = float64(out.Last-out.Began) / 1e9
	return err
}

// acknowledge measures what stored receipts add, alert by alert and in a burst.
func (r *round) acknowledge() error {
	if r.receipts == 0 {
		return nil
	}
	plain, err := r.acknowledged(false)
	if err != nil {
		return err
	}
	full, err := r.acknowledged(true)
	r.got.receipt, r.got.receiptBurst = full[0]-plain[0], full[1]-plain[1]
	return err
}

// acknowledged is the server's CPU for each delivery of single releases and of a burst.
func (r *round) acknowledged(receipts bool) (cpu [2]float64, err error) {
	for i, single := range []bool{true, false} {
		n := 0
		if receipts {
			n = r.receipts * r.clients
		}
		if _, err := r.crowd.ask(order{Op: "receipts", Receipts: n}); err != nil {
			return cpu, err
		}
		before, err := r.cpu()
		if err != nil {
			return cpu, err
		}
		if single {
			_, _, _, _, err = r.series(r.receipts)
		} else {
			_, _, err = r.release(r.receipts)
		}
		if err != nil {
			return cpu, err
		}
		if n > 0 {
			if _, err := r.crowd.ask(order{Op: "stored"}); err != nil {
				return cpu, err
			}
		}
		after, err := r.cpu()
		if err != nil {
			return cpu, err
		}
		cpu[i] = (after[0] - before[0]) / float64(r.receipts*r.clients)
	}
	return cpu, nil
}

// check asks whether anything was lost, doubled or out of order.
func (r *round) check() (err error) {
	r.got.faults, err = r.crowd.ask(order{Op: "check"})
	return err
}

// secureMemory is the product's memory for each idle connection over TLS, in KB.
func secureMemory(clients int) (float64, error) {
	server, err := startOwn("tocsin", task{Op: "open", Stations: clients, TLS: true}, 0)
	if err != nil {
		return 0, err
	}
	defer server.stop()
	c, err := startCrowd()
	if err != nil {
		return 0, err
	}
	defer c.stop()
	before, err := memoryOf(server.pid)
	if err != nil {
		return 0, err
	}
	if _, err := c.ask(order{Op: "connect", TLS: true, Addr: server.addr, Tokens: server.tokens, Clients: clients}); err != nil {
		return 0, err
	}
	time.Sleep(settle)
	after, err := memoryOf(server.pid)
	return (after - before) / float64(clients), err
}
