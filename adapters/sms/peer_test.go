package sms

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/peertest"
)

// npmSMSC is a message centre on npm smpp: somebody else's idea of the protocol.
type npmSMSC struct {
	addr string
	in   io.WriteCloser
	out  *bufio.Scanner
}

type npmStats struct {
	Binds, Refused, Open, Connections int
	MostOpen                          int `json:"most_open"`
	MostConnections                   int `json:"most_connections"`
	Messages, Throttled, Dropped      int
	Acked, Nacked                     int
	Validity                          string
	Texts                             map[string][]string
}

type modes map[string]any

// startNPM runs the centre and ends it with the test.
func startNPM(t *testing.T, m modes) *npmSMSC {
	t.Helper()
	node, web := peertest.Node(t)
	if m == nil {
		m = modes{}
	}
	m["password"] = "secret"
	m["one_bind"] = true
	options, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/smsc.js")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, script, string(options))
	cmd.Dir, cmd.Stderr = web, t.Output()
	s := &npmSMSC{}
	if s.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.in.Close() // it ends with its input
		kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	})
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 16<<20)
	var first struct{ Port int }
	s.line(t, &first)
	s.addr = fmt.Sprintf("127.0.0.1:%d", first.Port)
	return s
}

func (s *npmSMSC) line(t *testing.T, v any) {
	t.Helper()
	if !s.out.Scan() {
		t.Fatalf("the centre ended: %v", s.out.Err())
	}
	if err := json.Unmarshal(s.out.Bytes(), v); err != nil {
		t.Fatalf("the centre says %q", s.out.Text())
	}
}

func (s *npmSMSC) stats(t *testing.T) npmStats {
	t.Helper()
	_, _ = fmt.Fprintln(s.in, "stats")
	var st npmStats
	s.line(t, &st)
	return st
}

// say sends a person's message and returns the status we answered with.
func (s *npmSMSC) say(t *testing.T, from, text string) int {
	t.Helper()
	_, _ = fmt.Fprintln(s.in, "mo", from, text)
	var got struct{ Status int }
	s.line(t, &got)
	return got.Status
}
