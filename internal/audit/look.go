package audit

import (
	"slices"
	"strings"
	"time"
)

// Filter says which entries to look for; its zero value is all.
type Filter struct {
	Officer string   // who did it, or whom it is about
	Kinds   []string // as they begin: "officer_" is everything about accounts
	From    time.Time
	Until   time.Time // not including
	Before  uint64    // only entries before this one; 0 = from the newest
}

func (f Filter) fits(e Event) bool {
	switch {
	case f.Officer != "" && e.By != f.Officer && e.About != f.Officer,
		len(f.Kinds) > 0 && !slices.ContainsFunc(f.Kinds, func(k string) bool { return strings.HasPrefix(e.Kind, k) }),
		!f.From.IsZero() && e.At.Before(f.From),
		!f.Until.IsZero() && !e.At.Before(f.Until),
		f.Before != 0 && e.N >= f.Before:
		return false
	}
	return true
}

// Page is a part of the record, newest first.
type Page struct {
	Events []Event
	More   bool // older ones fit the filter as well
	// Forgotten says that still older entries are on the stream and in an export alone.
	Forgotten bool
	Entries   uint64 // of the whole record
	Head      string // hash of the newest
	Fault     error  // ErrBroken: the record was found broken
	Lost      int    // acts that this server could not record since it started
}

// Look gives up to limit entries that fit.
func (l *Log) Look(f Filter, limit int) Page {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p := Page{Entries: l.links.Len, Head: l.links.Head, Fault: l.fault, Lost: l.lost, Forgotten: uint64(len(l.recent)) < l.links.Len}
	for _, e := range slices.Backward(l.recent) {
		if !f.fits(e) {
			continue
		}
		if len(p.Events) == limit {
			p.More = true
			break
		}
		p.Events = append(p.Events, e)
	}
	return p
}
