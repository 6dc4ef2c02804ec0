package recipient

import (
	"context"
	"math"
	"runtime"
	"strings"
	"sync"

	"tocsin/internal/adapter"
	"tocsin/internal/stream"
)

// loadChunk is how many records are decoded at a time while the stored ones are read.
const loadChunk = 512

// news is what one record tells.
type news struct {
	channel, id string
	gone        bool
	who         packed
	bad         error
}

// Run follows the stream until ctx ends; caughtUp is called once the stored ones
// are read. Decoding is what a million records cost, so until then every core decodes.
func (g *Registry) Run(ctx context.Context, caughtUp func()) error {
	l := newLoader(g)
	defer l.finish()
	var janitor sync.WaitGroup
	defer janitor.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	janitor.Go(func() { g.tidy(ctx) })
	return g.stream.Follow(ctx, "subscribers.>", 0, func(r stream.Record) error {
		if l.add(r) {
			return nil
		}
		g.fold([]stream.Record{r}, []news{g.decode(r)})
		return nil
	}, func() {
		l.finish()
		if caughtUp != nil {
			caughtUp()
		}
	})
}

// loader decodes chunks of records side by side and folds them in their order.
type loader struct {
	g       *Registry
	chunk   []stream.Record
	order   chan *loading // to the one who folds
	work    chan *loading
	workers sync.WaitGroup
	done    bool
}

type loading struct {
	records []stream.Record
	news    []news
	ready   chan struct{}
}

func newLoader(g *Registry) *loader {
	n := runtime.GOMAXPROCS(0)
	l := &loader{g: g, order: make(chan *loading, 2*n), work: make(chan *loading, 2*n)}
	for range n {
		l.workers.Go(func() {
			for c := range l.work {
				for i, r := range c.records {
					c.news[i] = g.decode(r)
				}
				close(c.ready)
			}
		})
	}
	l.workers.Go(func() {
		for c := range l.order {
			<-c.ready
			g.fold(c.records, c.news)
		}
	})
	return l
}

// add takes r, or says that the stored ones are read and the loader has ended.
func (l *loader) add(r stream.Record) bool {
	if l.done {
		return false
	}
	if l.chunk = append(l.chunk, r); len(l.chunk) == loadChunk {
		l.give()
	}
	return true
}

func (l *loader) give() {
	c := &loading{records: l.chunk, news: make([]news, len(l.chunk)), ready: make(chan struct{})}
	l.chunk = nil
	l.work <- c
	l.order <- c
}

// finish waits until all is folded.
func (l *loader) finish() {
	if l.done {
		return
	}
	l.done = true
	l.give()
	close(l.work)
	close(l.order)
	l.workers.Wait()
}

// decode reads one record. No data is a tombstone: a permanent marker, so that a
// citizen who left stays away even if a crash revives his old record.
func (g *Registry) decode(rec stream.Record) (n news) {
	rest, ok := strings.CutPrefix(rec.Subject, "subscribers.")
	if n.channel, n.id, _ = strings.Cut(rest, "."); !ok || strings.Contains(n.id, ".") {
		return news{}
	}
	if n.gone = len(rec.Data) == 0; n.gone {
		return n
	}
	var s stored
	if n.bad = unmarshal(rec.Data, &s); n.bad != nil {
		return n
	}
	n.who.Recipient = s.Recipient
	pack := g.packs[n.channel]
	if pack == nil || s.ID != n.id || s.Second != (adapter.Second{}) || s.Name != "" || rec.Seq > math.MaxUint32 {
		return n
	}
	n.who.Number, n.who.hash = s.Number, hashOf(s.ID)
	if s.Number == 0 {
		n.who.Number = uint32(rec.Seq)
	}
	if n.who.elsewhere = !g.parts[n.channel].holds(n.who.hash); n.who.elsewhere {
		return n
	}
	address, err := pack(s.Address)
	if err != nil {
		g.log.Warn("unusable address", "channel", n.channel, "seq", rec.Seq, "error", err)
		return n
	}
	n.who.Packed = address
	return n
}

// fold applies what records tell, in their order.
func (g *Registry) fold(records []stream.Record, all []news) {
	if len(records) == 0 {
		return
	}
	g.mu.Lock()
	for i, n := range all {
		if n.bad != nil {
			g.log.Error("unreadable recipient", "channel", n.channel, "seq", records[i].Seq, "error", n.bad)
		} else if n.channel != "" {
			g.apply(n)
		}
	}
	g.mu.Unlock()
	g.read.Add(int64(len(records)))
	g.mark.Advance(records[len(records)-1].Seq)
}

// apply folds one; the caller holds the lock.
func (g *Registry) apply(n news) {
	t := g.tables[n.channel]
	compact := t != nil && !n.gone && (n.who.Packed != nil || n.who.elsewhere) && t.put(n.who)
	if t != nil && !compact {
		if slot, ok := t.remove(n.id); ok && g.left != nil {
			g.left(n.channel, slot+1)
		}
	}
	plain := g.channels[n.channel]
	switch {
	case n.gone || compact:
		delete(plain, n.id)
	case plain == nil:
		g.channels[n.channel] = map[string]adapter.Recipient{n.id: n.who.plain()}
	default:
		plain[n.id] = n.who.plain()
	}
	for c, name := range g.watch {
		if name != n.channel {
			continue
		}
		select {
		case c <- struct{}{}:
		default: // the reader has a pulse waiting already
		}
	}
}

// plain is a recipient that no table holds.
func (p packed) plain() adapter.Recipient {
	p.Packed, p.Number = nil, 0
	return p.Recipient
}
