// Command tocsin tells a country that a child is missing: one binary for the
// server, its workers, a newsroom's receiver and the operator's tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // texts give local time; a small container has no zone files

	"github.com/alecthomas/kong"

	"tocsin/internal/receive/receivecmd"
)

// version is set at build time.
var version = "dev"

type commands struct {
	Serve      serveCmd           `cmd:"" help:"Run the whole system on one machine, or one node of a cluster."`
	Demo       demoCmd            `cmd:"" help:"Play one exercise alert through every channel with local receivers."`
	Channel    channelCmd         `cmd:"" help:"Run one channel's workers alone, against a cluster."`
	Receive    receivecmd.Command `cmd:"" help:"Follow a broadcast feed, verify, write each revision into a folder, acknowledge."`
	Check      checkCmd           `cmd:"" help:"Check the configuration without starting anything."`
	Keys       keysCmd            `cmd:"" help:"Show the public keys that others need to verify alerts and webhooks."`
	Users      usersCmd           `cmd:"" help:"Officers and their tokens, on a running server."`
	Recipients recipientsCmd      `cmd:"" help:"Broadcasters, partners and phone numbers, on a running server."`
	Regions    regionsCmd         `cmd:"" help:"A State's own units and boundaries, instead of the bundled ones."`
	Exercise   exerciseCmd        `cmd:"" help:"Planned full tests of the exercise system, on a running server."`
	Verify     verifyCmd          `cmd:"" help:"Verify a signed CAP document against the issuer's certificate."`
	Export     exportCmd          `cmd:"" help:"Export a case's record, or the audit record, from a running server."`
	Report     reportCmd          `cmd:"" help:"Write the report on a case with its measured times, as PDF or CSV."`
	Record     verifyRecordCmd    `cmd:"" name:"verify-record" help:"Verify an exported record and its release signatures, without a server."`
	Audit      verifyAuditCmd     `cmd:"" name:"verify-audit" help:"Verify an exported audit record, without a server."`
	Version    versionCmd         `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

// Help is the example.
func (versionCmd) Help() string { return "Example:\n  tocsin version" }

// Run prints the version.
func (versionCmd) Run() error {
	_, err := fmt.Println("tocsin", version)
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("tocsin"),
		kong.Description("Tocsin tells a country that a child is missing. `tocsin COMMAND --help` has an example."),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fail(err)
	}
	run, err := parser.Parse(os.Args[1:])
	if err != nil {
		fail(err)
	}
	if err := run.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fail(err)
	}
}

// fail ends the program with one clear sentence.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "tocsin:", err)
	os.Exit(1)
}
