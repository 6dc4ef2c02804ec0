package cap

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"tocsin/internal/keyfile"
)

// The files of a signer's folder.
const (
	KeyFile  = "cap-key.pem"
	CertFile = "cap-cert.pem"
)

const (
	certYears  = 10
	maxPEM     = 64 << 10 // bytes of a key or certificate file: a wrong file is not read whole
	maxSubject = 64       // characters of a common name, by X.520
)

// LoadOrCreateSigner reads the signer of dir, or makes one on first need: an
// ECDSA P-256 key and a certificate signed by itself, for ten years, in files
// that only their owner reads. Existing files are never overwritten, and a
// damaged one is an error: a new key would void every pinned certificate.
func LoadOrCreateSigner(dir, subject string) (*Signer, error) {
	keyPath, certPath := filepath.Join(dir, KeyFile), filepath.Join(dir, CertFile)
	// The certificate first: it is made last, so another process's half-made pair is never mistaken for a lost key.
	_, certErr := os.Stat(certPath)
	_, keyErr := os.Stat(keyPath)
	if errors.Is(keyErr, fs.ErrNotExist) && certErr == nil {
		return nil, fmt.Errorf("signing key %s is missing beside its certificate: restore it from the backup, or move %s away to begin anew", keyPath, certPath)
	}
	if errors.Is(keyErr, fs.ErrNotExist) {
		if err := createKey(keyPath); err != nil {
			return nil, fmt.Errorf("create signing key: %w", err)
		}
	}
	key, err := readKey(keyPath)
	if err != nil {
		return nil, err
	}
	// A key without certificate is a creation that was cut short.
	if errors.Is(certErr, fs.ErrNotExist) {
		if err := createCert(certPath, key, subject); err != nil {
			return nil, fmt.Errorf("create signing certificate: %w", err)
		}
	}
	cert, err := readCert(certPath)
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(key, cert)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", keyPath, certPath, err)
	}
	return s, nil
}

// ParseCertificate reads the one certificate of a PEM file.
func ParseCertificate(data []byte) (*x509.Certificate, error) {
	der, err := onePEM(data, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// CertificatePEM is the certificate as receivers pin it.
func (s *Signer) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})
}

func createKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return keyfile.WriteOnce(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func createCert(path string, key crypto.Signer, subject string) error {
	if subject == "" || utf8.RuneCountInString(subject) > maxSubject || !utf8.ValidString(subject) {
		return fmt.Errorf("the subject must have 1 to %d characters: give the issuing authority's name", maxSubject)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: subject},
		// An hour back: a message is sent in the second in which a first start made the key.
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(certYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	return keyfile.WriteOnce(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func readKey(path string) (crypto.Signer, error) {
	if err := keyfile.Private(path); err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	data, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	der, err := onePEM(data, "PRIVATE KEY")
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w; restore it from the backup", path, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s is damaged; restore it from the backup", path)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s cannot sign; use ECDSA P-256 or RSA", path)
	}
	return signer, nil
}

func readCert(path string) (*x509.Certificate, error) {
	data, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	cert, err := ParseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("signing certificate %s: %w; restore it from the backup", path, err)
	}
	return cert, nil
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(data) > maxPEM {
		err = fmt.Errorf("%s has more than %d bytes", path, maxPEM)
	}
	return data, err
}

func onePEM(data []byte, kind string) ([]byte, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("no PEM block %q in it", kind)
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("more than one PEM block in it")
	}
	return block.Bytes, nil
}
