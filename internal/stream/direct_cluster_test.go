package stream_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// operated starts outside servers that trust the operator of a new key folder.
func operated(t *testing.T, n int) (c *streamtest.Nodes, keys string) {
	t.Helper()
	keys = t.TempDir()
	if err := stream.WriteServerFiles(keys, alert.Live); err != nil {
		t.Fatal(err)
	}
	trust, err := os.ReadFile(filepath.Join(keys, stream.ServerFile))
	if err != nil {
		t.Fatal(err)
	}
	return streamtest.Cluster(t, n, string(trust), `resolver { type: full, dir: "DIR/accounts", allow_delete: true, interval: "2m" }`), keys
}

func options(c *streamtest.Nodes, keys string, replicas int) stream.Options {
	return stream.Options{
		URL: c.URL(), Realm: alert.Live, Replicas: replicas, Keys: keys,
		Creds: filepath.Join(keys, stream.ServiceCreds), SetupCreds: filepath.Join(keys, stream.SetupCreds),
	}
}

func opened(t *testing.T, o stream.Options) *stream.Engine {
	t.Helper()
	e, err := stream.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(t.Context()) }) // the context is over: nothing is waited for
	return e
}

// The first start needs the set-up's credentials and says so; later ones do not.
func TestStreamsAreMadeBySetUpAlone(t *testing.T) {
	c, keys := operated(t, 1)
	o := options(c, keys, 1)
	o.SetupCreds = ""
	began := time.Now()
	if e, err := stream.Open(t.Context(), o); err == nil {
		_ = e.Close(t.Context())
		t.Fatal("the service made the streams")
	} else if !strings.Contains(err.Error(), "stream CASES: it does not exist") || !strings.Contains(err.Error(), "--setup-creds") {
		t.Errorf("the error is %v", err)
	}
	if d := time.Since(began); d > 20*time.Second {
		t.Errorf("said only after %v", d)
	}
	opened(t, options(c, keys, 1))
	opened(t, o)
}

// On a cluster a station follows the log at one node, and is cut at another when it is removed.
func TestDirectOnACluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers: run without -short")
	}
	c, keys := operated(t, 3)
	e := opened(t, options(c, keys, 3))
	account, creds, err := stream.NewStation("st-1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "st-1.creds")
	if err := os.WriteFile(file, creds, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Admit(t.Context(), []string{account}); err != nil {
		t.Fatal(err)
	}
	closed := make(chan string, 3)
	for _, url := range strings.Split(c.URL(), ",") {
		var nc *nats.Conn
		eventually(t, "a station signs in", func() (err error) {
			nc, err = nats.Connect(url, nats.UserCredentials(file), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { closed <- url }))
			return err
		})
		t.Cleanup(nc.Close)
		if _, err := e.Alerts().Append(t.Context(), stream.Entry{Subject: "alerts.P.1", Data: []byte(url)}); err != nil {
			t.Fatal(err)
		}
		js, err := jetstream.NewWithAPIPrefix(nc, "tocsin")
		if err != nil {
			t.Fatal(err)
		}
		feed, err := js.Consumer(t.Context(), "ALERTS", "feed")
		if err != nil {
			t.Fatal(err)
		}
		m, err := feed.Next(jetstream.FetchMaxWait(5 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Data()) != url {
			t.Errorf("node %s handed out %s", url, m.Data())
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Error(err)
		}
	}
	// Another process that has not read of the station yet does not cut it off.
	behind := opened(t, options(c, keys, 3))
	if err := behind.Admit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(closed) > 0 {
		t.Fatal("a process that is behind cut the station off")
	}
	removed := time.Now()
	if err := e.Admit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Fatal("a removed station stays connected")
		}
	}
	t.Logf("cut at all three nodes %v after the removal", time.Since(removed).Round(time.Millisecond))
	for _, url := range strings.Split(c.URL(), ",") {
		if nc, err := nats.Connect(url, nats.UserCredentials(file)); err == nil {
			nc.Close()
			t.Errorf("a removed station came in again at %s", url)
		}
	}
}

// The service's own credentials may do none of this, and are told why at once.
func TestServiceHoldsLeastRights(t *testing.T) {
	c, keys := operated(t, 1)
	e := opened(t, options(c, keys, 1))
	for _, l := range []*stream.Log{e.Cases(), e.Ledger()} {
		head := map[*stream.Log]string{e.Cases(): "cases.", e.Ledger(): "ledger."}[l]
		if _, err := l.Append(t.Context(), stream.Entry{Subject: head + "1", Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if err := l.Erase(t.Context(), head+"1"); err == nil {
			t.Errorf("%s1 was erased", head)
		}
	}
	refused := make(chan error, 100)
	nc, err := nats.Connect(c.URL(), nats.UserCredentials(filepath.Join(keys, stream.ServiceCreds)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var acts []string
	for _, s := range []string{"CASES", "ALERTS", "LEDGER", "SUBSCRIBERS", "DELIVERY", "DEAD", "OBJ_MEDIA"} {
		for _, a := range []string{"CREATE", "UPDATE", "DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE"} {
			acts = append(acts, "$JS.API.STREAM."+a+"."+s)
		}
		if s != "DELIVERY" {
			acts = append(acts, "$JS.API.STREAM.PURGE."+s)
		}
	}
	acts = append(acts,
		"$JS.API.STREAM.MSG.DELETE.CASES", "$JS.API.STREAM.MSG.DELETE.LEDGER", "$JS.API.STREAM.MSG.DELETE.DELIVERY",
		"$JS.API.CONSUMER.PAUSE.ALERTS.x", "$JS.API.CONSUMER.LEADER.STEPDOWN.ALERTS.x", "$JS.API.META.LEADER.STEPDOWN",
		"$JS.API.ACCOUNT.PURGE.x", "$SYS.REQ.SERVER.PING", "$SYS.REQ.CLAIMS.LIST", "drill.alerts.P.1", "other.subject",
	)
	for _, subject := range acts {
		if m, err := nc.Request(subject, []byte(`{"seq":1}`), 50*time.Millisecond); err == nil {
			t.Errorf("%s was answered with %s", subject, m.Data)
		}
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
				t.Errorf("%s: %v", subject, err)
			}
		case <-time.After(2 * time.Second):
			t.Errorf("%s is permitted", subject)
		}
	}
}

func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	err := f()
	for until := time.Now().Add(10 * time.Second); err != nil; err = f() {
		if time.Now().After(until) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A follower's disk flips a bit. NATS says that all is well; the look at every
// replica names the server.
func TestScrubNamesTheReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers: run without -short")
	}
	c, keys := operated(t, 3)
	o := options(c, keys, 3)
	e := opened(t, o)
	var all []stream.Entry
	for range 2000 {
		all = append(all, stream.Entry{Subject: "cases.1", Data: make([]byte, 5000)})
	}
	if err := e.Cases().AppendAll(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	blocks := func(i int) []string {
		found, _ := filepath.Glob(filepath.Join(c.Dir(i), "jetstream", "*", "streams", "CASES", "msgs", "1.blk"))
		return found
	}
	eventually(t, "every replica has the records", func() error {
		for i := range 3 {
			if found := blocks(i); len(found) != 1 {
				return errors.New("a block is missing")
			} else if info, err := os.Stat(found[0]); err != nil || info.Size() < 8<<20-6000 {
				return errors.New("a block is not full")
			}
		}
		return nil
	})
	const victim = 1
	c.Kill(victim)
	block := blocks(victim)[0]
	b, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(block, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	c.Start(victim)
	eventually(t, "the damage is named", func() error {
		again := opened(t, o) // looks at once
		defer func() { _ = again.Close(t.Context()) }()
		for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			for _, d := range again.Damage() {
				if d.Server == "n1" && d.Stream == "CASES" && d.Missing > 0 {
					t.Log(d)
					return nil
				}
			}
		}
		return errors.New("nothing found")
	})
}
