package main

import (
	"fmt"
	"io"

	"tocsin/internal/bench/measure"
)

// The bars, as the issue asks for them.
var (
	barArmed      = measure.Bar{Name: "push-cpu-armed", Limit: 15, Least: true, Digits: 1}
	barStd        = measure.Bar{Name: "push-cpu-armed-net-http", Limit: 6, Least: true, Digits: 1}
	barCold       = measure.Bar{Name: "push-cpu-cold", Limit: 2.5, Least: true, Digits: 1}
	barBytes      = measure.Bar{Name: "push-bytes", Limit: 5, Least: true, Digits: 1}
	barRate       = measure.Bar{Name: "push-rate-50ms", Limit: 8, Least: true, Digits: 1}
	barDuplicates = measure.Bar{Name: "push-duplicates"}
)

// barConnections holds what was opened against what was set.
func barConnections(limit int) measure.Bar {
	return measure.Bar{Name: "push-connections-50ms", Limit: float64(limit)}
}

// nearBars writes the bars of the run without delay.
func nearBars(w io.Writer, s *stage, err error) {
	for _, b := range []struct {
		bar  measure.Bar
		name string
	}{{barArmed, "tocsin armed"}, {barStd, "tocsin armed, net/http"}, {barCold, "tocsin cold"}} {
		if err != nil {
			b.bar.Missing(w, err.Error())
			continue
		}
		b.bar.Print(w, measure.Ratio(s.senders[0].rounds, s.sender(b.name).rounds, measure.CPUTime))
	}
	if err != nil {
		barBytes.Missing(w, err.Error())
		return
	}
	barBytes.Print(w, s.senders[0].sent()/s.sender("tocsin armed").sent())
}

// farBars writes the bars of the run with delay.
func farBars(w io.Writer, s *stage, err error) {
	if err != nil {
		barRate.Missing(w, err.Error())
		barConnections(0).Missing(w, err.Error())
		return
	}
	ours := s.sender("tocsin armed")
	barRate.Print(w, measure.Ratio(s.senders[0].rounds, ours.rounds, measure.Seconds))
	barConnections(s.connections).Print(w, float64(ours.conns))
}

func (s *stage) sender(name string) *sender {
	for _, p := range s.senders {
		if p.name == name {
			return p
		}
	}
	return &sender{}
}

// sent is the bytes to the service for each push.
func (p *sender) sent() float64 { return float64(p.wire) / float64(max(1, p.pushes)) }

// report prints the table.
func (s *stage) report(w io.Writer) {
	fmt.Fprintf(w, "one alert of %d bytes, service delay %v, medians of %d rounds\n",
		len(s.task.Notice.Payload), s.delay, s.rounds)
	const row = "%-23s %8s %9s %12s %13s %12s %10s %9s %6s %8s\n"
	fmt.Fprintf(w, row, "", "pushes", "pushes/s", "CPU µs/push", "arming µs/p.", "service µs/p.", "bytes out", "bytes in", "conns", "peak MB")
	for _, p := range s.senders {
		if p.absent != "" {
			fmt.Fprintf(w, row, p.name, "-", "-", "-", "-", "-", "-", "-", "-", "- "+p.absent)
			continue
		}
		n := float64(max(1, p.pushes))
		arming := "-"
		if p.armed {
			arming = fmt.Sprintf("%.1f", measure.Typical(p.arming, measure.CPUTime))
		}
		fmt.Fprintf(w, row, p.name, fmt.Sprint(p.pushes/max(1, len(p.rounds))),
			fmt.Sprintf("%.0f", 1/measure.Typical(p.rounds, measure.Seconds)),
			fmt.Sprintf("%.1f", measure.Typical(p.rounds, measure.CPUTime)), arming,
			fmt.Sprintf("%.1f", p.theirs/n), fmt.Sprintf("%.0f", p.sent()), fmt.Sprintf("%.0f", float64(p.back)/n),
			fmt.Sprint(p.conns), fmt.Sprintf("%.0f", measure.Typical(p.rounds, measure.Peak)))
	}
	fmt.Fprintf(w, "accepted %d of %d pushes, %d twice; a sample of subscribers decrypted all of theirs\n\n", s.pushes, s.pushes, s.twice)
}
