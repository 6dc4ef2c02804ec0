package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"tocsin/internal/adapter"
)

// Members are recipients by number. On the stream they are base64 of varints, each
// the step from the one before: a thousand of a million take 2 KB there.
type Members []uint32

// MarshalText is the short form.
func (m Members) MarshalText() ([]byte, error) {
	sorted := slices.Clone(m)
	slices.Sort(sorted)
	raw := make([]byte, 0, 2*len(m))
	last := uint32(0)
	for _, n := range sorted {
		raw = binary.AppendUvarint(raw, uint64(n-last))
		last = n
	}
	return base64.RawStdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads it.
func (m *Members) UnmarshalText(text []byte) error {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("members: %w", err)
	}
	*m = nil
	last := uint64(0)
	for len(raw) > 0 {
		step, n := binary.Uvarint(raw)
		if last += step; n <= 0 || step > math.MaxUint32 || last > math.MaxUint32 {
			return errors.New("members: not a list of numbers")
		}
		*m = append(*m, uint32(last))
		raw = raw[n:]
	}
	return nil
}

// Bulk is the same news about many recipients who have numbers.
type Bulk struct {
	State   adapter.State `json:"s"`
	Class   string        `json:"c,omitempty"`
	Code    string        `json:"k,omitempty"`
	Reason  string        `json:"why,omitempty"`
	At      time.Time     `json:"at"`
	Final   bool          `json:"f,omitempty"`
	Via     string        `json:"v,omitempty"` // the service that carries them all
	Members Members       `json:"m"`
}

// Add puts e about p on the batch: a line of its own, or one member of a bulk.
// What a citizen's push service says of a message has no line of its own; what a
// channel gives an id to, or a person says, has.
func (b *Batch) Add(p *adapter.Recipient, e Entry) {
	if p.Name == "" { // a station or a partner is a service of nobody else
		e.Via = p.Destination
	}
	if p.Number == 0 || e.Ref != "" || e.Said || e.By != "" || e.Again {
		b.Entries = append(b.Entries, e)
		return
	}
	for i := range b.Bulk {
		k := &b.Bulk[i]
		if k.kind() == (kind{e.State, e.Class, e.Code, e.Reason, e.Final}) && k.Via == e.Via && k.At.Equal(e.At) {
			k.Members = append(k.Members, p.Number)
			return
		}
	}
	b.Bulk = append(b.Bulk, Bulk{
		State: e.State, Class: e.Class, Code: e.Code, Reason: e.Reason, At: e.At, Final: e.Final, Via: e.Via,
		Members: Members{p.Number},
	})
}

// weight is what b takes on the stream, in entries.
func (b *Batch) weight() int {
	n := len(b.Entries)
	for _, k := range b.Bulk {
		n += 1 + len(k.Members)/32
	}
	return n
}

// kind is what recipients can have in common: how far they are, and why not further.
type kind struct {
	state               adapter.State
	class, code, reason string
	final               bool
}

func (b *Bulk) kind() kind { return kind{b.State, b.Class, b.Code, b.Reason, b.Final} }

func (k kind) entry() Entry {
	return Entry{State: k.state, Class: k.class, Code: k.code, Reason: k.reason, Final: k.final}
}

// maxKinds bounds the kinds of an account, so that a push service with a new
// reason for every push fills no memory: from then on only state and class count.
const maxKinds = 64

// crowd is an account's recipients by number: for each kind a bit for each of them.
type crowd struct {
	kinds []kind
	sets  []bitset
}

// of is the kind that n is of; -1 = nothing is known of him.
func (c *crowd) of(n uint32) int {
	for i := range c.sets {
		if c.sets[i].has(n) {
			return i
		}
	}
	return -1
}

func (c *crowd) index(k kind) int {
	i := slices.Index(c.kinds, k)
	if i < 0 && len(c.kinds) >= maxKinds {
		k.code, k.reason = "", ""
		i = slices.Index(c.kinds, k)
	}
	if i < 0 {
		i = len(c.kinds)
		c.kinds, c.sets = append(c.kinds, k), append(c.sets, bitset{})
	}
	return i
}

// size is how many are known.
func (c *crowd) size() (n int) {
	for i := range c.sets {
		n += c.sets[i].n
	}
	return n
}

// applyBulk folds one bulk and says whether anything changed.
func (a *account) applyBulk(b Bulk) (changed bool) {
	to := a.crowd.index(b.kind())
	news := a.crowd.kinds[to].entry()
	news.At = b.At
	through := a.service(b.Via)
	for _, n := range b.Members {
		from := a.crowd.of(n)
		if from == to || from >= 0 && rank(news) < rank(a.crowd.kinds[from].entry()) {
			continue
		}
		was := Entry{}
		if from >= 0 {
			was = a.crowd.kinds[from].entry()
			a.crowd.sets[from].clear(n)
		}
		a.crowd.sets[to].set(n)
		a.move(was, from >= 0, news, through)
		changed = true
	}
	return changed
}

// bitset is a set of numbers: a bit for each of the blocks of 65,536 that have any.
type bitset struct {
	blocks []*[1024]uint64
	n      int
}

func (s *bitset) has(n uint32) bool {
	b := int(n >> 16)
	return b < len(s.blocks) && s.blocks[b] != nil && s.blocks[b][n>>6&1023]>>(n&63)&1 == 1
}

func (s *bitset) set(n uint32) {
	b := int(n >> 16)
	for len(s.blocks) <= b {
		s.blocks = append(s.blocks, nil)
	}
	if s.blocks[b] == nil {
		s.blocks[b] = new([1024]uint64)
	}
	word := &s.blocks[b][n>>6&1023]
	s.n += 1 - int(*word>>(n&63)&1)
	*word |= 1 << (n & 63)
}

func (s *bitset) clear(n uint32) {
	if s.has(n) {
		s.blocks[n>>16][n>>6&1023] &^= 1 << (n & 63)
		s.n--
	}
}

// Progress says how far the recipient of a number is with a revision: whether
// anything is known, and whether no further attempt is wanted.
func (l *Ledger) Progress(caseID string, revision int, channel string, number uint32) (known, done bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	a := l.cases[caseID][revision][channel]
	if a == nil {
		return false, false
	}
	i := a.crowd.of(number)
	return i >= 0, i >= 0 && settled(a.crowd.kinds[i].entry())
}

// Had says whether anything may have reached the recipient of a number for an
// earlier revision of the case.
func (l *Ledger) Had(caseID string, before int, channel string, number uint32) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for revision, channels := range l.cases[caseID] {
		if a := channels[channel]; a != nil && revision < before && a.crowd.of(number) >= 0 {
			return true
		}
	}
	return false
}

// Reason is how many recipients of a channel share one failure.
type Reason struct {
	State  adapter.State `json:"state"`
	Class  string        `json:"class,omitempty"`
	Code   string        `json:"code,omitempty"`
	Reason string        `json:"reason,omitempty"`
	Final  bool          `json:"final,omitempty"`
	Count  int           `json:"count"`
}

// reasons lists why those without a line of their own do not have it, the most frequent first.
func (a *account) reasons() (all []Reason) {
	for i, k := range a.crowd.kinds {
		if n := a.crowd.sets[i].n; n > 0 && !reached(k.state) {
			all = append(all, Reason{k.state, k.class, k.code, k.reason, k.final, n})
		}
	}
	slices.SortStableFunc(all, func(x, y Reason) int { return y.Count - x.Count })
	return all
}
