package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// heartbeat keeps proxies from closing a quiet stream, and tells the page that it lives.
	heartbeat = 10 * time.Second
	// updateEvery coalesces: four updates a second are as fast as an eye follows,
	// and ten thousand receipts a second must not become ten thousand pages.
	updateEvery = 250 * time.Millisecond
	// lookEvery is how soon the board tells what no receipt announces: an act of an
	// officer's, a line that opens or breaks, a deadline that passes.
	lookEvery = time.Second
	// streamLife bounds one stream: the browser comes back by itself, through sign-in.
	streamLife = 10 * time.Minute
	// eventWrite protects the server from a browser that stops reading.
	eventWrite = 10 * time.Second
)

// stream sends the case's board as server-sent events, at once and at every change.
func (c *console) stream(w http.ResponseWriter, r *http.Request, id string) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if _, head := w.(headWriter); head {
		return
	}
	out := http.NewResponseController(w)
	pulses, stop := c.Ledger.Watch(id)
	defer stop()
	recheck, ok := c.sendBoard(w, r, out, id)
	if !ok {
		return
	}
	untold := c.untold(id)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-beat.C:
			if !send(w, out, "event: heartbeat\ndata: {}\n\n") {
				return
			}
		case now := <-look.C:
			newest := c.untold(id)
			if newest == untold && (recheck.IsZero() || now.Before(recheck)) {
				continue
			}
			untold = newest
			if recheck, ok = c.sendBoard(w, r, out, id); !ok {
				return
			}
		case _, open := <-pulses:
			if !open {
				return
			}
			if recheck, ok = c.sendBoard(w, r, out, id); !ok || !rest(r) {
				return
			}
		}
	}
}

// untold is what a board shows and no receipt tells, as one word to compare: the
// case's newest act, and who of the stations is connected. A withdrawal has to
// be on the screens also while its receipts cannot come.
func (c *console) untold(id string) string {
	var on strings.Builder
	if k, err := c.Casework.Get(id); err == nil {
		fmt.Fprintf(&on, "%d %s,", k.Version, k.Stage)
	}
	if c.Stations == nil {
		return on.String()
	}
	for _, s := range c.Stations.Stations() {
		fmt.Fprintf(&on, "%s %t %d,", s.ID, s.Connected, s.Since.Unix())
	}
	return on.String()
}

// rest waits out the coalescing time; pulses of it are one update afterwards.
func rest(r *http.Request) bool {
	t := time.NewTimer(updateEvery)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-t.C:
		return true
	}
}

// sendBoard sends the board as it is, and says when time alone will change it.
func (c *console) sendBoard(w http.ResponseWriter, r *http.Request, out *http.ResponseController, id string) (recheck time.Time, ok bool) {
	b, err := c.board(id)
	if err != nil {
		c.Log.ErrorContext(r.Context(), "board stream", "err", err)
		return recheck, false
	}
	data, err := json.Marshal(trimmed(b, r))
	if err != nil {
		return recheck, false
	}
	return b.Recheck, send(w, out, fmt.Sprintf("event: board\ndata: %s\n\n", data))
}

func send(w http.ResponseWriter, out *http.ResponseController, event string) bool {
	// A writer without deadlines (a test's recorder) still takes the event.
	_ = out.SetWriteDeadline(time.Now().Add(eventWrite))
	if _, err := w.Write([]byte(event)); err != nil {
		return false
	}
	return out.Flush() == nil
}
