package receive

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestGapIsFilled(t *testing.T) {
	f := newFeed(t)
	f.hole = 2
	dir := t.TempDir()
	x := start(t, dir, nil, f)
	x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	x.until("live", func() bool {
		x.Receiver.mu.Lock()
		defer x.Receiver.mu.Unlock()
		return x.state.Positions[x.opt.Feeds[0]].Epoch == "e1"
	})
	x.lines[0].asked = time.Time{} // as if connected long ago
	for _, id := range []string{"a", "b", "c"} {
		f.put(alertOf(id, 1, "Alert"))
	}
	x.until("the hole is filled", func() bool { return len(x.got()) == 3 })
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.resumes) != 2 || f.resumes[1]["cursor"] != "e1-1" {
		t.Errorf("resumes %v", f.resumes)
	}
}

func TestHeartbeatProvesCompleteness(t *testing.T) {
	f := newFeed(t)
	f.hole = 1 // lost, and nothing follows that would show it
	dir := t.TempDir()
	x := start(t, dir, nil, f)
	x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	x.until("live", func() bool {
		x.Receiver.mu.Lock()
		defer x.Receiver.mu.Unlock()
		return x.state.Positions[x.opt.Feeds[0]].Epoch == "e1"
	})
	x.lines[0].asked = time.Time{}
	f.put(alertOf("zoe", 1, "Alert"))
	f.all(map[string]any{"type": "heartbeat", "epoch": "e1", "head": 1, "live": [][]any{{"zoe.1", 1, 1}}})
	x.until("it is fetched", func() bool { return len(x.got()) == 1 })
	// And the other way: what is no longer live must have been withdrawn.
	f.mu.Lock()
	f.log = append(f.log, alertOf("zoe", 2, "Cancel"))
	f.mu.Unlock()
	f.all(map[string]any{"type": "heartbeat", "epoch": "e1", "head": 2, "live": [][]any{}})
	x.until("the withdrawal is fetched", func() bool { return count(f.states(), "zoe.2 removed") == 1 })
	if !x.alarmed(AlarmUnlisted) {
		t.Error("no alarm")
	}
	f.all(map[string]any{"type": "heartbeat", "epoch": "e1", "head": 2, "live": [][]any{}, "degraded": true})
	x.until("the node is called degraded", func() bool { return x.alarmed(AlarmDegraded) })
	f.all(map[string]any{"type": "heartbeat", "epoch": "e1", "head": 2, "live": [][]any{}})
	x.until("and well again", func() bool { return x.alarmed(AlarmConnected) })
}

func TestTokenRefused(t *testing.T) {
	f := newFeed(t)
	f.token = "another"
	x := start(t, t.TempDir(), nil, f)
	x.until("the alarm", func() bool { return x.alarmed(AlarmAuth) })
}

// pipes is a listener whose connections are in memory, so that time is the test's own.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case p.conns <- a:
		return b, nil
	case <-p.done:
		return nil, errors.New("refused")
	}
}

// TestSilenceRaisesTheAlarm: heartbeats stop after the third; the alarm comes
// three intervals after it, to the second, and the next connection waits as the bye asks.
func TestSilenceRaisesTheAlarm(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		var dials []time.Duration
		began := time.Now()
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			dials = append(dials, time.Since(began))
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
			_ = conn.WriteJSON(map[string]any{"type": "hello", "epoch": "e1", "cursor_ok": true, "heartbeat_s": 10})
			_ = conn.WriteJSON(map[string]any{"type": "live", "head": 0})
			if len(dials) == 2 {
				_ = conn.WriteJSON(map[string]any{"type": "bye", "reason": "drain", "retry_ms": 90_000})
				return
			}
			for range 3 {
				time.Sleep(10 * time.Second)
				_ = conn.WriteJSON(map[string]any{"type": "heartbeat", "epoch": "e1", "head": 0, "live": []any{}})
			}
			_, _, _ = conn.ReadMessage() // the line is open, and silent
		})}
		go srv.Serve(p)
		var silent time.Duration
		r, err := New(Options{
			Feeds: []string{"http://127.0.0.1:1"}, Token: "t", Dir: dir, Verify: sealed, Dial: p.dial,
			OnAlarm: func(a Alarm) {
				if a.Kind == AlarmSilent && silent == 0 {
					silent = time.Since(began)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = r.Run(ctx) })
		time.Sleep(5 * time.Minute)
		cancel()
		all.Wait()
		_ = srv.Close()
		_ = p.Close()
		time.Sleep(time.Minute) // the server's own sleep
		synctest.Wait()
		if silent != 60*time.Second {
			t.Errorf("alarm after %v, want 60s", silent)
		}
		if len(dials) < 3 || dials[1]-silent > 2*firstRetry || dials[2]-dials[1] < 90*time.Second {
			t.Errorf("connected at %v", dials)
		}
	})
}

func TestAddresses(t *testing.T) {
	for raw, want := range map[string]string{
		"https://a.example":               "wss://a.example/v1/feed",
		"https://a.example/":              "wss://a.example/v1/feed",
		"wss://a.example:8443/other/feed": "wss://a.example:8443/other/feed",
		"http://127.0.0.1:8080":           "ws://127.0.0.1:8080/v1/feed",
		"ws://localhost:8080/v1/feed":     "ws://localhost:8080/v1/feed",
		"http://a.example":                "",
		"ws://10.0.0.1/":                  "",
		"a.example":                       "",
		"ftp://a.example":                 "",
		"https://u:p@a.example":           "",
		"https://a.example/?token=x":      "",
	} {
		if got, err := feedURL(raw); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
}

func TestOptions(t *testing.T) {
	_, err := New(Options{Feeds: []string{"http://a.example"}})
	for _, field := range []string{"feed", "token", "dir", "verify"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
	dir := t.TempDir()
	opt := Options{Feeds: []string{"https://a.example"}, Token: "t", Dir: dir, Verify: sealed}
	first, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(opt); err == nil || !strings.Contains(err.Error(), "another receiver") {
		t.Errorf("a second receiver on one folder: %v", err)
	}
	first.unlock()
	if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(opt); err == nil || !strings.Contains(err.Error(), "state.json is damaged") {
		t.Errorf("damaged state: %v", err)
	}
}

func TestFullDiskIsNotAcknowledged(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	x := start(t, dir, nil, f)
	x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	// A file where the folder should be stands for a disk that takes nothing.
	if err := os.RemoveAll(filepath.Join(dir, "alerts")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "alerts"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.put(alertOf("zoe", 1, "Alert"))
	x.until("the alarm", func() bool { return x.alarmed(AlarmDisk) })
	if got := f.states(); len(got) != 0 {
		t.Errorf("acknowledged %v", got)
	}
	if err := os.Remove(filepath.Join(dir, "alerts")); err != nil {
		t.Fatal(err)
	}
	x.lines[0].asked = time.Time{} // as if the last resume was long ago
	x.until("it came again", func() bool { f.pulse(); return count(f.states(), "zoe.1 received") == 1 })
}

func TestRunLeavesNothing(t *testing.T) {
	f := newFeed(t)
	before := runtime.NumGoroutine()
	x := start(t, t.TempDir(), func(o *Options) { o.Exec = []string{"/bin/true"} }, f)
	x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
	x.stop()
	x.until("all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte(`{"type":"heartbeat","live":[["a",1,2]]}`))
	f.Add([]byte(`{"type":"heartbeat","live":[["a"]]}`))
	f.Add([]byte(`{"type":"alert","case":"x","texts":{"fr":{}},"revision":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := decodeFrame(data)
		if err != nil || frame.check() != nil {
			return
		}
		if name := folder(frame.Case, frame.Revision); name != filepath.Base(name) || strings.HasPrefix(name, ".") {
			t.Errorf("a frame leads to %q", name)
		}
	})
}
