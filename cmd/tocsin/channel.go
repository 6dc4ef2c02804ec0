package main

import (
	"context"
	"errors"
	"fmt"

	"tocsin/internal/app"
)

type channelCmd struct {
	settings
	Name    string `arg:"" help:"broadcast, webpush, sms or website."`
	Verbose bool   `short:"v" help:"Log what happens in detail."`
}

// Help is the example.
func (channelCmd) Help() string {
	return "Example:\n  tocsin channel webpush --config /etc/tocsin.json --nats nats://a:4222,nats://b:4222"
}

// Run works the channel's jobs until a signal comes.
func (c channelCmd) Run(ctx context.Context) error {
	conf, err := c.load()
	if err != nil {
		return err
	}
	if conf.NATS.URL == "" {
		return errors.New("a channel alone works against a cluster: give --nats URL")
	}
	settings, ok := conf.Channels[c.Name]
	if !ok {
		return fmt.Errorf("channel %q is not in the configuration; add it under \"channels\"", c.Name)
	}
	clear(conf.Channels)
	conf.Channels[c.Name] = settings
	a, err := app.StartWorkers(ctx, conf, logger(c.Verbose))
	if err != nil {
		return err
	}
	fmt.Println("working the jobs of", c.Name)
	select {
	case <-ctx.Done():
	case err = <-a.Failed():
	}
	if stopErr := a.Stop(context.WithoutCancel(ctx)); err == nil {
		err = stopErr
	}
	return err
}
