//go:build linux

// Command feed measures the broadcasters' feed beside its peers, in one run: the
// same clients (an epoll loop in a process of its own that parses frames and
// counts), the same alert of about 2 KB, one server at a time, each in a process
// of its own.
//
//   - tocsin: a feed node as it ships. Authentication by tokens of registered
//     stations, the log on embedded JetStream with synchronous writes, rights,
//     heartbeats and pings, stored receipts, metrics: all on. A release counts
//     from before its write to the log.
//   - bound: the least that gorilla/websocket can do, a loop over a shared ring.
//   - nats: nats-server's own WebSocket, one core subscription for each client.
//   - jetstream: the same with a push consumer for each client (pull needs more
//     requests); for the reconnect storm.
//   - nchan: nginx with Debian's libnginx-mod-nchan, messages kept.
//
// A round of a server is: connect all, read the memory while idle, single
// releases, a burst of 100, and a storm: all lines are cut, 100 alerts are
// released, and all clients come back at once for them. Each round runs every
// server, so that ratios are of neighbours in time; figures are medians of the
// rounds. CPU is the server's whole process by /proc, with everything it does
// meanwhile; clients share the machine's cores with the server, for all alike.
//
//	go run ./internal/bench/feed            1,000, 5,000 and 19,000 clients, under 15 minutes
//	go run ./internal/bench/feed -quick     1,000 and 5,000, under 5 minutes
//	go run ./internal/bench/feed -kind tocsin -clients 5000    one round of one server
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// kinds of servers, in the tables' order.
var kinds = []string{"tocsin", "bound", "nats", "jetstream", "nchan"}

const (
	frameBytes = 2000
	spare      = 300 // descriptors that a process needs beside its connections
)

// sizes of the crowd for which the issue sets bars; 1,000 is measured beside them.
var sizes = []int{5000, 19000}

func main() {
	role := flag.String("role", "", "internal: this process is one of the parts")
	kind := flag.String("kind", "", "one round of one server alone: tocsin, bound, nats, jetstream or nchan")
	clients := flag.Int("clients", 1000, "with -kind: how many")
	rounds := flag.Int("n", 3, "rounds of every server")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "without 19,000 clients")
	flag.Parse()
	if *role != "" {
		if err := play(*role); err != nil {
			fmt.Fprintf(os.Stderr, "bench feed: %s: %v\n", *role, err)
			os.Exit(1)
		}
		return
	}
	if *kind != "" && !slices.Contains(kinds, *kind) {
		fmt.Fprintf(os.Stderr, "-kind %s: there is %s\n", *kind, strings.Join(kinds, ", "))
		os.Exit(2)
	}
	if *kind != "" {
		alone(*kind, *clients)
		return
	}
	b := &bench{rounds: *rounds, taken: map[key][]figures{}, failed: map[key]error{}}
	b.crowds(*quick)
	b.run()
	b.report()
}

// play is one of the parts.
func play(role string) error {
	if _, err := descriptors(); err != nil {
		return err
	}
	switch role {
	case "clients":
		return serveClients()
	case "tocsin":
		return serveProduct()
	case "bound":
		return serveBound()
	case "nats":
		return serveNATS()
	default:
		return fmt.Errorf("no such role: %s", role)
	}
}

// alone is one round of one server, for whoever tunes it.
func alone(kind string, clients int) {
	f, err := planFor(kind, clients).run()
	if err != nil {
		fmt.Println(err)
	}
	table(os.Stdout, clients, map[string]figures{kind: f})
}

// planFor is a whole round.
func planFor(kind string, clients int) plan {
	p := plan{kind: kind, clients: clients, size: frameBytes, releases: 6, burst: true, storm: true}
	if clients < 5000 {
		p.releases = 12 // else there is too little CPU to measure
	}
	switch kind {
	case "nats":
		p.storm = false // it keeps nothing for those who were away
	case "jetstream":
		p.releases, p.burst = 0, false
	case "nchan":
		p.storm = clients < sizes[1] // a minute with 19,000, and no bar hangs on it
	case "tocsin":
		p.receipts = 5
		if clients >= sizes[1] {
			p.receipts = 2 // 80,000 of them are enough
		}
	}
	return p
}

// slow says that a peer takes minutes for a round: one must do.
func slow(kind string, clients int) bool {
	return clients >= sizes[1] && (kind == "jetstream" || kind == "nchan")
}

// key is one server under one crowd.
type key struct {
	kind    string
	clients int
}

// bench is the whole run.
type bench struct {
	rounds int
	sizes  []int
	unable string // why a size is not measured
	taken  map[key][]figures
	failed map[key]error
	signed []float64 // ms to the last of 1,000 clients, with the signed alert in two languages
	secure []float64 // KB for each idle connection over TLS
	cut    outages
}

// crowds decides how many clients there can be.
func (b *bench) crowds(quick bool) {
	b.sizes = append([]int{1000}, sizes...)
	limit, err := descriptors()
	switch {
	case quick:
		b.unable = "the short form leaves it out"
		b.sizes = b.sizes[:2]
	case err != nil:
		b.unable = err.Error()
		b.sizes = b.sizes[:2]
	case limit < sizes[1]+spare:
		b.unable = fmt.Sprintf("a process may open %d files here (RLIMIT_NOFILE): raise the hard limit to %d", limit, sizes[1]+spare)
		b.sizes[2] = limit - spare
	}
	if b.unable != "" {
		fmt.Printf("%d clients are not measured: %s\n", sizes[1], b.unable)
	}
	b.sizes = slices.Compact(b.sizes)
}

// run measures everything, saying how far it is.
func (b *bench) run() {
	begun := time.Now()
	for _, n := range b.sizes {
		rounds := b.rounds
		if n == 1000 && b.unable != "" {
			rounds = 1 // no bar hangs on it
		}
		for r := range rounds {
			for i := range kinds {
				kind := kinds[(i+r)%len(kinds)] // nobody is always first
				k := key{kind, n}
				if b.failed[k] != nil || (r > 0 && slow(kind, n)) {
					continue
				}
				at := time.Now()
				f, err := planFor(kind, n).run()
				if err != nil {
					fmt.Printf("not measured: %v\n", err)
					b.failed[k] = fmt.Errorf("%s with %d clients failed, as said above", kind, n)
					continue
				}
				b.taken[k] = append(b.taken[k], f)
				fmt.Printf("%4.0f s  %d clients, round %d of %d: %s in %.0f s\n", time.Since(begun).Seconds(), n, r+1, rounds, kind, time.Since(at).Seconds())
			}
		}
	}
	for range b.rounds {
		p := plan{kind: "tocsin", clients: 1000, size: whole, releases: 5}
		f, err := p.run()
		if err != nil {
			fmt.Println("signed alert:", err)
			break
		}
		b.signed = append(b.signed, f.last)
	}
	fmt.Printf("%4.0f s  TLS\n", time.Since(begun).Seconds())
	if kb, err := secureMemory(sizes[0]); err != nil {
		fmt.Println("TLS:", err)
	} else {
		b.secure = append(b.secure, kb)
	}
	fmt.Printf("%4.0f s  kill -9 of a node, and of nats-server\n", time.Since(begun).Seconds())
	b.cut = measureOutages()
	fmt.Printf("%4.0f s  done\n\n", time.Since(begun).Seconds())
}
