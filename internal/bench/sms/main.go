// Command sms measures one alert to many telephones through a message centre,
// by two senders in one run, in turn:
//
//   - tocsin: adapters/sms through its contract, as the runner calls it, over
//     one SMPP bind;
//   - npm smpp: its client, which keeps as many messages under way over one
//     bind of its own.
//
// The centre is npm smpp too, in a process of its own. Both senders send the
// product's English text in the same parts, the parts of one text one after
// the other. After each round the centre is asked whether every telephone
// shows the whole text. Both ends send at once (TCP_NODELAY), as real centres
// do: with node's default the last answers of a round wait 40 ms for an
// acknowledgement, which is a third of the round. The centre is node and bounds the speed of whoever is
// lighter than it: its CPU is in the table, and the ratio of the senders' CPU
// beside that of their speed.
//
//	go run ./internal/bench/sms            1,000 messages, 25 rounds, windows of 10 and 50
//	go run ./internal/bench/sms -quick     9 rounds
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"tocsin/internal/bench/measure"
)

// warm is how many rounds go by before those that count: node compiles what is
// hot only after a while.
const warm = 3

// options of a run.
type options struct{ messages, rounds int }

func main() {
	var o options
	flag.IntVar(&o.messages, "messages", 1000, "telephones")
	flag.IntVar(&o.rounds, "n", 25, "measured rounds of each sender")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "9 rounds")
	role := flag.String("role", "", "internal: this process is the product's sender")
	flag.Parse()
	if *role != "" {
		if err := play(); err != nil {
			fmt.Fprintln(os.Stderr, "bench sms: tocsin:", err)
			os.Exit(1)
		}
		return
	}
	if *quick {
		o.rounds = min(o.rounds, 9)
	}
	var last strings.Builder // the bars, after all tables
	for _, window := range []int{10, 50} {
		speed, cpu := bars(window)
		s, err := run(o, window)
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

// bars are the figures of one window; the large one is the one asked for.
func bars(window int) (speed, cpu measure.Bar) {
	suffix := fmt.Sprintf("-window-%d", window)
	if window == 50 {
		suffix = ""
	}
	return measure.Bar{Name: "sms-speed-ratio" + suffix, Limit: 1, Least: true, Digits: 2},
		measure.Bar{Name: "sms-cpu-ratio" + suffix, Limit: 1, Least: true, Digits: 2}
}

// play is the life of the product's part.
func play() error {
	var part *tocsin
	return measure.Serve(os.Stdin, os.Stdout, func(q json.RawMessage) (any, error) {
		if part != nil {
			return part.round(q)
		}
		var err error
		part, err = newTocsin(q)
		return err == nil, err
	})
}

// run measures both senders at a centre of its own.
func run(o options, window int) (*stage, error) {
	s, err := openStage(o, window)
	if err != nil {
		return nil, err
	}
	defer s.close()
	order := slices.Clone(s.senders)
	for round := range o.rounds + warm {
		for _, who := range order {
			if err := s.round(who, round >= warm); err != nil {
				return nil, err
			}
		}
		slices.Reverse(order) // neither is always the first
	}
	return s, nil
}
