package website

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// Partner is a partner's address as the registry keeps it.
type Partner struct {
	Endpoint string `json:"endpoint"`
	Secret   string `json:"secret"` // whsec_...
}

const (
	maxEndpoint = 500 // bytes of an address; longer ones are mistakes or attacks
	maxName     = 100 // bytes of a partner's name on the board
	secretSize  = 32
)

// NewPartner registers a partner: the recipient to store and the secret to
// hand over once. Errors are alert.Invalid. loopback lets the demo's own
// endpoints pass.
func NewPartner(name, endpoint string, areas []string, lang alert.Lang, loopback bool) (adapter.Recipient, string, error) {
	var bad alert.Invalid
	if name = strings.TrimSpace(name); name == "" || len(name) > maxName {
		bad.Add("name", "required", "Name the partner in 1 to 100 characters.")
	}
	if len(areas) == 0 {
		bad.Add("areas", "required", `Name the areas, or "*" for all.`)
	}
	if !slices.Contains(alert.Langs, lang) {
		bad.Add("lang", "unknown", "Use en, fr, de, it, ru or es.")
	}
	u, why := checkEndpoint(endpoint, loopback)
	if why != "" {
		bad.Add("endpoint", "address", why)
	}
	if err := bad.Err(); err != nil {
		return adapter.Recipient{}, "", err
	}
	raw := make([]byte, secretSize)
	_, _ = rand.Read(raw) // crypto/rand never fails
	secret := secretPrefix + base64.StdEncoding.EncodeToString(raw)
	address, err := json.Marshal(Partner{Endpoint: endpoint, Secret: secret})
	if err != nil {
		return adapter.Recipient{}, "", err
	}
	sum := sha256.Sum256([]byte(endpoint))
	return adapter.Recipient{
		ID: hex.EncodeToString(sum[:12]), Channel: Name, Name: name, Lang: lang, Areas: areas,
		Destination: strings.ToLower(u.Host), Address: address,
	}, secret, nil
}

// hostForm takes plain lower-case names under some domain: no address in
// numbers in any notation, no name of our own network, no trailing dot, no
// letters beyond ASCII that look like others.
var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// checkEndpoint parses an address that a stranger gave, or says what is wrong
// with it. What its name resolves to is checked at dial.
func checkEndpoint(endpoint string, loopback bool) (u *url.URL, why string) {
	if len(endpoint) > maxEndpoint {
		return nil, "Keep the address under 500 characters."
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" {
		return nil, "Write an address such as https://city.example/hooks/tocsin."
	}
	if u.User != nil {
		return nil, "Take the user name and password out of the address: the signature proves who sends."
	}
	if strings.Contains(endpoint, "#") {
		return nil, "Take the # part out of the address: it is never sent."
	}
	if loopback && isLoopback(u.Hostname()) && (u.Scheme == "http" || u.Scheme == "https") {
		return u, ""
	}
	if u.Scheme != "https" {
		return nil, "Use https: the alert names a child."
	}
	if !hostForm.MatchString(strings.ToLower(u.Hostname())) {
		return nil, "Use a public host name, one beyond ASCII in its xn-- form: an address in numbers cannot prove who it is."
	}
	return u, ""
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}
