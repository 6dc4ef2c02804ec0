package broadcast

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// bubble is a feed without a socket, for tests of hours inside testing/synctest.
type bubble struct {
	t    *testing.T
	log  *memLog
	reg  *memRegistry
	book *book
	far  *elsewhere
	out  *logbook // what the operator's log says
	feed *Feed
}

// newBubble starts a feed whose environment and limits change may alter first; it ends with the test.
func newBubble(t *testing.T, change func(*Feed)) *bubble {
	b := &bubble{
		t: t, log: newLog(), reg: &memRegistry{by: map[string]adapter.Recipient{}},
		book: &book{has: map[string]bool{}}, far: &elsewhere{done: map[string]bool{}}, out: new(logbook),
	}
	b.feed = newFeed(adapter.Env{
		Realm: alert.Live, Log: slog.New(slog.NewTextHandler(b.out, nil)), Inbox: b.book, Recipients: b.reg,
		Alerts: b.log, Receipts: b.book, Nodes: b.far,
	}, defaults())
	if change != nil {
		change(b.feed)
	}
	b.feed.start()
	t.Cleanup(func() {
		if err := b.feed.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return b
}

// station registers one and opens a session of it that has resumed.
func (b *bubble) station(areas ...string) (string, *tape) {
	b.t.Helper()
	r, _, err := NewStation("Radio Test", areas, alert.French)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = b.reg.Put(b.t.Context(), r)
	return r.ID, b.connect(r.ID, resumeFrame{})
}

func (b *bubble) connect(id string, q resumeFrame) *tape {
	b.t.Helper()
	rec, _ := b.reg.Get(Name, id)
	who, err := newStation(rec)
	if err != nil {
		b.t.Fatal(err)
	}
	l := &tape{}
	s := b.feed.newSession(who, l, 1)
	s.ask(q)
	go s.run()
	synctest.Wait()
	return l
}

// send is one attempt of the runner for those stations.
func (b *bubble) send(m *alert.Message, ids ...string) []adapter.Receipt {
	b.t.Helper()
	batch := make([]adapter.Recipient, len(ids))
	for i, id := range ids {
		batch[i].ID = id
	}
	got, err := b.feed.Send(b.t.Context(), adapter.Delivery{Message: m}, batch)
	if err != nil || len(got) != len(ids) {
		b.t.Fatalf("%v, %v", got, err)
	}
	return got
}

// tape is a line that keeps what is written.
type tape struct {
	eventStream
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *tape) write(b *batch, _ time.Duration) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := b.bufs.WriteTo(&l.text)
	return int(n), err
}

func (*tape) interrupt() {}
func (*tape) close()     {}

// take is the frames of the type since the last take of any.
func (l *tape) take(t *testing.T, typ string) []frame {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []frame
	for line := range strings.Lines(l.text.String()) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var f frame
		if err := json.Unmarshal([]byte(data), &f); err != nil {
			t.Fatalf("frame %q: %v", data, err)
		}
		f.raw = data
		if f.Type == typ {
			out = append(out, f)
		}
	}
	l.text.Reset()
	return out
}

// book is the ledger as the feed sees it: one for all nodes.
type book struct {
	memInbox
	mu  sync.Mutex
	has map[string]bool
}

func (b *book) Report(ctx context.Context, r adapter.Report) error {
	if err := b.memInbox.Report(ctx, r); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.State != adapter.Failed {
		b.has[r.Recipient+" "+r.Identifier] = true
	}
	return nil
}

func (b *book) Confirmed(_, recipient, identifier string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.has[recipient+" "+identifier]
}

// elsewhere is the other nodes.
type elsewhere struct {
	mu   sync.Mutex
	said []adapter.Attendance
	they []adapter.Attendance
	done map[string]bool
}

func (e *elsewhere) Announce(_ string, here []adapter.Attendance) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = slices.Clone(here)
}

func (e *elsewhere) Elsewhere() []adapter.Attendance {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.they)
}

func (e *elsewhere) Once(_ context.Context, name string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := !e.done[name]
	e.done[name] = true
	return first, nil
}

// announced is who is connected here, as the other nodes were told.
func (e *elsewhere) announced() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]int{}
	for _, a := range e.said {
		out[a.Recipient] = a.Sessions
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take is what was logged since the last take.
func (l *logbook) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}
