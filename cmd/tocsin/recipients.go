package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
)

type recipientsCmd struct {
	AddStation   addStationCmd   `cmd:"" help:"Register a broadcaster; its token is shown once."`
	Renew        renewCmd        `cmd:"" help:"Give a broadcaster a new token; the old one stays good for a while."`
	AddCert      addCertCmd      `cmd:"" help:"Let a broadcaster enter with a client certificate."`
	AddPartner   addPartnerCmd   `cmd:"" help:"Register a partner website; its webhook secret is shown once."`
	Ping         pingCmd         `cmd:"" help:"Send a partner website a signed ping."`
	ImportPhones importPhonesCmd `cmd:"" help:"Register phone numbers from a file: number,areas,language on each line."`
	LinkTest     linkTestCmd     `cmd:"" help:"How the weekly test of the broadcasters' lines went; --now sends one."`
	List         listCmd         `cmd:"" help:"List a channel's recipients, without their addresses."`
	PushHealth   pushHealthCmd   `cmd:"" help:"How many citizens' devices are alive, at each push service and in each area."`
	Remove       removeCmd       `cmd:"" help:"Remove a recipient for good."`
}

type addStationCmd struct {
	operator
	Name    string   `arg:"" help:"Name, as the officer's board shows it."`
	Area    []string `default:"*" help:"ISO 3166 codes; all by default."`
	Lang    string   `default:"en" enum:"en,fr,de,it,ru,es" help:"Language."`
	Expires until    `placeholder:"365d|DATE" help:"End of the token; without it, when it is withdrawn."`
	// The second way costs nothing while the first works.
	Phone string `placeholder:"+NUMBER" help:"Newsroom's mobile telephone: told by SMS when the receiver has not confirmed within 30 s."`
	NATS  string `name:"nats" placeholder:"FILE" help:"Give it direct NATS too, and write its credentials into this new file."`
}

// Help is the example.
func (addStationCmd) Help() string {
	return `Example:
  tocsin recipients add-station "Radio Nord" --data /var/lib/tocsin --area BE --lang fr
With direct NATS, which carries every area:
  tocsin recipients add-station "Radio Nord" --data /var/lib/tocsin --lang fr --nats radio-nord.creds`
}

// Run registers the station.
func (c addStationCmd) Run(ctx context.Context) error {
	r := app.NewRecipient{Name: c.Name, Areas: c.Area, Lang: alert.Lang(c.Lang), Phone: c.Phone, NATS: c.NATS != "", Expires: c.Expires.Time}
	if !r.NATS {
		return c.add(ctx, "broadcast", r, "token")
	}
	// The file first: a station whose credentials could not be written would have to be removed again.
	f, err := os.OpenFile(c.NATS, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("credentials file: %w", err)
	}
	var made []app.Secret
	err = c.call(ctx, "POST", "/recipients/broadcast", r, &made)
	if err == nil && (len(made) != 1 || made[0].Creds == "") {
		err = errors.New("the server gave no NATS credentials: it is of an older version")
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(c.NATS))
	}
	if _, err := f.WriteString(made[0].Creds); err != nil {
		return errors.Join(fmt.Errorf("credentials file: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("credentials file: %w", err)
	}
	fmt.Printf("id     %s\ntoken  %s\nnats   %s\nKeep them now: they are not shown again.\n", made[0].ID, made[0].Secret, c.NATS)
	return nil
}

// add registers one recipient and shows its secret.
func (o operator) add(ctx context.Context, channel string, r app.NewRecipient, what string) error {
	var made []app.Secret
	if err := o.call(ctx, "POST", "/recipients/"+channel, r, &made); err != nil {
		return err
	}
	for _, m := range made {
		fmt.Printf("id     %s\n%-6s %s\nKeep it now: it is not shown again.\n", m.ID, what, m.Secret)
	}
	return nil
}

type addPartnerCmd struct {
	operator
	Name     string   `arg:"" help:"Name, as the officer's board shows it."`
	Endpoint string   `arg:"" help:"https address that takes the webhooks."`
	Area     []string `default:"*" help:"ISO 3166 codes; all by default."`
	Lang     string   `default:"en" enum:"en,fr,de,it,ru,es" help:"Language."`
}

// Help is the example.
func (addPartnerCmd) Help() string {
	return `Example:
  tocsin recipients add-partner "City of Gent" https://gent.example/hooks/tocsin --data /var/lib/tocsin --area BE-VOV`
}

// Run registers the partner.
func (c addPartnerCmd) Run(ctx context.Context) error {
	r := app.NewRecipient{Name: c.Name, Endpoint: c.Endpoint, Areas: c.Area, Lang: alert.Lang(c.Lang)}
	return c.add(ctx, "website", r, "secret")
}

type pingCmd struct {
	operator
	ID string `arg:"" help:"The partner's id, as list website shows it."`
}

// Help is the example.
func (pingCmd) Help() string {
	return "Example:\n  tocsin recipients ping 5d1c0f2a9b8e7c6d5e4f3a2b --data /var/lib/tocsin"
}

// Run pings.
func (c pingCmd) Run(ctx context.Context) error {
	if err := c.call(ctx, "POST", "/recipients/website/"+c.ID+"/ping", nil, nil); err != nil {
		return err
	}
	fmt.Println("the partner took a signed ping")
	return nil
}

type importPhonesCmd struct {
	operator
	File string `arg:"" type:"existingfile" help:"Lines of number,areas,language; areas by spaces: +32470000000,BE-BRU BE-VBR,fr"`
}

// Help is the example.
func (importPhonesCmd) Help() string {
	return "Example:\n  tocsin recipients import-phones volunteers.csv --data /var/lib/tocsin"
}

// importLines is how many numbers go in one request: progress shows after each.
const importLines = 10_000

// Run imports the file and shows progress.
func (c importPhonesCmd) Run(ctx context.Context) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	total, waiting := 0, 0
	send := func() error {
		if waiting == 0 {
			return nil
		}
		var made []app.Secret
		if err := c.call(ctx, "POST", "/recipients/sms", &body, &made); err != nil {
			return fmt.Errorf("after %d numbers: %w", total, err)
		}
		total, waiting = total+len(made), 0
		body.Reset()
		fmt.Fprintf(os.Stderr, "\r%d numbers", total)
		return nil
	}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		parts := strings.Split(strings.TrimSpace(lines.Text()), ",")
		if len(parts) != 3 {
			return fmt.Errorf("%s line %d: write number,areas,language", c.File, n)
		}
		r := app.NewRecipient{Number: parts[0], Areas: strings.Fields(parts[1]), Lang: alert.Lang(parts[2])}
		if err := enc.Encode(r); err != nil {
			return err
		}
		if waiting++; waiting == importLines {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if err := send(); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

type listCmd struct {
	operator
	Channel string `arg:"" help:"broadcast, webpush, sms or website."`
}

// Help is the example.
func (listCmd) Help() string { return "Example:\n  tocsin recipients list sms --data /var/lib/tocsin" }

// Run lists.
func (c listCmd) Run(ctx context.Context) error {
	var all []adapter.Recipient
	if err := c.call(ctx, "GET", "/recipients/"+c.Channel, nil, &all); err != nil {
		return err
	}
	for _, r := range all {
		fmt.Printf("%-45s %-30s %s %s\n", r.ID, r.Name, r.Lang, strings.Join(r.Areas, " "))
	}
	return nil
}

type removeCmd struct {
	operator
	Channel string `arg:"" help:"broadcast, webpush, sms or website."`
	ID      string `arg:"" help:"Id, as list shows it."`
}

// Help is the example.
func (removeCmd) Help() string {
	return "Example:\n  tocsin recipients remove website 7GQ2XKPB --data /var/lib/tocsin"
}

// Run removes.
func (c removeCmd) Run(ctx context.Context) error {
	return c.call(ctx, "DELETE", "/recipients/"+c.Channel+"/"+c.ID, nil, nil)
}
