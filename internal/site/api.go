package site

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// alerts lists what is live.
func (s *site) alerts(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, "alerts", func(since time.Time) reply {
		list := []alert.Public{}
		for _, rev := range s.live() {
			list = append(list, rev.Message.Public(s.PublicURL))
		}
		a := jsonReply(map[string]any{"alerts": list})
		a.modified, a.hidden = since, true
		return a
	})
}

// oneAlert is an alert by its case, in its newest revision, or by a revision's identifier.
func (s *site) oneAlert(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	rev, ok := s.Current.Case(id)
	isOver := ok && over(rev.Message)
	if !ok {
		rev, isOver, ok = s.lookup(id)
		isOver = ok && (isOver || over(rev.Message))
	}
	switch {
	case !ok:
		noSuch("alert").write(w, r)
	case isOver:
		ended := s.ended(rev.Message)
		removed("What it said of a child is no longer published.", &ended).write(w, r)
	default:
		a := jsonReply(rev.Message.Public(s.PublicURL))
		a.hidden = true
		a.write(w, r)
	}
}

// event is one change, as the webhooks tell it.
type event struct {
	Seq       uint64       `json:"seq"`
	Type      string       `json:"type"`
	Timestamp time.Time    `json:"timestamp"`
	Data      alert.Public `json:"data"`
}

var eventTypes = map[alert.MsgType]string{
	alert.TypeAlert: "alert.live", alert.TypeUpdate: "alert.updated", alert.TypeCancel: "alert.withdrawn",
}

// maxEvents bounds one answer; "more" says that there is another.
const maxEvents = 200

// events is what a partner missed: the newest state of every case that changed
// after a place on the log. An older revision of the same case is never told:
// it is superseded, and after a withdrawal it no longer exists.
func (s *site) events(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseUint(cmp.Or(r.URL.Query().Get("after"), "0"), 10, 64)
	if err != nil {
		badParameter("after", "after must be the seq of the last event you have, or 0 for all.").write(w, r)
		return
	}
	key := "events " + strconv.FormatUint(after, 10)
	s.serve(w, r, key, func(time.Time) reply {
		revs := slices.DeleteFunc(append(s.live(), s.Current.Ended()...), func(r current.Revision) bool { return r.Seq <= after })
		slices.SortFunc(revs, func(a, b current.Revision) int { return cmp.Compare(a.Seq, b.Seq) })
		list, last := []event{}, after
		for _, rev := range revs[:min(len(revs), maxEvents)] {
			m := rev.Message
			list = append(list, event{rev.Seq, eventTypes[m.MsgType], m.Sent, m.Public(s.PublicURL)})
			last = rev.Seq
		}
		a := jsonReply(map[string]any{"events": list, "last": last, "more": len(revs) > maxEvents})
		a.hidden = true
		return a
	})
}
