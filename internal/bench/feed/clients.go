//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"tocsin/internal/bench/measure"
)

// order is what the clients' process is asked to do.
type order struct {
	Op       string // connect, expect, wait, storm, drop, receipts, check
	Kind     string
	Addr     string
	Tokens   []string
	Clients  int
	Last     int    // expect: the alert that ends the round
	Cursor   string // storm: what an nchan client was told last
	Receipts int    // receipts: how many answers are awaited; 0 = send none
	TLS      bool
}

// outcome is the clients' answer.
type outcome struct {
	arrivals

	Began int64 // of a storm
	PID   int
	// Faults since the beginning: all must be 0.
	Twice, Disorder, Refused, Lost int64
	Why                            string
}

// crowd is the clients' process as the bench sees it.
type crowd struct{ process *measure.Process }

// startCrowd starts the process.
func startCrowd() (*crowd, error) {
	cmd, err := measure.Self("-role", "clients")
	if err != nil {
		return nil, err
	}
	p, err := measure.Start(cmd)
	if err != nil {
		return nil, err
	}
	return &crowd{p}, nil
}

// ask gives one order.
func (c *crowd) ask(o order) (outcome, error) {
	var out outcome
	err := c.process.Ask(o, &out)
	if err != nil {
		return out, fmt.Errorf("clients: %s: %w", o.Op, err)
	}
	return out, nil
}

func (c *crowd) stop() { c.process.Stop() }

// serveClients is the process's own side.
func serveClients() error {
	var f *fleet
	var secure *tlsFleet
	defer func() {
		if f != nil {
			f.close()
		}
	}()
	return measure.Serve(os.Stdin, os.Stdout, func(raw json.RawMessage) (any, error) {
		var o order
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil, err
		}
		if o.Op == "connect" && o.TLS {
			var err error
			secure, err = connectTLS(o.Addr, o.Tokens, o.Clients)
			return outcome{PID: os.Getpid()}, err
		}
		if o.Op == "drop" && secure != nil {
			secure.close()
			return outcome{}, nil
		}
		if o.Op == "connect" {
			var err error
			if f, err = newFleet(dialects[o.Kind], o.Addr, o.Tokens, o.Clients); err != nil {
				return nil, err
			}
		}
		if f == nil {
			return nil, fmt.Errorf("%s before connect", o.Op)
		}
		return f.obey(o)
	})
}

// obey carries one order out.
func (f *fleet) obey(o order) (out outcome, err error) {
	out.PID = os.Getpid()
	switch o.Op {
	case "connect":
		err = f.connect()
	case "expect":
		f.expect(o.Last)
	case "wait":
		out.arrivals, err = f.wait()
	case "drop":
		f.drop()
	case "storm":
		if o.Cursor != "" {
			f.epoch.Store(&o.Cursor)
		}
		out.Began, out.arrivals, err = f.storm()
	case "receipts":
		f.expectReceipts(o.Receipts)
	case "stored":
		err = f.await(f.stored, "are answered", &f.answered)
	case "check":
		out.Twice, out.Disorder, out.Refused, out.Lost = f.twice.Load(), f.disorder.Load(), f.refused.Load(), f.lost.Load()
		if why := f.why.Load(); why != nil {
			out.Why = *why
		}
	default:
		err = fmt.Errorf("no such order: %s", o.Op)
	}
	return out, err
}
