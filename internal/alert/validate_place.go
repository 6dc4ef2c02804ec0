package alert

import (
	"math"
	"regexp"
	"time"
	_ "time/tzdata" // a container without zone files must judge zones as any other machine does
)

func (c *checker) lastSeen(l *LastSeen) {
	switch {
	case l.At.IsZero():
		c.add("last_seen.at", "required", "Say when the child was last seen.")
	case l.At.After(c.now):
		c.add("last_seen.at", "future", "The child cannot be last seen in the future; correct the date, the time or its zone.")
	case c.now.Sub(l.At) > lastSeenMax:
		c.add("last_seen.at", "range", "The child was last seen more than 90 days ago; correct the date, or publish the case by other means than an alert.")
	}
	c.zone("last_seen.time_zone", l.TimeZone)
	c.required("last_seen.place", l.Place, "Say where the child was last seen, as a sign would: \"Gare du Nord, Brussels\".")
	c.name("last_seen.place", l.Place)
	if l.Point != nil && !l.Point.valid() {
		c.add("last_seen.point", "range", "Give degrees: latitude -90 to 90 and longitude -180 to 180.")
	}
	enum(c, "last_seen.transport", l.Transport, AllTransports, false)
	c.name("last_seen.towards", l.Towards)
}

// zoneName is the shape of a place's zone. It keeps "Local", "UTC" and paths
// away from LoadLocation: local time is the time of a place.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z_]{2,20}(/[A-Za-z][A-Za-z0-9_+-]{1,30}){1,2}$`)

func (c *checker) zone(field, name string) {
	if name == "" {
		c.add(field, "required", "Name the time zone of the place, for example Europe/Brussels.")
		return
	}
	if zoneName.MatchString(name) {
		if _, err := time.LoadLocation(name); err == nil {
			return
		}
	}
	c.add(field, "unknown", "The time zone is not known; use an IANA name of a place, for example Europe/Brussels.")
}

func (p Point) valid() bool {
	return math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 // false for NaN too
}

// phoneShape is E.164 or a short national number. Whether the number exists is
// judged where numbering plans are known.
var phoneShape = regexp.MustCompile(`^\+?[0-9]{2,15}$`)

func (c *checker) contact(k *Contact) {
	const mend = "Write the number in digits without spaces, with + and the country code or as a short number: +3225544000, 112."
	if k.Phone == "" {
		c.add("contact.phone", "required", "Give the one number that the public should call.")
	} else if !phoneShape.MatchString(k.Phone) {
		c.add("contact.phone", "format", mend)
	}
	if k.Hotline != "" && !phoneShape.MatchString(k.Hotline) {
		c.add("contact.hotline", "format", mend)
	}
	c.https("contact.form", k.Form)
}
