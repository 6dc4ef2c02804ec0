package scenario

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/client"
	"tocsin/internal/stream/streamtest"
)

// ear is one line of a station that keeps every frame byte for byte.
type ear struct {
	name string
	mu   sync.Mutex
	all  []string
}

func (e *ear) hear(frame string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, frame)
}

// replayed is the one field of an alert frame that depends on when it was sent.
var replayed = regexp.MustCompile(`"replay":(true|false),`)

// alerts are the alert frames so far, without replay.
func (e *ear) alerts() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, f := range e.all {
		if strings.HasPrefix(f, `{"type":"alert"`) {
			out = append(out, replayed.ReplaceAllString(f, ""))
		}
	}
	return out
}

// beat is the newest heartbeat.
func (e *ear) beat() (hb struct {
	Degraded bool
	Origin   struct{ N uint64 }
},
) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range slices.Backward(e.all) {
		if strings.HasPrefix(f, `{"type":"heartbeat"`) {
			_ = json.Unmarshal([]byte(f), &hb) // a frame that is none fails the caller's comparison
			return hb
		}
	}
	return hb
}

// listenSocket follows a server's feed by WebSocket until the line ends.
func listenSocket(t *testing.T, s *server, token string) *ear {
	t.Helper()
	var conn *websocket.Conn
	eventually(t, 20*time.Second, "the feed lets the station in", func() (err error) { // once this node has read of it
		conn, _, err = websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url("/v1/feed"), "http"), http.Header{"Authorization": {"Bearer " + token}})
		return err
	})
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteJSON(map[string]string{"type": "resume", "start": "live"}); err != nil {
		t.Fatal(err)
	}
	e := &ear{name: s.conf.Listen + " by WebSocket"}
	go func() {
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			e.hear(string(data))
		}
	}()
	return e
}

// listenEvents follows it by Server-Sent Events.
func listenEvents(t *testing.T, s *server, token string) *ear {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.url("/v1/feed/events?start=live"), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("events: %s", resp.Status)
	}
	e := &ear{name: s.conf.Listen + " by events"}
	go func() {
		defer func() { _ = resp.Body.Close() }()
		lines := bufio.NewReader(resp.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				e.hear(strings.TrimSuffix(data, "\n"))
			}
		}
	}()
	return e
}

// nodes are two servers on one log, with a station that both know.
func nodes(t *testing.T, url string) (a, b *server, station, token string) {
	t.Helper()
	for i, s := range []**server{&a, &b} {
		*s = newServer(t, map[string]json.RawMessage{
			"broadcast": json.RawMessage(fmt.Sprintf(`{"heartbeat_s": 1, "node": "node-%d"}`, i)),
		})
		(*s).conf.NATS.URL = url
		(*s).start()
	}
	var made []app.Secret
	a.operator("POST", "/recipients/broadcast", app.NewRecipient{Name: "Radio Nord", Areas: []string{"*"}, Lang: alert.French}, &made)
	token = made[0].Secret
	eventually(t, 10*time.Second, "the other node knows the station", func() error {
		if got := ask(t, request{url: b.url("/v1/feed/poll?wait=0"), token: token}); got.status != http.StatusOK {
			return fmt.Errorf("status %d", got.status)
		}
		return nil
	})
	return a, b, made[0].ID, token
}

// Two nodes on one log say the same alerts byte for byte over both transports, so
// that a station on both drops duplicates; a receipt to the one counts on the
// other, and still after that one was killed.
func TestTwoNodesAreOneFeed(t *testing.T) {
	t.Parallel()
	url, _, _ := streamtest.Server(t)
	a, b, _, token := nodes(t, url)
	author, approver := a.officer("author", "author"), a.officer("approver", "approver")
	ears := []*ear{listenSocket(t, a, token), listenSocket(t, b, token), listenEvents(t, a, token), listenEvents(t, b, token)}
	everywhere := func(n int) []string {
		t.Helper()
		for _, e := range ears {
			eventually(t, 20*time.Second, fmt.Sprintf("%d alerts at %s", n, e.name), func() error {
				if got := len(e.alerts()); got != n {
					return fmt.Errorf("%d", got)
				}
				return nil
			})
		}
		want := ears[0].alerts()
		for _, e := range ears[1:] {
			for i, f := range e.alerts() {
				if f != want[i] {
					t.Fatalf("%s says\n%s\nand %s\n%s", e.name, f, ears[0].name, want[i])
				}
			}
		}
		return want
	}
	first := released(t, author, approver)
	second := released(t, author, approver)
	frames := everywhere(2)
	var one struct {
		Identifier, Case string
		Revision         int
	}
	if err := json.Unmarshal([]byte(frames[0]), &one); err != nil || one.Case != first {
		t.Fatalf("%+v, %v", one, err)
	}

	// Confirmed on the one, it is not asked for again on the other.
	receipt, _ := json.Marshal(map[string]any{"identifier": one.Identifier, "revision": one.Revision, "state": "received"})
	if got := ask(t, request{method: "POST", url: a.url("/v1/feed/receipts"), token: token, body: receipt}); got.status != http.StatusOK {
		t.Fatalf("receipt: %d %s", got.status, got.body)
	}
	unconfirmed := func(s *server) error {
		got := ask(t, request{url: s.url("/v1/feed/poll?start=acked&wait=0"), token: token})
		if bytes.Contains(got.body, []byte(one.Identifier+`","case"`)) || !bytes.Contains(got.body, []byte(second)) {
			return fmt.Errorf("start=acked gives %.300s", got.body)
		}
		return nil
	}
	eventually(t, 10*time.Second, "the other node has it from the ledger", func() error { return unconfirmed(b) })
	b.kill()
	b.conf.Listen, b.conf.Ops = freePort(t), freePort(t) // the old ones may be somebody's by now
	b.start()
	if err := unconfirmed(b); err != nil {
		t.Errorf("after kill -9: %v", err)
	}
	boardSays(t, author, first, adapter.Received, "")
}

// boardSays waits until the board shows the one station so.
func boardSays(t *testing.T, o client.Officer, caseID string, state adapter.State, reason string) {
	t.Helper()
	eventually(t, 100*time.Second, fmt.Sprintf("the station is %s %s", state, reason), func() error {
		board, err := o.Board(t.Context(), caseID)
		if err != nil {
			return err
		}
		for _, r := range board.Rows {
			if r.Channel == "broadcast" && r.State == state && r.Reason == reason {
				return nil
			}
		}
		return fmt.Errorf("%+v", board.Rows)
	})
}

// The jobs are worked by whichever process takes them; what the board says of a
// station is true all the same: not connected to any node, sent to when it is
// connected to one, red when it confirms nothing, and well when it does.
func TestBoardIsRightWhoeverHoldsTheStation(t *testing.T) {
	t.Parallel()
	url, _, _ := streamtest.Server(t)
	a, b, _, token := nodes(t, url)
	author, approver := a.officer("author", "author"), a.officer("approver", "approver")
	id := released(t, author, approver)
	boardSays(t, author, id, adapter.Failed, adapter.NotConnected)
	e := listenSocket(t, b, token)
	boardSays(t, author, id, adapter.Sent, "")
	boardSays(t, author, id, adapter.Failed, adapter.Unconfirmed)
	if n := len(e.alerts()); n < 2 {
		t.Errorf("%d frames: what was not confirmed was not sent again", n)
	}
	b.kill() // without a word: the station is on no node any more
	boardSays(t, author, id, adapter.Failed, adapter.NotConnected)
}

// A node that is cut off from the log says so within the minute, though its own
// lines are as good as ever, and takes it back.
func TestNodeCutOffFromTheLogSaysSo(t *testing.T) {
	t.Parallel()
	c := streamtest.Cluster(t, 1)
	s := newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(`{"heartbeat_s": 1}`)})
	s.conf.NATS.URL = c.URL()
	s.start()
	token := s.recipient("broadcast", app.NewRecipient{Name: "Radio Nord", Areas: []string{"*"}, Lang: alert.French})
	e := listenSocket(t, s, token)
	var before uint64
	eventually(t, 20*time.Second, "the counter grows", func() error {
		hb := e.beat()
		if before == 0 {
			before = hb.Origin.N
		}
		if hb.Degraded || before == 0 || hb.Origin.N <= before {
			return fmt.Errorf("%+v after %d", hb, before)
		}
		return nil
	})
	c.Freeze(0)
	eventually(t, time.Minute, "the heartbeat says degraded", func() error {
		if hb := e.beat(); !hb.Degraded {
			return fmt.Errorf("%+v", hb)
		}
		return nil
	})
	c.Thaw(0)
	eventually(t, time.Minute, "the heartbeat is well again", func() error {
		if hb := e.beat(); hb.Degraded || hb.Origin.N <= before {
			return fmt.Errorf("%+v", hb)
		}
		return nil
	})
}
