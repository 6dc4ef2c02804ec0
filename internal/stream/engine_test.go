package stream

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/alert"
)

// openIn opens an embedded engine and closes it with the test.
func openIn(t *testing.T, dir string) *Engine {
	t.Helper()
	return openTuned(t, dir, defaults())
}

func openTuned(t *testing.T, dir string, tune tuning) *Engine {
	t.Helper()
	e, err := open(t.Context(), Options{Dir: dir, Realm: alert.Live, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, tune)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutDown(t, e) })
	return e
}

func shutDown(t *testing.T, e *Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
}

// master is an operator's connection with every right over our account, which the engine's own has not.
func master(t *testing.T, e *Engine) jetstream.JetStream {
	t.Helper()
	as, err := e.host.user(e.host.keys.account, "test", jwt.Permissions{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect("", as...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// onDisk names the files under dir that hold the marker.
func onDisk(t *testing.T, dir, marker string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(marker)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no realm", Options{Dir: "x"}, `Realm is ""`},
		{"strange realm", Options{Dir: "x", Realm: "prod"}, `"live" or "drill"`},
		{"neither", Options{Realm: alert.Live}, "either Dir"},
		{"both", Options{Realm: alert.Live, Dir: "x", URL: "nats://127.0.0.1:1"}, "either Dir"},
		{"two nodes", Options{Realm: alert.Live, URL: "nats://127.0.0.1:1", Replicas: 2}, "set 1, 3 or 5"},
		{"embedded cluster", Options{Realm: alert.Live, Dir: "x", Replicas: 3}, "use URL for a cluster"},
		{"creds without URL", Options{Realm: alert.Live, Dir: "x", Creds: "y"}, "Creds"},
		{"set-up creds without URL", Options{Realm: alert.Live, Dir: "x", SetupCreds: "y"}, "SetupCreds"},
		{"stations and outside servers", Options{Realm: alert.Live, URL: "nats://127.0.0.1:1", Listen: "127.0.0.1:0"}, "leave Listen empty"},
		{"stations from everywhere without TLS", Options{Realm: alert.Live, Dir: "x", Listen: "0.0.0.0:4222"}, "set TLS too"},
		{"stations by name without TLS", Options{Realm: alert.Live, Dir: "x", Listen: "nats.police.example:4222"}, "set TLS too"},
		{"folder is a file", Options{Realm: alert.Live, Dir: "engine.go"}, "data folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Open(t.Context(), c.o)
			if err == nil {
				shutDown(t, e)
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

func TestOneFolderOneProcess(t *testing.T) {
	dir := t.TempDir()
	first := openIn(t, dir)
	_, err := Open(t.Context(), Options{Dir: dir, Realm: alert.Live})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use by another tocsin process: stop that one") {
		t.Fatalf("second open: %v", err)
	}
	if err := first.Ready(t.Context()); err != nil {
		t.Fatalf("the first one suffered: %v", err)
	}
	shutDown(t, first)
	openIn(t, dir)
}

func TestRealmIsPinned(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(t.Context(), Options{Dir: dir, Realm: alert.Drill})
	if err != nil {
		t.Fatal(err)
	}
	if e.Realm() != alert.Drill {
		t.Errorf("realm %q", e.Realm())
	}
	shutDown(t, e)
	_, err = Open(t.Context(), Options{Dir: dir, Realm: alert.Live})
	if err == nil || !strings.Contains(err.Error(), `belongs to the realm "drill"`) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("a drill folder opened as live: %v", err)
	}
	// The mark itself lost: nothing is guessed.
	if err := os.Remove(filepath.Join(dir, "realm")); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(t.Context(), Options{Dir: dir, Realm: alert.Live}); err == nil || !strings.Contains(err.Error(), `"realm" is missing`) {
		t.Fatalf("a folder without its mark opened: %v", err)
	}
}

func TestEpochStaysWithTheStream(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	epoch := e.Epoch()
	if len(epoch) < 20 {
		t.Fatalf("epoch %q", epoch)
	}
	shutDown(t, e)
	if got := openIn(t, dir).Epoch(); got != epoch {
		t.Errorf("after a restart %q, before %q", got, epoch)
	}
	if got := openIn(t, t.TempDir()).Epoch(); got == epoch {
		t.Error("another stream has the same epoch")
	}
}

func TestCloseStopsEverything(t *testing.T) {
	e := openIn(t, t.TempDir())
	started := make(chan struct{})
	ended := make(chan error, 2)
	go func() {
		ended <- e.Alerts().Follow(context.Background(), "alerts.>", 0, func(Record) error { return nil }, func() { close(started) })
	}()
	go func() {
		ended <- e.Work(context.Background(), Work{Name: "w", Filter: "jobs.>", InFlight: 1, AckWait: time.Second}, func(context.Context, Task) {})
	}()
	<-started
	shutDown(t, e)
	for range 2 {
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if err := e.Close(t.Context()); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.1"}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("append after close: %v", err)
	}
	if err := e.Alerts().Follow(t.Context(), "alerts.>", 0, nil, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("follow after close: %v", err)
	}
}
