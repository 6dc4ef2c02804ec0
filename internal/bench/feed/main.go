//go:build linux

// Command feed measures ... (see package comment below)
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	role := flag.String("role", "", "internal: this process is one of the parts")
	only := flag.String("kind", "", "one server alone, one round: tocsin, bound, nats, jetstream or nchan")
	clients := flag.Int("clients", 1000, "with -kind: clients")
	flag.Parse()
	if *role != "" {
		if err := play(*role); err != nil {
			fmt.Fprintf(os.Stderr, "bench feed: %s: %v\n", *role, err)
			os.Exit(1)
		}
		return
	}
	p := plan{kind: *only, clients: *clients, size: 2000, releases: 5, burst: true, storm: *only != "nats"}
	if p.kind == "tocsin" {
		p.receipts = 10
	}
	begun := time.Now()
	f, err := p.run()
	fmt.Printf("%+v %v %v\n", f, err, time.Since(begun))
}

// play is one of the parts.
func play(role string) error {
	if _, err := descriptors(); err != nil {
		return err
	}
	switch role {
	case "clients":
		return serveClients()
	case "tocsin":
		return serveProduct()
	case "bound":
		return serveBound()
	case "nats":
		return serveNATS()
	default:
		return fmt.Errorf("no such role: %s", role)
	}
}
