package scenario

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/demo"
)

// The newcomer's command, small: every channel receives every revision, and its
// last line is the one that others script against. Guards invariants 4 and 7
// from end to end.
func TestDemo(t *testing.T) {
	var out, log bytes.Buffer
	err := demo.Run(t.Context(), demo.Options{
		Listen: freePort(t), Once: true, Subscribers: 300, Phones: 30, Out: &out,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := lines[len(lines)-1]
	if err != nil {
		t.Errorf("the demonstration failed: %v", err)
	}
	want := regexp.MustCompile(`^demo: 4/4 channels, release to last receipt \d+ ms, withdrawal confirmed 4/4$`)
	if !want.MatchString(last) {
		t.Errorf("the last line is %q, want %s", last, want)
	}
	if t.Failed() {
		t.Logf("it said:\n%s\nits log:\n%s", out.String(), tail(log.String(), 4000))
	}
}
