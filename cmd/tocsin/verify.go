package main

import (
	"fmt"

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
