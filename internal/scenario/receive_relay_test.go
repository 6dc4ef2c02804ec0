package scenario

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// relay stands between a station and the real feed and breaks one thing: what
// is left alone is the real server's.
type relay struct {
	upstream string
	token    string

	open     bool                                                     // lets everybody in
	address  bool                                                     // takes the token from the address
	noProto  bool                                                     // does not answer the subprotocol
	down     func(n *tally, frame string) []string                    // feed to client: what is sent for a frame
	up       func(n *tally, frame string) (pass, answer string)       // client to feed: what is passed on, and answered at once
	event    func(line string) (string, bool)                         // a line of Server-Sent Events, and whether it is sent
	plain    func(path string, status int, body string) (int, string) // any other answer
	requests func(r *http.Request)                                    // a request before it is passed on
}

// tally is what one connection has seen.
type tally struct {
	alerts, beats, receipts int
	lost                    bool // hello said that the cursor is not good
	held                    []string
}

// start serves until the test ends.
func (x *relay) start(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(x)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// ServeHTTP passes a request on.
func (x *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("Authorization")
	if x.open || x.address && strings.Contains(r.URL.RawQuery, "token=") {
		token = "Bearer " + x.token
	}
	if websocket.IsWebSocketUpgrade(r) {
		x.socket(w, r, token)
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, x.upstream+r.URL.RequestURI(), r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Authorization")
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	if x.requests != nil {
		x.requests(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		x.stream(w, resp.Body)
		return
	}
	body, _ := io.ReadAll(resp.Body) // a broken line shows as half an answer
	status := resp.StatusCode
	if x.plain != nil {
		var text string
		status, text = x.plain(r.URL.Path, status, string(body))
		body = []byte(text)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// stream relays Server-Sent Events line by line.
func (x *relay) stream(w http.ResponseWriter, body io.Reader) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line, send := lines.Text(), true
		if x.event != nil {
			line, send = x.event(line)
		}
		if send {
			_, _ = io.WriteString(w, line+"\n")
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// socket relays a WebSocket frame by frame, and its close code.
func (x *relay) socket(w http.ResponseWriter, r *http.Request, token string) {
	d := websocket.Dialer{Subprotocols: websocket.Subprotocols(r)}
	far, resp, err := d.DialContext(r.Context(), "ws"+strings.TrimPrefix(x.upstream, "http")+r.URL.RequestURI(), http.Header{"Authorization": {token}})
	if err != nil {
		status := http.StatusBadGateway
		if resp != nil {
			status = resp.StatusCode
		}
		w.WriteHeader(status)
		return
	}
	defer func() { _ = far.Close() }()
	up := websocket.Upgrader{Subprotocols: []string{"tocsin.feed.v1"}}
	if x.noProto {
		up.Subprotocols = nil
	}
	near, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = near.Close() }()
	n := &tally{}
	answers := make(chan string, 16)
	go func() { // client to feed, until either line ends
		defer func() { _ = far.Close() }()
		for {
			kind, data, err := near.ReadMessage()
			if err != nil {
				return
			}
			pass, answer := string(data), ""
			if x.up != nil {
				pass, answer = x.up(n, pass)
			}
			if answer != "" {
				answers <- answer
				pass = `{"type":"nothing"}`
			}
			if pass == "" || far.WriteMessage(kind, []byte(pass)) != nil {
				return
			}
		}
	}()
	x.frames(n, far, near, answers)
}

// frames relays the feed's frames to the client until a line ends.
func (x *relay) frames(n *tally, far, near *websocket.Conn, answers <-chan string) {
	for {
		_, data, err := far.ReadMessage()
		for len(answers) > 0 { // with the next frame: a heartbeat comes each second
			_ = near.WriteMessage(websocket.TextMessage, []byte(<-answers))
		}
		if err != nil {
			if e, ok := err.(*websocket.CloseError); ok { //nolint:errorlint // gorilla returns it bare
				_ = near.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(e.Code, e.Text))
			}
			return
		}
		out := []string{string(data)}
		if x.down != nil {
			switch {
			case bytes.Contains(data, []byte(`"type":"alert"`)):
				n.alerts++
			case bytes.Contains(data, []byte(`"type":"heartbeat"`)):
				n.beats++
			case bytes.Contains(data, []byte(`"type":"hello"`)):
				n.alerts, n.lost = 0, bytes.Contains(data, []byte(`"cursor_ok":false`))
			}
			out = x.down(n, out[0])
		}
		for _, frame := range out {
			if near.WriteMessage(websocket.TextMessage, []byte(frame)) != nil {
				return
			}
		}
	}
}
