package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/alert"
)

// listening opens an embedded engine that takes stations on loopback.
func listening(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Options{Dir: t.TempDir(), Realm: alert.Live, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutDown(t, e) })
	return e
}

// outsider is a station as NATS sees it: a client of ours with nothing but its file.
type outsider struct {
	t       *testing.T
	account string
	creds   string
	url     string
	errs    chan error
	*nats.Conn
}

func newOutsider(t *testing.T, url string) *outsider {
	t.Helper()
	account, creds, err := NewStation("st-test")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "station.creds")
	if err := os.WriteFile(path, creds, 0o600); err != nil {
		t.Fatal(err)
	}
	return &outsider{t: t, account: account, creds: path, url: url, errs: make(chan error, 100)}
}

func (o *outsider) dial() error {
	var err error
	o.Conn, err = nats.Connect(o.url, nats.UserCredentials(o.creds), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { o.errs <- err }))
	if err == nil {
		o.t.Cleanup(o.Conn.Close)
	}
	return err
}

func (o *outsider) feed() jetstream.Consumer {
	o.t.Helper()
	js, err := jetstream.NewWithAPIPrefix(o.Conn, "tocsin")
	if err != nil {
		o.t.Fatal(err)
	}
	c, err := js.Consumer(o.t.Context(), "ALERTS", "feed")
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *outsider) next(c jetstream.Consumer) jetstream.Msg {
	o.t.Helper()
	m, err := c.Next(jetstream.FetchMaxWait(5 * time.Second))
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

// A station fetches its feed, acknowledges, writes a receipt, is known again after
// a reconnect, and is out within a second when it is removed.
func TestDirect(t *testing.T) {
	e := listening(t)
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "a", Data: []byte(`{"n":1}`)})
	o := newOutsider(t, e.ListenAddr())
	if err := o.dial(); err == nil {
		t.Fatal("a station that nobody admitted came in")
	}
	if err := e.Admit(t.Context(), []string{o.account}); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = e.Receipts(t.Context(), func(_ context.Context, account string, r []byte) []byte {
			return fmt.Appendf(nil, "%s %s", account, r)
		})
	}()
	if err := o.dial(); err != nil {
		t.Fatal(err)
	}
	c := o.feed()
	m := o.next(c)
	meta, err := m.Metadata()
	if err != nil || meta.Sequence.Stream != 1 || string(m.Data()) != `{"n":1}` || m.Subject() != "live.alerts.P.1" {
		t.Fatalf("first message %v %s %s %v", meta, m.Subject(), m.Data(), err)
	}
	if got := m.Headers().Get("Tocsin-Epoch"); got != e.Epoch() || c.CachedInfo().Config.Metadata["tocsin.epoch"] != got {
		t.Errorf("epoch %q, of the consumer %q, want %q", got, c.CachedInfo().Config.Metadata, e.Epoch())
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer, err := o.Request("tocsin.receipts", []byte("received"), 2*time.Second)
	if err != nil || string(answer.Data) != o.account+" received" {
		t.Fatalf("receipt answered %v %v", answer, err)
	}
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.2", ID: "b", Data: []byte(`{"n":2}`)})
	o.Close()
	if err := o.dial(); err != nil {
		t.Fatal(err)
	}
	if m := o.next(o.feed()); !strings.Contains(string(m.Data()), "2") {
		t.Errorf("after the reconnect it got %s", m.Data())
	}
	messages, err := o.feed().Messages(jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = messages.Next() }() // ends with the connection
	for until := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if following, err := e.Following(t.Context()); slices.Equal(following, []string{o.account}) {
			break
		} else if err != nil || time.Now().After(until) {
			t.Fatalf("following are %v, %v", following, err)
		}
	}
	closed := make(chan struct{})
	o.SetClosedHandler(func(*nats.Conn) { close(closed) })
	removed := time.Now()
	if err := e.Admit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Fatal("a removed station stays connected")
	}
	t.Logf("cut %v after the removal", time.Since(removed).Round(time.Millisecond))
	if err := o.dial(); err == nil {
		t.Error("a removed station came in again")
	}
	if _, err := e.js.Consumer(t.Context(), streamAlerts, o.account); err == nil {
		t.Error("its consumer is still there")
	}
}

// With a certificate the listener talks TLS and nothing else to stations, while
// the program's own connection goes on in process.
func TestDirectOverTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	defer web.Close()
	e, err := Open(t.Context(), Options{
		Dir: t.TempDir(), Realm: alert.Live, Listen: "127.0.0.1:0",
		TLS: &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutDown(t, e) })
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "a"})
	o := newOutsider(t, e.ListenAddr())
	if err := e.Admit(t.Context(), []string{o.account}); err != nil {
		t.Fatal(err)
	}
	if err := o.dial(); err == nil {
		t.Error("a station that does not know the certificate's issuer came in")
	}
	trust := x509.NewCertPool()
	trust.AddCert(web.Certificate())
	if o.Conn, err = nats.Connect("tls://"+o.url, nats.UserCredentials(o.creds), nats.Secure(&tls.Config{RootCAs: trust})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Conn.Close)
	if got := string(o.next(o.feed()).Headers().Get("Nats-Msg-Id")); got != "a" || !o.TLSRequired() {
		t.Errorf("message %q, TLS %v", got, o.TLSRequired())
	}
	plain, err := net.Dial("tcp", o.url)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(plain, "CONNECT {\"verbose\":true}\r\nPING\r\n")
	said, _ := io.ReadAll(plain) // until it hangs up
	if strings.Contains(string(said), "PONG") {
		t.Errorf("without TLS it says %s", said)
	}
}
