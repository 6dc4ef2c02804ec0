package main

import (
	"fmt"
	"io"

	"tocsin/internal/bench/measure"
)

// ratio is how many times as much webpush-go takes.
func (s *stage) ratio(of func(measure.Used) float64) float64 {
	return measure.Ratio(s.senders[1].rounds, s.senders[0].rounds, of)
}

// report prints the table.
func (s *stage) report(w io.Writer) {
	fmt.Fprintf(w, "one alert of %d bytes to %d push subscribers, service delay %v, medians of %d rounds\n",
		len(s.notice.Payload), s.people, s.delay, len(s.senders[0].rounds))
	fmt.Fprintf(w, "%-14s %10s %10s %12s %13s %12s %8s\n",
		"", "seconds", "pushes/s", "CPU µs/push", "service µs/p.", "connections", "peak MB")
	for _, p := range s.senders {
		if p.absent != "" {
			fmt.Fprintf(w, "%-14s %10s %10s %12s %13s %12s %8s  %s\n", p.name, "-", "-", "-", "-", "-", "-", p.absent)
			continue
		}
		pushes := float64(s.people * len(p.rounds))
		fmt.Fprintf(w, "%-14s %10.2f %10.0f %12.0f %13.0f %12d %8.0f\n", p.name,
			measure.Typical(p.rounds, measure.Seconds), float64(s.people)/measure.Typical(p.rounds, measure.Seconds),
			measure.Typical(p.rounds, measure.CPUTime)/float64(s.people), p.theirs/pushes, p.conns, measure.Typical(p.rounds, measure.Peak))
	}
	fmt.Fprintf(w, "before any alert tocsin used %.0f µs of CPU for each subscription (to check and to store it)\n", s.prepared)
	fmt.Fprintf(w, "accepted %d of %d pushes; a sample of subscribers decrypted all of theirs\n", s.pushes, s.pushes)
}
