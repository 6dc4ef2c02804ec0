package cap

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/peertest"
)

// newSigner signs with key by a certificate that holds from long before sent until long after.
func newSigner(t testing.TB, key crypto.Signer) *Signer {
	t.Helper()
	s, err := NewSigner(key, newCert(t, key, sent.AddDate(-10, 0, 0), sent.AddDate(30, 0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newCert(t testing.TB, key crypto.Signer, from, to time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Police fédérale"},
		NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// curve is the one a signer of ours has.
var curve = elliptic.P256()

func ecKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// xmlsec1 says whether it verifies doc, by the certificate's key and by the certificate as the one trusted.
func xmlsec1(t *testing.T, doc []byte, cert *x509.Certificate) (byKey, byTrust bool, words string) {
	t.Helper()
	tool := peertest.Tool(t, "xmlsec1", "xmlsec1")
	dir := t.TempDir()
	docPath, certPath := filepath.Join(dir, "doc.xml"), filepath.Join(dir, "cert.pem")
	pemBytes := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := os.WriteFile(docPath, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certPath, pemBytes, 0o600); err != nil {
		t.Fatal(err)
	}
	out1, err1 := exec.Command(tool, "--verify", "--pubkey-cert-pem", certPath, docPath).CombinedOutput()
	out2, err2 := exec.Command(tool, "--verify", "--trusted-pem", certPath, docPath).CombinedOutput()
	return err1 == nil, err2 == nil, string(out1) + string(out2)
}

func TestSignedDocumentsVerifyEverywhere(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"P-256": ecKey(t, elliptic.P256()), "P-384": ecKey(t, elliptic.P384()), "RSA": rsaKey(t, 2048),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSigner(t, key)
			doc, err := s.Sign(good())
			if err != nil {
				t.Fatal(err)
			}
			wantSchema(t, map[string][]byte{"signed.xml": doc})
			if a, err := Verify(doc, s.Certificate()); err != nil || a.Identifier != good().Identifier {
				t.Errorf("Verify: %v, %v", a, err)
			}
			if byKey, byTrust, words := xmlsec1(t, doc, s.Certificate()); !byKey || !byTrust {
				t.Errorf("xmlsec1 by key %v, by trusted certificate %v:\n%s", byKey, byTrust, words)
			}
			changed := bytes.Replace(doc, []byte("Bruxelles"), []byte("Bruxellas"), 1)
			if _, err := Verify(changed, s.Certificate()); err == nil {
				t.Error("Verify took a document with one letter changed")
			}
			if byKey, byTrust, _ := xmlsec1(t, changed, s.Certificate()); byKey || byTrust {
				t.Error("xmlsec1 took a document with one letter changed")
			}
		})
	}
}
