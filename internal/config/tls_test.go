package config

import (
	"strings"
	"testing"
)

func TestTLSIsWholeOrAbsent(t *testing.T) {
	for want, files := range map[string]TLS{
		"":              {Cert: "c.pem", Key: "k.pem", ClientCA: "ca.pem"},
		"tls:":          {Cert: "c.pem"},
		"tls.cert":      {Key: "k.pem"},
		"tls.client_ca": {ClientCA: "ca.pem"},
	} {
		c := Default()
		c.Data, c.PublicURL, c.TLS = "d", "https://alerts.example", files
		err := c.Check(nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want a fault of %q", files, err, want)
		}
	}
}
