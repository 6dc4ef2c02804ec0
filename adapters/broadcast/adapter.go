package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// settings of the channel.
type settings struct {
	HeartbeatS float64  `json:"heartbeat_s"`
	Node       string   `json:"node"`  // this node's name
	Nodes      []string `json:"nodes"` // feed addresses of all nodes, for clients
}

// defaults: a heartbeat as the protocol promises.
// A node is called after its machine, so that two are told apart without being named.
func defaults() settings {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "node"
	}
	return settings{HeartbeatS: 10, Node: host[:min(len(host), 64)], Nodes: []string{}}
}

func (s settings) check() error {
	var faults alert.Invalid
	if s.HeartbeatS < 0.1 || s.HeartbeatS > 10 {
		faults.Add("heartbeat_s", "range", "the protocol promises a heartbeat every 10 s or less: give 0.1 to 10")
	}
	if s.Node == "" || len(s.Node) > 64 {
		faults.Add("node", "range", "give the node a name of 1 to 64 characters")
	}
	return faults.Err()
}

// repeatOf is how often a station is asked to air m; nil for what is aired once or never.
func repeatOf(m *alert.Message) *repeat {
	if m.Repeat == nil || m.Repeat.Times() == 0 {
		return nil
	}
	return &repeat{int(m.Repeat.Every / time.Second), m.Repeat.Until(m.Sent, m.Expires)}
}

// confirmWithin is the protocol's promise: what is not confirmed for so long is sent again.
const confirmWithin = 15 * time.Second

// Driver is the broadcasters' channel.
func Driver() adapter.Driver {
	return adapter.Driver{
		Name:  Name,
		Title: "Broadcasters",
		Limits: adapter.Limits{
			Batch: 500, Concurrency: 4, PerDestination: 1, Timeout: 10 * time.Second,
			ShardSize: 2000, ConfirmWithin: confirmWithin,
		},
		Asks: adapter.Asks{Received: 30 * time.Second, Removed: true, LinkTest: true},
		Open: open,
	}
}

func open(_ context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
	set := defaults()
	if err := adapter.DecodeSettings(raw, &set); err != nil {
		return nil, nil, err
	}
	if err := set.check(); err != nil {
		return nil, nil, fmt.Errorf("settings: %w", err)
	}
	if env.Alerts == nil || env.Recipients == nil || env.Inbox == nil || env.Log == nil {
		return nil, nil, errors.New("the feed needs the alert log, the registry, the inbox and a logger")
	}
	f := newFeed(env, set)
	f.start()
	return f, f.Close, nil
}

// Routes are the feed's addresses.
func (f *Feed) Routes() []adapter.Route {
	return []adapter.Route{
		{Pattern: "GET /v1/feed", Handler: http.HandlerFunc(f.serveWebSocket)},
		{Pattern: "GET /v1/feed/events", Handler: http.HandlerFunc(f.serveEvents)},
		{Pattern: "GET /v1/feed/poll", Handler: http.HandlerFunc(f.servePoll)},
		{Pattern: "POST /v1/feed/receipts", Handler: http.HandlerFunc(f.serveReceipt)},
	}
}

// The limits of a station's words. RadioText is what RDS carries; a crawl is read in one pass.
const (
	maxHeadline = 160
	maxSpoken   = 90 // seconds: longer is cut off by the newsreader, not by us
	maxCrawl    = 200
	maxRadio    = 64
)

// Render is m's words for the studio in lang.
func (f *Feed) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	if err := adapter.CheckMessage(m, f.env.Realm, lang); err != nil {
		return adapter.Payload{}, err
	}
	t := m.Texts[lang]
	parts := []adapter.Part{
		count("Headline", t.Headline, maxHeadline),
		{Name: "Spoken", Text: t.Spoken, Count: t.SpokenSeconds, Limit: maxSpoken, Unit: "seconds"},
		count("Crawl", t.Crawl, maxCrawl),
		count("RadioText", t.RadioText, maxRadio),
	}
	var faults alert.Invalid
	fields := []string{"headline", "spoken", "crawl", "radiotext"}
	for i, p := range parts {
		field := fmt.Sprintf("texts.%s.%s", lang, fields[i])
		switch {
		case p.Text == "":
			faults.Add(field, "required", "a station would have nothing to say; write it")
		case p.Count > p.Limit:
			faults.Add(field, "too_long", fmt.Sprintf("%d %s, at most %d; shorten the facts it is made of", p.Count, p.Unit, p.Limit))
		}
	}
	if err := faults.Err(); err != nil {
		return adapter.Payload{}, err
	}
	body, err := encode(texts(t))
	if err != nil {
		return adapter.Payload{}, fmt.Errorf("texts.%s: %w", lang, err)
	}
	return adapter.Payload{MIME: "application/json", Body: body, Parts: parts}, nil
}

func count(name, text string, limit int) adapter.Part {
	return adapter.Part{Name: name, Text: text, Count: utf8.RuneCountInString(text), Limit: limit, Unit: "characters"}
}
