package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/bench/measure"
	"tocsin/internal/config"
	"tocsin/internal/recipient"
	"tocsin/internal/region"
	"tocsin/internal/stream"
)

// realm is the whole product in one process, as `tocsin serve` has it, with a
// registry of many citizens.
type realm struct {
	task
	conf config.Config
	app  *app.App
	log  *slog.Logger
	was  int64 // heap before there were recipients
}

// step is what a realm is asked to do.
type step struct {
	Do   string `json:"do"` // fill, table, load, armed, send, board, rest
	From int    `json:"from,omitempty"`
	To   int    `json:"to,omitempty"`
}

// state is what it answers.
type state struct {
	measure.Used
	HeapMB  float64 `json:"heap_mb"`  // of recipients and what is prepared for them
	RSSMB   float64 `json:"rss_mb"`   // resident now
	CountMS float64 `json:"count_ms"` // of one count by area
	Count   int     `json:"count"`
	Armed   int     `json:"armed"`
	Settled int     `json:"settled"` // accepted by the push service, as the ledger says
	LastMS  int64   `json:"last_ms"` // release to last receipt
	DiskMB  float64 `json:"disk_mb"` // of the ledger
}

func newRealm(q json.RawMessage) (answerer, error) {
	r := &realm{log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), conf: config.Default()}
	if err := json.Unmarshal(q, &r.task); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(webpush.Settings{RootCAs: r.Certificate, Connections: r.Connections, Wire: r.Wire})
	if err != nil {
		return nil, err
	}
	c := &r.conf
	c.Data, c.Listen, c.Ops, c.AllowLoopback = filepath.Join(r.KeyDir, "data"), "127.0.0.1:0", "127.0.0.1:0", true
	c.PublicURL, c.LinkTest.Off = "https://alert.example", true
	c.Channels = map[string]json.RawMessage{webpush.Name: settings}
	if err := os.MkdirAll(filepath.Join(c.Data, "keys"), 0o700); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(r.KeyDir, "vapid.json"))
	if err != nil {
		return nil, err
	}
	return r, os.WriteFile(filepath.Join(c.Data, "keys", "vapid.json"), key, 0o600)
}

func (r *realm) ready() any { return true }

func (r *realm) answer(raw json.RawMessage) (any, error) {
	var o step
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	var err error
	var s state
	s.Used = measure.Round(func() (int, string) {
		switch o.Do {
		case "fill":
			err = r.fill(o.From, o.To)
		case "table":
			s.HeapMB, err = r.table()
		case "load":
			r.was = heap()
			r.app, err = app.Start(context.Background(), r.conf, r.log)
		case "send":
			err = r.send()
		case "rest":
			debug.FreeOSMemory()
		}
		return 0, ""
	})
	if err != nil || r.app == nil {
		return s, err
	}
	begun := time.Now()
	s.Count = r.app.Registry.Count(webpush.Name, []string{"BE-BRU"})
	s.CountMS = float64(time.Since(begun).Microseconds()) / 1000
	for _, c := range r.app.Channels() {
		if a, ok := c.Adapter.(*webpush.Adapter); ok {
			s.Armed = a.Armed()
		}
	}
	if o.Do == "rest" {
		s.HeapMB = float64(heap()-r.was) / (1 << 20)
	}
	if b, err := r.app.Ledger.Board("case0042"); err == nil && len(b.Channels) > 0 {
		s.Settled, s.LastMS = b.Channels[0].Accepted, b.Channels[0].LastMS
	}
	s.RSSMB = resident()
	s.DiskMB, err = folderMB(r.conf.Data, "LEDGER")
	return s, err
}

// citizens are spread over a country's regions, some want all of it.
var citizens = []string{"BE-BRU", "BE-VAN", "BE-VBR", "BE-WLG", "BE-WNA", "BE"}

// fill stores the subscriptions from from to to, before the product starts.
func (r *realm) fill(from, to int) error {
	ctx := context.Background()
	engine, err := stream.Open(ctx, stream.Options{
		Dir: filepath.Join(r.conf.Data, "stream"), Keys: filepath.Join(r.conf.Data, "keys", "nats"),
		Realm: r.conf.Realm, Log: r.log,
	})
	if err != nil {
		return err
	}
	people := recipient.New(engine.Subscribers(), region.Match, r.log)
	for ; from < to; from += 1000 {
		var chunk []adapter.Recipient
		for i := from; i < min(from+1000, to); i++ {
			c, err := r.citizen(i)
			if err != nil {
				return err
			}
			chunk = append(chunk, c)
		}
		if err := people.PutAll(ctx, chunk); err != nil {
			return err
		}
	}
	return engine.Close(ctx)
}

// citizen is subscriber i as the registry takes him.
func (r *realm) citizen(i int) (adapter.Recipient, error) {
	s := r.subscription(i)
	address, err := json.Marshal(struct { // as the channel stores it
		Endpoint string `json:"endpoint"`
		P256dh   string `json:"p256dh"`
		Auth     string `json:"auth"`
	}{s.Endpoint, s.Keys.P256dh, s.Keys.Auth})
	return adapter.Recipient{
		ID: webpush.RecipientID(s.Endpoint), Channel: webpush.Name, Lang: alert.Langs[i%len(alert.Langs)],
		Areas: []string{citizens[i%len(citizens)]}, Destination: r.People.Origin, Address: address,
	}, err
}

// table is the heap, in MB, that the registry's table and the armory take of a
// process that has neither event stream nor pages.
func (r *realm) table() (float64, error) {
	a, err := open(webpush.Driver(), nil, r.KeyDir, r.Subject)
	if err != nil {
		return 0, err
	}
	people := recipient.New(crowdLog{r: r}, region.Match, r.log)
	people.Compact(webpush.Name, webpush.Driver().Pack)
	was := heap()
	if err := people.Run(context.Background(), nil); err != nil {
		return 0, err
	}
	// Some thousand are armed: their cells, spread by hash, lie in all slabs there are.
	some, n := people.Each(webpush.Name), 0
	err = a.(adapter.Armer).Arm(context.Background(), func(yield func(adapter.Recipient) bool) {
		for who := range some {
			if n++; n > 20_000 || !yield(who) {
				return
			}
		}
	})
	mb := float64(heap()-was) / (1 << 20)
	runtime.KeepAlive(people)
	runtime.KeepAlive(a)
	return mb, err
}

// crowdLog is a log of all citizens that is made as it is read.
type crowdLog struct {
	recipient.Log
	r *realm
}

// Follow gives one record for each.
func (l crowdLog) Follow(_ context.Context, _ string, _ uint64, fn func(stream.Record) error, caughtUp func()) error {
	for i := range l.r.People.Count {
		c, err := l.r.citizen(i)
		if err != nil {
			return err
		}
		c.Created = time.Now()
		data, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if err := fn(stream.Record{Seq: uint64(i + 1), Subject: "subscribers." + webpush.Name + "." + c.ID, Data: data}); err != nil {
			return err
		}
	}
	caughtUp()
	return nil
}

// send releases an alert to all of them.
func (r *realm) send() error {
	m, err := measure.Alert()
	if err != nil {
		return err
	}
	m.Areas = nil
	for _, code := range citizens[:5] {
		m.Areas = append(m.Areas, alert.Area{Code: code})
	}
	m.Sent = time.Now()
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = r.app.Stream.Alerts().Append(context.Background(), stream.Entry{
		Subject: "alerts." + m.Agency + "." + m.Case, ID: m.Identifier, Data: data,
	})
	return err
}

// heap is what the collector leaves.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// resident is this process's memory now, in MB.
func resident() float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kb, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(kb, "kB")), 64)
			return n / 1024
		}
	}
	return 0
}

// folderMB is the size of the files below dir in folders named name.
func folderMB(dir, name string) (float64, error) {
	total := int64(0)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, string(filepath.Separator)+name+string(filepath.Separator)) {
			return nil // what a running server moves away is not counted
		}
		info, err := d.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", name, err)
	}
	return float64(total) / (1 << 20), nil
}
