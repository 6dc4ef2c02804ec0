// Package config is what an operator decides: read strictly, checked whole, and
// told all at once. Secrets are named by file and never printed.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

// Config is one server's settings. The zero value of an optional field has the
// meaning its comment gives.
type Config struct {
	// Realm is live or drill. A server belongs to one, and its data folder remembers which.
	Realm alert.Realm `json:"realm"`
	// Data is the folder of the embedded event stream and of the keys.
	Data string `json:"data"`
	// Listen serves the public and the officers; Ops serves health, metrics and profiles, never to the public.
	Listen string `json:"listen"`
	Ops    string `json:"ops"`
	NATS   NATS   `json:"nats"`
	TLS    TLS    `json:"tls"`

	// PublicURL is the address citizens see, without a path: "https://alerts.police.example".
	PublicURL string `json:"public_url"`
	// Country is ISO 3166-1 alpha-2; it comes first in lists.
	Country string `json:"country"`
	// Agency is the issuer's short name, in subjects and identifiers: "BEPOL".
	Agency string `json:"agency"`
	// Sender is CAP's sender, an address of the agency: "alerts@police.example".
	Sender string `json:"sender"`
	// Authority is the issuer as the public knows it; the default for new cases.
	Authority string `json:"authority"`
	// Contact reaches the operator: push services want it. "mailto:ops@police.example".
	Contact string `json:"contact"`
	// Languages of new cases, first = the officer's own.
	Languages []alert.Lang `json:"languages"`
	TimeZone  string       `json:"time_zone"`

	// Channels are each driver's own settings by its name; a channel that is not named is off.
	Channels map[string]json.RawMessage `json:"channels"`
	// Parts is into how many parts a channel's recipients are cut, 2 to 16, the same in
	// all processes: {"webpush": 4}. A server holds them all; `tocsin channel webpush
	// --part 2` holds that one, with a quarter of the memory. Change it while no alert is live.
	Parts map[string]int `json:"parts,omitempty"`
	// Part is the one that a process working a channel alone was told to hold; 0 = all.
	Part int `json:"-"`

	// Repeat, RemovalWithin and LinkTest are what stations are asked: to air again,
	// to confirm after a withdrawal that copies are gone, and to show once a week that their line works.
	Repeat        Repeat   `json:"repeat"`
	RemovalWithin Duration `json:"removal_within"`
	LinkTest      LinkTest `json:"link_test"`

	// Growth is when a wider area is proposed for a live alert; missing = 100, 200,
	// 300 and 500 km after 1, 2, 3 and 4 hours. AreaGroups are areas under one name
	// beside those every server knows: police zones.
	Growth     []GrowthStep   `json:"growth,omitempty"`
	AreaGroups []region.Group `json:"area_groups,omitempty"`

	// ReleasePasskey says whose releases a passkey confirms: "required" (everybody's),
	// "when_enrolled" (of who has one; the default) or "off".
	ReleasePasskey string `json:"release_passkey"`
	// NamelessSMS has officers warned of a child's name in SMS.
	NamelessSMS bool `json:"nameless_sms"`

	// SecondFactor says whether officers may sign in with a password alone: "required"
	// (no; the only choice in the live realm, and its default) or "optional" (until
	// they enrol an authenticator app; the default of a drill).
	SecondFactor string `json:"second_factor"`
	// OIDC is the agency's single sign-on for officers. Empty: none.
	OIDC OIDC `json:"oidc"`

	// PractiseAlone says where one person may play both roles, in the drill alone:
	// "tour" (in a practice, which is never sent; the default), "always" (in every
	// exercise alert but a planned full test's) or "off". Refused in the live realm.
	PractiseAlone string `json:"practise_alone"`
	// Criteria is the set that officers answer first: the name of an embedded one
	// ("osce", "fr", "be", "pl", "us-amber"; "pl@1" for an older version), or a file of
	// the State's own. Empty: nothing is asked. Cases keep the set they were begun under.
	Criteria string `json:"criteria"`

	// AllowLoopback lets push endpoints, partners and gateways be on 127.0.0.1.
	// For demonstrations; refused in the live realm.
	AllowLoopback bool `json:"allow_loopback"`
}

// MaxParts bounds Parts: each part is worked by a consumer of its own.
const MaxParts = 16

// NATS names outside servers. Empty: embedded.
type NATS struct {
	URL   string `json:"url"`
	Creds string `json:"creds"`
	// SetupCreds makes the streams that are missing at start and is dropped then.
	SetupCreds string `json:"setup_creds"`
	Replicas   int    `json:"replicas"`

	// Listen is where the embedded server takes stations with direct NATS; empty =
	// nowhere. Cert and Key are files of its TLS certificate, needed beyond loopback.
	Listen string `json:"listen"`
	Cert   string `json:"cert"`
	Key    string `json:"key"`
}

// check finds the faults of the NATS settings.
func (n NATS) check(bad *alert.Invalid) {
	if r := n.Replicas; r != 0 && r != 1 && r != 3 && r != 5 {
		bad.Add("nats.replicas", "range", "Use 1, 3 or 5 replicas: two servers cannot outvote each other.")
	}
	if n.URL == "" && n.SetupCreds != "" {
		bad.Add("nats.setup_creds", "alone", "Take it out, or name the outside servers in nats.url: the embedded one sets itself up.")
	}
	if (n.Cert == "") != (n.Key == "") {
		bad.Add("nats.cert", "alone", "Name both nats.cert and nats.key, or neither.")
	}
	if n.Listen == "" {
		return
	}
	host, _, err := net.SplitHostPort(n.Listen)
	ip := net.ParseIP(host)
	switch {
	case err != nil:
		bad.Add("nats.listen", "address", fmt.Sprintf("Write HOST:PORT, not %q.", n.Listen))
	case n.URL != "":
		bad.Add("nats.listen", "alone", "Take it out: outside servers listen for stations by themselves.")
	case n.Cert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()):
		bad.Add("nats.listen", "tls", "Name nats.cert and nats.key, or listen on 127.0.0.1: stations beyond this machine need TLS.")
	}
}

// TLS is the certificate of Listen. Empty: plain HTTP, for a proxy in front on the
// same machine. The files are read again when they change.
type TLS struct {
	Cert string `json:"cert"` // PEM file: the certificate and those that it hangs on
	Key  string `json:"key"`  // PEM file
	// ClientCA is a PEM file of the authorities whose client certificates broadcasters
	// may enter with; a self-signed one goes in itself. Being signed by one of them lets
	// nobody in: the operator registers each station's with `tocsin recipients add-cert`.
	ClientCA string `json:"client_ca"`
}

// Default is a drill on this machine alone: the only thing that can be started without thinking.
func Default() Config {
	return Config{
		Realm: alert.Drill, Listen: "127.0.0.1:8080", Ops: "127.0.0.1:8081",
		Country: "BE", Agency: "DEMO", Sender: "tocsin@localhost.invalid", Authority: "Police",
		Contact:   "mailto:operator@localhost.invalid",
		Languages: []alert.Lang{alert.English}, TimeZone: "UTC",
		Channels: map[string]json.RawMessage{},
		Repeat:   Repeat{Every: Duration(15 * time.Minute), For: Duration(3 * time.Hour)},
		// A newsroom's slowest copy is a programme under way.
		RemovalWithin: Duration(15 * time.Minute),
		LinkTest:      LinkTest{Weekday: "Wednesday", Time: "10:00"},
	}
}

// maxFile bounds a configuration file: settings, never data.
const maxFile = 1 << 20

// Load reads the file over c. Unknown fields are refused: a misspelt setting
// must never be ignored silently.
func (c *Config) Load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if len(data) > maxFile {
		return fmt.Errorf("configuration %s is over %d bytes", path, maxFile)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("configuration %s: there is more after the closing brace", path)
	}
	return nil
}

var (
	agencyShape  = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,15}$`)
	countryShape = regexp.MustCompile(`^[A-Z]{2}$`)
)

// Check finds every fault at once. known lists the channels' names.
func (c *Config) Check(known []string) error {
	var bad alert.Invalid
	if c.Realm != alert.Live && c.Realm != alert.Drill {
		bad.Add("realm", "unknown", `Set "live" or "drill".`)
	}
	if c.Data == "" {
		bad.Add("data", "required", "Name a folder for the keys and the embedded event stream.")
	}
	for field, addr := range map[string]string{"listen": c.Listen, "ops": c.Ops} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			bad.Add(field, "address", fmt.Sprintf("Write HOST:PORT, not %q.", addr))
		}
	}
	c.NATS.check(&bad)
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		bad.Add("tls", "required", "Name both tls.cert and tls.key, or neither.")
	}
	if c.TLS.ClientCA != "" && c.TLS.Cert == "" {
		bad.Add("tls.client_ca", "contradiction", "Without tls.cert the listener speaks no TLS and sees no client certificate: name one, or take client_ca out.")
	}
	c.checkIssuer(&bad)
	c.checkStations(&bad)
	c.checkSignIn(&bad)
	c.checkArea(&bad)
	for name, n := range c.Parts {
		if _, on := c.Channels[name]; !on {
			bad.Add("parts."+name, "unknown", "Name it under channels too, or take it out: this channel is off.")
		} else if n < 2 || n > MaxParts {
			bad.Add("parts."+name, "range", fmt.Sprintf("Cut into 2 to %d parts, or take it out.", MaxParts))
		}
	}
	for name := range c.Channels {
		if !slices.Contains(known, name) {
			bad.Add("channels."+name, "unknown", "There is no such channel. Channels: "+strings.Join(known, ", ")+".")
		}
	}
	if c.Realm == alert.Live {
		c.checkLive(&bad)
	}
	slices.SortFunc(bad, func(a, b alert.Fault) int { return strings.Compare(a.Field, b.Field) })
	return bad.Err()
}

func (c *Config) checkIssuer(bad *alert.Invalid) {
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || (u.Scheme != "https" && u.Scheme != "http") {
		bad.Add("public_url", "address", "Write the public address as https://HOST, without a path.")
	}
	if !countryShape.MatchString(c.Country) {
		bad.Add("country", "shape", "Write the country as two capital letters, ISO 3166-1.")
	}
	if !agencyShape.MatchString(c.Agency) {
		bad.Add("agency", "shape", "Use 2 to 16 capital letters and digits, a letter first.")
	}
	if !slices.Contains([]string{"", "required", "when_enrolled", "off"}, c.ReleasePasskey) {
		bad.Add("release_passkey", "unknown", "Write required, when_enrolled or off.")
	}
	if !slices.Contains([]string{"", "tour", "always", "off"}, c.PractiseAlone) {
		bad.Add("practise_alone", "unknown", "Write tour, always or off.")
	}
	c.checkCriteria(bad)
	if a, err := mail.ParseAddress(c.Sender); err != nil || a.Address != c.Sender {
		bad.Add("sender", "address", "Write the agency's mail address alone: alerts@police.example.")
	}
	if u, err := url.Parse(c.Contact); err != nil || (u.Scheme != "mailto" && u.Scheme != "https") {
		bad.Add("contact", "address", "Write mailto:ADDRESS or an https address that reaches the operator.")
	}
	if len(c.Languages) == 0 {
		bad.Add("languages", "required", "Name at least one of en, fr, de, it, ru, es.")
	}
	for i, l := range c.Languages {
		if !slices.Contains(alert.Langs, l) {
			bad.Add(fmt.Sprintf("languages[%d]", i), "unknown", "Use en, fr, de, it, ru or es.")
		}
	}
}

// checkLive refuses what only a drill may do.
func (c *Config) checkLive(bad *alert.Invalid) {
	if c.PractiseAlone != "" && c.PractiseAlone != "off" {
		bad.Add("practise_alone", "live", "Take it out: in the live realm a second person releases every alert.")
	}
	if c.AllowLoopback {
		bad.Add("allow_loopback", "live", "Take it out: the live realm never reaches out to its own machine.")
	}
	if !strings.HasPrefix(c.PublicURL, "https://") {
		bad.Add("public_url", "live", "The live realm needs an https address: push and trust depend on it.")
	}
	if strings.HasSuffix(c.Sender, ".invalid") || strings.HasSuffix(c.Contact, ".invalid") {
		bad.Add("sender", "live", "Write your own sender and contact: the examples reach nobody.")
	}
}
