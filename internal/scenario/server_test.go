package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/client"
	"tocsin/internal/config"
)

// binary is bin/tocsin built once for the package's tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tocsin-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tocsin")
	out, err := exec.Command("go", "build", "-o", path, "tocsin/cmd/tocsin").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a temporary folder
	}
	os.Exit(code)
}

// server is one `tocsin serve` process.
type server struct {
	t    *testing.T
	dir  string
	conf config.Config
	args []string // more of the command line
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
	logs *logBuffer
}

// logBuffer is what the process says, readable while it speaks.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write takes a piece.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all of it so far, over restarts too.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newServer prepares a server of channels in a folder of its own; start runs it.
func newServer(t *testing.T, channels map[string]json.RawMessage) *server {
	t.Helper()
	// A short path: the operator's socket lies in it, and a socket's path is at most 108 bytes.
	dir, err := os.MkdirTemp("", "tocsin-")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, conf: config.Default(), logs: new(logBuffer)}
	s.conf.Data = filepath.Join(dir, "data")
	s.conf.Listen, s.conf.Ops = freePort(t), freePort(t)
	s.conf.PublicURL = "http://" + s.conf.Listen
	s.conf.AllowLoopback = true
	s.conf.LinkTest.Off = true // the stories count what a station gets, on Wednesdays too
	s.conf.Channels = channels
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("server log:\n%s", tail(s.logs.String(), 8000))
		}
		_ = os.RemoveAll(dir)
	})
	return s
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start runs the process and waits until it is ready.
func (s *server) start() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, append([]string{"serve", "--config", s.configFile()}, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.logs, s.logs
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.gone = make(chan struct{})
	go func(cmd *exec.Cmd, gone chan struct{}) { defer close(gone); _ = cmd.Wait() }(s.cmd, s.gone)
	eventually(s.t, 30*time.Second, "server ready", func() error {
		if !s.alive() {
			s.t.Fatal("the server ended by itself")
		}
		resp, err := http.Get("http://" + s.conf.Ops + "/readyz")
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	})
}

// configFile writes the settings and gives the file's path.
func (s *server) configFile() string {
	s.t.Helper()
	data, err := json.Marshal(s.conf)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.dir, "tocsin.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// kill ends the process as a power cut would, by its own id.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.gone
	s.cmd = nil
}

// alive says that the process has not ended.
func (s *server) alive() bool {
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// operator speaks to the running server's socket.
func (s *server) operator(method, path string, in, out any) {
	s.t.Helper()
	socket := app.SocketPath(s.conf.Data)
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	data, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://operator"+path, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %s %v %s", method, path, resp.Status, err, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			s.t.Fatal(err)
		}
	}
}

// officer adds an officer and gives him a token.
func (s *server) officer(id string, roles ...auth.Role) client.Officer {
	s.t.Helper()
	return client.New("http://"+s.conf.Listen, s.token(id, roles...))
}

// token adds an officer with that password of his, and gives the token.
func (s *server) token(id string, roles ...auth.Role) string {
	s.t.Helper()
	s.operator("POST", "/officers", app.NewOfficer{
		Officer: auth.Officer{ID: id, Name: "Officer " + id, Roles: roles}, Password: password(id),
	}, nil)
	var made app.Secret
	s.operator("POST", "/officers/"+id+"/token", struct{}{}, &made)
	return made.Secret
}

func password(officer string) string { return "a long sentence " + officer }

// eventually tries f until it gives nil or the time is up.
func eventually(t *testing.T, within time.Duration, what string, f func() error) {
	t.Helper()
	err := f()
	for deadline := time.Now().Add(within); err != nil; err = f() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// missing is a complete exercise case: a girl in Brussels.
func missing() casework.Draft {
	now := time.Now()
	return casework.Draft{Facts: alert.Facts{
		Circumstances: alert.AbductionStranger,
		Children: []alert.Person{{
			GivenName: "Zoé", Age: 7, Sex: alert.Female, HeightCM: 122,
			HairColour: alert.HairBrown, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}},
		}},
		LastSeen: alert.LastSeen{
			At: now.Add(-time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Bruxelles",
		},
		Instruction: alert.InstructionCall, Contact: alert.Contact{Phone: "+3225544000"},
		Areas: []string{"BE"}, Languages: []alert.Lang{alert.French, alert.English},
		Expires: now.Add(6 * time.Hour), Authority: "Police",
	}}
}

// released drafts, submits and releases a case, and gives its id.
func released(t *testing.T, author, approver client.Officer) string {
	t.Helper()
	c, err := author.Draft(t.Context(), missing())
	if err != nil {
		t.Fatal(err)
	}
	if err := author.Submit(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := approver.Release(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	return c.ID
}
