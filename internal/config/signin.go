package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"tocsin/internal/alert"
)

// OIDC is an OpenID Connect provider that officers sign in through.
type OIDC struct {
	// Issuer is its address: "https://login.police.example".
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	// ClientSecretFile holds the client's secret; it is read at each use.
	ClientSecretFile string `json:"client_secret_file"`
	// Claim is what of the token names the officer; empty = "preferred_username",
	// which at many providers everybody may change himself: name one that only the
	// provider writes, such as "sub" or an employee number.
	// Who goes by another name there than here is linked by `tocsin users sso`.
	Claim string `json:"claim"`
	// Label is what the sign-in page calls it; empty = the issuer's host.
	Label string `json:"label"`
}

// On says whether there is one.
func (o OIDC) On() bool { return o.Issuer != "" }

// Secret reads the client's secret.
func (o OIDC) Secret() (string, error) {
	data, err := os.ReadFile(o.ClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("oidc.client_secret_file: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" {
		return "", fmt.Errorf("oidc.client_secret_file: %s is empty; write the client's secret into it", o.ClientSecretFile)
	}
	return secret, nil
}

// RequireSecondFactor says whether a password alone lets no officer in.
func (c *Config) RequireSecondFactor() bool {
	return c.SecondFactor == "required" || c.SecondFactor == "" && c.Realm == alert.Live
}

// maxLabel is what fits the button.
const maxLabel = 40

// checkSignIn finds the faults in how officers sign in.
func (c *Config) checkSignIn(bad *alert.Invalid) {
	switch {
	case c.SecondFactor != "" && c.SecondFactor != "required" && c.SecondFactor != "optional":
		bad.Add("second_factor", "unknown", "Write required or optional.")
	case c.SecondFactor == "optional" && c.Realm == alert.Live:
		bad.Add("second_factor", "live", "Take it out: in the live realm nobody signs in with a password alone.")
	}
	o := c.OIDC
	if o == (OIDC{}) {
		return
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case o.Issuer == "":
		bad.Add("oidc.issuer", "required", "Write the provider's address, or take oidc out.")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		bad.Add("oidc.issuer", "address", "Write the provider's address as https://HOST or https://HOST/PATH, as it calls itself.")
	case u.Scheme != "https" && (u.Scheme != "http" || !c.AllowLoopback || !loopback(u.Hostname())):
		bad.Add("oidc.issuer", "tls", "Use https: what the provider says of an officer must not be changed on its way.")
	}
	if o.ClientID == "" {
		bad.Add("oidc.client_id", "required", "Write the id that the provider gave this client.")
	}
	if _, err := o.Secret(); err != nil {
		bad.Add("oidc.client_secret_file", "file", "Name a file that the server can read and that holds the client's secret.")
	}
	if len([]rune(o.Label)) > maxLabel {
		bad.Add("oidc.label", "length", "Shorten the label to 40 characters: it stands on a button.")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
