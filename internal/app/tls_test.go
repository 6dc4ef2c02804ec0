package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/config"
)

// writePair puts a new self-signed certificate of that serial number and its key into dir.
func writePair(t *testing.T, dir string, serial int64, at time.Time) config.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"feed.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := config.TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for path, block := range map[string]*pem.Block{
		files.Cert: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "EC PRIVATE KEY", Bytes: own},
	} {
		writeAt(t, path, pem.EncodeToMemory(block), at)
	}
	return files
}

func writeAt(t *testing.T, path string, data []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// serial is the number of the certificate that c serves at that time.
func serial(t *testing.T, c *certificates, at time.Time) int64 {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		conn := tls.Server(theirs, c.current(at))
		_ = conn.Handshake() // the client's verdict is what counts
		_ = conn.Close()
	}()
	conn := tls.Client(ours, &tls.Config{InsecureSkipVerify: true}) // the test looks at the number alone
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// TestCertificateIsReadAgain: a renewed certificate is served without a restart, and a half-written one never.
func TestCertificateIsReadAgain(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	var said bytes.Buffer
	c := &certificates{files: writePair(t, dir, 1, now), log: slog.New(slog.NewTextHandler(&said, nil))}
	if err := c.read(now); err != nil {
		t.Fatal(err)
	}
	writePair(t, dir, 2, now.Add(time.Second))
	if n := serial(t, c, now.Add(reloadEvery/2)); n != 1 {
		t.Errorf("looked at the files before it was time: %d", n)
	}
	if n := serial(t, c, now.Add(reloadEvery)); n != 2 {
		t.Errorf("certificate %d, want the renewed one", n)
	}
	writeAt(t, c.files.Cert, []byte("-----BEGIN CERT"), now.Add(2*time.Second))
	if n := serial(t, c, now.Add(2*reloadEvery)); n != 2 || !strings.Contains(said.String(), "cannot be read") {
		t.Errorf("certificate %d of broken files; the log says %q", n, said.String())
	}
	writePair(t, dir, 3, now.Add(3*time.Second))
	if n := serial(t, c, now.Add(3*reloadEvery)); n != 3 {
		t.Errorf("certificate %d, want the mended one", n)
	}
}

func TestTLSFaultsNameTheFile(t *testing.T) {
	good := writePair(t, t.TempDir(), 1, time.Now())
	empty := filepath.Join(t.TempDir(), "empty.pem")
	writeAt(t, empty, []byte("nothing"), time.Now())
	for want, files := range map[string]config.TLS{
		"tls.cert":      {Cert: "/no/such/file", Key: good.Key},
		"tls.key":       {Cert: good.Cert, Key: empty},
		"tls.client_ca": {Cert: good.Cert, Key: good.Key, ClientCA: empty},
		"/no/such/ca":   {Cert: good.Cert, Key: good.Key, ClientCA: "/no/such/ca"},
	} {
		if _, err := newTLS(files, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v does not name %s", files, err, want)
		}
	}
	good.ClientCA = good.Cert
	if _, err := newTLS(good, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}
