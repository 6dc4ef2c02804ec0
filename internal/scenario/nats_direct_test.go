package scenario

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/client"
	"tocsin/internal/peertest"
)

// natsServer is a server that takes stations over NATS, and the two officers.
func natsServer(t *testing.T) (s *server, author, approver client.Officer) {
	t.Helper()
	s = newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(`{}`)})
	s.conf.NATS.Listen = freePort(t)
	s.start()
	return s, s.officer("author", auth.Author), s.officer("approver", auth.Approver)
}

// station registers one with direct NATS by the operator's command.
func (s *server) natsStation(name string) (id, creds string) {
	s.t.Helper()
	creds = filepath.Join(s.dir, strings.ReplaceAll(name, " ", "-")+".creds")
	got := tocsin(s.t, "recipients", "add-station", name, "--data", s.conf.Data, "--lang", "fr", "--nats", creds)
	fields := strings.Fields(got.stdout)
	if got.code != 0 || len(fields) < 2 {
		s.t.Fatalf("add-station ends with %d: %s%s", got.code, got.stdout, got.stderr)
	}
	return fields[1], creds
}

// row is the station's on the case's board.
func row(t *testing.T, o client.Officer, caseID, station string) (state adapter.State, revision int) {
	t.Helper()
	b, err := o.Board(t.Context(), caseID)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Rows {
		if r.Recipient == station {
			return r.State, r.Revision
		}
	}
	return "", 0
}

// guideClient is the client of NATS.md, built as a reader of it would.
func guideClient(t *testing.T) string {
	t.Helper()
	root := peertest.Root(t)
	text, err := os.ReadFile(filepath.Join(root, "adapters", "broadcast", "NATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(text), "```go\n")
	code, _, ended := strings.Cut(code, "```")
	if !ok || !ended {
		t.Fatal("NATS.md has no Go program")
	}
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "station")
	if err := os.WriteFile(src, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", bin, src)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program of NATS.md: %v: %s", err, out)
	}
	return bin
}

// guideStation is the guide's program at work.
type guideStation struct {
	t    *testing.T
	said chan string   // its lines
	gone chan struct{} // closed when it has ended
}

// runGuide runs the guide's program for a station until the test ends.
func runGuide(t *testing.T, s *server, creds string) *guideStation {
	t.Helper()
	bin := guideClient(t)
	keys, err := app.Keys(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	issuer := filepath.Join(dir, "issuer.pem")
	if err := os.WriteFile(issuer, []byte(keys.Certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "nats://"+s.conf.NATS.Listen, creds, issuer)
	cmd.Dir, cmd.Stderr = dir, s.logs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g := &guideStation{t: t, said: make(chan string, 100), gone: make(chan struct{})}
	go func() {
		defer close(g.gone)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			g.said <- lines.Text()
		}
		_ = cmd.Wait() // killed below, or ended by itself: the test sees that
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-g.gone })
	return g
}

// hears waits for the revision, and for the server's word that its receipt is stored.
func (g *guideStation) hears(kind string, revision int) {
	g.t.Helper()
	select {
	case line := <-g.said:
		if !strings.HasPrefix(line, kind+" ") || !strings.Contains(line, fmt.Sprintf(" %d {", revision)) || !strings.Contains(line, `"receipt_ok"`) {
			g.t.Fatalf("the station says %q, want %s %d and receipt_ok", line, kind, revision)
		}
	case <-g.gone:
		g.t.Fatal("the guide's program ended")
	case <-time.After(20 * time.Second):
		g.t.Fatalf("the station does not have the %s", kind)
	}
}

// The guide's own program follows an alert from release to withdrawal over NATS,
// across a power cut of the server, and the officer sees it on the board. When the
// station is removed, it is out.
func TestStationFollowsOverNATS(t *testing.T) {
	peertest.Tool(t, "xmlsec1", "xmlsec1")
	s, author, approver := natsServer(t)
	id, creds := s.natsStation("Radio Nord")
	station := runGuide(t, s, creds)
	caseID := released(t, author, approver)
	station.hears("Alert", 1)
	eventually(t, 5*time.Second, "the board shows the receipt", func() error {
		if state, n := row(t, author, caseID, id); state != adapter.Received || n != 1 {
			return fmt.Errorf("%s of revision %d", state, n)
		}
		return nil
	})
	s.kill()
	s.start()
	w := world{server: s, author: author, approver: approver}
	w.revise(caseID, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	station.hears("Update", 2)
	if err := approver.Withdraw(t.Context(), caseID, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	station.hears("Cancel", 3)
	if got := tocsin(t, "recipients", "remove", "broadcast", id, "--data", s.conf.Data); got.code != 0 {
		t.Fatalf("remove: %s", got.stderr)
	}
	eventually(t, time.Second, "the removed station is out", func() error {
		nc, err := nats.Connect("nats://"+s.conf.NATS.Listen, nats.UserCredentials(creds))
		if err == nil {
			nc.Close()
			return fmt.Errorf("it came in again")
		}
		return nil
	})
}

// What a station may not do, over the wire of a whole server: it hears nothing but
// its feed, and nothing it writes arrives but its own receipts.
func TestStationOverNATSIsKeptToItsOwn(t *testing.T) {
	s, author, approver := natsServer(t)
	id, creds := s.natsStation("Radio Nord")
	otherID, otherCreds := s.natsStation("Radio Sud")
	if info, err := os.Stat(creds); err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("the credentials file: %v %v", info, err)
	}
	dial := func(creds string) *nats.Conn {
		var nc *nats.Conn
		eventually(t, time.Second, "a station that was added is let in", func() (err error) {
			nc, err = nats.Connect("nats://"+s.conf.NATS.Listen, nats.UserCredentials(creds), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
			return err
		})
		t.Cleanup(nc.Close)
		return nc
	}
	nc, other := dial(creds), dial(otherCreds)
	caseID := released(t, author, approver)
	m := fetch(t, nc)
	var a struct {
		Identifier string `json:"identifier"`
	}
	if err := json.Unmarshal(m.Data(), &a); err != nil || a.Identifier == "" {
		t.Fatalf("the alert: %v", err)
	}
	tell := func(nc *nats.Conn, receipt string) string {
		t.Helper()
		got, err := nc.Request("tocsin.receipts", []byte(receipt), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Data)
	}
	of := func(state, more string) string {
		return fmt.Sprintf(`{"identifier":%q,"revision":1,"state":%q%s}`, a.Identifier, state, more)
	}
	for _, c := range []struct{ receipt, want string }{
		{of("on_air", `,"by":"Lea"`), `"receipt_ok"`},
		{of("on_air", `,"by":"Lea"`), `"receipt_ok"`}, // the same again
		{of("declined", ""), `"field":"reason"`},
		{of("sung", ""), `"field":"state"`},
		{`{"identifier":"x","revision":1,"state":"seen"}`, `"code":"unknown"`},
		{`not json`, `"code":"bad"`},
		{``, `"code":"bad"`},
	} {
		if got := tell(nc, c.receipt); !strings.Contains(got, c.want) {
			t.Errorf("receipt %s is answered with %s, want %s", c.receipt, got, c.want)
		}
	}
	if state, _ := row(t, author, caseID, id); state != adapter.OnAir {
		t.Errorf("the board says %s of the station that has it on air", state)
	}
	if state, _ := row(t, author, caseID, otherID); state == adapter.OnAir {
		t.Error("one station's receipt counts for another")
	}
	refused := 0
	for _, subject := range []string{
		"drill.alerts.DEMO.X", "live.alerts.DEMO.X", "drill.ledger.x", "drill.receipts." + otherID, "$JS.API.STREAM.NAMES",
		"$JS.API.STREAM.DELETE.ALERTS", "tocsin.STREAM.PURGE.ALERTS", "tocsin.CONSUMER.DELETE.ALERTS.feed", "$SYS.REQ.SERVER.PING",
	} {
		if _, err := nc.Request(subject, []byte(`{}`), 100*time.Millisecond); err != nil {
			refused++
		}
	}
	if refused != 9 {
		t.Errorf("%d of 9 forbidden acts were refused", refused)
	}
	if got := fetch(t, other); string(got.Data()) != string(m.Data()) {
		t.Error("the two stations have different bytes")
	}
}

// fetch is the station's next message, acknowledged.
func fetch(t *testing.T, nc *nats.Conn) jetstream.Msg {
	t.Helper()
	js, err := jetstream.NewWithAPIPrefix(nc, "tocsin")
	if err != nil {
		t.Fatal(err)
	}
	feed, err := js.Consumer(t.Context(), "ALERTS", "feed")
	if err != nil {
		t.Fatal(err)
	}
	m, err := feed.Next(jetstream.FetchMaxWait(10 * time.Second))
	if err == nil {
		err = m.DoubleAck(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What an operator cannot mean is refused in a sentence, and leaves no file behind.
func TestAddStationWithNATSRefuses(t *testing.T) {
	s, _, _ := natsServer(t)
	file := filepath.Join(s.dir, "x.creds")
	got := tocsin(t, "recipients", "add-station", "Radio", "--data", s.conf.Data, "--area", "BE-VAN", "--nats", file)
	if got.code == 0 || !strings.Contains(got.stderr, "every area") {
		t.Errorf("a station of some areas: %d %s", got.code, got.stderr)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file is there all the same")
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got = tocsin(t, "recipients", "add-station", "Radio", "--data", s.conf.Data, "--nats", file)
	if text, _ := os.ReadFile(file); got.code == 0 || string(text) != "mine" {
		t.Errorf("an existing file was written over: %d %s", got.code, text)
	}
	without := newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(`{}`)})
	without.start()
	file = filepath.Join(without.dir, "y.creds")
	got = tocsin(t, "recipients", "add-station", "Radio", "--data", without.conf.Data, "--nats", file)
	if got.code == 0 || !strings.Contains(got.stderr, "--nats-listen") {
		t.Errorf("a server without the listener: %d %s", got.code, got.stderr)
	}
}
