package stream_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	for url := range strings.SplitSeq(c.URL(), ",") {
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
	for url := range strings.SplitSeq(c.URL(), ",") {
		if nc, err := nats.Connect(url, nats.UserCredentials(file)); err == nil {
			nc.Close()
			t.Errorf("a removed station came in again at %s", url)
		}
	}
}

// Keys that the servers do not know, and keys without the credentials beside them,
// keep stations out and nothing else.
func TestWrongKeysKeepOnlyStationsOut(t *testing.T) {
	url, _, _ := streamtest.Server(t) // trusts everybody, and has no accounts to hand out
	keys := t.TempDir()
	if err := stream.WriteServerFiles(keys, alert.Live); err != nil {
		t.Fatal(err)
	}
	account, _, err := stream.NewStation("st-1")
	if err != nil {
		t.Fatal(err)
	}
	e := opened(t, stream.Options{URL: url, Realm: alert.Live, Keys: keys})
	if err := e.Admit(t.Context(), []string{account}); err == nil {
		t.Error("a station was admitted at servers that know no accounts")
	}
	if err := os.Remove(filepath.Join(keys, stream.SystemCreds)); err != nil {
		t.Fatal(err)
	}
	bare := opened(t, stream.Options{URL: url, Realm: alert.Live, Keys: keys})
	if err := bare.Admit(t.Context(), []string{account}); err == nil || !strings.Contains(err.Error(), "tocsin keys --nats-files") {
		t.Errorf("without the system's credentials: %v", err)
	}
	if err := bare.Admit(t.Context(), nil); err != nil {
		t.Errorf("with no station to admit: %v", err)
	}
	for _, e := range []*stream.Engine{e, bare} {
		if err := e.Ready(t.Context()); err != nil {
			t.Error(err)
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
	for _, s := range []string{"CASES", "AUDIT", "ALERTS", "LEDGER", "SUBSCRIBERS", "DELIVERY", "DEAD", "OBJ_MEDIA"} {
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
	for until := time.Now().Add(20 * time.Second); err != nil; err = f() {
		if time.Now().After(until) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The scrub hears every server of a cluster about its own copies. (What it makes of
// damaged figures is tested on one server: a replica of three may mend itself while it starts.)
func TestScrubAsksEveryReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three servers: run without -short")
	}
	c, keys := operated(t, 3)
	e := opened(t, options(c, keys, 3))
	if _, err := e.Cases().Append(t.Context(), stream.Entry{Subject: "cases.1"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"n0 AUDIT 0", "n0 CASES 1", "n0 LEDGER 0", "n1 AUDIT 0", "n1 CASES 1", "n1 LEDGER 0", "n2 AUDIT 0", "n2 CASES 1", "n2 LEDGER 0"}
	eventually(t, "every replica is asked", func() error {
		got, err := e.Replicas(t.Context())
		slices.Sort(got)
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("asked %v, want %v", got, want)
		}
		return err
	})
	if all := e.Damage(); len(all) > 0 {
		t.Errorf("a whole cluster is said to be damaged: %v", all)
	}
}
