package cap

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSignerIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := LoadOrCreateSigner(dir, "Police fédérale")
	if err != nil {
		t.Fatal(err)
	}
	cert := first.Certificate()
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() || cert.Subject.CommonName != "Police fédérale" || cert.IsCA {
		t.Errorf("certificate: %v, %v", cert.Subject, cert.PublicKeyAlgorithm)
	}
	if years := time.Until(cert.NotAfter).Hours() / 24 / 365; years < 9.9 || years > 10.1 {
		t.Errorf("valid for %.1f years", years)
	}
	for _, name := range []string{KeyFile, CertFile} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	second, err := LoadOrCreateSigner(dir, "Another name")
	if err != nil || !second.Certificate().Equal(cert) {
		t.Errorf("second start: %v", err)
	}
	pinned, err := ParseCertificate(first.CertificatePEM())
	if err != nil || !pinned.Equal(cert) {
		t.Errorf("PEM: %v", err)
	}
	a := good()
	a.Sent = time.Now()
	doc, err := second.Sign(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(doc, pinned); err != nil {
		t.Error(err)
	}
	if byKey, byTrust, words := xmlsec1(t, doc, cert); !byKey || !byTrust {
		t.Errorf("xmlsec1:\n%s", words)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("left behind: %v", files)
	}
}

// A start that was cut short between key and certificate goes on with the key.
func TestSignerAfterACutShortStart(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadOrCreateSigner(dir, strings.Repeat("x", 65)); err == nil || !strings.Contains(err.Error(), "subject") {
		t.Fatalf("long subject: %v", err)
	}
	key, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateSigner(dir, "Police"); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(filepath.Join(dir, KeyFile)); !bytes.Equal(key, now) {
		t.Error("the key was written anew")
	}
}

func TestSignersStartedTogetherAgree(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	certs := make([][]byte, 8)
	for n := range certs {
		wg.Go(func() {
			s, err := LoadOrCreateSigner(dir, "Police")
			if err != nil {
				t.Error(err)
				return
			}
			certs[n] = s.Certificate().Raw
		})
	}
	wg.Wait()
	for _, c := range certs {
		if !bytes.Equal(c, certs[0]) {
			t.Fatal("two certificates for one folder")
		}
	}
}

func TestDamagedSignerIsAClearError(t *testing.T) {
	other := t.TempDir()
	if _, err := LoadOrCreateSigner(other, "Other"); err != nil {
		t.Fatal(err)
	}
	otherCert, err := os.ReadFile(filepath.Join(other, CertFile))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), data, 0o600) }
	}
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"key empty":            {write(KeyFile, nil), "no PEM block"},
		"key cut off":          {func(dir string) error { return os.Truncate(filepath.Join(dir, KeyFile), 60) }, "no PEM block"},
		"key of noise":         {write(KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("noise")})), "damaged"},
		"key huge":             {write(KeyFile, make([]byte, maxPEM+1)), "more than"},
		"key gone":             {func(dir string) error { return os.Remove(filepath.Join(dir, KeyFile)) }, "missing beside"},
		"key for all to read":  {func(dir string) error { return os.Chmod(filepath.Join(dir, KeyFile), 0o644) }, "chmod 600"},
		"key a folder":         {func(dir string) error { p := filepath.Join(dir, KeyFile); os.Remove(p); return os.Mkdir(p, 0o700) }, "directory"},
		"certificate empty":    {write(CertFile, nil), "no PEM block"},
		"certificate of noise": {write(CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("noise")})), "signing certificate"},
		"certificate twice":    {write(CertFile, append(otherCert, otherCert...)), "more than one"},
		"another certificate":  {write(CertFile, otherCert), "another key"},
	} {
		dir := t.TempDir()
		if _, err := LoadOrCreateSigner(dir, "Police"); err != nil {
			t.Fatal(err)
		}
		if err := c.spoil(dir); err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, dir)
		_, err := LoadOrCreateSigner(dir, "Police")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: want %q with the path, got %v", name, c.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "MIG") {
			t.Errorf("%s: the error shows the key", name)
		}
		if after := snapshot(t, dir); after != before {
			t.Errorf("%s: the files were changed", name)
		}
	}
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{KeyFile, CertFile} {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		all.Write(data)
		all.WriteByte(0)
	}
	return all.String()
}
