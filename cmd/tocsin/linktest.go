package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/linktest"
)

type linkTestCmd struct {
	operator
	Now bool `help:"Send a test at once and wait for the answers, half a minute at most."`
}

// Help is the example.
func (linkTestCmd) Help() string {
	return `Shows how the weekly test of the lines went at each station, the worst first.
Example:
  tocsin recipients link-test --now --data /var/lib/tocsin`
}

// Run shows the table, after a test with --now. It fails when a line is not
// sound, so that a script can watch it.
func (c linkTestCmd) Run(ctx context.Context) error {
	var t app.LinkTestAnswer
	if c.Now {
		var sent app.LinkTestAnswer
		if err := c.call(ctx, "POST", "/link-tests", nil, &sent); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "sent", sent.Identifier)
		for begun := time.Now(); time.Since(begun) < linktest.Within+2*time.Second; {
			if err := c.call(ctx, "GET", "/link-tests", nil, &t); err != nil {
				return err
			}
			if answered(t.Stations, sent.Identifier) {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	if err := c.call(ctx, "GET", "/link-tests", nil, &t); err != nil {
		return err
	}
	return show(t)
}

// answered says whether every station has answered the test.
func answered(all []linktest.Standing, identifier string) bool {
	for _, s := range all {
		if s.Newest == nil || s.Newest.Identifier != identifier || s.Newest.Received.IsZero() {
			return false
		}
	}
	return true
}

func show(t app.LinkTestAnswer) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATION\tID\tLAST TEST\tRESULT\tLAST GOOD")
	unsound := 0
	for _, s := range t.Stations {
		last, result, good := "never", "-", "never"
		if r := s.Newest; r != nil {
			last, result = r.Sent.UTC().Format(time.DateTime), string(s.Outcome)
			if r.Millis >= 0 {
				result += fmt.Sprintf(", %d ms", r.Millis)
			}
		}
		if s.Good != nil {
			good = s.Good.Sent.UTC().Format(time.DateTime)
		}
		if !s.Sound {
			unsound++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Station, last, result, good)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !t.Next.IsZero() {
		fmt.Printf("next test %s\n", t.Next.Format("Monday 2 January 2006, 15:04 MST"))
	}
	if unsound > 0 {
		return fmt.Errorf("%d of %d lines are not proven: the last test failed, or the last good one is older than %d days",
			unsound, len(t.Stations), int(linktest.Stale.Hours()/24))
	}
	return nil
}
