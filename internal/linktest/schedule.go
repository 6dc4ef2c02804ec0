package linktest

import "time"

// Schedule is when the lines are tested, once a week.
type Schedule struct {
	Day          time.Weekday
	Hour, Minute int
	Zone         *time.Location
}

// Slot is the newest scheduled time at or before now. On the day on which the
// clocks go forward a time that does not exist is an hour later.
func (s Schedule) Slot(now time.Time) time.Time {
	local := now.In(s.Zone)
	back := (int(local.Weekday()) - int(s.Day) + 7) % 7
	slot := s.on(local, -back)
	if slot.After(now) {
		slot = s.on(local, -back-7)
	}
	return slot
}

// Next is the first scheduled time after now.
func (s Schedule) Next(now time.Time) time.Time {
	return s.on(s.Slot(now), 7)
}

// on is the time of day of the schedule, so many days from the day of t.
func (s Schedule) on(t time.Time, days int) time.Time {
	t = t.In(s.Zone)
	return time.Date(t.Year(), t.Month(), t.Day()+days, s.Hour, s.Minute, 0, 0, s.Zone)
}
