package scenario

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/peertest"
)

// rss is the resident memory of the server's process, in MiB.
func (s *server) rss() int {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		peertest.Missing(s.t, "/proc", "run on Linux: "+err.Error())
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			if err != nil {
				s.t.Fatal(err)
			}
			return n >> 10
		}
	}
	s.t.Fatal("no VmRSS in /proc/PID/status")
	return 0
}

// flood sends a request of so many bytes, and says what was answered and how
// much of it the server took. The client speaks plainly, since net/http hides
// how much was sent.
func (o *office) flood(path, contentType string, declared, size int64) (status string, took int64) {
	o.t.Helper()
	conn, err := net.Dial("tcp", o.conf.Listen)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	length := fmt.Sprintf("Content-Length: %d\r\n", declared)
	if declared < 0 {
		length = "Transfer-Encoding: chunked\r\n"
	}
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n%s\r\n",
		path, o.conf.Listen, o.tokens["anna"], contentType, length)
	answered := make(chan string, 1)
	go func() {
		head := make([]byte, 512)
		n, _ := io.ReadAtLeast(conn, head, 12)
		answered <- string(head[:n])
	}()
	block := bytes.Repeat([]byte("a"), 64<<10)
	if declared < 0 {
		block = append(append([]byte("10000\r\n"), block...), "\r\n"...)
	}
	for took < size {
		_ = conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
		n, err := conn.Write(block)
		if took += int64(n); err != nil {
			break // the server has had enough
		}
	}
	select {
	case head := <-answered:
		status, _, _ = strings.Cut(head, "\r\n")
	case <-time.After(10 * time.Second):
		o.t.Error("no answer")
	}
	return status, took
}

// A body of 100 MB is refused early and costs no memory, whether it says its
// length or not.
func TestEndlessBodies(t *testing.T) {
	o := newOffice(t)
	id := o.draft("anna")
	before := o.rss()
	const size, enough = 100 << 20, 48 << 20 // what may be on its way, in buffers and in the photo's 10 MB
	for _, c := range []struct {
		path, contentType string
		declared          int64
	}{
		{"/v1/cases", "application/json", size},
		{"/v1/cases", "application/json", -1},
		{"/v1/cases/" + id + "/photos", "image/jpeg", 30 << 20},
		{"/v1/cases/" + id + "/photos", "image/jpeg", -1},
		{"/v1/push/subscriptions", "application/json", size},
		{"/console/sign-in", "application/x-www-form-urlencoded", size},
	} {
		status, took := o.flood(c.path, c.contentType, c.declared, size)
		if !strings.Contains(status, " 4") || took > enough {
			t.Errorf("%s of %d bytes: %q after %d MiB, want a refusal before %d", c.path, c.declared, status, took>>20, enough>>20)
		}
	}
	after := o.rss()
	t.Logf("resident memory %d MiB before, %d MiB after six floods", before, after)
	if after-before > 100 {
		t.Errorf("the floods cost %d MiB", after-before)
	}
	o.draft("anna") // and the server goes on
}

// What is no picture is no photo, whatever it calls itself.
func TestPhotosThatAreNone(t *testing.T) {
	o := newOffice(t)
	id := o.draft("anna")
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	f, err := z.Create("photo.jpg")
	if err == nil {
		_, err = f.Write(bytes.Repeat([]byte("a picture"), 1000))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, contentType string
		body              []byte
		status            int
	}{
		{"a zip named .jpg", "image/jpeg", zipped.Bytes(), http.StatusUnprocessableEntity},
		{"half a picture", "image/png", portrait(t)[:200], http.StatusUnprocessableEntity},
		{"nothing", "image/png", nil, http.StatusUnprocessableEntity},
		{"a page", "text/html", []byte("<img src=x>"), http.StatusUnsupportedMediaType},
		{"a vector picture", "image/svg+xml", []byte("<svg/>"), http.StatusUnsupportedMediaType},
	} {
		got := ask(t, request{
			method: "POST", url: o.url("/v1/cases/" + id + "/photos"), token: o.tokens["anna"], contentType: c.contentType, body: c.body,
		})
		p := got.problem(t)
		if got.status != c.status {
			t.Errorf("%s: %d %+v, want %d", c.name, got.status, p, c.status)
		}
		if c.status == http.StatusUnprocessableEntity && (len(p.Errors) == 0 || p.Errors[0].Field != "photo") {
			t.Errorf("%s: %+v, want a fault of the photo", c.name, p.Errors)
		}
	}
}
