package broadcast

import (
	"encoding/hex"
	"time"
)

// What the newsroom, the broadcasters' site, asks of the channel.

// StationByToken is the id of the station that a token belongs to. seal tells
// this token from the station's others and opens nothing; Holds takes it.
func (f *Feed) StationByToken(token string) (id, seal string, ok bool) {
	s, err := f.byToken(token)
	if err != nil {
		return "", "", false
	}
	return s.id, hex.EncodeToString(s.sum[:]), true
}

// Holds says whether the token of this seal still opens the station's door.
func (f *Feed) Holds(id, seal string) bool {
	rec, ok := f.env.Recipients.Get(Name, id)
	if !ok {
		return false
	}
	s, err := newStation(rec)
	return err == nil && seal == hex.EncodeToString(s.sum[:]) && (s.expires.IsZero() || time.Now().Before(s.expires))
}
