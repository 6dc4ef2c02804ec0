package scenario

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tocsin/internal/auth"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// The way of deploy/nats with an outside server: keys by the command, a server that
// trusts them, a start with the set-up's credentials, a station, an alert; then a
// start without them, and the station is still let in.
func TestOutsideServerByTheBook(t *testing.T) {
	s := newServer(t, map[string]json.RawMessage{"broadcast": json.RawMessage(`{}`)})
	made := tocsin(t, "keys", "--config", s.configFile(), "--nats-files")
	keys := filepath.Join(s.conf.Data, "keys", "nats")
	if made.code != 0 || !strings.Contains(made.stdout, keys) {
		t.Fatalf("keys --nats-files: %s%s", made.stdout, made.stderr)
	}
	trust, err := os.ReadFile(filepath.Join(keys, stream.ServerFile))
	if err != nil {
		t.Fatal(err)
	}
	nodes := streamtest.Cluster(t, 1, string(trust), `resolver { type: full, dir: "DIR/accounts", allow_delete: true, interval: "1m" }`)
	s.conf.NATS.URL, s.conf.NATS.Creds = nodes.URL(), filepath.Join(keys, stream.ServiceCreds)
	s.conf.NATS.SetupCreds = filepath.Join(keys, stream.SetupCreds)
	s.start()
	author, approver := s.officer("author", auth.Author), s.officer("approver", auth.Approver)
	_, creds := s.natsStation("Radio Nord")
	caseID := released(t, author, approver)
	join := func() *nats.Conn {
		t.Helper()
		var nc *nats.Conn
		eventually(t, 2*time.Second, "the station signs in", func() (err error) {
			nc, err = nats.Connect(nodes.URL(), nats.UserCredentials(creds))
			return err
		})
		t.Cleanup(nc.Close)
		return nc
	}
	if m := fetch(t, join()); !strings.Contains(string(m.Data()), caseID) {
		t.Errorf("the station has %.100s", m.Data())
	}
	s.kill()
	if err := os.Remove(s.conf.NATS.SetupCreds); err != nil {
		t.Fatal(err)
	}
	s.conf.NATS.SetupCreds = ""
	s.start()
	second := released(t, author, approver)
	if m := fetch(t, join()); !strings.Contains(string(m.Data()), second) {
		t.Errorf("after the restart the station has %.100s", m.Data())
	}
}
