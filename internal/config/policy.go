package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// Duration is a length of time as an operator writes it: "15m", "3h".
type Duration time.Duration

// MarshalJSON writes "15m0s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads "15m"; a bare number is refused, since nobody knows its unit.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf(`a length of time is text such as "15m" or "3h", not %s`, data)
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf(`%q is no length of time: write it such as "15m" or "3h"`, s)
	}
	*d = Duration(v)
	return nil
}

// Repeat is the pace at which stations are asked to air an alert: in the signed
// document, on the feed and in the newsroom alike. Both zero: once.
type Repeat struct {
	Every Duration `json:"every"`
	For   Duration `json:"for"`
}

// Cadence is the pace as messages carry it; nil when none is asked.
func (r Repeat) Cadence() *alert.Cadence {
	if r == (Repeat{}) {
		return nil
	}
	return &alert.Cadence{Every: time.Duration(r.Every), For: time.Duration(r.For)}
}

// LinkTest is when the lines to the stations are tested, once a week.
type LinkTest struct {
	Off      bool   `json:"off"`       // no weekly test; `tocsin recipients link-test --now` still works
	Weekday  string `json:"weekday"`   // "Wednesday"
	Time     string `json:"time"`      // "10:00"
	TimeZone string `json:"time_zone"` // IANA name; empty = the server's time_zone
}

// weekdays are the words of Weekday.
var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

// Slot is the day, the minutes after midnight and the zone. Check has found no fault with it.
func (c Config) Slot() (day time.Weekday, hour, minute int, zone *time.Location) {
	at, _ := time.Parse("15:04", c.LinkTest.Time)
	zone, err := time.LoadLocation(c.linkZone())
	if err != nil {
		zone = time.UTC
	}
	return weekdays[strings.ToLower(c.LinkTest.Weekday)], at.Hour(), at.Minute(), zone
}

func (c Config) linkZone() string {
	if c.LinkTest.TimeZone != "" {
		return c.LinkTest.TimeZone
	}
	return c.TimeZone
}

// The bounds of the time that stations have to confirm removal: a newsroom needs
// minutes, and a face that is up for a day is no removal.
const (
	minRemoval = time.Minute
	maxRemoval = 24 * time.Hour
)

// checkStations finds the faults in what is asked of stations.
func (c *Config) checkStations(bad *alert.Invalid) {
	if r := c.Repeat.Cadence(); r != nil {
		*bad = append(*bad, r.Check("repeat")...)
	}
	if d := time.Duration(c.RemovalWithin); d < minRemoval || d > maxRemoval {
		bad.Add("removal_within", "range", "Give stations 1 minute to 24 hours to confirm removal.")
	}
	if c.LinkTest.Off {
		return
	}
	if _, ok := weekdays[strings.ToLower(c.LinkTest.Weekday)]; !ok {
		bad.Add("link_test.weekday", "unknown", "Write the day in English: Monday to Sunday.")
	}
	if _, err := time.Parse("15:04", c.LinkTest.Time); err != nil {
		bad.Add("link_test.time", "format", "Write the time as HH:MM, 00:00 to 23:59.")
	}
	if _, err := time.LoadLocation(c.linkZone()); err != nil {
		bad.Add("link_test.time_zone", "unknown", "Write a time zone such as Europe/Brussels.")
	}
}
