package stream

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// The configuration that deploy/nats hands out is one that nats-server takes, that
// syncs, and at which Tocsin can set itself up and admit a station.
func TestDeployedConfiguration(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(peertest.Root(t), "deploy", "nats", "node.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteServerFiles(dir, alert.Live); err != nil {
		t.Fatal(err)
	}
	certificate(t, dir)
	conf := strings.NewReplacer("/etc/nats", dir, "/var/lib/nats", filepath.Join(dir, "data"), "0.0.0.0:4222", "127.0.0.1:-1").Replace(string(text))
	path := filepath.Join(dir, "node.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NATS_NAME", "n1")
	t.Setenv("NATS_ROUTES", "[nats://127.0.0.1:1]")
	o, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !o.SyncAlways || o.Cluster.TLSConfig == nil || o.TLSConfig == nil || o.MaxPayload != maxPayload || o.WriteDeadline != slowWrite {
		t.Errorf("sync %v, cluster TLS %v, TLS %v, payload %d, write deadline %v", o.SyncAlways, o.Cluster.TLSConfig != nil, o.TLSConfig != nil, o.MaxPayload, o.WriteDeadline)
	}
	o.Cluster, o.Routes = server.ClusterOpts{}, nil // alone it would wait for the others
	o.TLSConfig = nil                               // and nobody here knows the certificate's issuer
	o.NoSigs, o.NoLog = true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server is not ready")
	}
	e, err := Open(t.Context(), Options{
		URL: srv.ClientURL(), Realm: alert.Live, Keys: dir,
		Creds: filepath.Join(dir, ServiceCreds), SetupCreds: filepath.Join(dir, SetupCreds),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutDown(t, e) })
	station := newOutsider(t, srv.ClientURL())
	if err := e.Admit(t.Context(), []string{station.account}); err != nil {
		t.Fatal(err)
	}
	if err := station.dial(); err != nil {
		t.Error(err)
	}
}

// certificate writes a server's certificate and key into dir, and itself as the authority.
func certificate(t *testing.T, dir string) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pair := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		"ca.pem":   {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
