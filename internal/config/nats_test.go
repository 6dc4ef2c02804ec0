package config

import (
	"strings"
	"testing"
)

func TestNATSSettings(t *testing.T) {
	for _, c := range []struct {
		name, want string // "" = sound
		nats       NATS
	}{
		{"embedded, closed", "", NATS{}},
		{"a cluster", "", NATS{URL: "nats://a:4222", Creds: "c", SetupCreds: "s", Replicas: 3}},
		{"stations on loopback", "", NATS{Listen: "127.0.0.1:4222"}},
		{"stations on loopback by name", "", NATS{Listen: "localhost:4222"}},
		{"stations on IPv6 loopback", "", NATS{Listen: "[::1]:4222"}},
		{"stations with TLS", "", NATS{Listen: "0.0.0.0:4222", Cert: "c", Key: "k"}},
		{"stations everywhere without TLS", "nats.listen", NATS{Listen: "0.0.0.0:4222"}},
		{"stations on every address without TLS", "nats.listen", NATS{Listen: ":4222"}},
		{"stations by a name without TLS", "nats.listen", NATS{Listen: "nats.example:4222"}},
		{"no port", "nats.listen", NATS{Listen: "127.0.0.1"}},
		{"half a certificate", "nats.cert", NATS{Listen: "127.0.0.1:4222", Cert: "c"}},
		{"a listener beside a cluster", "nats.listen", NATS{URL: "nats://a:4222", Listen: "127.0.0.1:4222"}},
		{"set-up of the embedded server", "nats.setup_creds", NATS{SetupCreds: "s"}},
		{"two replicas", "nats.replicas", NATS{URL: "nats://a:4222", Replicas: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := Default()
			conf.Data, conf.PublicURL, conf.NATS = "d", "http://127.0.0.1:8080", c.nats
			err := conf.Check(nil)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("fault %v, want %q", err, c.want)
			}
		})
	}
}
