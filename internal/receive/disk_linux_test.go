package receive

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/internal/peertest"
)

// smallDisk is a file system of so many KiB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		peertest.Missing(t, "a small disk", "run the tests as root, where one can be mounted")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", size)); err != nil {
		peertest.Missing(t, "a small disk", "allow mounting: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all the room that is left, and gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "somebody-else")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.Repeat([]byte("x"), 4096)
	for err == nil {
		_, err = f.Write(page)
	}
	_ = f.Close() // it is full on purpose
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// On a full disk nothing is acknowledged, nothing half-written remains, a person
// is told; a withdrawal makes its own room; and with room all goes on by itself.
func TestReceiverOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, 512)
	f := newFeed(t)
	x := start(t, dir, nil, f)
	f.put(alertOf("zoe", 1, "Alert"))
	x.until("the first is stored", func() bool { return count(f.states(), "zoe.1 received") == 1 })
	free := fill(t, dir)
	f.put(alertOf("leo", 1, "Alert"))
	x.until("the alarm", func() bool { return x.alarmed(AlarmDisk) })
	if _, err := Note(dir, Receipt{Identifier: "zoe", State: "seen"}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a person's word on a full disk: %v", err)
	}
	f.put(alertOf("zoe", 2, "Cancel"))
	x.until("the withdrawn files are gone", func() bool { return len(glob(t, dir, "zoe-1")) == 0 })
	if n := count(f.states(), "leo.1 received"); n != 0 && len(glob(t, dir, "leo-1/manifest.json")) == 0 {
		t.Error("acknowledged without being stored")
	}
	free()
	x.until("all is stored and acknowledged", func() bool {
		f.pulse()
		got := f.states()
		return count(got, "leo.1 received") > 0 && count(got, "zoe.2 removed") > 0 && x.Status().Owed == 0
	})
	x.until("the alarm is over", func() bool {
		for _, a := range x.Alarms() {
			if a.Kind == AlarmDisk {
				return false
			}
		}
		return true
	})
	if left := glob(t, dir, ".*"); len(left) > 0 {
		t.Errorf("half-written: %v", left)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "alerts", pattern))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
