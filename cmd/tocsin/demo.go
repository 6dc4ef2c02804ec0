package main

import (
	"context"
	"log/slog"
	"os"

	"tocsin/internal/demo"
)

type demoCmd struct {
	Listen      string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to serve."`
	Once        bool   `help:"End after the table; exit 0 only if every channel got everything."`
	Subscribers int    `default:"10000" help:"Synthetic push subscribers."`
	Phones      int    `default:"1000" help:"Synthetic phone numbers."`
	Verbose     bool   `short:"v" help:"Show the server's log."`
}

// Help is the example.
func (demoCmd) Help() string { return "Example:\n  tocsin demo --once" }

// Run plays the demonstration.
func (c demoCmd) Run(ctx context.Context) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if c.Verbose {
		log = logger(true)
	}
	return demo.Run(ctx, demo.Options{
		Listen: c.Listen, Once: c.Once, Subscribers: c.Subscribers, Phones: c.Phones, Out: os.Stdout, Log: log,
	})
}
