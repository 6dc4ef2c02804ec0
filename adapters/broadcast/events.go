package broadcast

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// serveEvents is GET /v1/feed/events: the same log as Server-Sent Events, for
// those whose network lets no WebSocket through. Receipts go by POST.
func (f *Feed) serveEvents(w http.ResponseWriter, r *http.Request) {
	who, err := f.enter(r)
	if err != nil {
		refuse(w, err)
		return
	}
	q, err := asked(r.URL.Query(), r.Header.Get("Last-Event-ID"))
	if err != nil {
		refuse(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that collects would hold an alert back
	h.Set("Connection", "close")     // the write deadline outlives the answer
	w.WriteHeader(http.StatusOK)
	out := &events{w: w, rc: http.NewResponseController(w)}
	s := f.newSession(who, out, 1)
	stop := context.AfterFunc(r.Context(), s.lost)
	defer stop()
	s.ask(q)
	s.run()
}

// asked reads where a request wants to begin.
func asked(v url.Values, last string) (resumeFrame, error) {
	q := resumeFrame{Cursor: v.Get("cursor"), Start: v.Get("start")}
	if last != "" {
		q.Cursor = last
	}
	if !slices.Contains(starts, q.Start) {
		return q, &problem{http.StatusBadRequest, "start is live, new, all or acked", "start"}
	}
	return q, nil
}

// events writes a session's frames to an HTTP answer.
type events struct {
	eventStream
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (l *events) write(b *batch, timeout time.Duration) (int, error) {
	if err := l.rc.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	b.begin()
	n, err := b.rest.WriteTo(l.w)
	if err != nil {
		return int(n), err
	}
	return int(n), l.rc.Flush()
}

func (l *events) interrupt() { _ = l.rc.SetWriteDeadline(time.Unix(1, 0)) }

// close leaves the server a moment to write the answer's end, which tells the client that the bye was the last word.
func (l *events) close() { _ = l.rc.SetWriteDeadline(time.Now().Add(closeWait)) }
