package broadcast

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
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

// Station is the Address of a broadcaster in the registry.
type Station struct {
	TokenSHA256 string    `json:"token_sha256"` // hex; the token itself is kept nowhere
	Contact     string    `json:"contact,omitempty"`
	Expires     time.Time `json:"expires,omitzero"` // of the token; zero = when it is withdrawn
	NATS        string    `json:"nats,omitempty"`   // public key of its account for direct NATS
}

// Tokens are of bounded length, so that an attacker cannot make us hash megabytes.
const maxToken = 200

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
	token := id + "." + rand.Text()
	sum := sha256.Sum256([]byte(token))
	address, err := json.Marshal(Station{TokenSHA256: hex.EncodeToString(sum[:])})
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
	key      string // areas as one string: stations of the same areas share heartbeats
	address  string // as registered, to see a change
	sum      [sha256.Size]byte
	expires  time.Time
}

// newStation reads a registry entry.
func newStation(r adapter.Recipient) (*station, error) {
	var a Station
	if err := json.Unmarshal(r.Address, &a); err != nil {
		return nil, fmt.Errorf("station %s: address: %w", r.ID, err)
	}
	s := &station{
		id: r.ID, name: r.Name, areas: slices.Clone(r.Areas), key: strings.Join(r.Areas, ","),
		address: string(r.Address), expires: a.Expires,
	}
	if n, err := hex.Decode(s.sum[:], []byte(a.TokenSHA256[:min(len(a.TokenSHA256), 2*sha256.Size)])); err != nil || n != sha256.Size {
		return nil, fmt.Errorf("station %s: token_sha256 is not 64 hexadecimal digits; give it a new token", r.ID)
	}
	return s, nil
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

// admit finds the station behind a request's bearer token. The answer is the
// same for an unknown station and a wrong secret.
func (f *Feed) admit(r *http.Request) (*station, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, &problem{http.StatusUnauthorized, "send the station's token as \"Authorization: Bearer TOKEN\"; it is never taken from the address", "Authorization"}
	}
	wrong := &problem{http.StatusUnauthorized, "the token is not valid; ask the operator for a new one", "Authorization"}
	id, _, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken {
		return nil, wrong
	}
	sum := sha256.Sum256([]byte(token))
	var s *station
	if rec, found := f.env.Recipients.Get(Name, id); found {
		var err error
		if s, err = newStation(rec); err != nil {
			f.env.Log.Error("station cannot sign in", "station", id, "err", err)
		}
	}
	want := [sha256.Size]byte{}
	if s != nil {
		want = s.sum
	}
	if subtle.ConstantTimeCompare(sum[:], want[:]) != 1 || s == nil {
		f.stats.refused.Add(1)
		return nil, wrong
	}
	if !s.expires.IsZero() && !time.Now().Before(s.expires) {
		f.stats.refused.Add(1)
		return nil, &problem{http.StatusUnauthorized, "the token has expired; ask the operator for a new one", "Authorization"}
	}
	return s, nil
}
