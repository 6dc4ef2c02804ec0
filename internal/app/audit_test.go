package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/audit"
)

// testServer is a running server in process.
func testServer(t *testing.T) *App {
	t.Helper()
	a, err := Start(t.Context(), testConfig(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

// asked is what the operator's socket answers.
func asked(t *testing.T, h http.Handler, method, path, body string) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	return w.Code
}

// Each command of the operator is on the record with what it is about: lists of people
// and exports too, reads of figures not, and accounts by their own events.
func TestOperatorsActs(t *testing.T) {
	a := testServer(t)
	h := a.adminHandler()
	for _, tt := range []struct {
		method, path, body string
		code               int
		want               []string // kind, about and detail of each new entry, newest first
	}{
		{"GET", "/recipients/broadcast", "", 200, []string{"operator_command broadcast GET /recipients/{channel}"}},
		{"POST", "/recipients/broadcast", `{"name":"Radio Nord","areas":["BE"],"lang":"fr"}`, 200, []string{"operator_command broadcast POST /recipients/{channel}"}},
		{"DELETE", "/recipients/sms/12ab", "", 200, []string{"operator_command 12ab DELETE /recipients/{channel}/{id}"}},
		{"POST", "/link-tests", "", 500, []string{"operator_command  POST /link-tests refused", "operator_command  POST /link-tests"}},
		{"GET", "/cases/7GQ2/record", "", 404, []string{"case_exported 7GQ2 record refused", "case_exported 7GQ2 record"}},
		{"GET", "/cases/7GQ2/report?format=csv&lang=en", "", 404, []string{"case_exported 7GQ2 report refused", "case_exported 7GQ2 report"}},
		{"GET", "/audit", "", 200, []string{"audit_exported  "}},
		{"GET", "/exercises/2026-11-25/report", "", 422, nil},
		{"POST", "/exercises/2026-11-25/report", "", 422, []string{
			"operator_command 2026-11-25 POST /exercises/{day}/report refused", "operator_command 2026-11-25 POST /exercises/{day}/report",
		}},
		{"GET", "/push-health", "", 200, nil},
		{"DELETE", "/officers/nobody", "", 500, nil},
		{"PATCH", "/officers", "", 405, nil},
	} {
		before := a.Audit.Look(audit.Filter{}, 1).Entries
		if code := asked(t, h, tt.method, tt.path, tt.body); code != tt.code {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, code, tt.code)
		}
		var got []string
		for _, e := range a.Audit.Look(audit.Filter{Officer: audit.Operator}, int(a.Audit.Look(audit.Filter{}, 1).Entries-before)).Events {
			got = append(got, e.Kind+" "+e.About+" "+e.Detail)
		}
		if strings.Join(got, "; ") != strings.Join(tt.want, "; ") {
			t.Errorf("%s %s: on the record %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}

// A command is on the record before it is done, and one that cannot be is not done.
func TestRecordedBeforeDone(t *testing.T) {
	a := testServer(t)
	done := 0
	mux := adminMux{http.NewServeMux(), a}
	mux.HandleFunc("POST /recipients/{channel}", func(http.ResponseWriter, *http.Request) {
		if done++; a.Audit.Look(audit.Filter{}, 1).Entries != 1 {
			t.Error("it is done, and not on the record")
		}
	})
	if code := asked(t, mux.mux, "POST", "/recipients/sms", ""); code != http.StatusOK || done != 1 {
		t.Errorf("%d, done %d times", code, done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the entry is not stored: here because he left, else because the stream is away
	w := httptest.NewRecorder()
	mux.mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/recipients/sms", nil))
	if w.Code != http.StatusServiceUnavailable || done != 1 {
		t.Errorf("without a record: %d, done %d times", w.Code, done)
	}
}
