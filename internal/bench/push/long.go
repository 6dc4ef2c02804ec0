package main

import (
	"fmt"
	"os"
	"strings"
)

// long sends one alert to the crowd, armed and cold.
func (o options) long(last *strings.Builder) {
	bar := barDuplicates
	bar.Name += fmt.Sprintf("-%d", o.crowd)
	o.people, o.connections = o.crowd, 8
	s, err := openStage(o)
	if err != nil {
		bar.Missing(last, err.Error())
		return
	}
	defer s.close()
	fmt.Printf("one alert to %d distinct subscribers\n", o.crowd)
	for _, k := range []kind{
		{name: "armed", role: "tocsin", wire: "raw", armed: true, share: 1},
		{name: "cold", role: "tocsin", wire: "raw", share: 1},
	} {
		if err = s.join(k); err == nil {
			err = s.round(s.senders[len(s.senders)-1], o.crowd, true)
		}
		if err != nil {
			bar.Missing(last, err.Error())
			return
		}
		p := s.senders[len(s.senders)-1]
		n := float64(o.crowd)
		used, armed := p.rounds[0], p.arming[0]
		if p.armed {
			fmt.Printf("%-6s arming before the alert: %.1f s, CPU %.1f s (%.1f µs each)\n", p.name, armed.Seconds*n, armed.CPU*n/1e6, armed.CPU)
		}
		fmt.Printf("%-6s sent in %.1f s, %.0f/s, CPU %.1f s (%.1f µs each, the service %.1f), %d connections, peak memory %.0f MB\n",
			p.name, used.Seconds*n, 1/used.Seconds, used.CPU*n/1e6, used.CPU, p.theirs/n, p.conns, used.PeakMB)
		if err := s.check(); err != nil {
			bar.Missing(last, err.Error())
			return
		}
		p.part.Stop() // its memory is not the next one's
		p.part = nil
	}
	fmt.Fprintf(os.Stdout, "reached all %d each time, %d pushes too many; a sample decrypted\n\n", o.crowd, s.twice)
	bar.Print(last, float64(s.twice))
}
