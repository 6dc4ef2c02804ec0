package casework

import (
	"crypto/rand"
	"strings"
)

// idAlphabet has no vowels (no words by accident) and nothing that is misread on the telephone.
const idAlphabet = "23456789BCDFGHJKLMNPQRSTVWXZ"

// idLength gives 57 bits: a stranger cannot guess a case that is not public.
const idLength = 12

// newID draws a case id.
func newID() string {
	const fair = 256 - 256%len(idAlphabet) // bytes above would prefer the first letters
	id := make([]byte, 0, idLength)
	var b [2 * idLength]byte
	for len(id) < idLength {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
		for _, x := range b {
			if int(x) < fair && len(id) < idLength {
				id = append(id, idAlphabet[int(x)%len(idAlphabet)])
			}
		}
	}
	return string(id)
}

// newToken draws a photo's token: 128 bits or more, so that its address cannot be found by trying.
func newToken() string { return strings.ToLower(rand.Text()) }
