package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/client"
	"tocsin/internal/exercise"
)

type exerciseCmd struct {
	Plan   exercisePlanCmd   `cmd:"" help:"Put a full test on a day, or change one that has not begun."`
	List   exerciseListCmd   `cmd:"" help:"List the full tests."`
	Run    exerciseRunCmd    `cmd:"" help:"Begin a test: draft and submit its exercise alert, and release it where the approver's token is given."`
	Report exerciseReportCmd `cmd:"" help:"Show what arrived where in a test, beside the last one."`
}

type exercisePlanCmd struct {
	operator
	At      string   `arg:"" help:"Day and time: 2026-11-25T10:00+01:00."`
	Channel []string `help:"Channel that the report is about; may be given more than once. Default: all that are on. The alert goes to every channel all the same."`
	Note    string   `help:"Note for colleagues."`
}

// Help is the example.
func (exercisePlanCmd) Help() string {
	return `Example:
  tocsin exercise plan 2026-11-25T10:00+01:00 --channel broadcast --channel sms --note "With all regional stations" --data /var/lib/tocsin`
}

// timeForms are how a day and time may be written.
var timeForms = []string{time.RFC3339, "2006-01-02T15:04Z07:00"}

// Run plans.
func (c exercisePlanCmd) Run(ctx context.Context) error {
	var at time.Time
	var err error
	for _, form := range timeForms {
		if at, err = time.Parse(form, c.At); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%q is no day and time: write it such as 2026-11-25T10:00+01:00", c.At)
	}
	var t exercise.Test
	if err := c.call(ctx, "POST", "/exercises", exercise.Plan{At: at, Channels: c.Channel, Note: c.Note}, &t); err != nil {
		return err
	}
	fmt.Printf("planned %s (%s)\n", t.ID, strings.Join(t.Channels, ", "))
	return nil
}

type exerciseListCmd struct{ operator }

// Help is the example.
func (exerciseListCmd) Help() string {
	return "Example:\n  tocsin exercise list --data /var/lib/tocsin"
}

// Run lists the tests, the newest first.
func (c exerciseListCmd) Run(ctx context.Context) error {
	var all []exercise.Test
	if err := c.call(ctx, "GET", "/exercises", nil, &all); err != nil {
		return err
	}
	for _, t := range all {
		fmt.Printf("%s  %-10s %s %s\n", t.At.Format("2006-01-02 15:04Z"), t.Stage(time.Now()), strings.Join(t.Channels, ","), t.Case)
	}
	return nil
}

type exerciseRunCmd struct {
	operator
	Day      string `arg:"" help:"The test's day: 2026-11-25."`
	Server   string `placeholder:"URL" help:"Where the officers' API is reached. Default: the server's public address."`
	Phone    string `required:"" placeholder:"NUMBER" help:"The number that the alert tells everybody in the exercise system to call: one that you answer yourselves for the test, with its country code."`
	Author   string `required:"" type:"existingfile" placeholder:"FILE" help:"File with an author's token."`
	Approver string `type:"existingfile" placeholder:"FILE" help:"File with another officer's token, an approver's. Without it the alert waits in the console."`
}

// Help is the example.
func (exerciseRunCmd) Help() string {
	return `The alert takes the ordinary way: one officer writes and submits, another one
releases. Who confirms releases by passkey releases in the console.

Example:
  tocsin exercise run 2026-11-25 --phone +3225550199 --author anna.token --data /var/lib/tocsin`
}

// Run drafts, submits and perhaps releases.
func (c exerciseRunCmd) Run(ctx context.Context) error {
	var begin app.ExerciseDraft
	if err := c.call(ctx, "GET", "/exercises/"+c.Day+"/draft?phone="+url.QueryEscape(c.Phone), nil, &begin); err != nil {
		return err
	}
	if c.Server == "" {
		c.Server = begin.Server
	}
	author, err := officerOf(c.Server, c.Author)
	if err != nil {
		return err
	}
	k, err := author.DraftFor(ctx, c.Day, begin.Draft)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "case %s is drafted; its slides and sound are being made\n", k.ID)
	if err := author.Submit(ctx, k.ID); err != nil {
		return err
	}
	page := c.Server + "/console/cases/" + k.ID
	if c.Approver == "" {
		fmt.Printf("%s waits for release: %s/release\n", k.ID, page)
		return nil
	}
	approver, err := officerOf(c.Server, c.Approver)
	if err != nil {
		return err
	}
	if _, err := approver.Release(ctx, k.ID); err != nil {
		return err
	}
	fmt.Printf("%s is released: %s/board\n", k.ID, page)
	return nil
}

// officerOf is the officer whose token the file holds.
func officerOf(server, file string) (client.Officer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return client.Officer{}, err
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return client.Officer{}, fmt.Errorf("%s holds no token: make one with `tocsin users token`", file)
	}
	return client.New(server, token), nil
}

type exerciseReportCmd struct {
	operator
	Day  string `arg:"" help:"The test's day: 2026-11-25."`
	CSV  bool   `name:"csv" help:"Write a table for a spreadsheet."`
	Keep bool   `help:"Keep the report as it is now; until then it moves with what arrives."`
}

// Help is the example.
func (exerciseReportCmd) Help() string {
	return `Example:
  tocsin exercise report 2026-11-25 --csv --data /var/lib/tocsin > full-test.csv`
}

// Run shows the report.
func (c exerciseReportCmd) Run(ctx context.Context) error {
	method := "GET"
	if c.Keep {
		method = "POST"
	}
	var r app.ExerciseReport
	if err := c.call(ctx, method, "/exercises/"+c.Day+"/report", nil, &r); err != nil {
		return err
	}
	if r.Report == nil || r.Report.Released.IsZero() {
		return errors.New("nothing has gone out in this test yet: run it first")
	}
	if c.CSV {
		return r.Report.CSV(os.Stdout, c.Day, r.Last)
	}
	return showReport(os.Stdout, r)
}

// showReport writes the report for a terminal, the silent first.
func showReport(out io.Writer, r app.ExerciseReport) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHANNEL\tREACHED\tSILENT\tFAILED\tLAST\tLAST TEST")
	for _, c := range r.Report.Channels {
		before, _ := r.Last.Channel(c.Name)
		fmt.Fprintf(w, "%s\t%d of %d\t%d\t%d\t%s\t%s\n", c.Title, c.Reached, c.Recipients, c.Silent, c.Failed, seconds(c.LastMS, true), seconds(before.LastMS, before.Name != ""))
	}
	fmt.Fprintln(w, "\nNAME\tCHANNEL\tANSWERED\tREMOVAL\tLAST TEST\t")
	for _, l := range r.Report.Lines {
		before, took := r.Last.Before(l.Channel, l.Recipient)
		answered := seconds(l.MS, true)
		switch {
		case l.Silent:
			answered = "SILENT"
		case l.MS < 0:
			answered = "FAILED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Channel, answered, seconds(l.RemovedMS, true), seconds(before, took), l.Reason)
	}
	return w.Flush()
}

// seconds is milliseconds as a person reads them; "-" for never and for what is not known.
func seconds(ms int64, known bool) string {
	if !known || ms < 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}
