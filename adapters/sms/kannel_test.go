package sms

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// freePort is a port of 127.0.0.1 that nobody used a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// startKannel runs bearerbox, bound to the centre over SMPP, and smsbox, and
// returns the address of its sendsms.
func startKannel(t *testing.T, centre string) string {
	t.Helper()
	bearerbox, smsbox := peertest.Tool(t, "bearerbox", "kannel"), peertest.Tool(t, "smsbox", "kannel")
	host, port, err := net.SplitHostPort(centre)
	if err != nil {
		t.Fatal(err)
	}
	admin, boxes, send := freePort(t), freePort(t), freePort(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "kannel.conf")
	text := fmt.Sprintf(`
group = core
admin-port = %[1]d
admin-interface = 127.0.0.1
admin-password = test
smsbox-port = %[2]d
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
sms-combine-concatenated-mo = false

group = smsc
smsc = smpp
smsc-id = npm
host = %[4]s
port = %[5]s
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
address-range = ""
msg-id-type = 0x00

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = %[2]d
sendsms-port = %[3]d
sendsms-interface = 127.0.0.1

group = sendsms-user
username = tocsin
password = geheim
max-messages = 5
concatenation = true

group = sms-service
keyword = default
max-messages = 0
text = ""
`, admin, boxes, send, host, port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, bearerbox, conf)
	waitFor(t, boxes)
	run(t, dir, smsbox, conf)
	waitFor(t, send)
	return fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms", send)
}

// run starts a program and ends it, by its process, with the test.
func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%.8000s", filepath.Base(program), b)
		}
	})
}

func waitFor(t *testing.T, port int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nothing listens: %v", err)
		}
	}
}

// TestThroughKannel goes HTTP, Kannel, SMPP, npm smpp, and back by Kannel's callback.
func TestThroughKannel(t *testing.T) {
	centre := startNPM(t, modes{"undelivered": "000003"})
	url := startKannel(t, centre.addr)
	// The callback's address must be known before the channel is opened.
	port := freePort(t)
	query := []func(map[string]any){with("method", "GET"), with("format", "query")}
	f := start(t, webSettings(url, append(query, with("password_file", secretFile(t)),
		with("callback", fmt.Sprintf("http://127.0.0.1:%d", port)))...))
	f.serveOn(t, port)
	d := f.delivery(t, message())
	for _, lang := range []alert.Lang{alert.English, alert.Russian} {
		people := f.people(t, 5, lang)
		refs := make(map[string]adapter.State)
		for i, r := range f.send(t, d, people) {
			if r.Failure != nil || r.State != adapter.Accepted || r.Ref == "" {
				t.Fatalf("%s: recipient %d: %+v %v", lang, i, r, r.Failure)
			}
			refs[r.Ref] = adapter.Delivered
			if i == 3 {
				refs[r.Ref] = adapter.Failed
			}
		}
		f.reported(t, refs)
	}
	texts := centre.stats(t).Texts
	for i := range 5 {
		got := texts[number(i)]
		if got == nil {
			got = texts[number(i)[1:]]
		}
		if len(got) != 2 || got[0] != shortEN || got[1] != longRU {
			t.Errorf("telephone %d shows %q", i, got)
		}
	}
	for code, g := range map[string]map[string]any{
		"403": webSettings(url, query...), // without a password
		"400": webSettings(url),           // a form, which this Kannel does not read
	} {
		f := start(t, g)
		r := f.send(t, f.delivery(t, message()), f.people(t, 1, alert.English))[0]
		if r.Failure == nil || r.Failure.Class != adapter.Misconfigured || r.Failure.Code != code {
			t.Errorf("%+v, want %s", r.Failure, code)
		}
	}
}

// reported waits until each reference is reported as wanted.
func (f fixture) reported(t *testing.T, want map[string]adapter.State) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := make(map[string]adapter.State)
		for _, r := range f.inbox.reports() {
			if _, ours := want[r.Ref]; ours && got[r.Ref] != adapter.Failed {
				got[r.Ref] = r.State
			}
		}
		same := len(got) == len(want)
		for ref, st := range want {
			same = same && got[ref] == st
		}
		if same {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("reported %v, want %v", got, want)
		}
	}
}
