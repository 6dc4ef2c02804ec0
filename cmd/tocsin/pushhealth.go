package main

import (
	"context"
	"fmt"

	"tocsin/internal/app"
)

type pushHealthCmd struct{ operator }

// Help is the example.
func (pushHealthCmd) Help() string {
	return `A device counts as seen when its citizen subscribed, visited a page or saw a test.
Example:
  tocsin recipients push-health --data /var/lib/tocsin`
}

// Run shows both tables.
func (c pushHealthCmd) Run(ctx context.Context) error {
	var r app.PushReport
	if err := c.call(ctx, "GET", "/push-health", nil, &r); err != nil {
		return err
	}
	for _, table := range []struct {
		name string
		rows []app.PushHealth
	}{{"Push service", r.Services}, {"Area", r.Areas}} {
		fmt.Printf("%-45s %9s %12s %12s\n", table.name, "devices", "seen in 7 d", "seen in 30 d")
		for _, h := range table.rows {
			fmt.Printf("%-45s %9d %12d %12d\n", h.Of, h.All, h.Week, h.Month)
		}
	}
	return nil
}
