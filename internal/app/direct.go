package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/internal/adapter"
	"tocsin/internal/config"
	"tocsin/internal/stream"
)

// natsKeys is where the NATS operator's keys lie.
func natsKeys(c config.Config) string { return filepath.Join(keyDir(c), "nats") }

// NATSFiles makes the keys and files for outside nats-servers and gives their folder.
func NATSFiles(c config.Config) (dir string, err error) {
	dir = natsKeys(c)
	if err := stream.Pin(logDir(c), c.Realm); err != nil { // another realm's keys are not touched
		return "", err
	}
	return dir, stream.WriteServerFiles(dir, c.Realm)
}

// stationsTLS is what the embedded NATS shows to stations; nil without a certificate.
func stationsTLS(n config.NATS) (*tls.Config, error) {
	if n.Cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(n.Cert, n.Key)
	if err != nil {
		return nil, fmt.Errorf("nats.cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// direct keeps the NATS accounts of stations in step with the registry.
type direct struct {
	app  *App
	feed *broadcast.Feed
	poke chan struct{} // the registry changed

	mu       sync.Mutex
	accounts map[string]string // NATS account -> station
}

// lookAgain is how often the accounts at the servers are compared with the
// registry, although nothing changed: a server may have been away, or restored.
const lookAgain = 30 * time.Second

// startDirect serves stations with direct NATS.
func (a *App) startDirect(context.Context) error {
	for _, c := range a.channels {
		feed, ok := c.Adapter.(*broadcast.Feed)
		if !ok {
			continue
		}
		d := &direct{app: a, feed: feed, poke: make(chan struct{}, 1), accounts: map[string]string{}}
		a.loop("NATS accounts of stations", d.follow)
		a.loop("NATS stations on the line", d.watch)
		a.loop("NATS receipts of stations", func(ctx context.Context) error { return a.Stream.Receipts(ctx, d.receipt) })
	}
	return nil
}

// follow reads the stations off the registry's own log, and keeps the accounts
// once it has read them all: from half a picture it would cut off the other half.
func (d *direct) follow(ctx context.Context) error {
	var keeping sync.WaitGroup
	defer keeping.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ids := map[string]string{} // station -> account; this goroutine's alone
	return d.app.Stream.Subscribers().Follow(ctx, "subscribers."+broadcast.Name+".*", 0, func(r stream.Record) error {
		d.take(ids, r)
		return nil
	}, func() { keeping.Go(func() { d.keep(ctx) }) })
}

// take folds one record.
func (d *direct) take(ids map[string]string, r stream.Record) {
	id := r.Subject[len("subscribers."+broadcast.Name+"."):]
	var rec adapter.Recipient
	if len(r.Data) > 0 {
		if err := json.Unmarshal(r.Data, &rec); err != nil {
			return // the registry has logged it
		}
	}
	account := broadcast.NATSAccount(rec)
	d.mu.Lock()
	delete(d.accounts, ids[id])
	delete(ids, id)
	if account != "" {
		d.accounts[account], ids[id] = id, account
	}
	d.mu.Unlock()
	select {
	case d.poke <- struct{}{}:
	default: // a pulse is waiting already
	}
}

// keep admits and cuts until ctx ends.
func (d *direct) keep(ctx context.Context) {
	if err := d.app.Stream.CanAdmit(); err != nil {
		if len(d.wanted()) > 0 {
			d.app.log.Warn("stations with direct NATS are admitted by another process, or by none", "error", err)
		}
		return
	}
	for again := time.Second; ctx.Err() == nil; {
		wait := lookAgain
		if err := d.app.Stream.Admit(ctx, d.wanted()); err == nil {
			again = time.Second
		} else if ctx.Err() == nil {
			d.app.log.Error("NATS accounts of stations are behind the registry", "error", err)
			wait, again = again, min(2*again, lookAgain)
		}
		select {
		case <-ctx.Done():
		case <-d.poke:
		case <-time.After(wait):
		}
	}
}

// lookFollowing is how often it is seen which stations follow.
const lookFollowing = 5 * time.Second

// watch tells the feed who is on the line, for the officers' board.
func (d *direct) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookFollowing):
		}
		if len(d.wanted()) == 0 {
			continue
		}
		accounts, err := d.app.Stream.Following(ctx)
		if err != nil {
			if ctx.Err() == nil {
				d.app.log.Warn("not seen which stations follow over NATS", "error", err)
			}
			continue
		}
		d.mu.Lock()
		var here []string
		for _, account := range accounts {
			if id, ok := d.accounts[account]; ok {
				here = append(here, id)
			}
		}
		d.mu.Unlock()
		d.feed.DirectPresence(here)
	}
}

func (d *direct) wanted() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.accounts))
}

// receipt hands a receipt to the feed in the station's name.
func (d *direct) receipt(_ context.Context, account string, data []byte) []byte {
	d.mu.Lock()
	id := d.accounts[account]
	d.mu.Unlock()
	return d.feed.DirectReceipt(id, data)
}

// withNATS gives a new station an account for direct NATS, and its credentials file.
func (a *App) withNATS(r adapter.Recipient) (adapter.Recipient, string, error) {
	if r.Channel != broadcast.Name {
		return r, "", errors.New("direct NATS is for stations alone")
	}
	if err := a.Stream.CanAdmit(); err != nil {
		return r, "", err
	}
	if a.Config.NATS.URL == "" && a.Config.NATS.Listen == "" {
		return r, "", errors.New("this server has no address for direct NATS: start it with --nats-listen HOST:PORT")
	}
	account, creds, err := stream.NewStation(r.ID)
	if err != nil {
		return r, "", err
	}
	r, err = broadcast.WithNATS(r, account)
	return r, string(creds), err
}
