package main

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/app"
)

// An earlier export stays as it is, whatever comes after, and one that failed leaves
// nothing that looks like a record.
func TestExportKeepsTheEarlierOne(t *testing.T) {
	data := t.TempDir()
	c := exportCmd{operator: operator{Data: data}, Audit: filepath.Join(data, "audit.jsonl")}
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no server runs") {
		t.Errorf("without a server: %v", err)
	}
	if _, err := os.Stat(c.Audit); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed export left a file: %v", err)
	}
	socket, err := new(net.ListenConfig).Listen(t.Context(), "unix", app.SocketPath(data))
	if err != nil {
		t.Fatal(err)
	}
	const entry = `{"n":1,"at":"2026-11-22T02:10:00Z","kind":"audit_exported","by":"operator","prev":""}` + "\n"
	asked := 0
	s := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(entry))
	})}
	go func() { _ = s.Serve(socket) }()
	t.Cleanup(func() { _ = s.Close() })
	if err := c.Run(t.Context()); err != nil {
		t.Errorf("with a server: %v", err)
	}
	if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
	if kept, err := os.ReadFile(c.Audit); string(kept) != entry || asked != 1 {
		t.Errorf("asked %d times; the earlier export is now %q, %v", asked, kept, err)
	}
}
