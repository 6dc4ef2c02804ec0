package main

import (
	"fmt"

	"tocsin/internal/app"
)

type keysCmd struct {
	settings
	NATSFiles bool `name:"nats-files" help:"Make the keys, credentials and configuration for outside nats-servers, and say where they are."`
}

// Help is the example.
func (keysCmd) Help() string {
	return `Example:
  tocsin keys --config /etc/tocsin.json --data /var/lib/tocsin > issuer.pem
For outside nats-servers (deploy/nats has the rest):
  tocsin keys --config /etc/tocsin.json --data /var/lib/tocsin --nats-files`
}

// Run prints the certificate for broadcasters and the key for partners. Keys
// that do not exist yet are made: both are made once and never replaced, and the
// folder belongs to the configuration's realm from then on.
func (c keysCmd) Run() error {
	conf, err := c.load()
	if err != nil {
		return err
	}
	if c.NATSFiles {
		dir, err := app.NATSFiles(conf)
		if err != nil {
			return err
		}
		fmt.Printf("the NATS keys and files are in %s\nkeep a copy of that folder off this machine\n", dir)
		return nil
	}
	keys, err := app.Keys(conf)
	if err != nil {
		return err
	}
	fmt.Printf("# webhook key for partners: %s\n%s", keys.Webhook, keys.Certificate)
	return nil
}
