package casework

import (
	"crypto/rand"
	"strings"
)

// newToken draws a photo's token: 128 bits or more, so that its address cannot be found by trying.
func newToken() string { return strings.ToLower(rand.Text()) }
