package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/peertest"
	"tocsin/internal/receive"
)

// newsroom is a broadcaster's machine: the real receiver with a command.
type newsroom struct {
	t         *testing.T
	dir, cert string
	args      []string
	cmd       *exec.Cmd
	said      *logBuffer
	aired     string // the command adds a line for each run
	verify    receive.Verifier
}

func newNewsroom(t *testing.T, s *server) *newsroom {
	t.Helper()
	keys, err := app.Keys(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	n := &newsroom{t: t, dir: filepath.Join(home, "alerts"), said: new(logBuffer), aired: filepath.Join(home, "aired"), verify: s.verifier(t)}
	n.cert = write("issuer.pem", keys.Certificate, 0o600)
	token := s.recipient("broadcast", app.NewRecipient{Name: "Radio Nord", Areas: []string{"*"}, Lang: alert.French})
	command := write("on-air", "#!/bin/sh\necho \"$TOCSIN_CASE $TOCSIN_REVISION $TOCSIN_MSG_TYPE\" >> "+n.aired+"\n", 0o700)
	n.args = []string{
		"receive", "--feed", s.url(""), "--token-file", write("token", token+"\n", 0o600),
		"--cert", n.cert, "--dir", n.dir, "--exec", command,
	}
	t.Cleanup(n.kill)
	return n
}

func (n *newsroom) start() {
	n.t.Helper()
	path, err := binary()
	if err != nil {
		n.t.Fatal(err)
	}
	n.cmd = exec.Command(path, n.args...)
	n.cmd.Stdout, n.cmd.Stderr = n.said, n.said
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
}

// kill is a power cut at the station.
func (n *newsroom) kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	n.cmd = nil
}

// runs counts what the command was run for.
func (n *newsroom) runs() map[string]int {
	data, _ := os.ReadFile(n.aired) // nothing yet
	out := make(map[string]int)
	for line := range strings.Lines(string(data)) {
		out[strings.TrimSpace(line)]++
	}
	return out
}

// The broadcaster's own program: power is cut in the middle of a burst, and
// afterwards every alert is in its folder once, the command ran for each, and
// all is genuine. Guards invariants 4 and 9.
func TestReceiveCommand(t *testing.T) {
	s := newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(`{}`)})
	s.start()
	author, approver := s.officer("author", auth.Author), s.officer("approver", auth.Approver)
	n := newNewsroom(t, s)
	n.start()
	var cases []string
	for range 5 {
		cases = append(cases, released(t, author, approver))
	}
	eventually(t, 20*time.Second, "the first of the burst", func() error {
		if len(n.runs()) < 2 {
			return fmt.Errorf("%d aired; the receiver says %s", len(n.runs()), tail(n.said.String(), 500))
		}
		return nil
	})
	n.kill()
	for range 3 { // while the station is dark
		cases = append(cases, released(t, author, approver))
	}
	n.start()
	eventually(t, 30*time.Second, "all of them on air", func() error {
		runs := n.runs()
		for _, id := range cases {
			if runs[id+" 1 Alert"] == 0 {
				return fmt.Errorf("%s is not aired; the receiver says %s", id, tail(n.said.String(), 500))
			}
		}
		return nil
	})
	twice := 0
	for what, times := range n.runs() {
		twice += times - 1
		if times > 2 {
			t.Errorf("%s was aired %d times", what, times)
		}
	}
	if twice > 1 { // the one command that the power cut may have interrupted is run again
		t.Errorf("%d commands were run twice: %v", twice, n.runs())
	}
	folders, err := filepath.Glob(filepath.Join(n.dir, "alerts", "*", "manifest.json"))
	if err != nil || len(folders) != len(cases) {
		t.Errorf("%d folders of %d alerts: %v", len(folders), len(cases), err)
	}
	for _, id := range cases {
		eventually(t, 20*time.Second, "the station's receipt", func() error {
			b, err := author.Board(t.Context(), id)
			if err != nil || len(b.Channels) != 1 || b.Channels[0].Accepted != 1 {
				return fmt.Errorf("%+v %w", b.Channels, err)
			}
			return nil
		})
	}
	n.hasKit(cases[0])
	n.judge(filepath.Join(n.dir, "alerts", cases[0]+"-1", "cap.xml"))
	if err := author.Withdraw(t.Context(), cases[0], alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the withdrawal", func() error {
		left, _ := filepath.Glob(filepath.Join(n.dir, "alerts", cases[0]+"-1"))
		if n.runs()[cases[0]+" 2 Cancel"] != 1 || len(left) > 0 {
			return fmt.Errorf("aired %v, left %v", n.runs(), left)
		}
		return nil
	})
}

// hasKit wants the slides, the poster, the teletext page and, where there is a
// voice, the sound in the folder of a case, as files that programs can open.
func (n *newsroom) hasKit(id string) {
	n.t.Helper()
	dir := filepath.Join(n.dir, "alerts", id+"-1")
	for name, begins := range map[string]string{
		"slide-fr.jpg": "\xff\xd8", "slide_tall-fr.jpg": "\xff\xd8", "slide_square-fr.jpg": "\xff\xd8", "poster-fr.pdf": "%PDF",
		"audio-fr.wav": "RIFF", "teletext-fr.txt": "*** EXERCICE",
	} {
		if begins == "RIFF" {
			peertest.Tool(n.t, "espeak-ng", "espeak-ng")
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasPrefix(string(data), begins) {
			list, _ := os.ReadDir(dir)
			n.t.Errorf("%s in the station's folder: %.20q %v, among %v", name, data, err, list)
		}
	}
}

// judge has the stored document verified by our own command and by xmlsec1, as
// it is and with one letter changed.
func (n *newsroom) judge(document string) {
	n.t.Helper()
	data, err := os.ReadFile(document)
	if err != nil {
		n.t.Fatal(err)
	}
	changed := filepath.Join(filepath.Dir(n.cert), "changed.xml")
	forged := bytes.Replace(data, []byte("Bruxelles"), []byte("Bruxellos"), 1)
	if bytes.Equal(forged, data) {
		n.t.Fatal("the document does not name the place")
	}
	if err := os.WriteFile(changed, forged, 0o600); err != nil {
		n.t.Fatal(err)
	}
	if got := tocsin(n.t, "verify", document, "--cert", n.cert); got.code != 0 || !strings.HasPrefix(got.stdout, "genuine: Exercise Alert ") {
		n.t.Errorf("verify of the stored document: %d %q %q", got.code, got.stdout, got.stderr)
	}
	if got := tocsin(n.t, "verify", changed, "--cert", n.cert); got.code == 0 || !strings.Contains(got.stderr, "NOT genuine") {
		n.t.Errorf("verify of one letter changed: %d %q %q", got.code, got.stdout, got.stderr)
	}
	xmlsec := peertest.Tool(n.t, "xmlsec1", "xmlsec1")
	for file, good := range map[string]bool{document: true, changed: false} {
		out, err := exec.Command(xmlsec, "--verify", "--pubkey-cert-pem", n.cert, file).CombinedOutput()
		if (err == nil) != good {
			n.t.Errorf("xmlsec1 of %s: %v %s", filepath.Base(file), err, out)
		}
	}
}
