// Command console measures the officers' site over a whole server with its real
// event stream: every page with an empty store and with 10,000 cases, how much of
// it travels, and how late the board of 5,000 recipients shows a receipt while
// they pour in.
//
//	go run ./internal/bench/console          10,000 cases, 5,000 recipients
//	go run ./internal/bench/console -quick   2,000 cases, fewer rounds
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

// What is asked of the site.
var (
	renderBar = measure.Bar{Name: "console-render-ms", Limit: 100, Digits: 1} // of the slowest page with all cases, the server's and the loopback's time
	weightBar = measure.Bar{Name: "console-page-kb", Limit: 50, Digits: 1}    // of the heaviest, with its styles and scripts
	boardBar  = measure.Bar{Name: "console-board-ms", Limit: 1000}            // the slowest receipt: recorded to shown
	busyBar   = measure.Bar{Name: "console-busy-ms", Limit: 100, Digits: 1}   // the list of cases while receipts pour in, median
)

// size is how much is measured.
type size struct {
	cases, times                 int
	stations, partners, citizens int
	pace                         time.Duration // between two batches of receipts
}

func main() {
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "2,000 cases, fewer rounds")
	flag.Parse()
	n := size{cases: 10_000, times: 15, stations: 250, partners: 150, citizens: 4_600, pace: 20 * time.Millisecond}
	if *quick {
		n.cases, n.times = 2_000, 7
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	if err := run(ctx, os.Stdout, n); err != nil {
		for _, b := range []measure.Bar{renderBar, weightBar, boardBar, busyBar} {
			b.Missing(os.Stdout, err.Error())
		}
	}
}

// run measures and prints; nothing is printed as a bar when it fails.
func run(ctx context.Context, w io.Writer, n size) (err error) {
	s, err := newStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	one, err := s.fill(ctx, 1)
	if err != nil {
		return err
	}
	empty, err := s.render(ctx, pagesOf(one.ID), n.times)
	if err != nil {
		return err
	}
	begun := time.Now()
	if one, err = s.fill(ctx, n.cases); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d cases drafted in %.1f s\n", n.cases, time.Since(begun).Seconds())
	var c crowd
	if err := s.register(ctx, &c, n.stations, n.partners); err != nil {
		return err
	}
	c.citizens = n.citizens
	released, err := s.plan(ctx, one, c)
	if err != nil {
		return err
	}
	p, err := s.pour(ctx, one, c, released, n.pace)
	if err != nil {
		return err
	}
	full, err := s.render(ctx, pagesOf(one.ID), n.times)
	if err != nil {
		return err
	}
	report(w, n, empty, full, p)
	return nil
}

// report prints the pages side by side, the board, and the bars.
func report(w io.Writer, n size, empty, full map[string]figure, p poured) {
	fmt.Fprintf(w, "%-44s %10s %10s %7s %8s\n", "page, ms to its last byte", "1 case", fmt.Sprint(n.cases), "ratio", "KB")
	slowest, heaviest, once := 0.0, 0.0, 0.0
	names := map[string]figure{} // the same page under the name of its kind
	base := map[string]figure{}
	for path, f := range full {
		names[kindOf(path)] = f
		slowest, heaviest, once = max(slowest, f.median), max(heaviest, f.kb), max(once, f.first)
	}
	for path, f := range empty {
		base[kindOf(path)] = f
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f, e := names[name], base[name]
		fmt.Fprintf(w, "%-44s %10.1f %10.1f %7.2f %8.1f\n", name, e.median, f.median, f.median/max(e.median, 1e-9), f.kb)
	}
	fmt.Fprintf(w, "medians of %d; the slowest page opened for the first time took %.1f ms\n", n.times, once)
	slices.Sort(p.lags)
	at := func(q float64) float64 {
		return float64(p.lags[int(q*float64(len(p.lags)-1))].Microseconds()) / 1000
	}
	lists := make([]float64, len(p.lists))
	for i, d := range p.lists {
		lists[i] = float64(d.Microseconds()) / 1000
	}
	fmt.Fprintf(w, "board of %d recipients: %d receipts in %.1f s, %d updates; recorded to shown %.0f ms at the median, %.0f at 99 %%, %.0f at the most\n",
		n.stations+n.partners+n.citizens, p.receipts, p.took.Seconds(), p.updates, at(0.5), at(0.99), at(1))
	fmt.Fprintf(w, "meanwhile the list of cases: %.1f ms at the median of %d, %.1f at the most\n", measure.Median(lists), len(lists), slices.Max(append(lists, 0)))
	renderBar.Print(w, slowest)
	weightBar.Print(w, heaviest)
	boardBar.Print(w, at(1))
	busyBar.Print(w, measure.Median(lists))
}

// kindOf is a page's address without the case it is about.
func kindOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) > 3 && parts[3] != "new" {
		parts[3] = "CASE" + query(parts[3])
	}
	return strings.Join(parts, "/")
}

// query is what of a part of an address comes after its name.
func query(part string) string {
	if i := strings.IndexByte(part, '?'); i >= 0 {
		return part[i:]
	}
	return ""
}
