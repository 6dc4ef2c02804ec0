package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/app"
)

type reportCmd struct {
	operator
	Case string `arg:"" help:"Number of the case."`
	Out  string `short:"o" placeholder:"FILE" help:"File to write, .pdf or .csv; without it CASE.pdf here. - is CSV to the screen."`
	Lang string `default:"en" enum:"en,fr,de,it,ru,es" help:"Language of the PDF."`
}

// Help is the example.
func (reportCmd) Help() string {
	return `Every moment from the child's report to the last confirmed removal, with the
measured times, the channels and the stations. An ended case is told by number
and area, without a name.

Example:
  tocsin report 7GQ2XKPB4MNT --data /var/lib/tocsin --lang fr
  tocsin report 7GQ2XKPB4MNT --data /var/lib/tocsin -o report.csv`
}

// Run writes the file.
func (c reportCmd) Run(ctx context.Context) error {
	out := c.Out
	if out == "" {
		out = c.Case + ".pdf"
	}
	format := strings.TrimPrefix(filepath.Ext(out), ".")
	if out == "-" {
		format = "csv"
	}
	if format != "pdf" && format != "csv" {
		return fmt.Errorf("--out %s: give a name that ends in .pdf or .csv", out)
	}
	var file app.ReportFile
	if err := c.call(ctx, "GET", "/cases/"+c.Case+"/report?format="+format+"&lang="+c.Lang, nil, &file); err != nil {
		return err
	}
	if out == "-" {
		_, err := os.Stdout.Write(file.Data)
		return err
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // nobody's file is overwritten
	if err != nil {
		return err
	}
	_, err = f.Write(file.Data)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Printf("wrote %s, %d bytes\n", out, len(file.Data))
	return nil
}
