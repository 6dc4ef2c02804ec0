package broadcast

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// get opens a path with a token.
func (w *world) get(path, token string, header ...string) *http.Response {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.srv.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// event is one event of the stream.
func event(t *testing.T, s *bufio.Scanner, want ...string) (id string, f frame) {
	t.Helper()
	for s.Scan() {
		switch line := s.Text(); {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "data: "):
			f = frame{raw: line[6:]}
			if err := json.Unmarshal([]byte(f.raw), &f); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		case line == "":
			if slices.Contains(want, f.Type) {
				return id, f
			}
			if f.Type != "heartbeat" {
				t.Fatalf("got %s, want %v", f.raw, want)
			}
			if id != "" {
				t.Fatalf("a heartbeat has the id %s", id)
			}
			id = ""
		default:
			t.Fatalf("line %q", line)
		}
	}
	t.Fatalf("the stream ended: %v", s.Err())
	return "", f
}

func TestEvents(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	w.putRead(msg("leo", 1, alert.TypeAlert))
	resp := w.get("/v1/feed/events?cursor=e1-0", token, "Last-Event-ID", "e1-1")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	s := bufio.NewScanner(resp.Body)
	s.Buffer(nil, 1<<20)
	if at, f := event(t, s, "hello"); at != "" || !f.CursorOK {
		t.Errorf("id %q, %s", at, f.raw)
	}
	if at, f := event(t, s, "alert"); at != "e1-2" || f.Case != "leo" || f.Prev != 1 {
		t.Errorf("id %q, %s", at, f.raw)
	}
	if at, _ := event(t, s, "live"); at != "e1-2" {
		t.Errorf("live has the id %q", at)
	}
	w.putRead(msg("zoe", 2, alert.TypeCancel))
	if at, f := event(t, s, "alert"); at != "e1-3" || f.MsgType != "Cancel" || f.CAP == "" {
		t.Errorf("id %q, %s", at, f.raw)
	}
	_ = w.reg.Remove(t.Context(), Name, id)
	if _, f := event(t, s, "bye"); f.Reason != "auth" || f.Cursor != "e1-3" {
		t.Errorf("bye %s", f.raw)
	}
	if s.Scan() {
		t.Errorf("after the bye came %q", s.Text())
	}
	if resp := w.get("/v1/feed/events", token); resp.StatusCode != 401 {
		t.Errorf("a removed station gets %d", resp.StatusCode)
	}
}

func TestPoll(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station("BE")
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	w.putRead(msg("far", 1, alert.TypeAlert, "FR"))
	poll := func(query string) (int, pollAnswer, []frame) {
		t.Helper()
		resp := w.get("/v1/feed/poll?"+query, token)
		var raw struct {
			pollAnswer
			Live   json.RawMessage `json:"live"`
			Alerts []frame         `json:"alerts"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil && resp.StatusCode == 200 {
			t.Fatal(err)
		}
		return resp.StatusCode, raw.pollAnswer, raw.Alerts
	}
	tests := []struct {
		query  string
		status int
		seqs   []uint64
		ok     bool
		cursor string
	}{
		{"", 200, []uint64{1}, true, "e1-2"},
		{"cursor=e1-0", 200, []uint64{1}, true, "e1-2"},
		{"cursor=e1-2&wait=0", 200, nil, true, "e1-2"},
		{"cursor=e0-2", 200, []uint64{1}, false, "e1-2"},
		{"start=new&wait=0", 200, nil, true, "e1-2"},
		{"start=old", 400, nil, false, ""},
		{"wait=26", 400, nil, false, ""},
		{"wait=x", 400, nil, false, ""},
	}
	for _, tt := range tests {
		status, a, alerts := poll(tt.query)
		if status != tt.status || a.CursorOK != tt.ok || a.Cursor != tt.cursor || len(alerts) != len(tt.seqs) {
			t.Errorf("%s: %d %+v %v", tt.query, status, a, alerts)
			continue
		}
		for i, f := range alerts {
			if f.Seq != tt.seqs[i] || f.Type != "alert" || f.CAP == "" {
				t.Errorf("%s: %+v", tt.query, f)
			}
		}
	}
	got := make(chan []frame)
	go func() {
		_, _, alerts := poll("cursor=e1-2")
		got <- alerts
	}()
	w.until("the poll waits", func() bool { return w.feed.Stats().Sessions == 1 })
	w.putRead(msg("far", 2, alert.TypeCancel, "FR")) // not ours: it goes on waiting
	w.putRead(msg("leo", 1, alert.TypeAlert))
	if a := <-got; len(a) != 1 || a[0].Case != "leo" || a[0].Prev != 2 {
		t.Errorf("got %+v", a)
	}
	cut := make(chan int)
	go func() {
		status, _, _ := poll("cursor=e1-4")
		cut <- status
	}()
	w.until("the poll waits", func() bool { return w.feed.Stats().Sessions == 1 })
	_ = w.reg.Remove(t.Context(), Name, id)
	if status := <-cut; status != 403 {
		t.Errorf("a removed station's poll ends with %d", status)
	}
}
