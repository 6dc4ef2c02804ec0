package webpush

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// wishes are how a citizen wants to be told. They never keep an alert from him:
// they take its sound away, so that fewer people turn alerts off altogether.
type wishes struct {
	// Quiet is the part of the day without sound; nil = none.
	Quiet *hours `json:"quiet,omitempty"`
	// Calm: sound only for an abduction or a child in danger.
	Calm bool `json:"calm,omitempty"`
}

// hours is a part of the day on the clocks of a zone; From after To is over midnight.
type hours struct {
	From clock  `json:"from"`
	To   clock  `json:"to"`
	Zone string `json:"zone"` // IANA name, as the browser says it
}

// clock is a time of day in minutes, written "22:30".
type clock int

// MarshalText writes "22:30".
func (c clock) MarshalText() ([]byte, error) {
	return time.Time{}.Add(time.Duration(c)*time.Minute).AppendFormat(nil, "15:04"), nil
}

// UnmarshalText reads "22:30".
func (c *clock) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	*c = clock(t.Hour()*60 + t.Minute())
	return err
}

// stored is a Recipient's Address. Personal data: it can reach a person.
type stored struct {
	subscription
	wishes
	// Confirmed is the last day on which the device said that it is there: "2026-11-22".
	Confirmed string `json:"confirmed,omitempty"`
}

// The packed form of what is beside the subscription itself:
//
//	2 bytes  the day of the last confirmation, counted from 1970; 0 = unknown
//	1 byte   1 = calm
//	2 bytes  start of the quiet hours in minutes
//	2 bytes  end of the quiet hours
//	2 bytes  the zone's place in zones; 0 = no quiet hours
const wishesLen = 9

const (
	dayForm   = time.DateOnly
	secondDay = 24 * 60 * 60
	// maxZone bounds the name of a zone: the longest has 32 characters.
	maxZone = 40
)

// zones gives each time zone that is in use a small number. There are some six
// hundred, and only names that the system knows get in.
var zones struct {
	sync.RWMutex
	all []*time.Location // the number is the place and one
}

// zoneNumber is name's, or 0 when there is no such zone.
func zoneNumber(name string) uint16 {
	if name == "" || len(name) > maxZone || name == "Local" {
		return 0
	}
	zones.Lock()
	defer zones.Unlock()
	i := slices.IndexFunc(zones.all, func(l *time.Location) bool { return l.String() == name })
	if i < 0 {
		zone, err := time.LoadLocation(name)
		if err != nil || len(zones.all) >= 1<<16-1 {
			return 0
		}
		i, zones.all = len(zones.all), append(zones.all, zone)
	}
	return uint16(i + 1)
}

func zoneOf(n uint16) *time.Location {
	zones.RLock()
	defer zones.RUnlock()
	if n == 0 || int(n) > len(zones.all) {
		return nil
	}
	return zones.all[n-1]
}

// appendWishes packs what s has beside its subscription. What cannot be read is
// left out: a citizen with a broken wish is told aloud.
func appendWishes(p []byte, s stored) []byte {
	var day uint16
	if at, err := time.Parse(dayForm, s.Confirmed); err == nil {
		day = uint16(at.Unix() / secondDay)
	}
	p = binary.BigEndian.AppendUint16(p, day)
	calm := byte(0)
	if s.Calm {
		calm = 1
	}
	p = append(p, calm)
	var q hours
	var zone uint16
	if s.Quiet != nil {
		q, zone = *s.Quiet, zoneNumber(s.Quiet.Zone)
	}
	p = binary.BigEndian.AppendUint16(p, uint16(q.From))
	p = binary.BigEndian.AppendUint16(p, uint16(q.To))
	return binary.BigEndian.AppendUint16(p, zone)
}

// stored is t in the form that is kept on the stream.
func (t target) stored() stored {
	s := stored{subscription: subscription{
		Endpoint: string(t.origin) + t.start + string(t.rest),
		P256dh:   b64.EncodeToString(append([]byte{4}, t.xy...)), Auth: b64.EncodeToString(t.auth),
	}}
	if day := binary.BigEndian.Uint16(t.wishes); day > 0 {
		s.Confirmed = time.Unix(int64(day)*secondDay, 0).UTC().Format(dayForm)
	}
	s.Calm = t.wishes[2] == 1
	if zone := zoneOf(binary.BigEndian.Uint16(t.wishes[7:])); zone != nil {
		s.Quiet = &hours{clock(binary.BigEndian.Uint16(t.wishes[3:])), clock(binary.BigEndian.Uint16(t.wishes[5:])), zone.String()}
	}
	return s
}

// silent says whether the recipient of t wants no sound at now from a message
// that is grave or not.
func (t target) silent(now time.Time, grave bool) bool {
	if t.wishes[2] == 1 && !grave {
		return true
	}
	zone := zoneOf(binary.BigEndian.Uint16(t.wishes[7:]))
	if zone == nil {
		return false
	}
	now = now.In(zone)
	at := now.Hour()*60 + now.Minute()
	from, to := int(binary.BigEndian.Uint16(t.wishes[3:])), int(binary.BigEndian.Uint16(t.wishes[5:]))
	if from <= to {
		return at >= from && at < to
	}
	return at >= from || at < to
}

// grave says whether m makes its sound also for those who asked for few: a
// child who was taken, or who is in danger.
func grave(m *alert.Message) bool {
	if m.Facts == nil {
		return false
	}
	switch m.Facts.Circumstances {
	case alert.AbductionStranger, alert.AbductionParent, alert.OtherEndangered:
		return true
	}
	return false
}

// hushed is the payload body without its sound; a body that is silent already stays as it is.
func hushed(body []byte) []byte {
	var d declared
	if err := json.Unmarshal(body, &d); err != nil {
		return body
	}
	d.Notification.Silent, d.Notification.Renotify = true, false
	quieter, err := encode(d)
	if err != nil {
		return body
	}
	return quieter
}

// hush makes each language's quiet form when somebody first wants it.
func hush(body func(alert.Lang) []byte) func(alert.Lang) []byte {
	var mu sync.Mutex
	made := map[alert.Lang][]byte{}
	return func(lang alert.Lang) []byte {
		mu.Lock()
		defer mu.Unlock()
		if made[lang] == nil {
			made[lang] = hushed(body(lang))
		}
		return made[lang]
	}
}

// Confirmed is the last day on which r's device said that it is there: when its
// citizen subscribed, visited, or saw a test. The zero time when it is unknown.
func Confirmed(r adapter.Recipient) time.Time {
	t, err := unpack(r)
	if err != nil {
		return time.Time{}
	}
	if day := binary.BigEndian.Uint16(t.wishes); day > 0 {
		return time.Unix(int64(day)*secondDay, 0).UTC()
	}
	return time.Time{}
}

// same says whether storing b over a would change nothing.
func same(a, b adapter.Recipient) bool {
	packed := func(r adapter.Recipient) []byte {
		if r.Packed != nil {
			return r.Packed
		}
		p, err := pack(r.Address)
		if err != nil {
			return nil
		}
		return p
	}
	p := packed(a)
	return p != nil && bytes.Equal(p, packed(b)) && a.Lang == b.Lang && slices.Equal(a.Areas, b.Areas)
}
