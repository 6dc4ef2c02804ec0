package app

import (
	"net/http"
	"path"
	"strings"

	"tocsin/internal/audit"
	"tocsin/internal/auth"
)

// recorded has every command of the operator on the audit record. What he does
// to accounts is on it as an event of the account.
func (a *App) recorded(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(auth.AsOperator(r.Context()))
		answer := &answered{ResponseWriter: w, status: http.StatusOK}
		mux.ServeHTTP(answer, r) // the mux writes the route it found into r
		ev := audit.Event{Kind: audit.Command, By: audit.Operator, About: r.PathValue("id"), Detail: r.Pattern}
		switch {
		case strings.HasSuffix(r.Pattern, "/record"), strings.HasSuffix(r.Pattern, "/report"):
			ev.Kind, ev.Detail = audit.Exported, path.Base(r.Pattern)
		case r.Method == http.MethodGet, strings.Contains(r.Pattern, " /officers"), strings.Contains(r.Pattern, " /invitations"), r.Pattern == "":
			return
		}
		if answer.status >= http.StatusBadRequest {
			ev.Detail = strings.TrimSpace(ev.Detail + " refused")
		}
		a.Audit.Note(r.Context(), ev)
	})
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

// exportAudit writes the whole record, with the entry that says so.
func (a *App) exportAudit(w http.ResponseWriter, r *http.Request) {
	a.Audit.Note(r.Context(), audit.Event{Kind: audit.AuditRead, By: audit.Operator})
	w.Header().Set("Content-Type", "application/jsonl")
	if _, err := a.Audit.Write(r.Context(), w); err != nil {
		a.log.Error("the audit record could not be exported", "error", err)
		panic(http.ErrAbortHandler) // half a record must not look like a whole one
	}
}
