package newsroom

import (
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// maxSlots bounds the marks of one alert: at the shortest pace and the longest
// time there would be thousands, and the newest matter.
const maxSlots = 24

// slot is one airing that is asked for.
type slot struct {
	At    time.Time
	Aired bool // the station said so, between half a pace before and half a pace after
	Past  bool // its time has come
	Due   bool // it is the next one
	Now   bool // its time has come, it is not confirmed, and the next one is not near
}

// cadence is the repetition that stations are asked for, and what the station has aired.
type cadence struct {
	Until   time.Time
	Slots   []slot
	Next    time.Time // the next one due; zero = none any more
	Now     bool      // one is due at this moment
	Late    bool      // the last one due was not aired, and a quarter of the pace has passed
	Aired   int
	Minutes int // from one airing to the next
}

// cadenceOf is the pace of m and what the station has aired of its case; nil
// when no repetition is asked. The first airing is due at once.
func cadenceOf(m *alert.Message, aired []time.Time, now time.Time) *cadence {
	if m.Repeat == nil || m.Repeat.Times() == 0 {
		return nil
	}
	every, until := m.Repeat.Every, m.Repeat.Until(m.Sent, m.Expires)
	c := &cadence{Until: until, Aired: len(aired), Minutes: int(every / time.Minute)}
	half := every / 2
	for i := range m.Repeat.Times() + 1 {
		at := m.Sent.Add(time.Duration(i) * every)
		if at.After(until) {
			break
		}
		begin := at.Add(-half)
		if i == 0 {
			begin = at.Add(-time.Minute) // a time typed as 14:05 is of the minute's beginning
		}
		s := slot{At: at, Past: !now.Before(at), Aired: slices.ContainsFunc(aired, func(t time.Time) bool {
			return !t.Before(begin) && t.Before(at.Add(half))
		})}
		if !s.Past && c.Next.IsZero() && !s.Aired {
			c.Next, s.Due = at, true
		}
		if s.Past {
			s.Now = !s.Aired && now.Before(at.Add(half))
			c.Now, c.Late = s.Now, !s.Aired && now.Sub(at) > every/4
		}
		c.Slots = append(c.Slots, s)
	}
	if over := len(c.Slots) - maxSlots; over > 0 {
		past := slices.IndexFunc(c.Slots, func(s slot) bool { return !s.Past })
		if past < 0 {
			past = len(c.Slots)
		}
		first := min(over, max(0, past-maxSlots/2))
		c.Slots = c.Slots[first : first+maxSlots]
	}
	return c
}

// airings are the moments a station said to have been on air.
func airings(acts []ledger.Act) (at []time.Time) {
	for _, a := range acts {
		if a.State == adapter.OnAir {
			at = append(at, a.At)
		}
	}
	return at
}
