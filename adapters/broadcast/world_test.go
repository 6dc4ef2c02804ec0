package broadcast

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// memLog is an AlertLog in memory: a list, and a condition that wakes its followers.
type memLog struct {
	mu      sync.Mutex
	epoch   string
	stored  []stored
	changed chan struct{}
	broken  error // what Follow returns at the next message
}

type stored struct {
	seq uint64
	m   *alert.Message
}

func newLog() *memLog { return &memLog{epoch: "e1", changed: make(chan struct{})} }

// put appends m; a withdrawal rolls the case up, as the stream does.
func (l *memLog) put(m *alert.Message) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var seq uint64 = 1
	if n := len(l.stored); n > 0 {
		seq = l.stored[n-1].seq + 1
	}
	if m.MsgType == alert.TypeCancel {
		l.stored = slices.DeleteFunc(l.stored, func(s stored) bool { return s.m.Case == m.Case })
	}
	l.stored = append(l.stored, stored{seq, m})
	close(l.changed)
	l.changed = make(chan struct{})
	return seq
}

func (l *memLog) Epoch() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch
}

func (l *memLog) Follow(ctx context.Context, after uint64, fn func(uint64, *alert.Message) error, caughtUp func()) error {
	for {
		l.mu.Lock()
		var due []stored
		for _, s := range l.stored {
			if s.seq > after {
				due = append(due, s)
			}
		}
		changed, broken := l.changed, l.broken
		l.broken = nil
		l.mu.Unlock()
		if broken != nil {
			return broken
		}
		for _, s := range due {
			if err := fn(s.seq, s.m); err != nil {
				return err
			}
			after = s.seq
		}
		if caughtUp != nil {
			caughtUp()
			caughtUp = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// memRegistry is a Registry in memory.
type memRegistry struct {
	mu    sync.Mutex
	by    map[string]adapter.Recipient
	watch []chan struct{}
}

func (g *memRegistry) Watch(string) (<-chan struct{}, func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := make(chan struct{}, 1)
	g.watch = append(g.watch, c)
	return c, func() {}
}

func (g *memRegistry) pulse() {
	for _, c := range g.watch {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (g *memRegistry) Put(_ context.Context, r adapter.Recipient) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.by[r.ID] = r
	g.pulse()
	return nil
}

func (g *memRegistry) Remove(_ context.Context, _, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.by, id)
	g.pulse()
	return nil
}

func (g *memRegistry) Get(_, id string) (adapter.Recipient, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.by[id]
	return r, ok
}

func (g *memRegistry) All(string) []adapter.Recipient {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedFunc(maps.Values(g.by), func(a, b adapter.Recipient) int { return strings.Compare(a.ID, b.ID) })
}

// memInbox keeps reports, or refuses them.
type memInbox struct {
	mu      sync.Mutex
	reports []adapter.Report
	down    bool
}

func (i *memInbox) Report(_ context.Context, r adapter.Report) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		return errors.New("ledger unavailable")
	}
	i.reports = append(i.reports, r)
	return nil
}

func (i *memInbox) all() []adapter.Report {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.reports)
}

// world is a feed with everything around it.
type world struct {
	t     testing.TB
	log   *memLog
	reg   *memRegistry
	inbox *memInbox
	feed  *Feed
	srv   *httptest.Server
}

// newWorld starts a feed whose limits change may alter first.
func newWorld(t testing.TB, change func(*Feed)) *world {
	t.Helper()
	w := &world{t: t, log: newLog(), reg: &memRegistry{by: map[string]adapter.Recipient{}}, inbox: &memInbox{}}
	w.open(change)
	return w
}

func (w *world) open(change func(*Feed)) {
	w.t.Helper()
	set := defaults()
	set.HeartbeatS = 0.2
	w.feed = newFeed(adapter.Env{
		Realm: alert.Live, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Inbox: w.inbox, Recipients: w.reg, Alerts: w.log,
	}, set)
	w.feed.limits.silence = 30 * time.Second
	if change != nil {
		change(w.feed)
	}
	w.feed.start()
	mux := http.NewServeMux()
	for _, r := range w.feed.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	w.srv = httptest.NewServer(mux)
	w.t.Cleanup(w.close)
	w.until("the log is read", w.feed.ready.Load)
}

func (w *world) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.feed.Close(ctx); err != nil {
		w.t.Errorf("Close: %v", err)
	}
	w.srv.Close()
}

// until waits for something that has no event; it fails after long enough for any machine.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// putRead appends m and waits until the feed has it: the log rolls a withdrawn
// case up, so a feed that lags would never see its alert.
func (w *world) putRead(m *alert.Message) {
	w.t.Helper()
	seq := w.log.put(m)
	w.until("the feed has read it", func() bool { return w.feed.Stats().Head == seq })
}

// station registers a broadcaster and returns its id and token.
func (w *world) station(areas ...string) (id, token string) {
	w.t.Helper()
	r, token, err := NewStation("Radio Test", areas, alert.French)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = w.reg.Put(context.Background(), r)
	return r.ID, token
}

// msg is one revision of a case.
func msg(caseID string, rev int, typ alert.MsgType, areas ...string) *alert.Message {
	if len(areas) == 0 {
		areas = []string{"BE-VAN"}
	}
	m := &alert.Message{
		Schema: 1, Realm: alert.Live, Identifier: fmt.Sprintf("be.police.%s.%d", caseID, rev), Sender: "police@example.org",
		Agency: "POLICE", Case: caseID, Revision: rev, MsgType: typ, Status: alert.StatusActual,
		Languages: []alert.Lang{alert.French}, Sent: time.Now().Truncate(time.Second), Expires: time.Now().Add(6 * time.Hour).Truncate(time.Second),
		Texts: map[alert.Lang]alert.Texts{alert.French: {
			Headline: "Enlèvement : Zoé, 7 ans", Spoken: "Zoé, sept ans, a été enlevée.", SpokenSeconds: 4,
			Crawl: "Zoé, 7 ans <b>&", RadioText: "Zoe, 7 ans",
		}},
		CAP: []byte("<alert>\r\n\t<identifier>é&amp;\u2028" + caseID + "</identifier>\n</alert>"),
	}
	if typ == alert.TypeCancel {
		m.Texts = map[alert.Lang]alert.Texts{alert.French: {Headline: "Fin de l'alerte", Spoken: "L'alerte est levée.", SpokenSeconds: 2, Crawl: "Fin", RadioText: "Fin"}}
	}
	for _, a := range areas {
		m.Areas = append(m.Areas, alert.Area{Code: a})
	}
	return m
}
