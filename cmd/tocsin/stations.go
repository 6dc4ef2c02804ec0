package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/app"
)

// until is an end in time on the command line: "365d", "12h", or a date.
type until struct{ time.Time }

// UnmarshalText reads it. A date means the end of that day, UTC.
func (u *until) UnmarshalText(text []byte) error {
	d, err := span(string(text))
	if err == nil && d > 0 {
		u.Time = time.Now().Add(d).UTC().Truncate(time.Second)
		return nil
	}
	day, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is no time: write days (365d), hours (12h) or a date (2027-06-30)", text)
	}
	u.Time = day.Add(24*time.Hour - time.Second)
	return nil
}

// span is a length of time, also in days.
func span(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100*365 {
			return 0, fmt.Errorf("%q is no number of days", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

type renewCmd struct {
	operator
	ID      string `arg:"" help:"The station's id, as list broadcast shows it."`
	Expires until  `placeholder:"365d|DATE" help:"End of the new token; without it, when it is withdrawn."`
	Grace   string `default:"7d" help:"How long the old tokens stay good."`
}

// Help is the example.
func (renewCmd) Help() string {
	return `Example:
  tocsin recipients renew st-4k7q2zr8m1xa --data /var/lib/tocsin --expires 365d
The old token stays good for --grace, so that the station can change over without a gap.
When a token was stolen, give --grace 0d: the station's open lines are cut at once.`
}

// Run gives a new token.
func (c renewCmd) Run(ctx context.Context) error {
	grace, err := span(c.Grace)
	if err != nil {
		return fmt.Errorf("--grace: %w", err)
	}
	var made app.Secret
	if err := c.call(ctx, "POST", "/recipients/broadcast/"+c.ID+"/token", app.Renewal{Expires: c.Expires.Time, Grace: grace}, &made); err != nil {
		return err
	}
	fmt.Printf("id     %s\ntoken  %s\nKeep it now: it is not shown again.\n", made.ID, made.Secret)
	return nil
}

type addCertCmd struct {
	operator
	ID      string `arg:"" help:"The station's id, as list broadcast shows it."`
	File    string `arg:"" type:"existingfile" help:"The station's client certificate, PEM."`
	Expires until  `placeholder:"365d|DATE" help:"End before the certificate's own."`
}

// Help is the example.
func (addCertCmd) Help() string {
	return `Example:
  tocsin recipients add-cert st-4k7q2zr8m1xa studio.pem --data /var/lib/tocsin
The listener must trust its issuer, or the certificate itself: see tls.client_ca in the configuration.`
}

// Run registers the certificate.
func (c addCertCmd) Run(ctx context.Context) error {
	pem, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	err = c.call(ctx, "POST", "/recipients/broadcast/"+c.ID+"/certs", app.Pinned{PEM: string(pem), Expires: c.Expires.Time}, nil)
	if err == nil {
		fmt.Println("the station may enter with this certificate")
	}
	return err
}
