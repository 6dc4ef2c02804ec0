// Command tocsin-receive is a newsroom's receiver alone: what `tocsin receive`
// does, static and small, without the server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tocsin/internal/receive/receivecmd"
)

// version is set at build time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli struct {
		receivecmd.Command
		Version kong.VersionFlag `help:"Print the version."`
	}
	parser, err := kong.New(&cli,
		kong.Name("tocsin-receive"),
		kong.Description("Follows a feed of missing-child alerts, verifies them, and writes each into a folder. `tocsin-receive COMMAND --help` has an example."),
		kong.Vars{"version": "tocsin-receive " + version},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fail(err)
	}
	rename(parser.Model.Node)
	run, err := parser.Parse(os.Args[1:])
	if err != nil {
		fail(err)
	}
	if err := run.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fail(err)
	}
}

// rename lets the examples name this program, not the other that has the same commands.
func rename(n *kong.Node) {
	n.Detail = strings.ReplaceAll(n.Detail, "tocsin receive", "tocsin-receive")
	for _, child := range n.Children {
		rename(child)
	}
}

// fail ends the program with one clear sentence.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "tocsin-receive:", err)
	os.Exit(1)
}
