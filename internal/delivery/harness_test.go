package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/recipient"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// world is planner, runner, ledger, registry and current set over logs in
// memory, so that hours pass at once inside a synctest bubble.
type world struct {
	t                         *testing.T
	alerts, ledgerLog, people *streamtest.Memory
	queue                     *streamtest.MemoryQueue
	current                   *current.Set
	ledger                    *ledger.Ledger
	registry                  *recipient.Registry
	channel                   *fakeChannel
	limits                    adapter.Limits
	asks                      adapter.Asks
	pack                      recipient.Pack // not nil: the channel's recipients lie in a table
	parts                     int            // that it is cut into
	idle                      bool           // nobody works the jobs until work is called
	unplanned                 bool           // nobody plans
	ctx                       context.Context
	stop                      context.CancelFunc
	running                   *sync.WaitGroup
	start                     time.Time
}

// call is one Send as the far side saw it.
type call struct {
	revision int
	after    time.Duration // since the world began
	ids      []string
	priors   []string
}

// fakeChannel answers each Send by its answer function.
type fakeChannel struct {
	answer func(ctx context.Context, m *alert.Message, r adapter.Recipient, attempt int) adapter.Receipt
	begin  time.Time

	mu    sync.Mutex
	calls []call
	tries map[string]int
	now   int
	peak  int
}

func (f *fakeChannel) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	return adapter.Payload{MIME: "text/plain", Body: []byte(m.Texts[lang].Headline)}, nil
}

func (f *fakeChannel) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	c := call{revision: d.Message.Revision, after: time.Since(f.begin)}
	f.mu.Lock()
	f.now++
	f.peak = max(f.peak, f.now)
	for _, r := range batch {
		c.ids, c.priors = append(c.ids, r.ID), append(c.priors, r.Prior)
	}
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	out := make([]adapter.Receipt, len(batch))
	for i, r := range batch {
		f.mu.Lock()
		key := fmt.Sprint(d.Message.Revision, r.ID)
		f.tries[key]++
		n := f.tries[key]
		f.mu.Unlock()
		out[i] = f.answer(ctx, d.Message, r, n)
		d.Land(i)
	}
	f.mu.Lock()
	f.now--
	f.mu.Unlock()
	return out, nil
}

// times lists when recipient id was tried for the revision.
func (f *fakeChannel) times(revision int, id string) []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []time.Duration
	for _, c := range f.calls {
		if c.revision == revision && slices.Contains(c.ids, id) {
			out = append(out, c.after)
		}
	}
	return out
}

func accept(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
	return adapter.Receipt{State: adapter.Accepted}
}

func match(want, of []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return slices.Contains(of, w) })
}

// newWorld must be called inside a bubble; its loops end with the test function.
func newWorld(t *testing.T, answer func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt) *world {
	t.Helper()
	w := &world{
		t: t, alerts: new(streamtest.Memory), ledgerLog: new(streamtest.Memory), people: new(streamtest.Memory),
		queue: new(streamtest.MemoryQueue), start: time.Now(),
		channel: &fakeChannel{answer: answer, begin: time.Now(), tries: make(map[string]int)},
		limits:  adapter.Limits{Batch: 10, Concurrency: 16, PerDestination: 2, Timeout: 10 * time.Second, ShardSize: 25},
	}
	t.Cleanup(func() { w.halt() })
	return w
}

// run starts everything on what the logs hold: the first start, or the one after a crash.
func (w *world) run() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.running = cancel, new(sync.WaitGroup)
	log := slog.New(slog.DiscardHandler)
	w.current = current.New(log)
	w.ledger = ledger.New(w.ledgerLog, func(string) (ledger.Batch, bool) { return ledger.Batch{}, false }, log)
	w.registry = recipient.New(w.people, match, log)
	if w.pack != nil {
		w.registry.Compact("fake", w.pack)
	}
	d := w.deps()
	ready := make(chan struct{}, 3)
	caughtUp := func() { ready <- struct{}{} }
	w.running.Go(func() { _ = w.current.Run(ctx, w.alerts, caughtUp) })
	w.running.Go(func() { _ = w.ledger.Run(ctx, caughtUp) })
	w.running.Go(func() { _ = w.registry.Run(ctx, caughtUp) })
	for range 3 {
		<-ready
	}
	if !w.unplanned {
		w.running.Go(func() { _ = Plan(ctx, d) })
	}
	w.ctx = ctx
	if !w.idle {
		w.work()
	}
}

// work starts the runner.
func (w *world) work() {
	d := w.deps()
	w.running.Go(func() { _ = NewRunner(d, d.Channels[0]).Run(w.ctx) })
}

// deps are what planner, runner and newcomers work with.
func (w *world) deps() Deps {
	return Deps{
		Alerts: w.alerts, Queue: w.queue, Recipients: w.registry, Ledger: w.ledger, Current: w.current, Log: slog.New(slog.DiscardHandler),
		Channels: []Channel{{Driver: adapter.Driver{Name: "fake", Limits: w.limits, Asks: w.asks, Pack: w.pack}, Adapter: w.channel, Parts: w.parts}},
	}
}

func (w *world) halt() {
	if w.stop != nil {
		w.stop()
		w.running.Wait()
		w.stop = nil
	}
}

// register adds n recipients in BE, each at the destination dest gives it.
func (w *world) register(n int, dest func(i int) string) {
	w.t.Helper()
	for i := range n {
		r := adapter.Recipient{
			ID: fmt.Sprintf("r%03d", i), Channel: "fake", Lang: alert.English,
			Areas: []string{"BE"}, Destination: dest(i),
		}
		if err := w.registry.Put(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
	}
}

func oneDest(int) string { return "d" }

func message(revision int, kind alert.MsgType, life time.Duration) *alert.Message {
	now := time.Now()
	return &alert.Message{
		Schema: 1, Realm: alert.Drill, Identifier: fmt.Sprintf("T-CASE-%d", revision), Agency: "T", Case: "CASE",
		Revision: revision, MsgType: kind, Languages: []alert.Lang{alert.English},
		Areas: []alert.Area{{Code: "BE"}}, Sent: now, Expires: now.Add(life),
		Texts: map[alert.Lang]alert.Texts{alert.English: {Headline: "h"}},
	}
}

func (w *world) publish(m *alert.Message) {
	w.t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	en := stream.Entry{Subject: "alerts.T." + m.Case, ID: m.Identifier, Data: data, Rollup: m.MsgType == alert.TypeCancel}
	if _, err := w.alerts.Append(w.t.Context(), en); err != nil {
		w.t.Fatal(err)
	}
}

// totals is the channel's line on the board.
func (w *world) totals(revision int) ledger.Totals {
	w.t.Helper()
	b, err := w.ledger.BoardOf("CASE", revision)
	if err != nil {
		w.t.Fatal(err)
	}
	return b.Channels[0]
}

// bubble runs f in a synctest bubble with a world, which is halted at the end.
func bubble(t *testing.T, answer func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answer)
		w.run()
		f(w)
		w.halt()
	})
}
