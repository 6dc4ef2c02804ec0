package scenario

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/config"
)

// authority is a station's certificate authority, or the server's own.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	self := a.issue("an authority", true)
	a.cert, a.key = self.Leaf, self.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// issue is a certificate of a's, and a's own at first.
func (a *authority) issue(name string, isCA bool) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, IsCA: isCA, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := tmpl, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// write puts c into dir, its key only when it is wanted, and gives the files' paths.
func write(t *testing.T, dir, name string, c tls.Certificate) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	raw, err := x509.MarshalECPrivateKey(c.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, key: {Type: "EC PRIVATE KEY", Bytes: raw},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestClientCertificate: a whole server with TLS lets a station in by its certificate,
// from the operator's command on; nobody else whom the same authority has signed; and
// the line ends with the registration.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]json.RawMessage{"broadcast": nil})
	theirs, ours := newAuthority(t), newAuthority(t)
	serverCert, serverKey := write(t, s.dir, "server", ours.issue("server", false))
	ca, _ := write(t, s.dir, "ca", tls.Certificate{Certificate: [][]byte{theirs.cert.Raw}, PrivateKey: theirs.key})
	s.conf.TLS = config.TLS{Cert: serverCert, Key: serverKey, ClientCA: ca}
	s.conf.PublicURL = "https://" + s.conf.Listen
	s.start()

	added := tocsin(t, "recipients", "add-station", "Radio Nord", "--area", "BE", "--data", s.conf.Data)
	if added.code != 0 {
		t.Fatalf("add-station: %s%s", added.stdout, added.stderr)
	}
	id := ""
	for word := range strings.FieldsSeq(added.stdout) {
		if strings.HasPrefix(word, "st-") {
			id = strings.Split(word, ".")[0]
		}
	}
	mine := theirs.issue("studio.radio-nord.example", false)
	file, _ := write(t, s.dir, "studio", mine)
	if got := tocsin(t, "recipients", "add-cert", id, file, "--data", s.conf.Data); got.code != 0 {
		t.Fatalf("add-cert %s: %s%s", id, got.stdout, got.stderr)
	}

	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	enter := func(certs ...tls.Certificate) (*websocket.Conn, int) {
		t.Helper()
		d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certs}, HandshakeTimeout: 10 * time.Second}
		conn, res, err := d.DialContext(t.Context(), "wss://"+s.conf.Listen+"/v1/feed", nil)
		if err != nil {
			if res == nil {
				return nil, 0
			}
			return nil, res.StatusCode
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn, res.StatusCode
	}
	for name, certs := range map[string][]tls.Certificate{"no certificate": nil, "one that is signed and not registered": {theirs.issue("studio.radio-sud.example", false)}} {
		if _, status := enter(certs...); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
	if conn, _ := enter(newAuthority(t).issue("stranger", false)); conn != nil {
		t.Error("one of an authority that nobody trusts came in")
	}
	conn, status := enter(mine)
	if conn == nil {
		t.Fatalf("the station's own certificate: %d\n%s", status, tail(s.logs.String(), 500))
	}
	if err := conn.WriteJSON(map[string]any{"type": "resume"}); err != nil {
		t.Fatal(err)
	}
	next := func() (frame struct{ Type, Station string }, err error) {
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		err = conn.ReadJSON(&frame)
		return frame, err
	}
	if frame, err := next(); err != nil || frame.Type != "hello" {
		t.Fatalf("%+v, %v; want hello", frame, err)
	}
	if got := tocsin(t, "recipients", "remove", "broadcast", id, "--data", s.conf.Data); got.code != 0 {
		t.Fatalf("remove: %s%s", got.stdout, got.stderr)
	}
	for {
		if _, err := next(); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("the line is still open after the station was removed")
			}
			break
		}
	}
	if _, status := enter(mine); status != http.StatusUnauthorized {
		t.Errorf("after the removal: %d", status)
	}
}
