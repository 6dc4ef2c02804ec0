package stream

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/peertest"
)

// small is a disk of 48 MiB.
func small(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		peertest.Missing(t, "a small disk", "run as root on Linux, where a tmpfs can be mounted")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		peertest.Missing(t, "a small disk", "run where mounting is allowed: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes free bytes but rest, as somebody else's files would; free gives them back.
func fill(t *testing.T, dir string, rest int64) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "somebody-else")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for freeSpace(dir) > rest {
		if _, err := f.Write(block); err != nil {
			break
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func smallDisk() tuning {
	tune := defaults()
	tune.reserve, tune.lastRoom = 16<<20, 8<<20
	return tune
}

// A disk that fills up: the bulk is refused first, a withdrawal still goes out and
// still erases, then nothing is stored; with room again everything goes on.
func TestFullDisk(t *testing.T) {
	dir := small(t)
	e := openTuned(t, filepath.Join(dir, "data"), smallDisk())
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "alert", Data: []byte(child)})

	free := fill(t, dir, 12<<20)
	if _, err := e.Ledger().Append(t.Context(), Entry{Subject: "ledger.1", ID: "a"}); !errors.Is(err, ErrFull) {
		t.Errorf("receipt in the reserve: %v", err)
	}
	if err := e.Objects().Put(t.Context(), "photo", []byte("x")); !errors.Is(err, ErrFull) {
		t.Errorf("photo in the reserve: %v", err)
	}
	if err := e.Enqueue(t.Context(), []Job{{Subject: "jobs.sms.p0.0", ID: "a"}}); !errors.Is(err, ErrFull) {
		t.Errorf("job in the reserve: %v", err)
	}
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "cancel", Rollup: true})
	if files := onDisk(t, dir, child); len(files) > 0 {
		t.Errorf("the name is in %v", files)
	}
	free()

	free = fill(t, dir, 4<<20)
	if _, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.2", ID: "full"}); !errors.Is(err, ErrFull) {
		t.Errorf("alert on a full disk: %v", err)
	}
	if err := e.Ready(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("ready on a full disk: %v", err)
	}
	free()

	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.2", ID: "room again"})
	appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "a"})
	if got := fmt.Sprint(ids(t, e.Alerts(), "alerts.>", 0)); got != "[cancel room again]" {
		t.Errorf("stored %v", got)
	}
}

// The reserve is used up between two looks: nats-server meets the full disk in the
// middle of a write and switches JetStream off. With room again the engine starts
// it anew, and nothing acknowledged is missing.
func TestDiskFullInTheMiddleOfAWrite(t *testing.T) {
	dir := small(t)
	tune := smallDisk()
	tune.reserve, tune.lastRoom, tune.patience, tune.try = 0, 0, 3*time.Second, time.Second
	e := openTuned(t, filepath.Join(dir, "data"), tune)
	free := fill(t, dir, 1<<20)
	var acked []string
	var err error
	for i := range 100 {
		id := fmt.Sprint(i)
		if _, err = e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P." + id, ID: id, Data: bytes.Repeat([]byte("x"), 100<<10)}); err != nil {
			break
		}
		acked = append(acked, id)
	}
	if !errors.Is(err, ErrFull) && !errors.Is(err, ErrUnavailable) {
		t.Fatalf("after %d records of a full disk: %v", len(acked), err)
	}
	t.Logf("%d records, then: %v", len(acked), err)
	free()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if _, err = e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.again", ID: "again"}); err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("no write is taken although there is room: %v", err)
		}
	}
	got := ids(t, e.Alerts(), "alerts.>", 0)
	for i, id := range acked {
		if i >= len(got) || got[i] != id {
			t.Fatalf("acknowledged %v, stored %v", acked, got)
		}
	}
}

// The bound of the store folder is reached.
func TestStoreBound(t *testing.T) {
	tune := defaults()
	tune.store = 2 << 30 // what DELIVERY and DEAD reserve, and some
	e := openTuned(t, t.TempDir(), tune)
	cfg := e.handles[streamLedger].CachedInfo().Config
	cfg.MaxBytes, cfg.Discard = 1<<20, jetstream.DiscardNew
	if _, err := master(t, e).UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	var all []Entry
	for i := range 40 {
		all = append(all, Entry{Subject: "ledger.1", ID: fmt.Sprint(i), Data: make([]byte, 50<<10)})
	}
	if err := e.Ledger().AppendAll(t.Context(), all); !errors.Is(err, ErrFull) {
		t.Errorf("bulk over the bound: %v", err)
	}
	if n := len(ids(t, e.Ledger(), "ledger.>", 0)); n != 0 {
		t.Errorf("%d records of a refused batch", n)
	}
	var err error
	for i := range 40 {
		if _, err = e.Ledger().Append(t.Context(), all[i]); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("over the bound: %v", err)
	}
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1"}) // the others do not suffer
}
