package stream

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// What the embedded server acknowledges is on the disk: it syncs each write, also when
// it was started anew after a full disk, and no stream but the nodes' counter is let off.
func TestEmbeddedServerSyncsEachWrite(t *testing.T) {
	e := openIn(t, t.TempDir())
	synced := func(when string) {
		t.Helper()
		if c := e.host.srv.JetStreamConfig(); !c.SyncAlways || !strings.HasPrefix(c.StoreDir, e.host.dir) {
			t.Errorf("%s the embedded server runs with sync always %v in %s", when, c.SyncAlways, c.StoreDir)
		}
	}
	synced("at first")
	n := 0
	for s := range master(t, e).ListStreams(t.Context()).Info() {
		if n++; s.Config.PersistMode == jetstream.AsyncPersistMode && s.Config.Name != streamNodes {
			t.Errorf("the stream %s acknowledges before it syncs", s.Config.Name)
		}
		if s.Config.Storage != jetstream.FileStorage {
			t.Errorf("the stream %s is in %v", s.Config.Name, s.Config.Storage)
		}
	}
	if n < 6 {
		t.Errorf("only %d streams were looked at", n)
	}
	e.host.stopServer()
	if err := e.host.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	synced("started anew")
}
