package cap

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Why a document is not believed.
var (
	// ErrUnsigned: the document carries no signature.
	ErrUnsigned = errors.New("the document is not signed")
	// ErrSignature: no trusted certificate signed these words, or they were changed since.
	ErrSignature = errors.New("no trusted certificate signed this document, or it was changed after signing")
)

// Verify checks that one of the trusted certificates signed data, whole, and
// that this certificate was valid when the message was sent and still is. The
// Alert is decoded from exactly the bytes that were signed. A certificate that
// merely sits in the document counts for nothing.
func Verify(data []byte, trusted ...*x509.Certificate) (*Alert, error) {
	if len(trusted) == 0 {
		return nil, errors.New("verify: name the issuer's certificate; without one nothing can be trusted")
	}
	doc, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	sig, err := findSignature(doc)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	cert := sig.signer(trusted)
	if cert == nil {
		return nil, fmt.Errorf("verify: %w", ErrSignature)
	}
	signed := canonical(doc.root, sig.refExclusive, sig.el)
	if sum := sha256.Sum256(signed); !bytes.Equal(sum[:], sig.digest) {
		return nil, fmt.Errorf("verify: %w", ErrSignature)
	}
	a, err := Decode(signed)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if err := current(cert, a.Sent, time.Now()); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return a, nil
}

// signature is the one signature of a document, read by a narrow profile.
type signature struct {
	el           *node
	info         *node
	infoExcl     bool   // canonical form of SignedInfo
	refExclusive bool   // canonical form of the document
	algorithm    string // of the signature
	digest       []byte
	value        []byte
}

// findSignature finds the signature and refuses all that could make it speak
// of anything but the whole document: a second signature, a place other than
// directly in the root, a reference to a part, an Object, a transform of its own.
func findSignature(doc *document) (*signature, error) {
	if !doc.root.is(Namespace, "alert") {
		return nil, wrongRoot(doc.root)
	}
	if doc.odd != "" {
		return nil, fmt.Errorf("the document holds %s, which readers treat differently; a signed alert has none", doc.odd)
	}
	switch all := signaturesIn(doc.root); {
	case len(all) == 0:
		return nil, ErrUnsigned
	case len(all) > 1:
		return nil, fmt.Errorf("the document holds %d signatures; exactly one, the issuer's, is accepted", len(all))
	case all[0].parent != doc.root:
		return nil, errors.New("the signature is not directly in the alert element, so it may speak of something else")
	default:
		sig := &signature{el: all[0]}
		if err := sig.read(); err != nil {
			return nil, fmt.Errorf("signature: %w", err)
		}
		return sig, nil
	}
}

func signaturesIn(n *node) (found []*node) {
	if n.is(dsigSpace, "Signature") {
		found = append(found, n)
	}
	for _, k := range n.kids {
		if k.el != nil {
			found = append(found, signaturesIn(k.el)...)
		}
	}
	return found
}

func (s *signature) read() error {
	for at := s.el; at != nil; at = at.parent {
		for _, a := range at.attrs {
			// Canonical forms differ on whether SignedInfo inherits these.
			if a.space == xmlSpace {
				return fmt.Errorf("xml:%.20s on %s is not supported", a.local, at.local)
			}
		}
	}
	parts, err := s.el.children("SignedInfo", "SignatureValue", "KeyInfo?")
	if err != nil {
		return err
	}
	s.info = parts[0]
	if s.value, err = parts[1].bytes(); err != nil {
		return err
	}
	parts, err = s.info.children("CanonicalizationMethod", "SignatureMethod", "Reference")
	if err != nil {
		return err
	}
	method, err := parts[0].algorithm()
	if err != nil {
		return err
	}
	if s.infoExcl, err = canonicalForm(method); err != nil {
		return err
	}
	if s.algorithm, err = parts[1].algorithm(); err != nil {
		return err
	}
	return s.reference(parts[2])
}

// reference reads the one Reference: the whole document without the signature.
func (s *signature) reference(ref *node) error {
	if len(ref.attrs) != 1 || ref.attrs[0].local != "URI" || ref.attrs[0].space != "" || ref.attrs[0].value != "" {
		return errors.New(`the reference is not to the whole document; only URI="" is accepted`)
	}
	parts, err := ref.children("Transforms", "DigestMethod", "DigestValue")
	if err != nil {
		return err
	}
	transforms, err := parts[0].children("Transform", "Transform?")
	if err != nil {
		return err
	}
	first, err := transforms[0].algorithm()
	if err != nil {
		return err
	}
	if first != enveloped {
		return errors.New("the first transform is not enveloped-signature")
	}
	if transforms[1] != nil {
		form, err := transforms[1].algorithm()
		if err != nil {
			return err
		}
		if s.refExclusive, err = canonicalForm(form); err != nil {
			return err
		}
	}
	digest, err := parts[1].algorithm()
	if err != nil {
		return err
	}
	if digest != sha256Name {
		return fmt.Errorf("digest method %.80q is not accepted; use SHA-256", digest)
	}
	s.digest, err = parts[2].bytes()
	return err
}

func canonicalForm(name string) (exclusive bool, err error) {
	switch name {
	case exclusiveC14N:
		return true, nil
	case inclusiveC14N, c14n11:
		return false, nil
	}
	return false, fmt.Errorf("canonical form or transform %.80q is not accepted", name)
}

// children are n's child elements, which must be these of XML-DSig in this
// order and no others; a name with ? may be missing and is nil then.
func (n *node) children(names ...string) ([]*node, error) {
	found := make([]*node, len(names))
	at := 0
	for _, k := range n.kids {
		if k.el == nil {
			if strings.TrimSpace(k.text) != "" {
				return nil, fmt.Errorf("%s holds text of its own", n.local)
			}
			continue
		}
		for at < len(names) && strings.TrimSuffix(names[at], "?") != k.el.local && strings.HasSuffix(names[at], "?") {
			at++
		}
		if at == len(names) || !k.el.is(dsigSpace, strings.TrimSuffix(names[at], "?")) {
			return nil, fmt.Errorf("%s holds an unexpected %.40q", n.local, k.el.local)
		}
		found[at] = k.el
		at++
	}
	for ; at < len(names); at++ {
		if !strings.HasSuffix(names[at], "?") {
			return nil, fmt.Errorf("%s has no %s", n.local, names[at])
		}
	}
	return found, nil
}

// algorithm is n's Algorithm. Parameters inside it are not accepted.
func (n *node) algorithm() (string, error) {
	if _, err := n.children(); err != nil {
		return "", err
	}
	if len(n.attrs) != 1 || n.attrs[0].local != "Algorithm" || n.attrs[0].space != "" {
		return "", fmt.Errorf("%s has no Algorithm alone", n.local)
	}
	return n.attrs[0].value, nil
}

// bytes is n's base64 content, which may be folded.
func (n *node) bytes() ([]byte, error) {
	s, err := n.text()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.local, err)
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, fmt.Errorf("%s is not base64", n.local)
	}
	return b, nil
}

// signer is the trusted certificate whose key made the signature, or nil.
func (s *signature) signer(trusted []*x509.Certificate) *x509.Certificate {
	sum := sha256.Sum256(canonical(s.info, s.infoExcl, nil))
	for _, cert := range trusted {
		if cert == nil {
			continue
		}
		if algorithm, err := algorithmOf(cert); err != nil || algorithm != s.algorithm {
			continue // a signature never chooses another algorithm than its key's
		}
		if verifies(cert.PublicKey, sum[:], s.value) {
			return cert
		}
	}
	return nil
}

func verifies(public crypto.PublicKey, sum, value []byte) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum, value) == nil
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(value) != 2*size {
			return false
		}
		return ecdsa.Verify(key, sum, new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:]))
	}
	return false
}
