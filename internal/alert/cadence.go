package alert

import (
	"encoding/json"
	"time"
)

// Cadence is how often stations are asked to air an alert: every fifteen minutes
// for three hours. The zero value asks for no repetition.
type Cadence struct {
	Every time.Duration
	For   time.Duration // counted from the message's sent
}

// cadenceWire is a cadence on the stream: seconds, as on the feed.
type cadenceWire struct {
	EverySeconds int64 `json:"every_s"`
	ForSeconds   int64 `json:"for_s"`
}

// MarshalJSON writes whole seconds.
func (c Cadence) MarshalJSON() ([]byte, error) {
	return json.Marshal(cadenceWire{int64(c.Every / time.Second), int64(c.For / time.Second)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Cadence) UnmarshalJSON(data []byte) error {
	var w cadenceWire
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	c.Every, c.For = time.Duration(w.EverySeconds)*time.Second, time.Duration(w.ForSeconds)*time.Second
	return nil
}

// The bounds of a cadence: a tighter one would wear out an audience, a longer one outlives any alert.
const (
	minEvery   = time.Minute
	maxEvery   = 24 * time.Hour
	maxRepeats = 7 * 24 * time.Hour
)

// Times is how often the alert is aired again after its first airing.
func (c Cadence) Times() int {
	if c.Every <= 0 {
		return 0
	}
	return int(c.For / c.Every)
}

// Due is the last time at or before now that an airing was due: sent itself, or
// a repetition. False: none is asked, or sent lies ahead.
func (c Cadence) Due(sent, now time.Time) (time.Time, bool) {
	n := c.Times()
	if n == 0 || now.Before(sent) {
		return time.Time{}, false
	}
	return sent.Add(time.Duration(min(n, int(now.Sub(sent)/c.Every))) * c.Every), true
}

// Next is the first airing due after now; false when there is none any more.
func (c Cadence) Next(sent, now time.Time) (time.Time, bool) {
	if c.Times() > 0 && now.Before(sent) {
		return sent, true
	}
	due, ok := c.Due(sent, now)
	if next := due.Add(c.Every); ok && !next.After(sent.Add(c.For)) {
		return next, true
	}
	return time.Time{}, false
}

// Until is when repetition ends: never after the alert.
func (c Cadence) Until(sent, expires time.Time) time.Time {
	if until := sent.Add(c.For); until.Before(expires) {
		return until
	}
	return expires
}

// Check lists what is wrong with c, naming fields below at ("repeat").
func (c Cadence) Check(at string) Invalid {
	var bad Invalid
	if c == (Cadence{}) {
		return nil
	}
	if c.Every < minEvery || c.Every > maxEvery || c.Every%time.Second != 0 {
		bad.Add(at+".every", "range", "Repeat every 1 minute to 24 hours, in whole seconds.")
	}
	if c.For < c.Every || c.For > maxRepeats || c.For%time.Second != 0 {
		bad.Add(at+".for", "range", "Repeat for at least one interval and at most 7 days, in whole seconds.")
	}
	return bad
}
