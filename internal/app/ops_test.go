package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/config"
)

// TestReadyWhileStarting: whoever waits for a server is told what it waits for.
func TestReadyWhileStarting(t *testing.T) {
	conf := config.Default()
	conf.Data, conf.Listen, conf.Ops, conf.LinkTest.Off = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", true
	conf.PublicURL = "https://alert.example"
	a, err := Start(t.Context(), conf, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	ask := func(want int, words string) {
		t.Helper()
		w := httptest.NewRecorder()
		a.opsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		if w.Code != want || !strings.Contains(w.Body.String(), words) {
			t.Errorf("%d %q, want %d and %q", w.Code, w.Body, want, words)
		}
	}
	ask(http.StatusOK, "ready")
	a.ops.wait(func() string { return "reading the event stream, 412000 recipients so far" })
	ask(http.StatusServiceUnavailable, "412000 recipients")
}
