package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/config"
)

// settings are the flags of every command that needs a configuration. A flag
// wins over its TOCSIN_ variable, that over the file, that over the default.
type settings struct {
	Config     string `env:"TOCSIN_CONFIG" type:"existingfile" placeholder:"FILE" help:"Configuration file (JSON)."`
	Realm      string `env:"TOCSIN_REALM" placeholder:"live|drill" help:"Realm of this server; pinned in its data folder."`
	Data       string `env:"TOCSIN_DATA_DIR" placeholder:"DIR" help:"Folder of the embedded event stream and of the keys."`
	Listen     string `env:"TOCSIN_LISTEN" placeholder:"HOST:PORT" help:"Address for citizens, officers, broadcasters and partners."`
	Ops        string `env:"TOCSIN_OPS" placeholder:"HOST:PORT" help:"Address for health, metrics and profiles. Never public."`
	NATS       string `env:"TOCSIN_NATS" placeholder:"URL" help:"Outside nats-servers instead of the embedded one."`
	Creds      string `env:"TOCSIN_CREDS" type:"existingfile" placeholder:"FILE" help:"Credentials file for --nats."`
	SetupCreds string `env:"TOCSIN_SETUP_CREDS" type:"existingfile" placeholder:"FILE" help:"Credentials file for --nats that makes missing streams; needed at the first start."`
	NATSListen string `name:"nats-listen" env:"TOCSIN_NATS_LISTEN" placeholder:"HOST:PORT" help:"Address for stations with direct NATS; off by default."`
	NATSCert   string `name:"nats-cert" env:"TOCSIN_NATS_CERT" type:"existingfile" placeholder:"FILE" help:"TLS certificate for --nats-listen (PEM); needed beyond loopback."`
	NATSKey    string `name:"nats-key" env:"TOCSIN_NATS_KEY" type:"existingfile" placeholder:"FILE" help:"Its key (PEM)."`
	PublicURL  string `env:"TOCSIN_PUBLIC_URL" placeholder:"URL" help:"Address that citizens see: https://HOST."`
}

// load is what read gives, checked.
func (s settings) load() (config.Config, error) {
	c, err := s.read()
	if err != nil {
		return c, err
	}
	return c, faulty(c.Check(app.ChannelNames()))
}

// faulty says what a list of faults is about; nil is nil.
func faulty(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the configuration has faults:\n%w", err)
}

// read is the configuration that the flags, the environment and the file make together.
func (s settings) read() (config.Config, error) {
	c := config.Default()
	if s.Config != "" {
		if err := c.Load(s.Config); err != nil {
			return c, err
		}
	}
	c.Realm = cmp.Or(alert.Realm(s.Realm), c.Realm)
	c.Data = cmp.Or(s.Data, c.Data)
	c.Listen = cmp.Or(s.Listen, c.Listen)
	c.Ops = cmp.Or(s.Ops, c.Ops)
	c.NATS.URL = cmp.Or(s.NATS, c.NATS.URL)
	c.NATS.Creds = cmp.Or(s.Creds, c.NATS.Creds)
	c.NATS.SetupCreds = cmp.Or(s.SetupCreds, c.NATS.SetupCreds)
	c.NATS.Listen = cmp.Or(s.NATSListen, c.NATS.Listen)
	c.NATS.Cert = cmp.Or(s.NATSCert, c.NATS.Cert)
	c.NATS.Key = cmp.Or(s.NATSKey, c.NATS.Key)
	c.PublicURL = cmp.Or(s.PublicURL, c.PublicURL, scheme(c)+"://"+c.Listen)
	return c, nil
}

// scheme is how the public listener speaks.
func scheme(c config.Config) string {
	if c.TLS.Cert != "" {
		return "https"
	}
	return "http"
}

type serveCmd struct {
	settings
	Verbose bool `short:"v" help:"Log what happens in detail."`
}

// Help is the example.
func (serveCmd) Help() string {
	return `Example:
  tocsin serve --data /var/lib/tocsin --listen 127.0.0.1:8080 --ops 127.0.0.1:8081
Then make the first officers:
  tocsin users add anna --data /var/lib/tocsin --name "Anna Peeters" --role author`
}

// Run serves until a signal comes or a part of the server ends by itself.
func (c serveCmd) Run(ctx context.Context) error {
	conf, err := c.load()
	if err != nil {
		return err
	}
	a, err := app.Start(ctx, conf, logger(c.Verbose))
	if err != nil {
		return err
	}
	public := scheme(conf) + "://" + a.Addr()
	fmt.Printf("realm    %s\npublic   %s\nconsole  %s/console\nops      http://%s/healthz\n",
		conf.Realm, public, public, a.OpsAddr())
	if addr := a.Stream.ListenAddr(); addr != "" {
		fmt.Printf("nats     %s\n", addr)
	}
	select {
	case <-ctx.Done():
		fmt.Println("stopping")
	case err = <-a.Failed():
	}
	if stopErr := a.Stop(context.WithoutCancel(ctx)); err == nil {
		err = stopErr
	}
	return err
}

func logger(verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

type checkCmd struct{ settings }

// Help is the example.
func (checkCmd) Help() string { return "Example:\n  tocsin check --config /etc/tocsin.json" }

// Run tells every fault at once.
func (c checkCmd) Run() error {
	conf, err := c.read()
	if err != nil {
		return err
	}
	if err := faulty(app.Check(conf)); err != nil {
		return err
	}
	fmt.Println("the configuration is sound")
	return nil
}
