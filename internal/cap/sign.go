package cap

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Names of XML-DSig.
const (
	dsigSpace   = "http://www.w3.org/2000/09/xmldsig#"
	enveloped   = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	sha256Name  = "http://www.w3.org/2001/04/xmlenc#sha256"
	ecdsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	rsaSHA256   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
)

// minRSA is the shortest RSA key, in bits, that still proves anything.
const minRSA = 2048

// Signer signs the alerts of one issuer. It is safe for concurrent use if its key is.
type Signer struct {
	key       crypto.Signer
	cert      *x509.Certificate
	algorithm string
}

// NewSigner signs with key, whose certificate is cert: ECDSA on P-256 or P-384,
// or RSA of at least 2048 bits.
func NewSigner(key crypto.Signer, cert *x509.Certificate) (*Signer, error) {
	if key == nil || cert == nil {
		return nil, errors.New("signer: give both a key and its certificate")
	}
	algorithm, err := algorithmOf(cert)
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return nil, errors.New("signer: the certificate belongs to another key; give the two files that were made together")
	}
	return &Signer{key: key, cert: cert, algorithm: algorithm}, nil
}

// Certificate is what receivers pin.
func (s *Signer) Certificate() *x509.Certificate { return s.cert }

// Sign encodes a and signs the document once, enveloped. It verifies its own
// output before returning it: what cannot be verified never leaves.
func (s *Signer) Sign(a *Alert) ([]byte, error) {
	doc, err := Encode(a)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	root := bytes.TrimSuffix(doc[len(header):], []byte("\n"))
	info := signedInfo(s.algorithm, sha256.Sum256(root))
	sum := sha256.Sum256([]byte(`<SignedInfo xmlns="` + dsigSpace + `">` + info + `</SignedInfo>`))
	value, err := s.value(sum[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	body, end := bytes.CutSuffix(root, []byte("</alert>"))
	if !end {
		return nil, errors.New("sign: the document does not end with its root")
	}
	var out bytes.Buffer
	out.WriteString(header)
	out.Write(body)
	fmt.Fprintf(&out, `<Signature xmlns="%s"><SignedInfo>%s</SignedInfo><SignatureValue>%s</SignatureValue>`+
		`<KeyInfo><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></Signature></alert>`+"\n",
		dsigSpace, info, base64.StdEncoding.EncodeToString(value), base64.StdEncoding.EncodeToString(s.cert.Raw))
	if _, err := Verify(out.Bytes(), s.cert); err != nil {
		return nil, fmt.Errorf("sign: the signed document is not released since it does not verify: %w", err)
	}
	return out.Bytes(), nil
}

// signedInfo is the inside of SignedInfo, in canonical form already.
func signedInfo(algorithm string, digest [sha256.Size]byte) string {
	return `<CanonicalizationMethod Algorithm="` + exclusiveC14N + `"></CanonicalizationMethod>` +
		`<SignatureMethod Algorithm="` + algorithm + `"></SignatureMethod>` +
		`<Reference URI=""><Transforms>` +
		`<Transform Algorithm="` + enveloped + `"></Transform>` +
		`<Transform Algorithm="` + exclusiveC14N + `"></Transform>` +
		`</Transforms><DigestMethod Algorithm="` + sha256Name + `"></DigestMethod>` +
		`<DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</DigestValue></Reference>`
}

// value signs a SHA-256 sum and brings it into the form of XML-DSig.
func (s *Signer) value(sum []byte) ([]byte, error) {
	raw, err := s.key.Sign(rand.Reader, sum, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	public, ok := s.cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return raw, nil
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(raw, &pair); err != nil || len(rest) > 0 {
		return nil, errors.New("the key wrote no ECDSA signature")
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	if pair.R.Sign() <= 0 || pair.S.Sign() <= 0 || pair.R.BitLen() > 8*size || pair.S.BitLen() > 8*size {
		return nil, errors.New("the key wrote an ECDSA signature of another curve")
	}
	value := make([]byte, 2*size)
	pair.R.FillBytes(value[:size])
	pair.S.FillBytes(value[size:])
	return value, nil
}

// algorithmOf is the signature algorithm that cert's key is for.
func algorithmOf(cert *x509.Certificate) (string, error) {
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() {
			return ecdsaSHA256, nil
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= minRSA {
			return rsaSHA256, nil
		}
		return "", fmt.Errorf("an RSA key of %d bits is too short; use 2048 or more, or ECDSA P-256", key.N.BitLen())
	}
	return "", errors.New("this kind of key cannot sign CAP; use ECDSA P-256 or RSA")
}

// current says whether cert is valid at each of the times.
func current(cert *x509.Certificate, times ...time.Time) error {
	for _, t := range times {
		if t.Before(cert.NotBefore) {
			return fmt.Errorf("the certificate is valid only from %s, after %s", FormatTime(cert.NotBefore.UTC()), FormatTime(t))
		}
		if t.After(cert.NotAfter) {
			return fmt.Errorf("the certificate ended on %s, before %s", FormatTime(cert.NotAfter.UTC()), FormatTime(t))
		}
	}
	return nil
}
