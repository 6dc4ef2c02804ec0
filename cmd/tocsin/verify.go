package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"tocsin/internal/cap"
	"tocsin/internal/receive/receivecmd"
)

type verifyCmd struct {
	File string `arg:"" type:"existingfile" help:"The signed CAP document."`
	Cert string `required:"" type:"existingfile" placeholder:"PEM" help:"The issuer's certificate, from /.well-known/tocsin.json or by hand."`
}

// Help is the example.
func (verifyCmd) Help() string { return "Example:\n  tocsin verify alert.xml --cert issuer.pem" }

// Run verifies.
func (c verifyCmd) Run() error {
	doc, err := receivecmd.ReadFile(c.File, cap.MaxDocument)
	if err != nil {
		return err
	}
	raw, err := receivecmd.ReadFile(c.Cert, 64<<10)
	if err != nil {
		return err
	}
	cert, err := cap.ParseCertificate(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Cert, err)
	}
	a, err := cap.Verify(doc, cert)
	if err != nil {
		return fmt.Errorf("%s is NOT genuine: %w", c.File, err)
	}
	fmt.Printf("genuine: %s %s %s from %s, sent %s\n", a.Status, a.MsgType, a.Identifier, a.Sender, cap.FormatTime(a.Sent))
	return nil
}

type exportCmd struct {
	operator
	Case string `arg:"" help:"Case id."`
}

// Help is the example.
func (exportCmd) Help() string {
	return "Example:\n  tocsin export 7GQ2XKPB4MNT --data /var/lib/tocsin > record.json\n  tocsin verify-record record.json"
}

// Run writes the case's events to standard output, to be read, and to be checked by verify-record.
func (c exportCmd) Run(ctx context.Context) error {
	var events []json.RawMessage
	if err := c.call(ctx, "GET", "/cases/"+c.Case+"/record", nil, &events); err != nil {
		return err
	}
	if len(events) == 0 {
		return errors.New("the case has no events")
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(events)
}
