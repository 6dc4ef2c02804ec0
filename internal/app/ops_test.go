package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/config"
)

// testConfig is a server's on free ports and in a fresh folder.
func testConfig(t *testing.T) config.Config {
	t.Helper()
	conf := config.Default()
	conf.Data, conf.Listen, conf.Ops, conf.LinkTest.Off = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", true
	conf.PublicURL = "https://alert.example"
	return conf
}

// readiness is what a's operator's listener answers.
func readiness(ctx context.Context, a *App) (code int, body string, err error) {
	if a.opsAddr == nil {
		return 0, "", errors.New("the operator's listener is not open")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.OpsAddr()+"/readyz", nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

// Whoever waits for a server hears from the second step on what it is busy with, that
// it is ready when all is there and no sooner, and that it stops before a door closes.
func TestReadiness(t *testing.T) {
	busy := func(a *App, ctx context.Context, want string) error {
		code, body, err := readiness(ctx, a)
		if err == nil && (code != http.StatusServiceUnavailable || !strings.Contains(body, want)) {
			err = fmt.Errorf("answered %d %q, want 503 and %q", code, body, want)
		}
		return err
	}
	doing := "starting"
	var watched []part
	for i, p := range server {
		if p.doing != "" {
			doing = p.doing
		}
		want := doing
		if watched = append(watched, p); i == 0 || i == len(server)-1 {
			continue
		}
		watched = append(watched, part{start: func(a *App, ctx context.Context) error { return busy(a, ctx, want) }})
	}
	a, err := build(t.Context(), testConfig(t), slog.New(slog.DiscardHandler), watched)
	if err != nil {
		t.Fatal(err)
	}
	if code, body, err := readiness(t.Context(), a); err != nil || code != http.StatusOK {
		t.Errorf("a started server answers %d %q, %v", code, body, err)
	}
	looked := false
	a.onStop("a look from outside", func(ctx context.Context) error { // the first step of the stop
		looked = true
		return busy(a, ctx, "stopping")
	})
	if err := a.Stop(t.Context()); err != nil || !looked {
		t.Errorf("stopped: %v, looked %v", err, looked)
	}
}
