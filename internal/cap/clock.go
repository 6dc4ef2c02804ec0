package cap

import (
	"fmt"
	"time"
)

// layout is CAP's only form of a time: no fractions, an offset in digits.
const layout = "2006-01-02T15:04:05-07:00"

// FormatTime writes t as CAP wants it. UTC is -00:00, never Z; an offset that
// xs:dateTime cannot hold (odd seconds, over 14 hours) becomes UTC.
func FormatTime(t time.Time) string {
	_, offset := t.Zone()
	if offset%60 != 0 || offset > 14*3600 || offset < -14*3600 {
		t, offset = t.UTC(), 0
	}
	s := t.Format(layout)
	if offset == 0 {
		return s[:len(s)-len("+00:00")] + "-00:00"
	}
	return s
}

// ParseTime reads a time in CAP's form and no other.
func ParseTime(s string) (time.Time, error) {
	if len(s) == len(layout) {
		// In UTC, so that the zone of the reading machine leaves no trace.
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no CAP time: write it as 2026-11-22T03:00:00+01:00, with -00:00 for UTC", s)
}
