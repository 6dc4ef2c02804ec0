package app

import (
	"cmp"
	"net/http"
	"path"
	"strings"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

// adminMux are the routes of the operator's socket: what goes through it is recorded.
type adminMux struct {
	mux *http.ServeMux
	app *App
}

// HandleFunc adds a route.
func (m adminMux) HandleFunc(pattern string, next http.HandlerFunc) {
	m.mux.HandleFunc(pattern, m.app.recorded(next))
}

// recorded has the operator's commands on the audit record, each before it is done:
// one that cannot be recorded is refused.
func (a *App) recorded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(auth.AsOperator(r.Context()))
		ev, ok := act(r)
		if !ok {
			next(w, r)
			return
		}
		if err := a.Audit.Must(r.Context(), ev); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer := &answered{ResponseWriter: w, status: http.StatusOK}
		next(answer, r)
		if answer.status >= http.StatusBadRequest {
			ev.Detail = strings.TrimSpace(ev.Detail + " refused")
			a.Audit.Note(r.Context(), ev)
		}
	}
}

// act is what a request of the operator is on the audit record: an export, a list of
// people, or a change. What he does to accounts is there as an event of the account.
func act(r *http.Request) (audit.Event, bool) {
	ev := audit.Event{
		Kind: audit.Command, By: audit.Operator, Detail: r.Pattern,
		About: cmp.Or(r.PathValue("id"), r.PathValue("day"), r.PathValue("channel")),
	}
	switch r.Pattern {
	case "GET /cases/{id}/record", "GET /cases/{id}/report":
		ev.Kind, ev.Detail = audit.Exported, path.Base(r.Pattern)
		return ev, true
	case "GET /audit":
		ev.Kind, ev.Detail = audit.AuditRead, ""
		return ev, true
	case "GET /recipients/{channel}":
		return ev, true
	}
	account := strings.Contains(r.Pattern, " /officers") || strings.Contains(r.Pattern, " /invitations")
	return ev, r.Method != http.MethodGet && !account
}

// answered notes how a request was answered.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader keeps the status.
func (w *answered) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// exportAudit writes the whole record, with the entry that says so (recorded has made it).
func (a *App) exportAudit(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jsonl")
	if _, err := a.Audit.Write(r.Context(), w); err != nil {
		a.log.Error("the audit record could not be exported", "error", err)
		panic(http.ErrAbortHandler) // half a record must not look like a whole one
	}
}
