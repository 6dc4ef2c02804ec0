package broadcast

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/adapter"
	"tocsin/internal/adapter/adaptertest"
	"tocsin/internal/alert"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: studios})
}

// studio is a station on the line that counts what it hears.
type studio struct {
	conn  *websocket.Conn
	taken atomic.Int64
}

// listen counts alerts, until a frame of the type or the end of the line.
func (s *studio) listen(until string) error {
	for {
		var f frame
		if err := s.conn.ReadJSON(&f); err != nil {
			return err
		}
		switch f.Type {
		case "alert":
			s.taken.Add(1)
		case until:
			return nil
		}
	}
}

// studios are stations that dial in. There is nothing to hang: Send waits for nobody.
func studios(t testing.TB, env adapter.Env) adaptertest.Far {
	var feed *Feed
	var srv *httptest.Server
	var all []*studio
	return adaptertest.Far{
		Settings: json.RawMessage(`{"node": "a", "nodes": []}`),
		Opened: func(a adapter.Adapter) {
			feed = a.(*Feed)
			mux := http.NewServeMux()
			for _, r := range feed.Routes() {
				mux.Handle(r.Pattern, r.Handler)
			}
			srv = httptest.NewServer(mux)
			t.Cleanup(srv.Close)
		},
		Recipient: func(int) adapter.Recipient {
			r, token, err := NewStation("Radio", []string{"BE"}, alert.English)
			if err != nil {
				t.Fatal(err)
			}
			if err := env.Recipients.Put(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			all = append(all, enter(t, feed, srv.URL, token))
			return r
		},
		Taken: func(i int) int { return int(all[i].taken.Load()) },
		Refusals: []adaptertest.Refusal{{
			Name: "not on the line", Class: adapter.Temporary,
			Refuse: func(i int) {
				sessions := feed.Stats().Sessions
				all[i].conn.Close()
				soon(t, "it has left", func() bool { return feed.Stats().Sessions < sessions })
			},
		}},
	}
}

// enter dials in, takes what is live, and listens on.
func enter(t testing.TB, feed *Feed, url, token string) *studio {
	t.Helper()
	soon(t, "the feed is ready", feed.ready.Load)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &studio{conn: conn}
	if err := conn.WriteJSON(map[string]string{"type": "resume", "start": "live"}); err != nil {
		t.Fatal(err)
	}
	if err := s.listen("live"); err != nil {
		t.Fatal(err)
	}
	go s.listen("") //nolint:errcheck // ends with the line
	return s
}

func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
