package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"tocsin/adapters/webpush"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/client"
	"tocsin/internal/peers/pushservice"
	"tocsin/internal/recipient"
	"tocsin/internal/region"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// underWay is how many pushes a worker has sent at most without their receipts on
// the ledger: what a kill -9 may repeat.
var underWay = func() int {
	l := webpush.Driver().Limits
	return l.Batch * l.PerDestination
}()

// crowdWorld is a server with a crowd of citizens whose pushes the service counts by endpoint.
type crowdWorld struct {
	*server
	crowd            *pushservice.Crowd
	author, approver client.Officer
}

// newCrowd stores n subscriptions on the stream that o opens, or in the server's folder.
func newCrowd(t *testing.T, n int, nats string) *crowdWorld {
	t.Helper()
	return newCrowdAt(t, n, nats, 10*time.Millisecond, 0)
}

// newCrowdAt is newCrowd with a push service so far away, and so many connections to
// it from each process; 0 = as many as usual.
func newCrowdAt(t *testing.T, n int, nats string, delay time.Duration, connections int) *crowdWorld {
	t.Helper()
	push, err := pushservice.Start(pushservice.Options{TLS: true, Delay: delay})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = push.Close() })
	w := &crowdWorld{}
	private, public, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	if w.crowd, err = push.NewCrowd(n, public); err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "push.pem")
	set, err := json.Marshal(map[string]any{"root_cas": ca, "connections": connections})
	if err != nil {
		t.Fatal(err)
	}
	w.server = newServer(t, map[string]json.RawMessage{"webpush": set})
	w.conf.NATS.URL = nats
	keys := filepath.Join(w.conf.Data, "keys")
	raw, err := json.Marshal(map[string]string{"public": public, "private": private})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []func() error{
		func() error { return os.WriteFile(ca, push.Certificate(), 0o600) },
		func() error { return os.MkdirAll(keys, 0o700) },
		func() error { return os.WriteFile(filepath.Join(keys, "vapid.json"), raw, 0o600) },
		func() error { return w.seed(n) },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	w.author, w.approver = w.officer("author", auth.Author), w.officer("approver", auth.Approver)
	return w
}

// quiet waits until the service has got nothing for a while.
func (w *crowdWorld) quiet() {
	w.t.Helper()
	const while = 2 * time.Second
	last, since := w.crowd.Taken(), time.Now()
	eventually(w.t, 60*time.Second, "an end of the pushes", func() error {
		if n := w.crowd.Taken(); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < while {
			return fmt.Errorf("%d so far", last)
		}
		return nil
	})
}

// seed stores the crowd before the server starts.
func (w *crowdWorld) seed(n int) error {
	o := stream.Options{URL: w.conf.NATS.URL, Realm: w.conf.Realm}
	if o.URL == "" {
		o.Dir, o.Keys = filepath.Join(w.conf.Data, "stream"), filepath.Join(w.conf.Data, "keys", "nats")
	}
	engine, err := stream.Open(w.t.Context(), o)
	if err != nil {
		return err
	}
	people := recipient.New(engine.Subscribers(), region.Match, nil)
	var all []adapter.Recipient
	for i := range n {
		endpoint, key, secret := w.crowd.Subscription(i)
		address, err := json.Marshal(map[string]string{"endpoint": endpoint, "p256dh": key, "auth": secret})
		if err != nil {
			return err
		}
		all = append(all, adapter.Recipient{
			ID: webpush.RecipientID(endpoint), Channel: webpush.Name, Lang: alert.French,
			Areas: []string{"BE"}, Destination: w.crowd.Origin, Address: address,
		})
	}
	if err := people.PutAll(w.t.Context(), all); err != nil {
		return err
	}
	return engine.Close(w.t.Context())
}

// accepted waits until the board says that at least n have it.
func (w *crowdWorld) accepted(id string, n int) {
	w.t.Helper()
	eventually(w.t, 90*time.Second, fmt.Sprintf("%d citizens on the board", n), func() error {
		b, err := w.author.Board(w.t.Context(), id)
		if err != nil {
			return err
		}
		if len(b.Channels) != 1 || b.Channels[0].Accepted < n {
			return fmt.Errorf("the board says %+v", b.Channels)
		}
		if len(b.Rows) > 0 {
			w.t.Fatalf("%d rows of citizens on the board", len(b.Rows))
		}
		return nil
	})
}

// count fails unless the service counted everybody, and at most repeats too many. It
// waits until nothing comes any more: what a frozen or a new worker still has in
// hand must not fall into the next count.
func (w *crowdWorld) count(what string, repeats int) {
	w.t.Helper()
	w.quiet()
	reached, twice := w.crowd.Count()
	w.t.Logf("%s: %d of %d reached, %d twice, at most %d may be", what, reached, w.crowd.People.Count, twice, repeats)
	if reached != w.crowd.People.Count {
		w.t.Errorf("%s: the board says all, but %d of %d have it", what, reached, w.crowd.People.Count)
	}
	if twice > repeats {
		w.t.Errorf("%s: %d messages twice, want at most %d", what, twice, repeats)
	}
}

// crowdSize is larger under `make chaos`.
func crowdSize(normal int) int {
	if os.Getenv("TOCSIN_CHAOS") != "" {
		return 5 * normal
	}
	return normal
}

// TestCrowdCrash kills the server in the middle of a fan-out: nobody is missed, and
// no more is repeated than what was under way without a receipt.
func TestCrowdCrash(t *testing.T) {
	n := crowdSize(12_000)
	w := newCrowd(t, n, "")
	for _, part := range []int{1, n / 3, 2 * n / 3} {
		id := released(t, w.author, w.approver)
		w.accepted(id, part)
		w.kill()
		w.start()
		w.accepted(id, n)
		w.count(fmt.Sprintf("kill -9 after %d receipts", part), underWay)
	}
	size := 0
	eventually(t, 5*time.Second, "the ledger's size", func() (err error) {
		size, err = folderSize(filepath.Join(w.conf.Data, "stream"), "LEDGER")
		return err
	})
	if most := 30 * n; size > most {
		t.Errorf("the ledger of 3 alerts to %d citizens takes %d bytes, want at most %d", n, size, most)
	}
	t.Logf("the ledger of 3 alerts to %d citizens: %d bytes", n, size)
}

// folderSize is the bytes in files below a folder of that name.
func folderSize(dir, name string) (size int, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !regexp.MustCompile(`/`+name+`/`).MatchString(path) {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += int(info.Size())
		}
		return err
	})
	return size, err
}

// worker starts `tocsin channel webpush` beside the server.
func (w *crowdWorld) worker(args ...string) *exec.Cmd {
	w.t.Helper()
	path, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"channel", "webpush", "--config", w.configFile()}, args...)...)
	cmd.Stdout, cmd.Stderr = w.logs, w.logs
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// written is how many bytes a process has written so far, to files and sockets.
func written(t *testing.T, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(regexp.MustCompile(`wchar: (\d+)`).FindSubmatch(raw)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCrowdMoreWorkers: where a push service is far away and takes few connections from
// each process, two more processes shorten the whole. It says by how much.
func TestCrowdMoreWorkers(t *testing.T) {
	if os.Getenv("TOCSIN_CHAOS") == "" {
		t.Skip("a measurement: TOCSIN_CHAOS=1 runs it, and `make chaos`")
	}
	url, _, _ := streamtest.Server(t)
	const n = 12_000
	w := newCrowdAt(t, n, url, 100*time.Millisecond, 1)
	took := func(what string) {
		t.Helper()
		id := released(t, w.author, w.approver)
		w.accepted(id, n)
		w.count(what, 0)
		b, err := w.author.Board(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: all %d have it after %d ms", what, n, b.Channels[0].LastMS)
	}
	took("the server alone")
	w.worker()
	w.worker()
	time.Sleep(3 * time.Second) // workers say nothing when they are ready
	took("the server and two workers")
}

// TestCrowdWorkersCrash: a server and two more workers share one alert; then one of
// them is frozen in the middle, and one killed. The others take over.
func TestCrowdWorkersCrash(t *testing.T) {
	url, _, _ := streamtest.Server(t)
	n := crowdSize(12_000)
	w := newCrowd(t, n, url)
	one, two := w.worker(), w.worker()
	pids := []int{w.cmd.Process.Pid, one.Process.Pid, two.Process.Pid}
	time.Sleep(3 * time.Second) // workers say nothing when they are ready
	before := make([]int, len(pids))
	for i, pid := range pids {
		before[i] = written(t, pid)
	}
	id := released(t, w.author, w.approver)
	w.accepted(id, n)
	w.count("three workers", 0)
	for i, pid := range pids {
		got := written(t, pid) - before[i]
		t.Logf("worker %d wrote %d bytes", i, got)
		if got < n/12*500 { // a push is some 600 bytes
			t.Errorf("worker %d had no part in it: it wrote %d bytes", i, got)
		}
	}

	id = released(t, w.author, w.approver)
	w.accepted(id, n/4)
	if err := one.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.accepted(id, n)
	if err := one.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.count("one of three frozen", underWay)

	id = released(t, w.author, w.approver)
	w.accepted(id, n/4)
	_ = two.Process.Kill()
	w.accepted(id, n)
	w.count("one of three killed", underWay)
}

// TestCrowdParts: two workers hold half of a country each, beside a server that
// holds all. Everybody is told once, and each worker has his share of it; when the
// country is cut otherwise, the new cut is worked and the old one gone.
func TestCrowdParts(t *testing.T) {
	url, _, _ := streamtest.Server(t)
	n := crowdSize(6_000)
	w := newCrowd(t, n, url)
	tell := func(what string, workers ...*exec.Cmd) {
		t.Helper()
		time.Sleep(3 * time.Second) // workers say nothing when they are ready
		var before []int
		for _, cmd := range workers {
			before = append(before, written(t, cmd.Process.Pid))
		}
		id := released(t, w.author, w.approver)
		w.accepted(id, n)
		w.count(what, 0)
		for i, cmd := range workers {
			got := written(t, cmd.Process.Pid) - before[i]
			t.Logf("%s: worker %d wrote %d bytes", what, i+1, got)
			if got < n/12*500 { // a push is some 600 bytes
				t.Errorf("%s: worker %d had no part in it: it wrote %d bytes", what, i+1, got)
			}
		}
		if err := w.author.Withdraw(t.Context(), id, alert.OutcomeFound); err != nil {
			t.Fatal(err)
		}
		w.accepted(id, n)
		w.count(what+", the end", 0)
	}
	all := w.worker()
	tell("not cut", all)

	_ = all.Process.Kill()
	w.kill()
	w.conf.Parts = map[string]int{"webpush": 2}
	w.start()
	one, two := w.worker("--part", "1"), w.worker("--part", "2")
	tell("cut in two", one, two)

	for _, bad := range []string{"3", "-1"} {
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, "channel", "webpush", "--config", w.configFile(), "--part="+bad).CombinedOutput()
		if err == nil || !regexp.MustCompile(`cuts webpush into 2 parts`).Match(out) {
			t.Errorf("--part %s: %v, %s", bad, err, out)
		}
	}

	_, _ = one.Process.Kill(), two.Process.Kill()
	w.kill()
	w.conf.Parts = nil
	w.start()
	tell("whole again", w.worker())
}
