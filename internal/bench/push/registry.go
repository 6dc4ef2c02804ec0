package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

// The bars of the registry, for a million.
var (
	barLoad    = measure.Bar{Name: "push-registry-load-seconds", Limit: 15, Digits: 1}
	barBytes1  = measure.Bar{Name: "push-registry-bytes-armed", Limit: 450}
	barCount   = measure.Bar{Name: "push-registry-count-ms", Limit: 50, Digits: 1}
	barRSS     = measure.Bar{Name: "push-registry-resident-mb", Limit: 1500}
	barReached = measure.Bar{Name: "push-registry-duplicates"}
)

// registryBars are all of them.
var registryBars = []*measure.Bar{&barLoad, &barBytes1, &barCount, &barRSS, &barReached}

// whole has one process with a registry of the crowd load it, prepare, and tell
// all of them of one alert: planner, queue, runner, ledger and adapter, and a
// service that counts by endpoint.
func (o options) whole(last *strings.Builder) {
	if err := o.wholeRun(os.Stdout, last); err != nil {
		for _, b := range registryBars {
			b.Missing(last, err.Error())
		}
	}
}

func (o options) wholeRun(w io.Writer, last io.Writer) error {
	o.people, o.connections, o.delay = o.crowd, 8, 0
	s, err := openStage(o)
	if err != nil {
		return err
	}
	defer s.close()
	table, err := s.fill()
	if err != nil {
		return err
	}
	p := &sender{kind: kind{name: "whole product", role: "realm", wire: "raw"}}
	s.senders = append(s.senders, p)
	if p.part, err = s.realm(); err != nil {
		return err
	}
	var loaded, rest, armed, sent state
	if err := p.part.Ask(step{Do: "load"}, &loaded); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	fmt.Fprintf(w, "registry of %d: loaded in %.1f s (CPU %.1f s), peak memory %.0f MB\n",
		o.crowd, loaded.Seconds, loaded.CPU/1e6, loaded.PeakMB)
	if o.armed {
		if armed, err = p.until("armed", func(s state) int { return s.Armed }, o.crowd); err != nil {
			return err
		}
	}
	if err := p.part.Ask(step{Do: "rest"}, &rest); err != nil {
		return err
	}
	bytes := table.HeapMB * (1 << 20) / float64(o.crowd)
	fmt.Fprintf(w, "%d armed: %.0f bytes of heap each for table and key pairs; with all of the product heap %.0f MB, resident %.0f MB, peak %.0f MB; count by area %.2f ms (%d)\n",
		rest.Armed, bytes, rest.HeapMB, rest.RSSMB, max(armed.PeakMB, rest.PeakMB), rest.CountMS, rest.Count)
	before, err := s.seen()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := p.part.Ask(step{Do: "send"}, &sent); err != nil {
		return err
	}
	if sent, err = p.until("told", func(s state) int { return s.Settled }, o.crowd); err != nil {
		return err
	}
	after, err := s.seen()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "told: %d in %.1f s by the ledger, %.0f/s (service CPU %.1f s), peak memory %.0f MB, ledger %.1f MB on disk; the service counted %d reached, %d too many\n\n",
		sent.Settled, float64(sent.LastMS)/1000, float64(o.crowd)/time.Since(begun).Seconds(), (after.CPU-before.CPU)/1e6,
		sent.PeakMB, sent.DiskMB, after.Reached, after.Duplicates)
	if after.Reached != o.crowd {
		return fmt.Errorf("the service saw %d of %d subscribers reached", after.Reached, o.crowd)
	}
	barLoad.Print(last, loaded.Seconds)
	barBytes1.Print(last, bytes)
	barCount.Print(last, rest.CountMS)
	barRSS.Print(last, sent.PeakMB)
	barReached.Print(last, float64(after.Duplicates))
	return nil
}

// realm starts a part that is the whole product.
func (s *stage) realm() (*measure.Process, error) {
	part, err := start(nil, "realm")
	if err != nil {
		return nil, err
	}
	t := s.task
	t.Wire = "raw"
	var ok bool
	if err := part.Ask(t, &ok); err != nil {
		part.Stop()
		return nil, err
	}
	return part, nil
}

// fill stores the crowd's subscriptions, by a process of its own: what it needs
// for that is not the product's memory. table is the memory of registry and armory alone.
func (s *stage) fill() (table state, err error) {
	part, err := s.realm()
	if err != nil {
		return table, err
	}
	defer part.Stop()
	begun := time.Now()
	for from := 0; from < s.people; from += 4 * portion {
		if err := part.Ask(step{Do: "fill", From: from, To: min(from+4*portion, s.people)}, new(state)); err != nil {
			return table, fmt.Errorf("fill: %w", err)
		}
	}
	fmt.Fprintf(os.Stderr, "stored %d subscriptions in %.1f s\n", s.people, time.Since(begun).Seconds())
	return table, part.Ask(step{Do: "table"}, &table)
}

// stuck is after how long without progress a run is given up.
const stuck = time.Minute

// until asks each second until a count has come to n.
func (p *sender) until(what string, of func(state) int, n int) (now state, err error) {
	last, moved := -1, time.Now()
	for {
		now = state{}
		if err := p.part.Ask(step{Do: "board"}, &now); err != nil {
			return now, fmt.Errorf("%s: %w", what, err)
		}
		if of(now) >= n {
			return now, nil
		}
		if of(now) != last {
			last, moved = of(now), time.Now()
		}
		if time.Since(moved) > stuck {
			return now, fmt.Errorf("%d of %d %s, and no more", last, n, what)
		}
		time.Sleep(time.Second)
	}
}
