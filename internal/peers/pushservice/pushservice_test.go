package pushservice_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/SherClockHolmes/webpush-go"
	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"tocsin/internal/peers/pushservice"
)

var b64 = base64.RawURLEncoding

// server is an application server with a VAPID key.
type server struct {
	client          *http.Client
	private, public string
}

func start(t *testing.T, o pushservice.Options) (*pushservice.Service, *server) {
	t.Helper()
	s, err := pushservice.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Certificate())
	protocols := &http.Protocols{}
	protocols.SetHTTP2(true)
	if o.TLS {
		protocols.SetHTTP1(true)
	} else {
		protocols.SetUnencryptedHTTP2(true)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return s, &server{&http.Client{Transport: transport}, private, public}
}

func subscribe(t *testing.T, s *pushservice.Service, key string) *pushservice.Subscriber {
	t.Helper()
	u, err := s.NewSubscriber(key)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// changed is a client that alters each push on its way out.
type changed struct {
	client *http.Client
	change func(*http.Request)
}

func (c changed) Do(r *http.Request) (*http.Response, error) {
	c.change(r)
	return c.client.Do(r)
}

// push sends text and returns the answer's status and words.
func (a *server) push(t *testing.T, u *pushservice.Subscriber, text, topic string, change func(*http.Request)) (int, string) {
	t.Helper()
	if change == nil {
		change = func(*http.Request) {}
	}
	var sub webpush.Subscription
	if err := json.Unmarshal(u.JSON(), &sub); err != nil {
		t.Fatal(err)
	}
	answer, err := webpush.SendNotificationWithContext(t.Context(), []byte(text), &sub, &webpush.Options{
		HTTPClient: changed{a.client, change}, TTL: 60, Topic: topic, Urgency: webpush.UrgencyHigh,
		Subscriber: "ops@police.example", VAPIDPublicKey: a.public, VAPIDPrivateKey: a.private,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	words, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(words)
}

func TestPushArrivesOverBothProtocols(t *testing.T) {
	for _, secure := range []bool{true, false} {
		s, a := start(t, pushservice.Options{TLS: secure})
		u := subscribe(t, s, a.public)
		proto := ""
		if status, words := a.push(t, u, "hello", "topic", func(r *http.Request) { proto = r.URL.Scheme }); status != 201 {
			t.Fatalf("%d %s", status, words)
		}
		got := u.Messages()
		if len(got) != 1 || got[0].TTL != 60 || got[0].Topic != "topic" || got[0].Urgency != "high" || (proto == "https") != secure {
			t.Fatalf("got %+v over %s", got, proto)
		}
		if plain, err := u.Decrypt(got[0]); err != nil || string(plain) != "hello" {
			t.Errorf("%q, %v", plain, err)
		}
		if st := s.Stats(); st.Accepted != 1 || st.Refused != 0 || st.Tokens != 1 || st.Connections != 1 {
			t.Errorf("%+v", st)
		}
	}
}

// bothFronts runs a test with net/http reading the pushes, and with the front that
// reads them by itself: they must not differ.
func bothFronts(t *testing.T, o pushservice.Options, test func(t *testing.T, o pushservice.Options)) {
	for name, lean := range map[string]bool{"net/http": false, "lean": true} {
		o.Lean = lean
		t.Run(name, func(t *testing.T) { test(t, o) })
	}
}

func TestPushIsRefused(t *testing.T) {
	bothFronts(t, pushservice.Options{TLS: true}, pushIsRefused)
}

func pushIsRefused(t *testing.T, o pushservice.Options) {
	s, a := start(t, o)
	u := subscribe(t, s, a.public)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Add(time.Hour).Unix()
	claims := func(aud string, exp int64, sub string) jwt.MapClaims {
		return jwt.MapClaims{"aud": aud, "exp": exp, "sub": sub}
	}
	sign := func(method jwt.SigningMethod, key any, c jwt.MapClaims) func(*http.Request) {
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := other.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return func(r *http.Request) {
			r.Header.Set("Authorization", "vapid t="+token+", k="+b64.EncodeToString(public))
		}
	}
	es := func(c jwt.MapClaims) func(*http.Request) { return sign(jwt.SigningMethodES256, other, c) }
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	body := func(change func([]byte) []byte) func(*http.Request) {
		return func(r *http.Request) {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			raw = change(raw)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
		}
	}
	const mail = "mailto:ops@police.example"
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		words  string
	}{
		"no TTL":           {func(r *http.Request) { r.Header.Del("TTL") }, 400, "TTL"},
		"negative TTL":     {set("TTL", "-1"), 400, "TTL"},
		"long topic":       {set("Topic", strings.Repeat("a", 33)), 400, "topic"},
		"topic's letters":  {set("Topic", "a b"), 400, "topic"},
		"urgency":          {set("Urgency", "urgent"), 400, "urgency"},
		"encoding":         {set("Content-Encoding", "aesgcm"), 400, "aes128gcm"},
		"no authorization": {func(r *http.Request) { r.Header.Del("Authorization") }, 401, "missing"},
		"scheme":           {set("Authorization", "Bearer x"), 403, "vapid"},
		"no token":         {set("Authorization", "vapid k="+a.public), 403, "three parts"},
		"damaged token": {func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "vapid t=ey", "vapid t=ex", 1))
		}, 403, "vapid t"},
		"another's key":  {es(claims(s.URL(), hour, mail)), 403, "not the key"},
		"wrong audience": {es(claims("https://fcm.googleapis.com", hour, mail)), 403, "aud"},
		"expired":        {es(claims(s.URL(), time.Now().Add(-time.Minute).Unix(), mail)), 403, "passed"},
		"two days":       {es(claims(s.URL(), time.Now().Add(48*time.Hour).Unix(), mail)), 403, "24 h"},
		"mailto twice":   {es(claims(s.URL(), hour, "mailto:mailto:ops@police.example")), 403, "sub"},
		"no contact":     {es(claims(s.URL(), hour, "")), 403, "sub"},
		"wrong method":   {sign(jwt.SigningMethodHS256, []byte("secret"), claims(s.URL(), hour, mail)), 403, "ES256"},
		"unsigned":       {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(s.URL(), hour, mail)), 403, "ES256"},
		"short body":     {body(func(b []byte) []byte { return b[:50] }), 400, "body"},
		"long body":      {body(func(b []byte) []byte { return append(b, 0) }), 413, "4,096"},
		"key length":     {body(func(b []byte) []byte { b[20] = 64; return b }), 400, "P-256"},
	} {
		if status, words := a.push(t, u, "x", "", c.change); status != c.status || !strings.Contains(words, c.words) {
			t.Errorf("%s: %d %s, want %d with %q", name, status, words, c.status, c.words)
		}
	}
	if n := len(u.Messages()); n != 0 {
		t.Errorf("%d refused pushes arrived", n)
	}
	u.Endpoint = s.URL() + "/push/nobody"
	if status, _ := a.push(t, u, "x", "", nil); status != 404 {
		t.Errorf("unknown subscription: %d", status)
	}
}

func TestWaitingAndTopics(t *testing.T) {
	bothFronts(t, pushservice.Options{TLS: true, Keep: 3}, waitingAndTopics)
}

func waitingAndTopics(t *testing.T, o pushservice.Options) {
	s, a := start(t, o)
	u := subscribe(t, s, "")
	u.SetAway(true)
	for _, m := range [][2]string{{"one", "a"}, {"two", "b"}, {"three", "a"}, {"four", ""}} {
		if status, words := a.push(t, u, m[0], m[1], nil); status != 201 {
			t.Fatalf("%d %s", status, words)
		}
	}
	if n := len(u.Messages()); n != 0 {
		t.Fatalf("%d messages reached a device that is away", n)
	}
	u.SetAway(false)
	if got := texts(t, u); got != "two three four" {
		t.Errorf("delivered %q", got)
	}
	if status, _ := a.push(t, u, "five", "", nil); status != 201 {
		t.Errorf("five: %d", status)
	}
	if got := texts(t, u); got != "three four five" {
		t.Errorf("kept %q of the newest three", got)
	}
	if n := s.Stats().Replaced; n != 1 {
		t.Errorf("%d replaced, want 1", n)
	}
	u.Unsubscribe()
	if status, _ := a.push(t, u, "x", "", nil); status != 410 {
		t.Errorf("after unsubscribing: %d", status)
	}
}

func texts(t *testing.T, u *pushservice.Subscriber) string {
	t.Helper()
	var all []string
	for _, m := range u.Messages() {
		plain, err := u.Decrypt(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(plain))
	}
	return strings.Join(all, " ")
}

func TestFaults(t *testing.T) {
	s, a := start(t, pushservice.Options{TLS: true})
	u, neighbour := subscribe(t, s, ""), subscribe(t, s, "")
	s.Fail(pushservice.Fault{N: 2, Subscriber: u.ID, Status: 429, Header: http.Header{"retry-after": {"7"}}})
	if status, _ := a.push(t, neighbour, "x", "", nil); status != 201 {
		t.Errorf("the neighbour: %d", status)
	}
	for i, want := range []int{429, 429, 201} {
		if status, _ := a.push(t, u, "x", "", nil); status != want {
			t.Errorf("push %d: %d, want %d", i, status, want)
		}
	}
	s.Fail(pushservice.Fault{Stall: time.Hour})
	answered := make(chan int)
	go func() { status, _ := a.push(t, u, "late", "", nil); answered <- status }()
	select {
	case status := <-answered:
		t.Errorf("a stalled push was answered %d", status)
	case <-time.After(50 * time.Millisecond):
	}
	s.Mend()
	if status := <-answered; status != 201 {
		t.Errorf("after the stall: %d", status)
	}
}

// TestBrowserProtocol plays Firefox's part; the real one is in adapters/webpush.
func TestBrowserProtocol(t *testing.T) {
	s, a := start(t, pushservice.Options{TLS: true})
	dial := func() *websocket.Conn {
		conn, _, err := (&websocket.Dialer{Subprotocols: []string{"push-notification"}}).DialContext(t.Context(), s.BrowserURL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	talk := func(conn *websocket.Conn, say string) (answer map[string]any) {
		t.Helper()
		if say != "" {
			if err := conn.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := conn.ReadJSON(&answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	conn := dial()
	hello := talk(conn, `{"messageType":"hello","use_webpush":true}`)
	id, _ := hello["uaid"].(string)
	if len(id) != 32 || hello["status"] != 200.0 || hello["use_webpush"] != true {
		t.Fatalf("hello: %v", hello)
	}
	register := talk(conn, `{"messageType":"register","channelID":"c1","key":"`+a.public+`"}`)
	endpoint, _ := register["pushEndpoint"].(string)
	if register["status"] != 200.0 || !strings.HasPrefix(endpoint, s.URL()) {
		t.Fatalf("register: %v", register)
	}
	if pong := talk(conn, `{}`); len(pong) != 0 {
		t.Errorf("ping: %v", pong)
	}
	u := subscribe(t, s, "") // its keys, the browser's endpoint
	u.Endpoint = endpoint
	if status, words := a.push(t, u, "one", "", nil); status != 201 {
		t.Fatalf("%d %s", status, words)
	}
	first := talk(conn, "")
	if first["messageType"] != "notification" || first["channelID"] != "c1" {
		t.Fatalf("notification: %v", first)
	}
	conn.Close() // without an ack: it comes again

	conn = dial()
	talk(conn, `{"messageType":"hello","use_webpush":true,"uaid":"`+id+`"}`)
	again := talk(conn, "")
	if again["version"] != first["version"] || again["data"] != first["data"] {
		t.Errorf("after coming back: %v, want %v", again, first)
	}
	version, _ := again["version"].(string)
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"messageType":"ack","updates":[{"channelID":"c1","version":"`+version+`","code":100}]}`)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if acks, err := s.Acks(ctx, 1); err != nil || acks[0] != (pushservice.Ack{Channel: "c1", Version: version, Code: 100}) {
		t.Errorf("acks %+v, %v", acks, err)
	}
	if gone := talk(conn, `{"messageType":"unregister","channelID":"c1"}`); gone["status"] != 200.0 {
		t.Errorf("unregister: %v", gone)
	}
	if status, _ := a.push(t, u, "two", "", nil); status != 410 {
		t.Errorf("after unregistering: %d", status)
	}
}
