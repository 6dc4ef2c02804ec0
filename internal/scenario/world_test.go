package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/cap"
	"tocsin/internal/client"
	"tocsin/internal/ledger"
	"tocsin/internal/peers/partner"
	"tocsin/internal/peers/pushservice"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/receive"
)

// world is a server process with a receiver at the far end of every channel.
type world struct {
	*server
	push     *pushservice.Service
	smsc     *smsc.SMSC
	partner  *partner.Partner
	gate     *gate // in front of the partner's site
	citizens []*pushservice.Subscriber
	phones   []string

	stationDir, stationToken, partnerSecret string
	authorToken, approverToken              string
	author, approver                        client.Officer
}

// gatewayPassword is the SMS gateway's.
const gatewayPassword = "Smew-41x" // SMPP has room for eight characters

// newWorld prepares a world; open starts it.
func newWorld(t *testing.T) *world {
	t.Helper()
	push, err := pushservice.Start(pushservice.Options{TLS: true, Keep: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = push.Close() })
	centre, err := smsc.Start(smsc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = centre.Close() })
	site, err := partner.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	peers := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(peers, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	settings := func(v any) json.RawMessage {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	w := &world{push: push, smsc: centre, partner: site, gate: newGate(t, site.URL()), stationDir: filepath.Join(peers, "station")}
	w.server = newServer(t, map[string]json.RawMessage{
		"broadcast": json.RawMessage(`{}`),
		"website":   json.RawMessage(`{}`),
		"webpush":   settings(map[string]any{"root_cas": file("push.pem", push.Certificate()), "subscribe_per_minute": 1_000_000}),
		"sms": settings(map[string]any{"gateways": []any{map[string]any{
			"kind": "smpp", "name": "local", "address": centre.Addr(), "system_id": "tocsin",
			"password_file": file("smsc-password", []byte(gatewayPassword)), "source": "TOCSIN", "window": 50, "rate": 1000,
		}}}),
	})
	return w
}

// open starts the server, its officers and everybody who is to be told.
func (w *world) open(citizens, phones int) {
	w.t.Helper()
	w.start()
	w.authorToken, w.approverToken = w.token("author", "author"), w.token("approver", "approver")
	w.author, w.approver = client.New(w.url(""), w.authorToken), client.New(w.url(""), w.approverToken)
	w.stationToken = w.recipient("broadcast", app.NewRecipient{Name: "Radio Nord", Areas: []string{"*"}, Lang: alert.French})
	w.partnerSecret = w.recipient("website", app.NewRecipient{
		Name: "Town", Endpoint: w.gate.url, Areas: []string{"*"}, Lang: alert.English,
	})
	keys, err := app.Keys(w.conf)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.partner.Trust(w.partnerSecret, keys.Webhook); err != nil {
		w.t.Fatal(err)
	}
	for i := range phones {
		number := fmt.Sprintf("+32470%06d", i)
		w.phones = append(w.phones, number)
		w.recipient("sms", app.NewRecipient{Number: number, Areas: []string{"BE"}, Lang: alert.English})
	}
	for range citizens {
		w.citizens = append(w.citizens, subscribe(w.t, w.push, w.url("/v1/push/subscriptions")))
	}
	w.follow()
}

func (s *server) url(path string) string { return "http://" + s.conf.Listen + path }

// recipient registers one and gives its secret.
func (s *server) recipient(channel string, r app.NewRecipient) string {
	s.t.Helper()
	var made []app.Secret
	s.operator("POST", "/recipients/"+channel, r, &made)
	return made[0].Secret
}

// subscribe adds one citizen by the public address.
func subscribe(t *testing.T, push *pushservice.Service, address string) *pushservice.Subscriber {
	t.Helper()
	sub, err := push.NewSubscriber("")
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"subscription":%s,"regions":["BE"],"lang":"fr"}`, sub.JSON())
	resp, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("subscribe: %s", resp.Status)
	}
	return sub
}

// follow runs the station's receiver until the test ends.
func (w *world) follow() {
	w.t.Helper()
	keys, err := app.Keys(w.conf)
	if err != nil {
		w.t.Fatal(err)
	}
	cert, err := cap.ParseCertificate([]byte(keys.Certificate))
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := receive.New(receive.Options{
		Feeds: []string{w.url("")}, Token: w.stationToken, Dir: w.stationDir,
		Verify: func(doc []byte) error { _, err := cap.Verify(doc, cert); return err },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }() // ends with ctx
	w.t.Cleanup(func() { cancel(); <-done })
}

// everyChannel is what a world has.
var everyChannel = []string{"broadcast", "sms", "webpush", "website"}

// everybody waits until each channel's recipients all have the revision of the case.
func (w *world) everybody(id string, revision int, within time.Duration) ledger.Board {
	w.t.Helper()
	return w.reached(id, revision, within, everyChannel...)
}

// reached is everybody of these channels alone.
func (w *world) reached(id string, revision int, within time.Duration, channels ...string) ledger.Board {
	w.t.Helper()
	var b ledger.Board
	eventually(w.t, within, fmt.Sprintf("everybody has revision %d of %s", revision, id), func() (err error) {
		if b, err = w.author.Board(w.t.Context(), id); err != nil {
			return err
		}
		if b.Revision != revision || len(b.Channels) != len(everyChannel) {
			return fmt.Errorf("the board is of revision %d with %d channels", b.Revision, len(b.Channels))
		}
		for _, c := range b.Channels {
			if slices.Contains(channels, c.Channel) && (c.Recipients == 0 || c.Accepted != c.Recipients) {
				return fmt.Errorf("%s: %d of %d", c.Channel, c.Accepted, c.Recipients)
			}
		}
		return nil
	})
	return b
}

// gate stands before the partner's site and can be told to misbehave.
type gate struct {
	url    string
	status atomic.Int32 // answered in the partner's place; 0 = let pass
	hangs  atomic.Bool  // nothing is answered at all
	hits   atomic.Int32
}

func newGate(t *testing.T, partnerURL string) *gate {
	t.Helper()
	to, err := url.Parse(partnerURL)
	if err != nil {
		t.Fatal(err)
	}
	path := to.Path
	to.Path = ""
	g := &gate{}
	pass := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.hits.Add(1)
		switch status := int(g.status.Load()); {
		case g.hangs.Load():
			_, _ = io.Copy(io.Discard, r.Body) // a server notices that the client left only after the body
			<-r.Context().Done()
		case status != 0:
			w.WriteHeader(status)
		default:
			pass.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	g.url = s.URL + path
	return g
}
