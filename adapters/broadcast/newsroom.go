package broadcast

import (
	"encoding/hex"
	"time"
)

// What the newsroom, the broadcasters' site, asks of the channel.

// StationByToken is the id of the station that a token belongs to. seal tells
// this token from the station's others and opens nothing; Holds takes it.
func (f *Feed) StationByToken(text string) (id, seal string, ok bool) {
	s, err := f.admitToken(text, time.Now())
	if err != nil {
		return "", "", false
	}
	return s.id, hex.EncodeToString(s.entered.sum[:]), true
}

// Holds says whether the token of this seal still opens the station's door.
func (f *Feed) Holds(id, seal string) bool {
	s := f.lookup(id)
	if s == nil {
		return false
	}
	for _, k := range s.keys {
		if k.kind == token && seal == hex.EncodeToString(k.sum[:]) {
			return !k.ended(time.Now())
		}
	}
	return false
}
