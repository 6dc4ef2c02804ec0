package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/client"
	"tocsin/internal/peertest"
)

var (
	snippet = regexp.MustCompile("(?s)<!-- snippet: ([a-z-]+) -->\n```([a-z]+)\n(.*?\n)```")
	fence   = regexp.MustCompile("(?m)^```[a-z]+$")
)

// guide is the broadcasters' guide at work: its snippets as they stand, but for
// the address and the names, in a folder as it asks for.
type guide struct {
	t        *testing.T
	dir      string
	path     string // of programs
	snippets map[string][2]string
	words    *strings.Replacer
	run      map[string]bool
}

// newGuide reads the guide and lays out the folder.
func newGuide(t *testing.T, s *server, id, identifier string) *guide {
	t.Helper()
	for program, pkg := range map[string]string{"curl": "curl", "python3": "python3", "xmlsec1": "xmlsec1"} {
		peertest.Tool(t, program, pkg)
	}
	_, web := peertest.Node(t)
	if _, err := os.Stat(filepath.Join(web, "node_modules", ".bin", "wscat")); err != nil {
		peertest.Missing(t, "wscat", "run `make peers`, or npm ci in web/")
	}
	text, err := os.ReadFile(filepath.Join(peertest.Root(t), "adapters", "broadcast", "GUIDE.md"))
	if err != nil {
		t.Fatal(err)
	}
	g := &guide{t: t, dir: t.TempDir(), snippets: map[string][2]string{}, run: map[string]bool{}}
	for _, m := range snippet.FindAllStringSubmatch(string(text), -1) {
		g.snippets[m[1]] = [2]string{m[2], m[3]}
	}
	if n := len(fence.FindAllString(string(text), -1)); n != len(g.snippets) || n < 10 {
		t.Fatalf("%d blocks of code, %d of them with a name", n, len(g.snippets))
	}
	g.words = strings.NewReplacer(
		"https://alerts.police.example", s.url(""), "wss://alerts.police.example", "ws"+strings.TrimPrefix(s.url(""), "http"),
		"POLICE-7GQ2XKPB4MNT-1", identifier, "7GQ2XKPB4MNT", id, "127.0.0.1:8460", freePort(t),
	)
	keys, err := app.Keys(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"token": s.station("Radio Nord") + "\n", "issuer.pem": keys.Certificate,
		"air.sh": "#!/bin/sh\necho \"$TOCSIN_CASE $TOCSIN_MSG_TYPE\" >> aired\n", "call-the-desk.sh": "#!/bin/sh\n",
	} {
		g.write(name, data)
	}
	tocsin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(g.dir, "bin", "tocsin-receive")
	if out, err := exec.Command("go", "build", "-o", alone, "tocsin/cmd/tocsin-receive").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	g.path = strings.Join([]string{filepath.Dir(alone), filepath.Dir(tocsin), filepath.Join(web, "node_modules", ".bin"), os.Getenv("PATH")}, ":")
	return g
}

func (g *guide) write(name, data string) string {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	if err := os.WriteFile(path, []byte(data), 0o700); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// command is a snippet as a process of its own group, so that all of it can be ended.
func (g *guide) command(name string) (*exec.Cmd, *logBuffer) {
	g.t.Helper()
	s, ok := g.snippets[name]
	if !ok {
		g.t.Fatalf("the guide has no snippet %s", name)
	}
	g.run[name] = true
	code := g.words.Replace(s[1])
	var cmd *exec.Cmd
	switch s[0] {
	case "sh":
		cmd = exec.Command("bash", "-euo", "pipefail", "-c", code)
	case "python":
		cmd = exec.Command("python3", g.write("station.py", code))
	case "go":
		source, program := g.write("station.go", code), filepath.Join(g.dir, "newsroom")
		build := exec.Command("go", "build", "-o", program, source)
		build.Dir = peertest.Root(g.t) // where the module's requirements are
		if out, err := build.CombinedOutput(); err != nil {
			g.t.Fatalf("%s: %v: %s", name, err, out)
		}
		cmd = exec.Command(program)
	default:
		g.t.Fatalf("%s is in %s: who runs that?", name, s[0])
	}
	said := new(logBuffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = g.dir, said, said
	cmd.Env = append(os.Environ(), "PATH="+g.path, "no_proxy=127.0.0.1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, said
}

// ends runs a snippet to its end and gives what it says.
func (g *guide) ends(name string, want ...string) {
	g.t.Helper()
	cmd, said := g.command(name)
	err := cmd.Run()
	for _, w := range want {
		if !strings.Contains(said.String(), w) {
			g.t.Errorf("%s lacks %q", name, w)
		}
	}
	if err != nil {
		g.t.Fatalf("%s ends with %v and says\n%s", name, err, said)
	}
}

// starts runs a snippet that stays, until stop.
func (g *guide) starts(name string) (said *logBuffer, stop func()) {
	g.t.Helper()
	cmd, said := g.command(name)
	keys, err := cmd.StdinPipe() // a terminal that nobody types at: wscat ends with its input
	if err != nil {
		g.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = keys.Close()
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group that it began
			_ = cmd.Wait()
		}
	}
	g.t.Cleanup(stop)
	return said, stop
}

// hears waits until a snippet that stays has said something.
func (g *guide) hears(said *logBuffer, want string) {
	g.t.Helper()
	eventually(g.t, 30*time.Second, "the snippet says "+want, func() error {
		if !strings.Contains(said.String(), want) {
			return fmt.Errorf("it says %s", tail(said.String(), 1500))
		}
		return nil
	})
}

// The guide is what a station's technician types at night: every piece of it
// runs as it stands, against the real server.
func TestBroadcastersGuide(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick)
	s.start()
	author, approver := s.officer("author", "author"), s.officer("approver", "approver")
	id := released(t, author, approver)
	c, err := author.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	identifier := c.Live.Identifier
	g := newGuide(t, s, id, identifier)

	g.ends("auth")
	if st, err := os.Stat(filepath.Join(g.dir, "auth")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("auth: %v, %v", st, err)
	}
	g.ends("poll", identifier, `"cursor":`)
	g.ends("receipt", "receipt_ok")
	says(t, author, id, adapter.Received, "Anna")
	waiting, stop := g.starts("long-poll")
	second := released(t, author, approver)
	g.hears(waiting, second)
	stop()
	if err := author.Withdraw(t.Context(), second, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"events", "websocket"} {
		said, stop := g.starts(name)
		g.hears(said, identifier)
		g.hears(said, `"heartbeat"`)
		stop()
	}

	receiver, stop := g.starts("receive")
	g.hears(receiver, id+"-1")
	g.ends("verify", "genuine: Exercise Alert", "OK")
	g.ends("say", "noted seen", "noted on_air", "noted declined", "noted removed")
	says(t, author, id, adapter.Removed, "Anna")
	stop()
	if aired, err := os.ReadFile(filepath.Join(g.dir, "alerts", "aired")); err != nil || !strings.Contains(string(aired), id+" Alert") {
		t.Errorf("--exec ran for %q, %v", aired, err)
	}
	g.ends("check", "0 failed", "1 alerts were live")
	g.programs(author, approver, id)
	for name := range g.snippets {
		if !g.run[name] {
			t.Errorf("the snippet %s was not run", name)
		}
	}
}

// programs runs the two that a station may begin its own with: through a power
// cut, and to the end of an alert.
func (g *guide) programs(author, approver client.Officer, id string) {
	t := g.t
	python, stopPython := g.starts("python")
	golang, stopGo := g.starts("go")
	g.hears(python, "Alert Exercise")
	g.hears(golang, "Alert ")
	stopPython()
	third := released(t, author, approver)
	again, stop := g.starts("python")
	g.hears(again, third)
	g.hears(golang, third)
	if strings.Contains(again.String(), id) {
		t.Errorf("after the restart python takes what it has: %s", again)
	}
	if err := author.Withdraw(t.Context(), third, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	g.hears(again, "Cancel Exercise")
	g.hears(golang, "Cancel ")
	says(t, author, third, adapter.Removed, "")
	left, err := filepath.Glob(filepath.Join(g.dir, "station", "*", "*.xml"))
	if err != nil {
		t.Fatal(err)
	}
	left = slices.DeleteFunc(left, func(path string) bool {
		doc, err := os.ReadFile(path)
		return err == nil && !strings.Contains(string(doc), "Zo\u00e9") // a withdrawal names nobody
	})
	if len(left) != 1 {
		t.Errorf("python keeps the child in %v, want the live alert alone", left)
	}
	stop()
	stopGo()
	for name, said := range map[string]*logBuffer{"python": again, "go": golang} {
		if strings.Contains(said.String(), "FORGED") || strings.Contains(said.String(), "Traceback") {
			t.Errorf("%s says %s", name, said)
		}
	}
}
