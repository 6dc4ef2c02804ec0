package broadcast

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// warnDays are how long before its end a credential is warned of: a month is
// time for a letter, a day for a telephone call.
var warnDays = []int{30, 14, 7, 1}

// warnEvery is how often credentials are looked at.
const warnEvery = 10 * time.Minute

// warnedOf is the number of days of the nearest warning that a credential with so
// much time left has come to; ok is false when there is none yet. Days 0 is its end.
func warnedOf(left time.Duration) (days int, ok bool) {
	if left <= 0 {
		return 0, true
	}
	for _, d := range slices.Backward(warnDays) {
		if left <= time.Duration(d)*24*time.Hour {
			return d, true
		}
	}
	return 0, false
}

// warn tells the operator's log of credentials that end soon, once for each of
// warnDays, whichever node is the first to see it.
func (f *Feed) warn() {
	t := time.NewTicker(warnEvery)
	defer t.Stop()
	for {
		f.warnAll(time.Now())
		select {
		case <-f.ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (f *Feed) warnAll(now time.Time) {
	for _, r := range f.env.Recipients.All(Name) {
		s, err := newStation(r)
		if err != nil {
			f.env.Log.Error("station cannot sign in", "station", r.ID, "err", err)
			continue
		}
		for _, k := range s.keys {
			if k.expires.IsZero() {
				continue
			}
			days, due := warnedOf(k.expires.Sub(now))
			if due && f.once(fmt.Sprintf("credential %s %s %d", s.id, hex.EncodeToString(k.sum[:8]), days)) {
				f.env.Log.Warn("a station's credential ends; give it a new one with `tocsin recipients renew`",
					"station", s.id, "name", s.name, "kind", string(k.kind), "days", days, "expires", k.expires)
			}
		}
	}
}

// once is true for the first to ask, on all nodes as far as there are any. When
// nobody can say, it is asked again at the next look.
func (f *Feed) once(name string) bool {
	if f.warned[name] {
		return false
	}
	first := true
	if f.env.Nodes != nil {
		var err error
		if first, err = f.env.Nodes.Once(f.ctx, name); err != nil {
			return false
		}
	}
	f.warned[name] = true // one entry for each of five moments of each credential
	return first
}

// warning is what a station is told at its hello when its credential ends within a month.
func (s *station) warning(now time.Time) string {
	if s.expires.IsZero() {
		return ""
	}
	if _, soon := warnedOf(s.expires.Sub(now)); !soon {
		return ""
	}
	return fmt.Sprintf("the %s with which this station entered ends %s: ask the operator for a new one",
		s.entered.kind, s.expires.UTC().Format(time.RFC3339))
}
