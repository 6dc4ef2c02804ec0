package broadcast

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func TestEntry(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station()
	other, _ := w.station()
	old, oldToken := w.station()
	rec, _ := w.reg.Get(Name, old)
	var a Station
	if err := json.Unmarshal(rec.Address, &a); err != nil {
		t.Fatal(err)
	}
	a.Tokens[0].Expires = time.Now().Add(-time.Minute)
	rec.Address, _ = json.Marshal(a)
	_ = w.reg.Put(t.Context(), rec)
	_ = w.reg.Put(t.Context(), adapter.Recipient{ID: "broken", Channel: Name, Address: json.RawMessage(`{"token_sha256":"00"}`)})
	_, secret, _ := strings.Cut(token, ".")
	tests := []struct {
		name   string
		query  string
		header map[string]string
		want   int
	}{
		{"good token", "", map[string]string{"Authorization": "Bearer " + token}, 101},
		{"good token, our subprotocol", "", map[string]string{"Authorization": "Bearer " + token, "Sec-WebSocket-Protocol": "x, " + Subprotocol}, 101},
		{"no token", "", nil, 401},
		{"token in the address", "?token=" + token + "&access_token=" + token, nil, 401},
		{"basic", "", map[string]string{"Authorization": "Basic " + token}, 401},
		{"wrong secret", "", map[string]string{"Authorization": "Bearer " + id + ".wrong"}, 401},
		{"another's secret", "", map[string]string{"Authorization": "Bearer " + other + "." + secret}, 401},
		{"unknown station", "", map[string]string{"Authorization": "Bearer st-none." + secret}, 401},
		{"no secret", "", map[string]string{"Authorization": "Bearer " + id}, 401},
		{"endless token", "", map[string]string{"Authorization": "Bearer " + token + strings.Repeat("x", 4000)}, 401},
		{"expired token", "", map[string]string{"Authorization": "Bearer " + oldToken}, 401},
		{"entry without a digest", "", map[string]string{"Authorization": "Bearer broken." + secret}, 401},
		{"a browser's foreign page", "", map[string]string{"Authorization": "Bearer " + token, "Origin": "https://evil.example"}, 403},
		{"another protocol", "", map[string]string{"Authorization": "Bearer " + token, "Sec-WebSocket-Protocol": "mqtt"}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, _ := http.NewRequest("GET", w.srv.URL+"/v1/feed"+tt.query, nil)
			for k, v := range map[string]string{
				"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
			} {
				req.Header.Set(k, v)
			}
			for k, v := range tt.header {
				req.Header.Set(k, v)
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.want {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.want)
			}
			if tt.want != 101 && resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("error is %q", resp.Header.Get("Content-Type"))
			}
		})
	}
}

func TestRightsWithdrawnCutTheLine(t *testing.T) {
	tests := []struct {
		name   string
		change func(*world, adapter.Recipient)
		code   int
		reason string
	}{
		{"removed", func(w *world, r adapter.Recipient) { _ = w.reg.Remove(context.Background(), Name, r.ID) }, CloseNotAllowed, "auth"},
		{"token replaced", func(w *world, r adapter.Recipient) {
			r.Address = json.RawMessage(`{"token_sha256":"` + strings.Repeat("ab", 32) + `"}`)
			_ = w.reg.Put(context.Background(), r)
		}, CloseAuthentication, "auth"},
		{"token expired", func(w *world, r adapter.Recipient) {
			s := w.feed.all()[0]
			who := *s.who.Load()
			who.expires = time.Now()
			s.who.Store(&who)
		}, CloseAuthentication, "auth"},
		{"other areas", func(w *world, r adapter.Recipient) {
			r.Areas = []string{"FR"}
			_ = w.reg.Put(context.Background(), r)
		}, CloseDraining, "drain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			id, token := w.station("BE")
			_, otherToken := w.station("BE")
			c, _ := w.join(token, nil)
			c.next("live")
			rec, _ := w.reg.Get(Name, id)
			tt.change(w, rec)
			code, bye := c.closed()
			if code != tt.code || bye.Reason != tt.reason || !strings.HasPrefix(bye.Cursor, "e1-") {
				t.Errorf("closed with %d after %s", code, bye.raw)
			}
			other, _ := w.join(otherToken, nil)
			other.next("live") // nobody else is touched
		})
	}
}

// TestRightsAreCutByTheEvent: on every transport at once, without waiting for the sweeper's next look.
func TestRightsAreCutByTheEvent(t *testing.T) {
	changes := map[string]func(*world, adapter.Recipient){
		"removed": func(w *world, r adapter.Recipient) { _ = w.reg.Remove(context.Background(), Name, r.ID) },
		"token replaced": func(w *world, r adapter.Recipient) {
			r.Address = json.RawMessage(`{"token_sha256":"` + strings.Repeat("ab", 32) + `"}`)
			_ = w.reg.Put(context.Background(), r)
		},
	}
	codes := map[string]int{"removed": CloseNotAllowed, "token replaced": CloseAuthentication}
	statuses := map[string]int{"removed": http.StatusForbidden, "token replaced": http.StatusUnauthorized}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(f *Feed) { f.limits.tick = time.Hour })
			id, token := w.station("BE")
			request := func(path string) *http.Request {
				req, _ := http.NewRequest("GET", w.srv.URL+path, nil)
				req.Header.Set("Authorization", "Bearer "+token)
				return req
			}
			c, _ := w.join(token, nil)
			c.next("live")
			events, err := http.DefaultClient.Do(request("/v1/feed/events"))
			if err != nil {
				t.Fatal(err)
			}
			defer events.Body.Close()
			polled := make(chan int, 1)
			go func() {
				resp, err := http.DefaultClient.Do(request("/v1/feed/poll?wait=25"))
				if err != nil {
					polled <- -1
					return
				}
				resp.Body.Close()
				polled <- resp.StatusCode
			}()
			w.until("all three are there", func() bool { return w.feed.Stats().Sessions == 3 })
			rec, _ := w.reg.Get(Name, id)
			change(w, rec)
			if code, bye := c.closed(); code != codes[name] || bye.Reason != "auth" {
				t.Errorf("WebSocket closed with %d after %s", code, bye.raw)
			}
			if body, err := io.ReadAll(events.Body); err != nil || !strings.Contains(string(body), `"type":"bye","reason":"auth"`) {
				t.Errorf("events ended with %v after %s", err, body)
			}
			if got := <-polled; got != statuses[name] {
				t.Errorf("the poll was answered with %d, want %d", got, statuses[name])
			}
		})
	}
}

func TestTooManySessions(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	var open []*client
	for range 4 {
		c, _ := w.join(token, nil)
		open = append(open, c)
	}
	fifth := w.dial(token)
	if code, bye := fifth.closed(); code != CloseTooManySessions {
		t.Errorf("the fifth was closed with %d %+v", code, bye)
	}
	_, otherToken := w.station()
	w.join(otherToken, nil)
	open[0].Close()
	w.until("a place is free", func() bool { return w.feed.Stats().Sessions == 4 })
	w.join(token, nil)
}

func TestBadClients(t *testing.T) {
	tests := []struct {
		name string
		do   func(*client)
		code int
	}{
		{"not JSON", func(c *client) { _ = c.WriteMessage(websocket.TextMessage, []byte("hello")) }, CloseBadMessage},
		{"JSON, no object", func(c *client) { _ = c.WriteMessage(websocket.TextMessage, []byte("[1]")) }, CloseBadMessage},
		{"type is a number", func(c *client) { c.send(map[string]any{"type": 1}) }, CloseBadMessage},
		{"bytes", func(c *client) { _ = c.WriteMessage(websocket.BinaryMessage, []byte("{}")) }, CloseBadMessage},
		{"resume from nowhere", func(c *client) { c.send(map[string]any{"type": "resume", "start": "yesterday"}) }, CloseBadMessage},
		{"cursor is a number", func(c *client) { c.send(map[string]any{"type": "resume", "cursor": 7}) }, CloseBadMessage},
		{"too large", func(c *client) { c.send(map[string]any{"type": "x", "pad": strings.Repeat("x", readLimit)}) }, websocket.CloseMessageTooBig},
		{"too many", func(c *client) {
			for range frameBurst + 200 {
				if c.WriteJSON(map[string]any{"type": "x"}) != nil {
					return
				}
			}
		}, CloseRate},
	}
	w := newWorld(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, token := w.station()
			c, _ := w.join(token, nil)
			tt.do(c)
			if code, _ := c.closed(); code != tt.code {
				t.Errorf("closed with %d, want %d", code, tt.code)
			}
		})
	}
}

func TestUnknownTypesAreIgnored(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	c := w.dial(token)
	c.send(map[string]any{"type": "subscribe", "topic": "x"})
	c.send(map[string]any{})
	c.send(map[string]any{"type": "resume", "start": "new", "colour": "blue"})
	c.next("hello")
	c.next("live")
	c.send(map[string]any{"type": "resume", "cursor": "e1-0"}) // again, at any time
	c.next("hello")
	c.next("live")
	if err := c.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	pong := false
	c.SetPongHandler(func(s string) error { pong = s == "x"; return nil })
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	c.next("alert")
	c.send(map[string]any{"type": "resume", "start": "live"})
	c.next("hello")
	if !pong {
		t.Error("no pong")
	}
}

func TestSilentClientGetsWhatIsLive(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.limits.resume = 10 * time.Millisecond })
	_, token := w.station()
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	c := w.dial(token)
	if f := c.next("hello"); !f.CursorOK {
		t.Errorf("hello %s", f.raw)
	}
	c.next("alert")
}

func TestNewStation(t *testing.T) {
	r, token, err := NewStation(" Radio 1 ", nil, alert.German)
	if err != nil || r.Name != "Radio 1" || len(r.Areas) != 1 || r.Areas[0] != "*" || r.Channel != Name {
		t.Errorf("%+v, %v", r, err)
	}
	if strings.Contains(string(r.Address), token) || !strings.HasPrefix(token, r.ID+".") {
		t.Error("the registry must hold the digest alone")
	}
	_, _, err = NewStation("", []string{"BE", "Belgium", "be-van"}, "xx")
	for _, field := range []string{"name", "areas[1]", "areas[2]", "lang"} {
		if err == nil || !strings.Contains(err.Error(), field+":") {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
}
