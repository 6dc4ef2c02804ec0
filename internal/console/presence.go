package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tocsin/internal/nodes"
)

// Presence is who has which case open, on every node: *nodes.Table.
type Presence interface {
	// Look counts for 30 seconds; the ticket takes it back.
	Look(caseID, officer, page string) (ticket string)
	Leave(caseID, officer, ticket string)
	Looking(caseID string) []nodes.Look
	// WatchLooks pulses when somebody comes or leaves, until the function is called.
	WatchLooks(caseID string) (<-chan struct{}, func())
}

const (
	// lookBeat is how often an open page says so again; three may be lost before it counts as closed.
	lookBeat = 8 * time.Second
	// lookMost is how long a page counts as looked at: whoever did nothing for half
	// an hour has left, and a page alone must not keep a session alive.
	lookMost = 30 * time.Minute
	// maxShown bounds the lines: more is a crowd, not a colleague to telephone.
	maxShown = 5
)

// lookers is who else has the case open.
type lookers struct {
	Stream string // where the page hears of changes
	Lines  []string
}

// lookersAt is for a page that shows them; nil for every other one.
func (c *console) lookersAt(r *http.Request) *lookers {
	a := aroundOf(r.Context())
	if c.Presence == nil || a.page == "" {
		return nil
	}
	v := url.Values{"page": {a.page}}
	return &lookers{Stream: "/console/cases/" + a.id + "/looking?" + v.Encode(), Lines: c.lookingAt(r, a.id)}
}

// lookingAt says in words who has the case open, besides who asks.
func (c *console) lookingAt(r *http.Request, id string) []string {
	me := c.officer(r).ID
	all := slices.DeleteFunc(c.Presence.Looking(id), func(l nodes.Look) bool { return l.Officer == me })
	lines := []string{}
	for _, l := range all[:min(len(all), maxShown)] {
		who, since := c.nameOf(l.Officer), l.Since.In(c.zone).Format("15:04")
		switch {
		case isStep(l.Page):
			lines = append(lines, c.say("{who} has been editing “{step}” since {time}.", "who", who, "step", c.pageTitle(l.Page), "time", since))
		case l.Page == "release":
			lines = append(lines, c.say("{who} has been reading the release page since {time}.", "who", who, "time", since))
		default:
			lines = append(lines, c.say("{who} has this open since {time}.", "who", who, "time", since))
		}
	}
	if more := len(all) - maxShown; more > 0 {
		lines = append(lines, c.count(more, "{n} more officer has it open.", "{n} more officers have it open."))
	}
	return lines
}

// looking keeps a page's presence for as long as it is open, and tells it who
// else comes and goes. The stream is one request: it asks nothing of the session
// while it runs, so that an officer who left is signed out all the same.
func (c *console) looking(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	page := r.URL.Query().Get("page")
	if c.Presence == nil || !isStep(page) && !slices.Contains(watched, page) {
		c.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if _, head := w.(headWriter); head {
		return
	}
	me, out := c.officer(r).ID, http.NewResponseController(w)
	news, stop := c.Presence.WatchLooks(k.ID)
	defer stop()
	ticket := c.Presence.Look(k.ID, me, page)
	defer func() { c.Presence.Leave(k.ID, me, ticket) }()
	end := time.NewTimer(lookMost)
	defer end.Stop()
	beat := time.NewTicker(lookBeat)
	defer beat.Stop()
	said := ""
	for {
		data, err := json.Marshal(c.lookingAt(r, k.ID))
		if err != nil {
			return
		}
		event := fmt.Sprintf("event: looking\ndata: %s\n\n", data)
		if event == said {
			event = ": still here\n\n" // a browser that is gone shows at the write
		} else {
			said = event
		}
		if !send(w, out, event) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			send(w, out, "event: end\ndata: {}\n\n")
			return
		case <-news:
			if !rest(r) {
				return
			}
		case <-beat.C:
			ticket = c.Presence.Look(k.ID, me, page)
		}
	}
}
