package cap

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/peertest"
)

// signed is a good document in its parts.
type signed struct {
	signer *Signer
	doc    string
	sig    string // the Signature element
	body   string // the alert element without it
}

func newSigned(t testing.TB) signed {
	t.Helper()
	s := newSigner(t, ecKey(t, curve))
	doc, err := s.Sign(good())
	if err != nil {
		t.Fatal(err)
	}
	d := signed{signer: s, doc: string(doc)}
	from, to := strings.Index(d.doc, "<Signature "), strings.Index(d.doc, "</Signature>")+len("</Signature>")
	d.sig = d.doc[from:to]
	d.body = strings.TrimSuffix(strings.TrimPrefix(d.doc[:from]+d.doc[to:], header), "\n")
	return d
}

// forged is the alert that an attacker wants believed.
func forged(t testing.TB) string {
	t.Helper()
	a := good()
	a.Identifier, a.Info[0].Headline = "FORGED", "Forged"
	return strings.TrimSuffix(strings.TrimPrefix(string(mustEncode(t, a)), header), "\n")
}

// Each attack keeps the genuine signature valid somewhere, and none may pass.
func TestVerifyRefusesWrapping(t *testing.T) {
	d := newSigned(t)
	fake := forged(t)
	into := func(doc, what string) string { return strings.Replace(doc, "</alert>", what+"</alert>", 1) }
	withID := strings.Replace(d.doc[len(header):], "<alert ", `<alert Id="x" `, 1)
	object := func(what string) string {
		return strings.Replace(d.sig, "</Signature>", "<Object>"+what+"</Object></Signature>", 1)
	}
	for name, c := range map[string]struct{ doc, want string }{
		"no signature":                     {d.body, ErrUnsigned.Error()},
		"signature moved to another alert": {into(fake, d.sig), ErrSignature.Error()},
		"genuine alert inside a forged":    {into(fake, d.doc[len(header):]), "not directly in the alert"},
		"genuine alert and its signature":  {into(fake, d.sig+d.body), ErrSignature.Error()},
		"genuine alert in an extension":    {into(fake, `<x xmlns="urn:x">`+d.doc[len(header):]+`</x>`), "not directly in the alert"},
		"genuine alert in an Object":       {into(fake, object(d.body)), "unexpected"},
		"forged alert in an Object":        {into(d.body, object(fake)), "unexpected"},
		"forged alert beside":              {d.doc + fake, "more than one root"},
		"forged alert before":              {fake + d.doc[len(header):], "more than one root"},
		"forged alert around":              {strings.Replace(fake, "<identifier>", withID+"<identifier>", 1), "not directly in the alert"},
		"another root":                     {`<feed xmlns="urn:x">` + d.doc[len(header):] + `</feed>`, "not alert"},
		"reference to a part":              {strings.Replace(withID, `URI=""`, `URI="#x"`, 1), "whole document"},
		"reference without URI":            {strings.Replace(d.doc, ` URI=""`, ``, 1), "whole document"},
		"reference with Type":              {strings.Replace(d.doc, ` URI=""`, ` URI="" Type="x"`, 1), "whole document"},
		"two signatures":                   {into(d.body, d.sig+d.sig), "2 signatures"},
		"signature in a signature":         {into(d.body, object(d.sig)), "2 signatures"},
		"signature in an info":             {strings.Replace(d.body, "</info>", d.sig+"</info>", 1), "not directly in the alert"},
		"two SignedInfo":                   {replaceAll(d.doc, "</SignedInfo>", "</SignedInfo>"+between(d.sig, "<SignedInfo>", "</SignedInfo>")), "unexpected"},
		"two references":                   {replaceAll(d.doc, "</Reference>", "</Reference>"+between(d.sig, "<Reference ", "</Reference>")), "unexpected"},
		"two digests":                      {replaceAll(d.doc, "</DigestValue>", "</DigestValue><DigestValue>AA==</DigestValue>"), "unexpected"},
		"comment in the digest":            {replaceAll(d.doc, "<DigestValue>", "<DigestValue><!-- x -->"), "a comment"},
		"comment in the identifier":        {replaceAll(d.doc, "<identifier>", "<identifier><!-- x -->"), "a comment"},
		"processing instruction":           {replaceAll(d.doc, "<info>", "<?hide ?><info>"), "processing instruction"},
		"line end in an attribute":         {replaceAll(d.doc, "<scope>", "<scope a='b\nc'>"), "a line end"},
		"stylesheet":                       {header + `<?xml-stylesheet href="x"?>` + d.doc[len(header):], "processing instruction"},
		"XSLT":                             {replaceAll(d.doc, `<Transform Algorithm="`+exclusiveC14N+`">`, `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">`), "not accepted"},
		"XPath filter":                     {replaceAll(d.doc, `<Transform Algorithm="`+exclusiveC14N+`">`, `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>x</XPath>`), "unexpected"},
		"three transforms":                 {replaceAll(d.doc, "</Transforms>", `<Transform Algorithm="`+enveloped+`"></Transform></Transforms>`), "unexpected"},
		"no enveloped transform":           {replaceAll(d.doc, `<Transform Algorithm="`+enveloped+`"></Transform>`, ""), "enveloped"},
		"weaker digest":                    {replaceAll(d.doc, sha256Name, "http://www.w3.org/2000/09/xmldsig#sha1"), "not accepted"},
		"HMAC with the public key":         {replaceAll(d.doc, ecdsaSHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), ErrSignature.Error()},
		"RSA over ECDSA":                   {replaceAll(d.doc, ecdsaSHA256, rsaSHA256), ErrSignature.Error()},
		"xml:base":                         {replaceAll(d.doc, "<Signature ", `<Signature xml:base="x" `), "not supported"},
		"empty value":                      {replaceAll(d.doc, between(d.sig, "<SignatureValue>", "</SignatureValue>"), "<SignatureValue></SignatureValue>"), ErrSignature.Error()},
		"value of zeros":                   {replaceAll(d.doc, between(d.sig, "<SignatureValue>", "</SignatureValue>"), "<SignatureValue>"+strings.Repeat("A", 86)+"==</SignatureValue>"), ErrSignature.Error()},
		"value not base64":                 {replaceAll(d.doc, "<SignatureValue>", "<SignatureValue>?"), "not base64"},
		"DOCTYPE":                          {strings.Replace(d.doc, "<alert ", `<!DOCTYPE alert [<!ATTLIST alert Id ID "x">]><alert `, 1), "DOCTYPE"},
		"element added":                    {replaceAll(d.doc, "<scope>", "<note>x</note><scope>"), ErrSignature.Error()},
		"attribute added":                  {replaceAll(d.doc, "<scope>", `<scope a="b">`), ErrSignature.Error()},
		"space added":                      {replaceAll(d.doc, "<scope>", ` <scope>`), ErrSignature.Error()},
	} {
		if c.doc == d.doc {
			t.Errorf("%s: the attack changes nothing", name)
		}
		if a, err := Verify([]byte(c.doc), d.signer.Certificate()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v, %v", name, c.want, a, err)
		}
	}
}

func replaceAll(s, from, to string) string { return strings.ReplaceAll(s, from, to) }

// between is the first stretch of s from the mark from to the end of the mark to.
func between(s, from, to string) string {
	s = s[strings.Index(s, from):]
	return s[:strings.Index(s, to)+len(to)]
}

// Every single byte counts: flip each one that is not inside the certificate,
// which nobody reads, or the document's prolog.
func TestVerifyRefusesEveryChangedLetter(t *testing.T) {
	d := newSigned(t)
	want := good().Info[0].Headline
	end := strings.Index(d.doc, "<KeyInfo>")
	for n := len(header); n < end; n++ {
		changed := []byte(d.doc)
		changed[n] ^= 1
		a, err := Verify(changed, d.signer.Certificate())
		if err == nil && a.Info[0].Headline != want {
			t.Fatalf("byte %d (%q in %q) changed and believed", n, d.doc[n], d.doc[n-8:n+8])
		}
		// What may pass is another way to write the same: a quote is no part of the words.
		if err == nil && !strings.ContainsRune(`"'`, rune(d.doc[n])) {
			t.Errorf("byte %d (%q in %q) changed and believed", n, d.doc[n], d.doc[n-8:n+8])
		}
	}
}

func TestVerifyBelievesOnlyPinnedCertificates(t *testing.T) {
	d := newSigned(t)
	other := newSigner(t, ecKey(t, curve)).Certificate()
	rsaCert := newSigner(t, rsaKey(t, 2048)).Certificate()
	if _, err := Verify([]byte(d.doc)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with nobody trusted: %v", err)
	}
	if _, err := Verify([]byte(d.doc), other, rsaCert, nil); !errors.Is(err, ErrSignature) {
		t.Errorf("with others trusted, its own certificate inside: %v", err)
	}
	if _, err := Verify([]byte(d.doc), other, rsaCert, d.signer.Certificate()); err != nil {
		t.Errorf("with three trusted: %v", err)
	}
	// What the document says of the key is neither needed nor heard.
	without := strings.Replace(d.doc, between(d.sig, "<KeyInfo>", "</KeyInfo>"), "", 1)
	if _, err := Verify([]byte(without), d.signer.Certificate()); err != nil {
		t.Errorf("without KeyInfo: %v", err)
	}
	if _, err := Verify([]byte(d.body), d.signer.Certificate()); !errors.Is(err, ErrUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
}

func TestVerifyLooksAtTheCertificatesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time.Now is 2000-01-01 UTC here
		now := time.Now()
		key := ecKey(t, curve)
		for name, c := range map[string]struct {
			from, to, sent time.Duration
			want           string
		}{
			"valid":                 {-48 * time.Hour, 48 * time.Hour, -24 * time.Hour, ""},
			"ended since":           {-48 * time.Hour, -time.Hour, -24 * time.Hour, "ended"},
			"not yet at sent":       {-time.Hour, 48 * time.Hour, -24 * time.Hour, "valid only from"},
			"not yet":               {time.Hour, 48 * time.Hour, 2 * time.Hour, "valid only from"},
			"ended when sent":       {-48 * time.Hour, 48 * time.Hour, 72 * time.Hour, "ended"},
			"to the last second":    {-48 * time.Hour, 0, 0, ""},
			"from the first second": {0, time.Hour, 0, ""},
		} {
			cert := newCert(t, key, now.Add(c.from), now.Add(c.to))
			s, err := NewSigner(key, cert)
			if err != nil {
				t.Fatal(err)
			}
			a := good()
			a.Sent = now.Add(c.sent)
			_, err = s.Sign(a) // which verifies what it signed
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: want %q, got %v", name, c.want, err)
			}
		}
	})
}

const template = `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="C14N"/>
<SignatureMethod Algorithm="METHOD"/><Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>EXTRA</Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/></Signature>`

// What others sign with xmlsec1, in each canonical form and with prefixes, verifies here.
func TestVerifyTakesWhatXmlsec1Signs(t *testing.T) {
	tool := peertest.Tool(t, "xmlsec1", "xmlsec1")
	for method, key := range map[string]crypto.Signer{ecdsaSHA256: ecKey(t, curve), rsaSHA256: rsaKey(t, 2048)} {
		s := newSigner(t, key)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{exclusiveC14N, inclusiveC14N, c14n11} {
			for _, extra := range []string{"", `<Transform Algorithm="` + form + `"/>`} {
				sig := strings.NewReplacer("C14N", form, "METHOD", method, "EXTRA", extra).Replace(template)
				doc := strings.Replace(string(mustEncode(t, good())), "</alert>", `<x:y xmlns:x="urn:x" x:b="2" a="1"/>`+sig+"</alert>", 1)
				doc = strings.Replace(doc, "<alert ", `<alert xmlns:unused="urn:unused" `, 1)
				dir := t.TempDir()
				keyPath, docPath := filepath.Join(dir, "key.pem"), filepath.Join(dir, "doc.xml")
				if err := errors.Join(os.WriteFile(docPath, []byte(doc), 0o600),
					os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(tool, "--sign", "--privkey-pem", keyPath, docPath).Output()
				if err != nil {
					t.Fatalf("xmlsec1 --sign: %v", err)
				}
				if _, err := Verify(out, s.Certificate()); err != nil {
					t.Errorf("%s %s %q: %v\n%s", method, form, extra, err, out)
				}
				if _, err := Verify(bytes.Replace(out, []byte("urn:unused"), []byte("urn:Unused"), 1), s.Certificate()); extra == "" && err == nil {
					t.Errorf("%s %s: the inclusive form leaves out a namespace", method, form)
				}
			}
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	key, other, short := ecKey(t, curve), ecKey(t, curve), rsaKey(t, 1024)
	for name, c := range map[string]struct {
		key  crypto.Signer
		cert *x509.Certificate
		want string
	}{
		"no key":          {nil, newSigner(t, key).Certificate(), "both"},
		"no certificate":  {key, nil, "both"},
		"another's":       {other, newSigner(t, key).Certificate(), "another key"},
		"another kind":    {rsaKey(t, 2048), newSigner(t, key).Certificate(), "another key"},
		"a short RSA key": {short, newCert(t, short, sent, sent.AddDate(1, 0, 0)), "too short"},
	} {
		if _, err := NewSigner(c.key, c.cert); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key that signs nonsense, as a broken card does, releases nothing.
type brokenKey struct{ crypto.Signer }

func (k brokenKey) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return k.Signer.Sign(random, bytes.Repeat([]byte{7}, len(digest)), o)
}

func TestSignReleasesNothingUnverifiable(t *testing.T) {
	for name, key := range map[string]crypto.Signer{"ECDSA": ecKey(t, curve), "RSA": rsaKey(t, 2048)} {
		s, err := NewSigner(brokenKey{key}, newSigner(t, key).Certificate())
		if err != nil {
			t.Fatal(err)
		}
		if doc, err := s.Sign(good()); doc != nil || !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// An honest signature under another algorithm's name is refused by that name.
	lying := newSigner(t, ecKey(t, curve))
	lying.algorithm = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"
	if doc, err := lying.Sign(good()); doc != nil || !errors.Is(err, ErrSignature) {
		t.Errorf("another algorithm's name: %v", err)
	}
	bad := good()
	bad.Status = "Real"
	if doc, err := newSigner(t, ecKey(t, curve)).Sign(bad); doc != nil || err == nil || !strings.Contains(err.Error(), "status") {
		t.Errorf("invalid alert: %v", err)
	}
}

// FuzzVerify: no panic, and nothing but the one genuine document is believed.
func FuzzVerify(f *testing.F) {
	d := newSigned(f)
	f.Add([]byte(d.doc))
	f.Add([]byte(d.body))
	f.Add([]byte(strings.Replace(forged(f), "</alert>", d.sig+"</alert>", 1)))
	genuine := mustEncode(f, good())
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Verify(data, d.signer.Certificate())
		if err == nil && !bytes.Equal(mustEncode(t, a), genuine) {
			t.Fatalf("believed:\n%s", data)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	benchmark(b, func(s *Signer, _ []byte) error { _, err := s.Sign(good()); return err })
}

func BenchmarkVerify(b *testing.B) {
	benchmark(b, func(s *Signer, doc []byte) error { _, err := Verify(doc, s.cert); return err })
}

// BenchmarkKey is what the key alone costs, without the document.
func BenchmarkKey(b *testing.B) {
	benchmark(b, func(s *Signer, _ []byte) error { _, err := s.value(make([]byte, 32)); return err })
}

func benchmark(b *testing.B, fn func(*Signer, []byte) error) {
	for _, c := range []struct {
		name string
		key  crypto.Signer
	}{{"ECDSA-P256", ecKey(b, curve)}, {"RSA-2048", rsaKey(b, 2048)}} {
		b.Run(c.name, func(b *testing.B) {
			s := newSigner(b, c.key)
			doc, err := s.Sign(good())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := fn(s, doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
