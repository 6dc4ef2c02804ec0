package scenario

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest"
)

// disk is a small one of its own, mounted on dir.
type disk struct {
	t    *testing.T
	dir  string
	file string // somebody else's data
}

func mount(t *testing.T, dir string) *disk {
	t.Helper()
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		peertest.Missing(t, "a small disk", "run the tests as root on Linux, where one can be mounted")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512m"); err != nil {
		peertest.Missing(t, "a small disk", "allow mounting: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &disk{t, dir, filepath.Join(dir, "somebody-else")}
}

// leave fills the disk until so many bytes are free, or empties it again.
func (d *disk) leave(free int64) {
	d.t.Helper()
	if err := os.RemoveAll(d.file); err != nil {
		d.t.Fatal(err)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		d.t.Fatal(err)
	}
	f, err := os.Create(d.file)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if take := int64(st.Bavail)*st.Bsize - free; take > 0 {
		if err := syscall.Fallocate(int(f.Fd()), 0, 0, take); err != nil {
			d.t.Fatal(err)
		}
	}
}

// A disk that fills up under the log. With little room cases and alerts still
// go out, and the bulk waits; with none the officer is refused in clear words and
// nothing is half-released; with room again everything goes on by itself.
// Guards invariants 3 and 4.
func TestDiskFull(t *testing.T) {
	w := newWorld(t)
	d := mount(t, w.conf.Data) // unmounted after the server has ended
	t.Cleanup(w.kill)
	w.open(20, 3)
	first, second := w.submitted(), w.submitted()

	// The station repeats a receipt that found no room after ten seconds: not waited for here.
	atOnce := []string{"webpush", "sms", "website"}

	d.leave(32 << 20) // below what is kept for withdrawals
	preview := ask(t, request{url: w.url("/v1/cases/" + first + "/preview"), token: w.approverToken})
	if preview.status != http.StatusOK {
		t.Fatalf("reading with a full disk: %d %s", preview.status, preview.body)
	}
	refused := ask(t, request{
		method: "POST", url: w.url("/v1/cases/" + first + "/release"), token: w.approverToken,
		contentType: "application/json", body: asJSON(t, map[string]string{"digest": digestIn(t, preview)}),
	})
	p := refused.problem(t)
	if refused.status != http.StatusInsufficientStorage || p.Type != "urn:tocsin:problem:full" {
		t.Errorf("a release on a full disk is answered %d %+v, want 507 and what to do", refused.status, p)
	}
	if c, err := w.author.Get(t.Context(), first); err != nil || c.Stage != casework.StageSubmitted || c.Live != nil {
		t.Errorf("after the refusal the case is %s, live %v, error %v; want it submitted", c.Stage, c.Live, err)
	}
	if got := ask(t, request{url: "http://" + w.conf.Ops + "/readyz"}); got.status != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d on a full disk, want 503", got.status)
	}
	w.nobodyHas(first)

	d.leave(128 << 20) // alerts may, the bulk may not
	if _, err := w.approver.Release(t.Context(), first); err != nil {
		t.Errorf("a release with room for alerts alone: %v", err)
	}
	time.Sleep(time.Second) // long enough for what must not happen
	if n := len(w.citizens[0].Messages()); n > 1 {
		t.Errorf("a citizen got the alert %d times", n)
	}
	d.leave(500 << 20)
	w.reached(first, 1, time.Minute, atOnce...)
	if _, err := w.approver.Release(t.Context(), second); err != nil {
		t.Errorf("a release with room again: %v", err)
	}
	w.reached(second, 1, time.Minute, atOnce...)

	d.leave(128 << 20)
	if err := w.author.Withdraw(t.Context(), second, alert.OutcomeFound); err != nil {
		t.Errorf("a withdrawal with room for alerts alone: %v", err)
	}
	d.leave(500 << 20)
	w.reached(second, 2, time.Minute, atOnce...)
}

// nobodyHas looks at the far ends: the case was never released.
func (w *world) nobodyHas(id string) {
	w.t.Helper()
	for _, path := range []string{"/v1/alerts", "/feed.atom", "/feed.json"} {
		if got := ask(w.t, request{url: w.url(path)}); strings.Contains(string(got.body), id) {
			w.t.Errorf("%s shows the case that was refused", path)
		}
	}
	if n := len(w.citizens[0].Messages()) + len(w.smsc.Texts(w.phones[0])) + len(w.partner.Got()); n != 0 {
		w.t.Errorf("%d messages went out of a case that was refused", n)
	}
}
