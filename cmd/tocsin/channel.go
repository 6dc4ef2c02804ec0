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
	Part    int    `placeholder:"K" help:"Hold and work the K-th of the parts that \"parts\" in the configuration cuts the channel into; all by default."`
	Verbose bool   `short:"v" help:"Log what happens in detail."`
}

// Help is the example.
func (channelCmd) Help() string {
	return `Example:
  tocsin channel webpush --config /etc/tocsin.json --nats nats://a:4222,nats://b:4222
  tocsin channel webpush --config /etc/tocsin.json --nats nats://a:4222,nats://b:4222 --part 2`
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
	if of := conf.Parts[c.Name]; c.Part < 0 || c.Part > of {
		return fmt.Errorf("--part %d: the configuration cuts %s into %d parts (\"parts\"); give 1 to that number, or leave it out for all", c.Part, c.Name, max(of, 1))
	}
	conf.Part = c.Part
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
