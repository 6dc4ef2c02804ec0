package broadcast

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/alert"
)

func fetch(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestBurstKeepsOrder sends many revisions at once to many clients, some of
// which come and go: everybody sees one unbroken chain.
func TestBurstKeepsOrder(t *testing.T) {
	clients, burst := 250, 60
	if testing.Short() {
		clients = 100
	}
	w := newWorld(t, func(f *Feed) { f.beatEvery, f.limits.confirm = 10*time.Second, time.Hour }) // so many clients in one process have no time for more
	var all sync.WaitGroup
	errs := make(chan error, clients)
	joined := make(chan struct{}, clients)
	for n := range clients {
		_, token := w.station()
		all.Go(func() {
			conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.srv.URL, "http")+"/v1/feed", http.Header{"Authorization": {"Bearer " + token}})
			if err != nil {
				joined <- struct{}{}
				errs <- err
				return
			}
			defer conn.Close()
			errs <- chain(conn, n, burst, joined)
		})
	}
	for range clients {
		<-joined
	}
	for i := range burst {
		m := msg(fmt.Sprintf("c%d", i/3), i%3+1, alert.TypeAlert)
		m.CAP = []byte(strings.Repeat("é", rand.IntN(6000))) // frames of all three lengths of header
		w.log.put(m)
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// chain reads until seq last, resuming in between if it is one of those who do.
func chain(conn *websocket.Conn, n, last int, joined chan<- struct{}) error {
	_ = conn.SetReadDeadline(time.Now().Add(60 * time.Second))
	if err := conn.WriteJSON(map[string]any{"type": "resume", "cursor": "e1-0"}); err != nil {
		return err
	}
	prev, again := uint64(0), n%10 == 0
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			return fmt.Errorf("client %d after %d: %w", n, prev, err)
		}
		switch f.Type {
		case "live":
			if joined != nil {
				joined <- struct{}{}
				joined = nil
			}
		case "hello":
			if f.Seq != 0 || !f.CursorOK {
				return fmt.Errorf("client %d: hello %+v", n, f)
			}
		case "alert":
			if again && prev > 5 && f.Prev == 3 { // the resume took effect
				prev, again = 3, false
			}
			if f.Prev != prev || f.Seq != prev+1 {
				return fmt.Errorf("client %d: seq %d with prev %d after %d", n, f.Seq, f.Prev, prev)
			}
			prev = f.Seq
			if again && prev == 6 {
				if err := conn.WriteJSON(map[string]any{"type": "resume", "cursor": "e1-3"}); err != nil {
					return err
				}
			}
			if int(prev) == last && !again {
				return nil
			}
		}
	}
}

func TestSlowClientIsClosedAndDelaysNobody(t *testing.T) {
	tests := []struct {
		name   string
		change func(*limits)
	}{
		{"blocked for too long", func(l *limits) { l.write = 300 * time.Millisecond }},
		{"too far behind", func(l *limits) { l.stuck, l.behind = 50*time.Millisecond, 1<<20 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(f *Feed) { f.limits.grace = 10 * time.Second; tt.change(&f.limits) })
			_, slowToken := w.station()
			_, fastToken := w.station()
			slow, _ := w.join(slowToken, nil)
			slow.next("live")
			fast, _ := w.join(fastToken, nil)
			fast.next("live")
			var want uint64
			big := []byte(strings.Repeat("<x/>", 100_000))
			for w.feed.stats.slow.Load() == 0 {
				m := msg(fmt.Sprintf("c%d", want), 1, alert.TypeAlert)
				m.CAP = big
				want = w.log.put(m)
				for f := fast.next("alert"); f.Seq != want; f = fast.next("alert") {
				}
				if want > 200 {
					t.Fatal("a client that reads nothing is not noticed")
				}
				if want > 40 {
					time.Sleep(20 * time.Millisecond)
				}
			}
			// It wakes up within the grace: whole frames in order, then the reason.
			prev := uint64(0)
			for {
				_ = slow.SetReadDeadline(time.Now().Add(20 * time.Second))
				var f frame
				err := slow.ReadJSON(&f)
				if ce, ok := errors.AsType[*websocket.CloseError](err); ok {
					if ce.Code != CloseSlow {
						t.Errorf("closed with %d", ce.Code)
					}
					break
				}
				if err != nil {
					t.Fatalf("after %d: %v", prev, err)
				}
				if f.Type == "alert" {
					if f.Prev != prev || f.CAP != string(big) {
						t.Fatalf("frame %d after %d is damaged", f.Seq, prev)
					}
					prev = f.Seq
				}
				if f.Type == "bye" && f.Reason != "slow" {
					t.Errorf("bye %+v", f)
				}
			}
			again, hello := w.join(slowToken, map[string]any{"cursor": cursor("e1", prev)})
			if !hello.CursorOK {
				t.Errorf("hello %s", hello.raw)
			}
			if f := again.next("alert"); f.Prev != prev {
				t.Errorf("resumed after %d with %d", prev, f.Prev)
			}
		})
	}
}

func TestHalfOpenLineIsClosed(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.limits.silence = 500 * time.Millisecond })
	_, token := w.station()
	_, otherToken := w.station()
	conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// It shakes hands and is never heard of again, not even by a pong.
	fmt.Fprintf(conn, "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", token)
	live, _ := w.join(otherToken, nil)
	w.until("both are there", func() bool { return w.feed.Stats().Sessions == 2 })
	go func() { // this one answers pings, by reading
		for {
			if _, _, err := live.ReadMessage(); err != nil {
				return
			}
		}
	}()
	w.until("the dead one is gone", func() bool { return w.feed.Stats().Sessions == 1 })
	w.feed.mu.RLock()
	defer w.feed.mu.RUnlock()
	if n := w.feed.open[otherToken[:strings.IndexByte(otherToken, '.')]]; n != 1 {
		t.Error("the wrong one was closed")
	}
}

func TestHeartbeat(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station("BE")
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	w.putRead(msg("far", 1, alert.TypeAlert, "FR"))
	c, _ := w.join(token, nil)
	c.next("alert")
	c.next("live")
	for range 3 {
		f := c.next("heartbeat")
		if f.Head != 2 || f.Epoch != "e1" || len(f.Live) != 1 || fmt.Sprint(f.Live[0]) != "[be.police.zoe.1 1 1]" || f.Degraded || f.At.IsZero() {
			t.Fatalf("heartbeat %s", f.raw)
		}
		if !strings.Contains(f.raw, `"origin":{"n":2`) || !strings.Contains(f.raw, `"cred_days":null`) {
			t.Errorf("heartbeat %s", f.raw)
		}
	}
	w.putRead(msg("zoe", 2, alert.TypeCancel))
	c.next("alert")
	if f := c.next("heartbeat"); len(f.Live) != 0 || f.Head != 3 {
		t.Errorf("after the withdrawal %s", f.raw)
	}
}

func TestNewEpochSendsEverybodyBack(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, nil)
	w.log.mu.Lock()
	w.log.epoch, w.log.stored = "e2", nil
	w.log.mu.Unlock()
	if code, bye := c.closed(); code != CloseDraining || bye.Reason != "drain" {
		t.Errorf("closed with %d, %+v", code, bye)
	}
	w.log.put(msg("leo", 1, alert.TypeAlert))
	w.until("the new log is read", func() bool { return w.feed.ready.Load() && w.feed.Stats().Head == 1 })
	again, hello := w.join(token, map[string]any{"cursor": "e1-1"})
	if hello.CursorOK || hello.Epoch != "e2" || !strings.HasPrefix(hello.Reason, "foreign") {
		t.Errorf("hello %s", hello.raw)
	}
	if f := again.next("alert"); f.Case != "leo" {
		t.Errorf("got %s", f.raw)
	}
}

func TestLogLostAndFound(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	c, _ := w.join(token, nil)
	c.next("live")
	w.log.mu.Lock()
	w.log.broken = errors.New("no servers")
	w.log.mu.Unlock()
	w.log.put(msg("zoe", 1, alert.TypeAlert))
	if f := c.next("alert"); f.Seq != 1 {
		t.Errorf("got %s", f.raw)
	}
	w.until("the node is well again", func() bool { return !w.feed.Stats().Degraded })
}

func TestRestartKeepsCursors(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, nil)
	f := c.next("alert")
	w.close()
	w.log.put(msg("leo", 1, alert.TypeAlert))
	w.open(nil)
	again, hello := w.join(token, map[string]any{"cursor": cursor(f.Epoch, f.Seq)})
	if !hello.CursorOK {
		t.Errorf("hello %s", hello.raw)
	}
	if f := again.next("alert"); f.Case != "leo" || f.Prev != 1 || !f.Replay {
		t.Errorf("got %s", f.raw)
	}
}

func TestCloseDrainsAndLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	w := newWorld(t, nil)
	var clients []*client
	for range 20 {
		_, token := w.station()
		c, _ := w.join(token, nil)
		clients = append(clients, c)
	}
	done := make(chan struct{})
	go func() { w.close(); close(done) }()
	for _, c := range clients {
		if code, bye := c.closed(); code != CloseDraining || bye.Reason != "drain" {
			t.Errorf("closed with %d, %+v", code, bye)
		}
		c.Close()
	}
	<-done
	_, token := w.station()
	req, _ := http.NewRequest("GET", "/v1/feed", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	if _, err := w.feed.enter(req); err == nil {
		t.Error("a closed feed lets people in")
	}
	http.DefaultClient.CloseIdleConnections()
	w.until("all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}
