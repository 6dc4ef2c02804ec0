package broadcast

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Name is the channel's name in the registry, on subjects and in settings.
const Name = "broadcast"

var areaCode = regexp.MustCompile(`^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$`)

// NewStation makes the registry entry of a broadcaster and its token, which is
// shown once. No areas means every area.
func NewStation(name string, areas []string, lang alert.Lang) (adapter.Recipient, string, error) {
	var faults alert.Invalid
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > 80 {
		faults.Add("name", "range", "give the station's name in 1 to 80 characters")
	}
	if len(areas) == 0 {
		areas = []string{"*"}
	}
	for i, a := range areas {
		if !areaCode.MatchString(a) {
			faults.Add(fmt.Sprintf("areas[%d]", i), "unknown", `give an ISO 3166 code such as "BE" or "BE-VAN", or "*" for all`)
		}
	}
	if !slices.Contains(alert.Langs, lang) {
		faults.Add("lang", "unknown", "give one of en, fr, de, it, ru, es")
	}
	if err := faults.Err(); err != nil {
		return adapter.Recipient{}, "", err
	}
	id := "st-" + strings.ToLower(rand.Text()[:12])
	token, made := newToken(id, time.Time{})
	address, err := json.Marshal(Station{Tokens: []Credential{made}})
	if err != nil {
		return adapter.Recipient{}, "", fmt.Errorf("station: %w", err)
	}
	return adapter.Recipient{
		ID: id, Channel: Name, Name: name, Lang: lang, Areas: slices.Clone(areas),
		Destination: id, Address: address, Created: time.Now().UTC().Truncate(time.Second),
	}, token, nil
}

// station is a broadcaster as its sessions know it. Immutable: a change of rights makes a new one.
type station struct {
	id, name string
	areas    []string
	group    string    // areas as one string: stations of the same areas share heartbeats
	address  string    // as registered, to see a change
	keys     []key     // all that it may enter with
	entered  key       // the one it did enter with
	notAfter time.Time // the end of the certificate itself; zero for a token
	expires  time.Time // of that one; zero = it does not end by itself
}

// newStation reads a registry entry; the station has entered with its first credential.
func newStation(r adapter.Recipient) (*station, error) {
	a, err := ReadStation(r)
	if err != nil {
		return nil, err
	}
	s := &station{
		id: r.ID, name: r.Name, areas: slices.Clone(r.Areas), group: strings.Join(r.Areas, ","),
		address: string(r.Address),
	}
	if s.keys, err = a.keys(); err != nil {
		return nil, fmt.Errorf("station %s: %w", r.ID, err)
	}
	return s.with(s.keys[0], time.Time{}), nil
}

// with is the station as it entered with k; notAfter is a certificate's own end.
func (s *station) with(k key, notAfter time.Time) *station {
	own := *s
	own.entered, own.notAfter, own.expires = k, notAfter, k.expires
	if !notAfter.IsZero() && (own.expires.IsZero() || notAfter.Before(own.expires)) {
		own.expires = notAfter
	}
	return &own
}

// same says whether r still grants what s has.
func (s *station) same(r adapter.Recipient) bool {
	return string(r.Address) == s.address && slices.Equal(r.Areas, s.areas)
}

// sees says whether an alert for these areas is for the station: "BE" takes all
// of Belgium, and who asked for Antwerp is told what concerns all of Belgium.
func (s *station) sees(areas []string) bool {
	for _, mine := range s.areas {
		if mine == "*" {
			return true
		}
		for _, a := range areas {
			if a == mine || strings.HasPrefix(a, mine+"-") || strings.HasPrefix(mine, a+"-") {
				return true
			}
		}
	}
	return false
}

// credDays is how many whole days the token is still good for; nil = it does not end by itself.
func (s *station) credDays(now time.Time) *int {
	if s.expires.IsZero() {
		return nil
	}
	return new(int(s.expires.Sub(now) / (24 * time.Hour)))
}
