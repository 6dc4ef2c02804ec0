//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/internal/bench/measure"
)

// of is one figure of a server's rounds.
func (b *bench) of(kind string, n int, get func(figures) float64) []float64 {
	var v []float64
	for _, f := range b.taken[key{kind, n}] {
		v = append(v, get(f))
	}
	return v
}

// ratio is how many times as much the product takes as the other: the median
// over the rounds, each beside its neighbour in time.
func (b *bench) ratio(n int, product, other func(figures) float64, kind string) (float64, error) {
	mine, theirs := b.of("tocsin", n, product), b.of(kind, n, other)
	if err := b.missing(n, "tocsin", kind); err != nil {
		return 0, err
	}
	v := make([]float64, min(len(mine), len(theirs)))
	for i := range v {
		v[i] = mine[i] / max(theirs[i], 1e-9)
	}
	return measure.Median(v), nil
}

// missing says why a server has no figures for n clients.
func (b *bench) missing(n int, kinds ...string) error {
	for _, kind := range kinds {
		k := key{kind, n}
		if err := b.failed[k]; err != nil {
			return err
		}
		if len(b.taken[k]) == 0 {
			return fmt.Errorf("%d clients: %s", n, b.unable)
		}
	}
	return nil
}

// The figures.
func last(f figures) float64     { return f.last }
func cpu(f figures) float64      { return f.cpu }
func burstS(f figures) float64   { return f.burst }
func memory(f figures) float64   { return f.kb }
func stormS(f figures) float64   { return f.storm }
func receipts(f figures) float64 { return f.receiptBurst }

// report prints the tables and then the bars.
func (b *bench) report() {
	for _, n := range b.sizes {
		rows := map[string]figures{}
		for _, kind := range kinds {
			if all := b.taken[key{kind, n}]; len(all) > 0 {
				rows[kind] = typical(all)
			}
		}
		table(os.Stdout, n, rows)
	}
	b.cut.print(os.Stdout)
	var bars strings.Builder
	for _, n := range sizes {
		if n == sizes[1] && b.missing(n, "tocsin") != nil && len(b.sizes) == 2 {
			continue // the short form, as it said at the beginning
		}
		b.compare(&bars, n)
	}
	b.alone(&bars)
	b.always(&bars)
	fmt.Print(bars.String())
}

// compare prints the bars of one crowd against the peers.
func (b *bench) compare(w io.Writer, n int) {
	for _, x := range []struct {
		name  string
		get   func(figures) float64
		other string
		limit float64
	}{
		{"last", last, "nats", 0.75},
		{"last", last, "bound", 1.25},
		{"cpu", cpu, "nats", 0.65},
		{"cpu", cpu, "bound", 1.25},
		{"burst", burstS, "nats", 0.70},
		{"memory", memory, "nats", 0.40},
		{"storm", stormS, "jetstream", 0.45},
	} {
		bar := measure.Bar{Name: fmt.Sprintf("feed-%s-of-%s-%d", x.name, x.other, n), Limit: x.limit, Digits: 2}
		v, err := b.ratio(n, x.get, x.get, x.other)
		show(w, bar, v, err)
	}
	show(w, measure.Bar{Name: fmt.Sprintf("feed-kb-%d", n), Limit: 20, Digits: 1}, measure.Median(b.of("tocsin", n, memory)), b.missing(n, "tocsin"))
	show(w, measure.Bar{Name: fmt.Sprintf("feed-receipt-us-%d", n), Limit: 5, Digits: 1}, measure.Median(b.of("tocsin", n, receipts)), b.missing(n, "tocsin"))
}

// alone prints the bars that need no peer.
func (b *bench) alone(w io.Writer) {
	show(w, measure.Bar{Name: "feed-last-ms-1000", Limit: 100, Digits: 1}, measure.Median(b.of("tocsin", 1000, last)), b.missing(1000, "tocsin"))
	show(w, measure.Bar{Name: "feed-last-ms-1000-signed", Limit: 100, Digits: 1}, measure.Median(b.signed), none(b.signed))
	show(w, measure.Bar{Name: fmt.Sprintf("feed-kb-tls-%d", sizes[0]), Limit: 45, Digits: 1}, measure.Median(b.secure), none(b.secure))
}

// always prints what must hold in every round.
func (b *bench) always(w io.Writer) {
	var incomplete, disorder, twice float64
	for _, n := range b.sizes {
		if b.failed[key{"tocsin", n}] != nil {
			incomplete++
		}
		for _, f := range b.taken[key{"tocsin", n}] {
			disorder += float64(f.faults.Disorder)
			twice += float64(f.faults.Twice)
			if f.faults.Refused+f.faults.Lost > 0 {
				incomplete++
				fmt.Printf("tocsin with %d clients: %d refused, %d lines lost: %s\n", n, f.faults.Refused, f.faults.Lost, f.faults.Why)
			}
		}
	}
	show(w, measure.Bar{Name: "feed-rounds-incomplete"}, incomplete, nil)
	show(w, measure.Bar{Name: "feed-out-of-order"}, disorder, nil)
	show(w, measure.Bar{Name: "feed-twice"}, twice, nil)
	show(w, measure.Bar{Name: "feed-node-killed-client-on-both-s", Limit: 1, Digits: 2}, b.cut.both, b.cut.nodeErr)
	show(w, measure.Bar{Name: "feed-node-killed-client-on-one-s", Limit: 3, Digits: 2}, b.cut.one, b.cut.nodeErr)
	show(w, measure.Bar{Name: "feed-nats-killed-missing"}, b.cut.missing, b.cut.natsErr)
}

// show prints one bar, or why there is no figure.
func show(w io.Writer, bar measure.Bar, v float64, err error) {
	if err != nil {
		bar.Missing(w, err.Error())
		return
	}
	bar.Print(w, v)
}

func none(v []float64) error {
	if len(v) == 0 {
		return fmt.Errorf("the reason is above")
	}
	return nil
}

// typical is the median of each figure.
func typical(all []figures) figures {
	mid := func(get func(*figures) *float64) float64 {
		v := make([]float64, len(all))
		for i := range all {
			v[i] = *get(&all[i])
		}
		return measure.Median(v)
	}
	var f figures
	for _, get := range []func(*figures) *float64{
		func(f *figures) *float64 { return &f.kb },
		func(f *figures) *float64 { return &f.median },
		func(f *figures) *float64 { return &f.p99 },
		func(f *figures) *float64 { return &f.last },
		func(f *figures) *float64 { return &f.cpu },
		func(f *figures) *float64 { return &f.clientCPU },
		func(f *figures) *float64 { return &f.burst },
		func(f *figures) *float64 { return &f.burstCPU },
		func(f *figures) *float64 { return &f.storm },
		func(f *figures) *float64 { return &f.receipt },
		func(f *figures) *float64 { return &f.receiptBurst },
	} {
		*get(&f) = mid(get)
	}
	return f
}

// table prints one crowd's figures.
func table(w io.Writer, n int, rows map[string]figures) {
	fmt.Fprintf(w, "%d clients, alerts of %d bytes\n", n, frameBytes)
	fmt.Fprintf(w, "%-10s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "median", "p99", "last", "cpu", "client", "burst", "cpu", "storm", "idle")
	fmt.Fprintf(w, "%-10s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "ms", "ms", "ms", "µs/each", "µs/each", "s", "µs/each", "s", "KB/conn")
	cell := func(v float64, digits int) string {
		if v == 0 {
			return "-"
		}
		return fmt.Sprintf("%.*f", digits, v)
	}
	for _, kind := range kinds {
		f, ok := rows[kind]
		if !ok {
			continue
		}
		fmt.Fprintf(w, "%-10s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", kind, cell(f.median, 1), cell(f.p99, 1), cell(f.last, 1),
			cell(f.cpu, 1), cell(f.clientCPU, 1), cell(f.burst, 2), cell(f.burstCPU, 1), cell(f.storm, 2), cell(f.kb, 1))
		if f.receipt != 0 {
			fmt.Fprintf(w, "%10s a stored and answered receipt adds %.1f µs to a single delivery, %.1f µs in a burst\n", "", f.receipt, f.receiptBurst)
		}
	}
	fmt.Fprintln(w)
}
