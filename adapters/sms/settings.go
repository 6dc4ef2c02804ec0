package sms

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/smpp"
)

// Settings are the channel's: one or more gateways. Each is an SMPP or an HTTP
// object, told apart by its kind.
type Settings struct {
	Gateways []json.RawMessage `json:"gateways"`
}

// SMPP is a bind to a message centre. A centre that allows several binds gets
// one entry for each.
type SMPP struct {
	Kind         string  `json:"kind"` // "smpp"
	Name         string  `json:"name"`
	Address      string  `json:"address"` // host:port
	SystemID     string  `json:"system_id"`
	PasswordFile string  `json:"password_file"`
	SystemType   string  `json:"system_type"`
	Source       string  `json:"source"`    // what the telephone shows: a name of at most 11 characters, or a number
	Window       int     `json:"window"`    // messages awaiting an answer; 10
	Rate         float64 `json:"rate"`      // messages a second; 100
	EnquireS     int     `json:"enquire_s"` // a silent link is tested after so many seconds; 30
	ResponseS    int     `json:"response_s"`
	TLS          bool    `json:"tls"`
	CAFile       string  `json:"ca_file"` // PEM, for a centre with a certificate of its own
	HexIDs       bool    `json:"hex_ids"` // ids are hexadecimal in answers and decimal in receipts
	// NoValidity leaves out the time after which the centre stops trying, for
	// centres that refuse it. By default it is the alert's expiry.
	NoValidity bool `json:"no_validity"`

	password string
	tls      *tls.Config
}

// HTTP is a provider's gateway. The defaults of the parameters are Kannel's,
// which wants method GET and format query.
type HTTP struct {
	Kind         string  `json:"kind"` // "http"
	Name         string  `json:"name"`
	URL          string  `json:"url"`
	Method       string  `json:"method"` // POST, or GET with format query
	Format       string  `json:"format"` // form, json, query
	User         string  `json:"user"`
	PasswordFile string  `json:"password_file"`
	Source       string  `json:"source"`
	Window       int     `json:"window"` // requests at once; 10
	Rate         float64 `json:"rate"`   // messages a second; 100
	Params       Params  `json:"params"`
	// Extra goes with every message as it is; {"charset": "UTF-8", "dlr-mask": "19"}
	// by default, {} for none.
	Extra map[string]string `json:"extra"`
	// CodingGSM and CodingUCS2 are the values of Params.Coding; 0 and 2.
	CodingGSM  string `json:"coding_gsm"`
	CodingUCS2 string `json:"coding_ucs2"`
	// Callback is this server's public address; with it delivery reports are asked for.
	Callback string `json:"callback"`
	// State is what the gateway replaces by a message's state in the callback's address; "%d".
	State string `json:"state"`

	password string
}

// Params are the names of a gateway's parameters. Empty names get Kannel's; "-" leaves one out.
type Params struct {
	To       string `json:"to"`
	Text     string `json:"text"`
	From     string `json:"from"`
	User     string `json:"user"`
	Password string `json:"password"`
	Coding   string `json:"coding"`
	Callback string `json:"callback"`
}

// settings are the decoded and completed gateways.
type settings struct {
	smpp []SMPP
	http []HTTP
}

// maxGateways bounds the gateways of one installation.
const maxGateways = 32

var (
	nameShape   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	sourceName  = regexp.MustCompile(`^[A-Za-z0-9 ._-]{1,11}$`)
	sourceDigit = regexp.MustCompile(`^\+?[0-9]{3,15}$`)
)

// decodeSettings reads raw strictly and finds every fault at once.
func decodeSettings(raw json.RawMessage, loopback bool) (settings, error) {
	var in Settings
	var out settings
	if err := adapter.DecodeSettings(raw, &in); err != nil {
		return out, err
	}
	if len(in.Gateways) == 0 || len(in.Gateways) > maxGateways {
		return out, fmt.Errorf("settings: gateways: name 1 to %d gateways", maxGateways)
	}
	var faults []error
	seen := make(map[string]bool)
	for i, raw := range in.Gateways {
		field := fmt.Sprintf("gateways[%d]", i)
		name, err := out.add(raw, loopback)
		if err == nil && seen[name] {
			err = errors.New("name: two gateways have this name")
		}
		seen[name] = true
		if err != nil {
			faults = append(faults, fmt.Errorf("settings: %s: %w", field, err))
		}
	}
	return out, errors.Join(faults...)
}

func (s *settings) add(raw json.RawMessage, loopback bool) (name string, err error) {
	var kind struct {
		Kind string `json:"kind"` // tagged so that an error calls them as the settings do
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &kind); err != nil {
		return "", err
	}
	if !nameShape.MatchString(kind.Name) {
		return "", errors.New("name: 1 to 32 letters, digits, - or _")
	}
	switch kind.Kind {
	case "smpp":
		var g SMPP
		if err := adapter.DecodeSettings(raw, &g); err != nil {
			return "", err
		}
		s.smpp = append(s.smpp, g)
		return g.Name, s.smpp[len(s.smpp)-1].complete()
	case "http":
		var g HTTP
		if err := adapter.DecodeSettings(raw, &g); err != nil {
			return "", err
		}
		s.http = append(s.http, g)
		return g.Name, s.http[len(s.http)-1].complete(loopback)
	default:
		return "", fmt.Errorf("kind: %q is neither smpp nor http", kind.Kind)
	}
}

func (g *SMPP) complete() (err error) {
	if g.password, err = password(g.PasswordFile); err != nil {
		return err
	}
	if g.SystemID == "" {
		return errors.New("system_id: the name the provider gave you")
	}
	if !sourceName.MatchString(g.Source) && !sourceDigit.MatchString(g.Source) {
		return errors.New("source: a name of 1 to 11 letters and digits, or a number")
	}
	if g.EnquireS < 0 || g.EnquireS > 3600 || g.ResponseS < 0 || g.ResponseS > 60 {
		return errors.New("enquire_s, response_s: 1 to 3600 and 1 to 60 seconds")
	}
	if g.TLS {
		g.tls, err = tlsConfig(g.Address, g.CAFile)
	}
	return err
}

func tlsConfig(address, caFile string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("address: write host:port")
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca_file: no certificate in it")
	}
	return c, nil
}

func (g *HTTP) complete(loopback bool) (err error) {
	if err := checkURL("url", g.URL, loopback); err != nil {
		return err
	}
	if g.Callback != "" {
		if err := checkURL("callback", g.Callback, loopback); err != nil {
			return err
		}
	}
	g.Method, g.Format = cmp.Or(g.Method, "POST"), cmp.Or(g.Format, "form")
	if (g.Method != "POST" && g.Method != "GET") || (g.Method == "GET" && g.Format != "query") {
		return errors.New("method: POST, or GET with format query")
	}
	if g.Format != "form" && g.Format != "json" && g.Format != "query" {
		return errors.New("format: form, json or query")
	}
	if g.password, err = password(g.PasswordFile); err != nil {
		return err
	}
	g.Window, g.Rate = cmp.Or(g.Window, 10), cmp.Or(g.Rate, 100)
	if g.Window < 1 || g.Window > 1000 || g.Rate <= 0 {
		return errors.New("window, rate: 1 to 1000 requests at once, and more than 0 messages a second")
	}
	for _, p := range []struct {
		name    *string
		kannels string
	}{
		{&g.Params.To, "to"},
		{&g.Params.Text, "text"},
		{&g.Params.From, "from"},
		{&g.Params.User, "username"},
		{&g.Params.Password, "password"},
		{&g.Params.Coding, "coding"},
		{&g.Params.Callback, "dlr-url"},
	} {
		*p.name = cmp.Or(*p.name, p.kannels)
	}
	if g.Extra == nil {
		g.Extra = map[string]string{"charset": "UTF-8", "dlr-mask": "19"} // 19: delivered, failed, refused by the network
	}
	g.CodingGSM, g.CodingUCS2 = cmp.Or(g.CodingGSM, "0"), cmp.Or(g.CodingUCS2, "2")
	g.State = cmp.Or(g.State, "%d")
	return nil
}

// checkURL guards an address: https, or this machine in the demo and in tests.
func checkURL(field, s string, loopback bool) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%s: write an address such as https://sms.example/send, without name and password", field)
	}
	ip, ipErr := netip.ParseAddr(u.Hostname())
	if loopback && u.Scheme == "http" && (u.Hostname() == "localhost" || (ipErr == nil && ip.IsLoopback())) {
		return nil
	}
	if u.Scheme != "https" {
		return fmt.Errorf("%s: use https: the text names a child", field)
	}
	return nil
}

// maxSecret bounds a password file: a wrong path must not be read whole.
const maxSecret = 1 << 10

// password reads a secret from its file; no path is no password.
func password(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("password_file: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("password_file: %w", err)
	}
	if len(b) > maxSecret {
		return "", fmt.Errorf("password_file: more than %d bytes", maxSecret)
	}
	return string(bytes.TrimSpace(b)), nil
}

// options are g's as the client wants them.
func (g SMPP) options() smpp.Options {
	return smpp.Options{
		Address: g.Address, Bind: smpp.Bind{SystemID: g.SystemID, Password: g.password, SystemType: g.SystemType},
		TLS: g.tls, Window: g.Window, Rate: g.Rate,
		Enquire: time.Duration(g.EnquireS) * time.Second, Response: time.Duration(g.ResponseS) * time.Second,
	}
}
