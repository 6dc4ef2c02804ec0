// Command push measures one alert to many push subscribers at a local push
// service (HTTP/2 over TLS, every VAPID token and every header checked), by
// three senders in one run, in turn:
//
//   - tocsin: adapters/webpush through its contract, as the runner calls it:
//     batches and Sends at once by the driver's limits;
//   - webpush-go: used plainly, one SendNotification for each subscriber, with
//     one shared http.Client (HTTP/2) and as many pushes at once;
//   - npm web-push: the same, over one keep-alive agent (it speaks HTTP/1.1).
//
// Each sender and the service are processes of their own; a sender's CPU is
// what its process used in the measured rounds. The service shares the
// machine's cores, so pushes a second say as much about it as about the
// sender where the sender is the lighter of the two: its CPU is in the table.
// All get the same subscribers, the same payload, urgency, topic and time to
// live. After the rounds the service decrypts what a sample of the subscribers
// got, so a sender that is fast because it is wrong is found out.
//
//	go run ./internal/bench/push            10,000 subscribers, about 4 minutes
//	go run ./internal/bench/push -quick     2,000 subscribers, under a minute
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

// atOnce is how many pushes the plain senders have under way: what four Sends
// of the adapter have, each with up to 64.
const atOnce = 256

// options of a run.
type options struct {
	people, rounds, atOnce int
}

func main() {
	o := options{}
	flag.IntVar(&o.people, "people", 10_000, "subscribers")
	flag.IntVar(&o.rounds, "n", 3, "measured rounds of each sender")
	flag.IntVar(&o.atOnce, "at-once", atOnce, "pushes under way of the plain senders")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "2,000 subscribers")
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
		o.people = min(o.people, 2000)
	}
	var last strings.Builder // the bars, after all tables
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		speed, cpu := bars(delay)
		s, err := run(o, delay)
		if err != nil {
			speed.Missing(&last, err.Error())
			cpu.Missing(&last, err.Error())
			continue
		}
		s.report(os.Stdout)
		speed.Print(&last, s.ratio(measure.Seconds))
		cpu.Print(&last, s.ratio(measure.CPUTime))
	}
	fmt.Print(last.String())
}

// bars are the figures asked for; the issue's own are those without delay.
func bars(delay time.Duration) (speed, cpu measure.Bar) {
	suffix := ""
	if delay > 0 {
		suffix = "-" + delay.String()
	}
	return measure.Bar{Name: "push-speed-ratio" + suffix, Limit: 1, Least: true, Digits: 2},
		measure.Bar{Name: "push-cpu-ratio" + suffix, Limit: 1, Least: true, Digits: 2}
}

// play is the life of a part.
func play(role string) error {
	parts := map[string]func(json.RawMessage) (answerer, error){
		"service": newService, "tocsin": newTocsin, "webpush-go": newPlain,
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
func run(o options, delay time.Duration) (*stage, error) {
	s, err := openStage(o, delay)
	if err != nil {
		return nil, err
	}
	defer s.close()
	order := slices.Clone(s.senders)
	for round := range o.rounds + 1 {
		people := o.people
		if round == 0 { // connections, tokens, the compilers of node
			people = min(people, 500)
		}
		for _, sender := range order {
			if err := s.round(sender, people, round > 0); err != nil {
				return nil, err
			}
		}
		order = append(order[1:], order[0]) // nobody is always the first
	}
	return s, s.check()
}
