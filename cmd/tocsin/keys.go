package main

import (
	"fmt"

	"tocsin/internal/app"
)

type keysCmd struct{ settings }

// Help is the example.
func (keysCmd) Help() string {
	return "Example:\n  tocsin keys --data /var/lib/tocsin > issuer.pem"
}

// Run prints the certificate for broadcasters and the key for partners. Keys
// that do not exist yet are made: both are made once and never replaced.
func (c keysCmd) Run() error {
	conf, err := c.load()
	if err != nil {
		return err
	}
	keys, err := app.Keys(conf)
	if err != nil {
		return err
	}
	fmt.Printf("# webhook key for partners: %s\n%s", keys.Webhook, keys.Certificate)
	return nil
}
