// Command feed measures the time from a release to the last of 1,000 feed
// clients, beside a plain gorilla/websocket broadcast that writes to one
// connection after another. Both servers run in this process, both groups of
// clients in another one that reads them by the same code; releases alternate.
//
// It does so twice: with frames of about 2 KB, the size that all measurements
// of feeds for this project have had, so that figures can be laid beside each
// other; and with a real frame, an alert in two languages with its texts and
// its signed CAP document, which is ten times as large. The second bar is ours.
//
//	go run ./internal/bench/feed            the figures, 20 releases
//	go run ./internal/bench/feed -quick     10 releases
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

// limitMS is what is asked of the median of the last clients' times.
const limitMS = 100

// bar is the figure of one size of frames.
func bar(clients, size int) measure.Bar {
	name := fmt.Sprintf("feed-last-ms-%d", clients)
	if size == whole {
		name += "-signed"
	}
	return measure.Bar{Name: name, Limit: limitMS, Digits: 1}
}

// figures of one release, in milliseconds since it.
type figures struct {
	median, p99, last float64
	bytes             int // of the frame
}

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
	var last strings.Builder // the bars, after all tables
	for _, size := range []int{*size, whole} {
		got, err := run(*clients, *releases, size)
		if err != nil {
			bar(*clients, size).Missing(&last, err.Error())
			continue
		}
		bar(*clients, size).Print(&last, report(got, *clients))
	}
	fmt.Print(last.String())
}

// run measures both servers with one size of frames.
func run(clients, releases, size int) (map[string][]figures, error) {
	product, err := newProduct(clients, size)
	if err != nil {
		return nil, err
	}
	defer product.close()
	plain, err := newPlain(size)
	if err != nil {
		return nil, err
	}
	defer plain.close()
	child, err := startClients(clients, product, plain)
	if err != nil {
		return nil, err
	}
	defer child.stop()
	servers := []server{product, plain}
	got := map[string][]figures{}
	for n := range releases + 1 {
		for _, s := range servers {
			time.Sleep(150 * time.Millisecond)
			f, err := child.measure(s, n)
			if err != nil {
				return nil, err
			}
			if n > 0 { // the first warms up
				got[s.name()] = append(got[s.name()], f)
			}
		}
		slices.Reverse(servers) // neither is always the first
	}
	return got, nil
}

// report prints the table and returns the median of tocsin's last clients.
func report(got map[string][]figures, clients int) float64 {
	fmt.Printf("release to %d feed clients, medians of %d releases, milliseconds\n", clients, len(got["product"]))
	fmt.Printf("%-28s %8s %8s %8s %8s %8s\n", "", "bytes", "median", "p99", "last", "worst")
	last := map[string]float64{}
	for _, name := range []string{"product", "plain"} {
		f := got[name]
		last[name] = mid(f, func(x figures) float64 { return x.last })
		worst := slices.MaxFunc(f, func(a, b figures) int { return int(1000 * (a.last - b.last)) }).last
		title := map[string]string{"product": "tocsin feed", "plain": "plain gorilla broadcast"}[name]
		fmt.Printf("%-28s %8d %8.1f %8.1f %8.1f %8.1f\n", title, f[len(f)-1].bytes,
			mid(f, func(x figures) float64 { return x.median }), mid(f, func(x figures) float64 { return x.p99 }), last[name], worst)
	}
	fmt.Printf("last client, tocsin / plain: %.2f\n", last["product"]/last["plain"])
	return last["product"]
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
