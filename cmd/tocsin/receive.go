package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"tocsin/internal/cap"
	"tocsin/internal/receive"
)

type receiveCmd struct {
	Feed      []string `required:"" placeholder:"URL" help:"Feed address; give two nodes for safety."`
	TokenFile string   `required:"" type:"existingfile" placeholder:"FILE" help:"File with the station's token."`
	Cert      string   `required:"" type:"existingfile" placeholder:"PEM" help:"The issuer's certificate: what it did not sign is neither shown nor stored."`
	Dir       string   `required:"" placeholder:"DIR" help:"Folder that gets one folder for each revision."`
	Exec      string   `placeholder:"CMD" help:"Command for each revision; it finds TOCSIN_DIR, TOCSIN_MSG_TYPE and more in its environment."`
}

// Help is the example.
func (receiveCmd) Help() string {
	return `Example:
  tocsin receive --feed https://alerts.police.example --token-file token --cert issuer.pem --dir /srv/alerts`
}

// Run follows the feeds until a signal comes.
func (c receiveCmd) Run(ctx context.Context) error {
	raw, err := readBounded(c.Cert, 64<<10)
	if err != nil {
		return err
	}
	cert, err := cap.ParseCertificate(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Cert, err)
	}
	token, err := readBounded(c.TokenFile, 4<<10)
	if err != nil {
		return err
	}
	o := receive.Options{
		Feeds: c.Feed, Token: strings.TrimSpace(string(token)), Dir: c.Dir,
		Verify: func(doc []byte) error { _, err := cap.Verify(doc, cert); return err },
		OnRevision: func(r receive.Revision) {
			fmt.Printf("%s %s %s revision %d in %s\n", time.Now().Format(time.TimeOnly), r.Status, r.MsgType, r.Revision, r.Dir)
		},
		OnAlarm: func(a receive.Alarm) {
			fmt.Fprintf(os.Stderr, "%s %s %s: %s\n", time.Now().Format(time.TimeOnly), strings.ToUpper(string(a.Kind)), a.Feed, a.Text)
		},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if c.Exec != "" {
		o.Exec = strings.Fields(c.Exec)
		if len(o.Exec) == 0 {
			return errors.New("--exec: name a command")
		}
	}
	r, err := receive.New(o)
	if err != nil {
		return err
	}
	fmt.Printf("following %s, writing to %s\n", strings.Join(c.Feed, " and "), c.Dir)
	return r.Run(ctx)
}
