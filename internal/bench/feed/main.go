// Command feed measures the time from a release to the last of 1,000 feed
// clients, beside a plain gorilla/websocket broadcast that writes to one
// connection after another. Both servers run in this process, both groups of
// clients in another one that reads them by the same code; releases alternate.
//
// A frame has about 2 KB, the size that all measurements of feeds for this
// project have had, so that figures can be laid beside each other. -bytes sets
// another size: a signed alert in six languages makes a larger one.
//
//	go run ./internal/bench/feed            the figures, 20 releases
//	go run ./internal/bench/feed -quick     10 releases
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"tocsin/internal/bench/measure"
)

// limitMS is what is asked of the median of the last clients' times.
const limitMS = 100

// bar is the figure asked for.
func bar(clients int) measure.Bar {
	return measure.Bar{Name: fmt.Sprintf("feed-last-ms-%d", clients), Limit: limitMS, Digits: 1}
}

// figures of one release, in milliseconds since it.
type figures struct{ median, p99, last float64 }

func main() {
	clients := flag.Int("clients", 1000, "feed clients of each server")
	releases := flag.Int("n", 20, "releases of each server")
	size := flag.Int("bytes", 2000, "bytes of a frame, about")
	role := flag.String("role", "", "internal: the clients' process")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "10 releases")
	flag.Parse()
	if *quick {
		*releases = min(*releases, 10)
	}
	if *role == "clients" {
		if err := runClients(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench feed: clients:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*clients, *releases, *size); err != nil {
		bar(*clients).Missing(os.Stdout, err.Error())
	}
}

func run(clients, releases, size int) error {
	product, err := newProduct(clients, size)
	if err != nil {
		return err
	}
	defer product.close()
	plain, err := newPlain(size)
	if err != nil {
		return err
	}
	defer plain.close()
	child, err := startClients(clients, product, plain)
	if err != nil {
		return err
	}
	defer child.stop()
	servers := []server{product, plain}
	got := map[string][]figures{}
	for n := range releases + 1 {
		for _, s := range servers {
			time.Sleep(150 * time.Millisecond)
			f, err := child.measure(s, n)
			if err != nil {
				return err
			}
			if n > 0 { // the first warms up
				got[s.name()] = append(got[s.name()], f)
			}
		}
		slices.Reverse(servers) // neither is always the first
	}
	report(got, clients, size)
	return nil
}

func report(got map[string][]figures, clients, size int) {
	fmt.Printf("release to %d feed clients, frames of %d bytes, medians of %d releases, milliseconds\n", clients, size, len(got["product"]))
	fmt.Printf("%-28s %8s %8s %8s %8s\n", "", "median", "p99", "last", "worst")
	last := map[string]float64{}
	for _, name := range []string{"product", "plain"} {
		f := got[name]
		last[name] = mid(f, func(x figures) float64 { return x.last })
		worst := slices.MaxFunc(f, func(a, b figures) int { return int(1000 * (a.last - b.last)) }).last
		title := map[string]string{"product": "tocsin feed", "plain": "plain gorilla broadcast"}[name]
		fmt.Printf("%-28s %8.1f %8.1f %8.1f %8.1f\n", title,
			mid(f, func(x figures) float64 { return x.median }), mid(f, func(x figures) float64 { return x.p99 }), last[name], worst)
	}
	fmt.Printf("last client, tocsin / plain: %.2f\n", last["product"]/last["plain"])
	bar(clients).Print(os.Stdout, last["product"])
}

// mid is the median of one figure over the releases.
func mid(f []figures, of func(figures) float64) float64 {
	v := make([]float64, len(f))
	for i, x := range f {
		v[i] = of(x)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
