package newsroom

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

const (
	// heartbeat keeps proxies from closing a quiet stream, and tells the page that it lives.
	heartbeat = 10 * time.Second
	// lookEvery is how soon a page learns what no event announces: a right taken
	// away, a receiver gone, an airing due.
	lookEvery = 500 * time.Millisecond
	// updateEvery coalesces: ten thousand receipts a second must not become ten thousand looks.
	updateEvery = 100 * time.Millisecond
	// streamLife bounds one stream: the browser comes back by itself, through sign-in.
	streamLife = 10 * time.Minute
	// eventWrite protects the server from a browser that stops reading.
	eventWrite = 10 * time.Second
	// maxStreams bounds the open pages of one station: a newsroom's desks, and a leak that shows.
	maxStreams = 100
)

// news is what an open page hears: what is live and what has ended, by case, so
// that it empties itself before it asks for the new whole.
type news struct {
	Version string   `json:"version"`
	Live    []string `json:"live"`
	Ended   []string `json:"ended"`
}

// isGone says that a file was deleted because its alert ended.
func isGone(err error) bool { return errors.Is(err, stream.ErrGone) }

// events tells an open page what changed, as server-sent events: at once and at every change.
func (n *newsroom) events(w http.ResponseWriter, r *http.Request, _ alert.Lang, p person) {
	if !n.open(p.Station.ID) {
		w.Header().Set("Retry-After", "60")
		n.refuse(w, r, http.StatusTooManyRequests, "refused.streams")
		return
	}
	defer n.close(p.Station.ID)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	alerts, stopAlerts := n.Alerts.Watch()
	defer stopAlerts()
	said, stopSaid := n.Ledger.Watch("")
	defer stopSaid()
	look, beat, end := time.NewTicker(lookEvery), time.NewTicker(heartbeat), time.NewTimer(streamLife)
	defer look.Stop()
	defer beat.Stop()
	defer end.Stop()
	out := http.NewResponseController(w)
	known := ""
	for {
		who, ok := n.who(r)
		if !ok {
			send(w, out, "event: out\ndata: {}\n\n")
			return
		}
		if version := n.version(who.Station); version != known {
			known = version
			if !send(w, out, "event: news\ndata: "+n.news(who, version)+"\n\n") {
				return
			}
		}
		select {
		case <-r.Context().Done():
			send(w, out, "event: out\ndata: {}\n\n") // a revoked editor's page must not keep what it shows
			return
		case <-end.C:
			return
		case <-beat.C:
			if !send(w, out, "event: heartbeat\ndata: {}\n\n") {
				return
			}
		case <-look.C:
		case <-alerts:
		case <-said:
			time.Sleep(updateEvery)
		}
	}
}

// news is the event's data.
func (n *newsroom) news(p person, version string) string {
	v := news{Version: version, Live: []string{}, Ended: []string{}}
	for _, rev := range n.live(p.Station) {
		v.Live = append(v.Live, rev.Message.Case)
	}
	for _, rev := range n.Alerts.Ended() {
		if n.sees(p.Station, rev.Message) {
			v.Ended = append(v.Ended, rev.Message.Case)
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "{}" // strings alone: cannot fail
	}
	return string(data)
}

func send(w http.ResponseWriter, out *http.ResponseController, event string) bool {
	// A writer without deadlines (a test's recorder) still takes the event.
	_ = out.SetWriteDeadline(time.Now().Add(eventWrite))
	if _, err := fmt.Fprint(w, event); err != nil {
		return false
	}
	return out.Flush() == nil
}

// open counts one more stream of the station, if there is room for it.
func (n *newsroom) open(station string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.streams[station] >= maxStreams {
		return false
	}
	n.streams[station]++
	return true
}

func (n *newsroom) close(station string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.streams[station]--; n.streams[station] == 0 {
		delete(n.streams, station)
	}
}

// testLine sends a test down the station's line now.
func (n *newsroom) testLine(w http.ResponseWriter, r *http.Request, lang alert.Lang, p person) {
	if n.TestLine == nil {
		n.refuse(w, r, http.StatusNotFound, "refused.nothing")
		return
	}
	if err := n.TestLine(r.Context(), p.Station.ID); err != nil {
		n.Log.ErrorContext(r.Context(), "newsroom line test", "station", p.Station.ID, "err", err)
		n.refuse(w, r, http.StatusServiceUnavailable, "refused.test")
		return
	}
	http.Redirect(w, r, "/newsroom/"+string(lang)+"/?done=tested#line", http.StatusSeeOther)
}
