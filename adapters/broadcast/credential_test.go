package broadcast

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		r, first, _ := NewStation("Radio Test", nil, alert.French)
		_ = b.reg.Put(t.Context(), r)
		enters := func(text string) bool {
			_, err := b.feed.admitToken(text, time.Now())
			return err == nil
		}
		line := b.connect(r.ID, resumeFrame{}) // by the first token
		renewed, second, err := Renew(r, time.Now().Add(30*24*time.Hour), 48*time.Hour)
		if err != nil || second == first || !strings.HasPrefix(second, r.ID+".") {
			t.Fatalf("%q, %v", second, err)
		}
		_ = b.reg.Put(t.Context(), renewed)
		time.Sleep(47 * time.Hour)
		if !enters(first) || !enters(second) {
			t.Error("within the grace both tokens are good")
		}
		if n := len(line.take(t, "bye")); n != 0 {
			t.Error("the line of the old token was cut within the grace")
		}
		time.Sleep(time.Hour + time.Second)
		if enters(first) || !enters(second) {
			t.Error("after the grace the new token alone is good")
		}
		time.Sleep(time.Second)
		if n := len(line.take(t, "bye")); n != 1 {
			t.Errorf("%d byes to the line of a token that has ended", n)
		}
		// A stolen token is of no use at once, and the many that were are forgotten.
		var last string
		for range 20 {
			if renewed, _, err = Renew(renewed, time.Time{}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if renewed, last, err = Renew(renewed, time.Time{}, 0); err != nil {
			t.Fatal(err)
		}
		_ = b.reg.Put(t.Context(), renewed)
		if s, _ := ReadStation(renewed); enters(second) || !enters(last) || len(s.Tokens) != 1 {
			t.Errorf("after a renewal without grace: %+v", s)
		}
		for field, call := range map[string]func() error{
			"expires": func() error { _, _, err := Renew(renewed, time.Now(), 0); return err },
			"grace":   func() error { _, _, err := Renew(renewed, time.Time{}, -1); return err },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), field+":") {
				t.Errorf("%s is not named in %v", field, err)
			}
		}
	})
}

// TestOldRegistrations: a station that was registered when it could have one token enters as before, and can be renewed.
func TestOldRegistrations(t *testing.T) {
	w := newWorld(t, nil)
	text := "st-old.SECRET"
	sum := sha256.Sum256([]byte(text))
	r := adapter.Recipient{
		ID: "st-old", Channel: Name, Name: "Old", Areas: []string{"*"},
		Address: json.RawMessage(`{"token_sha256":"` + hex.EncodeToString(sum[:]) + `","expires":"2090-01-01T00:00:00Z"}`),
	}
	_ = w.reg.Put(t.Context(), r)
	c, hello := w.join(text, nil)
	if !strings.Contains(hello.raw, `"cred_days":2`) {
		t.Errorf("hello %s", hello.raw)
	}
	renewed, fresh, err := Renew(r, time.Time{}, time.Hour)
	if err != nil || strings.Contains(string(renewed.Address), "token_sha256") {
		t.Fatalf("%s, %v", renewed.Address, err)
	}
	_ = w.reg.Put(t.Context(), renewed)
	w.join(fresh, nil)
	c.send(map[string]any{"type": "resume"})
	c.next("live") // of the first resume
	if h := c.next("hello"); !strings.Contains(h.raw, `"cred_days":0`) || !strings.Contains(h.raw, `"warning":"the token`) {
		t.Errorf("the old token's line is told %s", h.raw)
	}
}

// authority signs client certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.issue(t, time.Hour, true)
	return a
}

// issue makes a certificate that ends after so long; the authority's first signs itself.
func (a *authority) issue(t *testing.T, life time.Duration, ca bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Radio Test"}, IsCA: ca, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(life),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	parent, signer := tmpl, own
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, own.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, own
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// secureWorld is a world whose feed is also served over TLS to holders of
// certificates that the authority signed.
type secureWorld struct {
	*world
	tls *httptest.Server
}

func newSecureWorld(t *testing.T, trusted *authority) *secureWorld {
	t.Helper()
	w := newWorld(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(trusted.cert)
	srv := httptest.NewUnstartedServer(w.srv.Config.Handler)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.TLS = &tls.Config{ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return &secureWorld{w, srv}
}

// enter dials with a certificate (nil: none); status 0 says that TLS itself refused.
func (w *secureWorld) enter(c *x509.Certificate, key *ecdsa.PrivateKey) (*client, int) {
	w.t.Helper()
	conf := w.tls.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	conf.NextProtos = nil
	if c != nil {
		conf.Certificates = []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}
	}
	d := websocket.Dialer{TLSClientConfig: conf, HandshakeTimeout: 10 * time.Second}
	conn, resp, err := d.Dial("wss"+strings.TrimPrefix(w.tls.URL, "https")+"/v1/feed", nil)
	if err != nil {
		if resp != nil {
			return nil, resp.StatusCode
		}
		return nil, 0
	}
	w.t.Cleanup(func() { conn.Close() })
	return &client{conn, w.t}, resp.StatusCode
}

// pin registers a station that may enter with the certificate; change may alter what was pinned.
func (w *secureWorld) pin(c *x509.Certificate, change func(*Credential)) adapter.Recipient {
	w.t.Helper()
	r, _, err := NewStation("Radio Test", nil, alert.French)
	if err == nil {
		r, err = Pin(r, pemOf(c), time.Time{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	a, _ := ReadStation(r)
	if change != nil {
		change(&a.Certs[0])
	}
	r, _ = a.address(r)
	_ = w.reg.Put(w.t.Context(), r)
	return r
}

func TestClientCertificate(t *testing.T) {
	trusted, stranger := newAuthority(t), newAuthority(t)
	w := newSecureWorld(t, trusted)
	whole := func(c *x509.Certificate) func(*Credential) {
		return func(k *Credential) { sum := sha256.Sum256(c.Raw); k.SHA256 = hex.EncodeToString(sum[:]) }
	}
	for _, tt := range []struct {
		name   string
		by     *authority
		life   time.Duration
		change func(*x509.Certificate) func(*Credential) // of what is registered; nil: registered as it is
		absent bool
		want   int
	}{
		{"registered by its key", trusted, 72 * time.Hour, nil, false, 101},
		{"registered as a whole", trusted, 72 * time.Hour, whole, false, 101},
		{"registered, and its time is up", trusted, 72 * time.Hour, func(*x509.Certificate) func(*Credential) {
			return func(k *Credential) { k.Expires = time.Now().Add(-time.Minute) }
		}, false, 401},
		{"trusted, but of no station", trusted, 72 * time.Hour, nil, true, 401},
		{"expired", trusted, -time.Minute, nil, true, 0},
		{"of an authority nobody trusts", stranger, 72 * time.Hour, nil, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cert, key := tt.by.issue(t, tt.life, false)
			var change func(*Credential)
			if tt.change != nil {
				change = tt.change(cert)
			}
			if !tt.absent {
				w.pin(cert, change)
			}
			c, status := w.enter(cert, key)
			if status != tt.want {
				t.Fatalf("status %d, want %d", status, tt.want)
			}
			if c != nil {
				c.send(map[string]any{"type": "resume"})
				c.next("hello")
			}
		})
	}
	if _, status := w.enter(nil, nil); status != 401 {
		t.Errorf("no certificate and no token: %d", status)
	}
}

// TestCertificateIsToldAndWithdrawn: the line knows how long its certificate is good, and ends with its registration.
func TestCertificateIsToldAndWithdrawn(t *testing.T) {
	trusted := newAuthority(t)
	w := newSecureWorld(t, trusted)
	cert, key := trusted.issue(t, 72*time.Hour, false)
	station := w.pin(cert, nil)
	c, _ := w.enter(cert, key)
	c.send(map[string]any{"type": "resume"})
	if h := c.next("hello"); !strings.Contains(h.raw, `"cred_days":2`) || !strings.Contains(h.raw, `"warning":"the certificate`) {
		t.Errorf("hello %s", h.raw)
	}
	a, _ := ReadStation(station)
	a.Certs = nil
	station, _ = a.address(station)
	_ = w.reg.Put(t.Context(), station)
	if code, bye := c.closed(); code != CloseAuthentication || bye.Reason != "auth" {
		t.Errorf("after its certificate was withdrawn: %d %s", code, bye.raw)
	}
	if _, status := w.enter(cert, key); status != 401 {
		t.Errorf("status %d with a certificate that was withdrawn", status)
	}
}

func TestPin(t *testing.T) {
	a := newAuthority(t)
	good, _ := a.issue(t, 72*time.Hour, false)
	old, _ := a.issue(t, -time.Minute, false)
	r, _, _ := NewStation("Radio Test", nil, alert.French)
	twice, err := Pin(r, pemOf(good), time.Time{})
	if err == nil {
		twice, err = Pin(twice, pemOf(good), time.Now().Add(time.Hour))
	}
	if s, _ := ReadStation(twice); err != nil || len(s.Certs) != 1 || time.Until(s.Certs[0].Expires) > time.Hour {
		t.Errorf("pinned twice: %+v, %v", s, err)
	}
	full := r
	for range maxCredentials {
		c, _ := a.issue(t, 72*time.Hour, false)
		if full, err = Pin(full, pemOf(c), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(full.Address) > 2000 {
		t.Errorf("a station's record has %d bytes of credentials", len(full.Address))
	}
	for name, tt := range map[string]struct {
		in  adapter.Recipient
		pem []byte
	}{
		"no PEM": {r, []byte("hello")}, "a key": {r, []byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")},
		"expired": {r, pemOf(old)}, "one too many": {full, pemOf(good)},
	} {
		if _, err := Pin(tt.in, tt.pem, time.Time{}); err == nil || !strings.Contains(err.Error(), "cert:") {
			t.Errorf("%s: %v does not name cert", name, err)
		}
	}
}

// TestCertificateEndsOnTheLine: the line ends with the certificate that opened it.
func TestCertificateEndsOnTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		_, line := b.station()
		s := b.feed.all()[0]
		who := s.who.Load()
		s.who.Store(who.with(who.entered, time.Now().Add(time.Hour)))
		_ = b.reg.Put(t.Context(), b.reg.All(Name)[0]) // any change of the registry must not lengthen it
		time.Sleep(time.Hour - time.Second)
		if n := len(line.take(t, "bye")); n != 0 {
			t.Error("cut before its end")
		}
		time.Sleep(2 * time.Second)
		if n := len(line.take(t, "bye")); n != 1 {
			t.Errorf("%d byes after its end", n)
		}
	})
}
