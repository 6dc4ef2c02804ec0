// Command push measures one alert to many push subscribers at a local push
// service (HTTP/2 over TLS, every VAPID token and every header checked), by
// several senders in one run, in turn:
//
//   - webpush-go: used plainly, one SendNotification for each subscriber, with
//     one shared http.Client (HTTP/2);
//   - npm web-push: the same, over one keep-alive agent (it speaks HTTP/1.1);
//   - tocsin: adapters/webpush through its contract, as the runner calls it, with
//     batches and Sends at once by the driver's limits; cold, and armed (with key
//     pairs made before), by its own frames and by net/http.
//
// The service reads HTTP/2 frame by frame (pushservice.Options.Lean): net/http's server
// would take several times what a sender takes for a push, on the same cores. It costs
// more with webpush-go, which has it check a new token for each push.
//
// Each sender and the service are processes of their own; a sender's CPU is
// what its process used in the measured rounds, and arming is measured apart and
// printed beside. The service shares the machine's cores, so pushes a second say
// as much about it as about the sender where the sender is the lighter of the
// two: its CPU is in the table. All get the same payload, urgency, topic and
// time to live, and endpoints as long as FCM's. Endpoints and secrets are
// distinct, the subscribers' public keys come out of a pool of 1,024. After the
// rounds the service decrypts what a sample of the subscribers got, so a sender
// that is fast because it is wrong is found out.
//
// Then one alert goes to a million of them, armed and cold; and once more through
// the whole product in one process: its registry read from disk, planner, queue,
// runner and ledger.
//
//	go run ./internal/bench/push            all, about 5 minutes
//	go run ./internal/bench/push -quick     fewer pushes, and 10,000 in the place of the million
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

const (
	// plainAtOnce is how many pushes the plain senders have under way at a service
	// that answers at once; more makes them slower.
	plainAtOnce = 256
	// farAtOnce is the same at a service 50 ms away: five times what it can send in
	// that time, and less makes it wait; with more it opens thousands of
	// connections and is slower still.
	farAtOnce = 1000
	far       = 50 * time.Millisecond
)

// options of a run.
type options struct {
	people      int // of tocsin's rounds; the others' are shorter, by shares
	rounds      int
	atOnce      int // pushes under way of webpush-go
	connections int // of tocsin
	delay       time.Duration
	crowd       int // of the long run; 0 = none
	tables      bool
	longRun     bool
	registry    bool
	armed       bool
}

func main() {
	o := options{}
	flag.IntVar(&o.people, "people", 20_000, "pushes in a round of tocsin's")
	flag.IntVar(&o.rounds, "n", 3, "measured rounds of each sender")
	flag.IntVar(&o.crowd, "crowd", 1_000_000, "subscribers of the long run; 0 leaves it out")
	flag.BoolVar(&o.tables, "tables", true, "compare the senders")
	flag.BoolVar(&o.longRun, "long", true, "send to the crowd by the adapter alone, armed and cold")
	flag.BoolVar(&o.registry, "registry", true, "send to the crowd by the whole product in one process")
	flag.BoolVar(&o.armed, "armed", true, "wait until the whole product has prepared itself before it sends")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "5,000 pushes in a round, 10,000 in the long run")
	role := flag.String("role", "", "internal: this process is one of the parts")
	flag.Parse()
	if *role != "" {
		if err := play(*role); err != nil {
			fmt.Fprintf(os.Stderr, "bench push: %s: %v\n", *role, err)
			os.Exit(1)
		}
		return
	}
	if *quick {
		o.people, o.rounds, o.crowd = min(o.people, 5000), min(o.rounds, 2), min(o.crowd, 10_000)
	}
	var last strings.Builder // the bars, after all tables
	if o.tables {
		o.compare(&last)
	}
	if o.crowd > 0 && o.longRun {
		o.long(&last)
	}
	if o.crowd > 0 && o.registry {
		o.whole(&last)
	}
	fmt.Print(last.String())
}

// compare runs all senders, at a service nearby and at one far away.
func (o options) compare(last *strings.Builder) {
	o.atOnce, o.connections = plainAtOnce, 8
	near, err := run(o)
	if err == nil {
		near.report(os.Stdout)
	}
	nearBars(last, near, err)
	o.atOnce, o.connections, o.delay, o.people = farAtOnce, 40, far, 2*o.people
	s, err := run(o)
	if err == nil {
		s.report(os.Stdout)
	}
	farBars(last, s, err)
}

// play is the life of a part.
func play(role string) error {
	parts := map[string]func(json.RawMessage) (answerer, error){
		"service": newService, "tocsin": newTocsin, "webpush-go": newPlain, "realm": newRealm,
	}
	start, ok := parts[role]
	if !ok {
		return fmt.Errorf("there is no part %q", role)
	}
	var part answerer
	return measure.Serve(os.Stdin, os.Stdout, func(q json.RawMessage) (any, error) {
		if part != nil {
			return part.answer(q)
		}
		var err error
		if part, err = start(q); err != nil {
			part = nil
			return nil, err
		}
		return part.ready(), nil
	})
}

// answerer is a part: told what it needs, it answers ready, then questions.
type answerer interface {
	ready() any
	answer(question json.RawMessage) (any, error)
}

// run measures all senders at a service of its own.
func run(o options) (*stage, error) {
	s, err := openStage(o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for _, who := range senders {
		if err := s.join(who); err != nil {
			return nil, err
		}
	}
	order := append([]*sender(nil), s.senders...)
	for round := range o.rounds + 1 {
		for _, who := range order {
			n := max(1, o.people/who.share)
			if round == 0 { // connections, tokens, the compilers of node
				n = min(n, max(500, o.atOnce))
			}
			if err := s.round(who, n, round > 0); err != nil {
				return nil, err
			}
		}
		order = append(order[1:], order[0]) // nobody is always the first
	}
	return s, s.check()
}
