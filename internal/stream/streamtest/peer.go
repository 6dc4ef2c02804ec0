package streamtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/peertest"
)

const module = "github.com/nats-io/nats-server/v2"

// Server starts a real nats-server process with synced JetStream on a loopback
// port. kill is kill -9; restart starts it again on the same port and folder. It
// ends with the test.
func Server(t testing.TB) (url string, kill func(), restart func()) {
	t.Helper()
	c := Cluster(t, 1)
	return c.URL(), func() { c.Kill(0) }, func() { c.Start(0) }
}

// Nodes are nats-server processes that form a cluster (one: stand alone).
type Nodes struct {
	t     testing.TB
	bin   string
	nodes []*node
}

type node struct {
	name, conf, addr string
	cmd              *exec.Cmd
	done             chan struct{}
}

// Cluster starts n nats-server processes with synced JetStream. more is added to
// each one's configuration, DIR in it being the node's folder.
func Cluster(t testing.TB, n int, more ...string) *Nodes {
	t.Helper()
	c := &Nodes{t: t, bin: binary(t)}
	var client, route []string
	for range n {
		client, route = append(client, freeAddr(t)), append(route, freeAddr(t))
	}
	for i := range n {
		dir := t.TempDir()
		nd := &node{name: fmt.Sprintf("n%d", i), conf: filepath.Join(dir, "nats.conf"), addr: client[i]}
		text := fmt.Sprintf("server_name: %s\nlisten: %q\njetstream { store_dir: %q, sync_interval: always, max_memory_store: 64MB, max_file_store: 2GB }\n", nd.name, nd.addr, dir)
		if n > 1 {
			text += fmt.Sprintf("cluster { name: test, listen: %q, routes: [ %s ] }\n", route[i], "\"nats://"+strings.Join(route, "\", \"nats://")+"\"")
		}
		text += strings.ReplaceAll(strings.Join(more, "\n"), "DIR", dir)
		if err := os.WriteFile(nd.conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, nd)
	}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.Kill(i)
		}
	})
	for i := range c.nodes {
		c.Start(i)
	}
	return c
}

// URL names all nodes.
func (c *Nodes) URL() string {
	var all []string
	for _, n := range c.nodes {
		all = append(all, "nats://"+n.addr)
	}
	return strings.Join(all, ",")
}

// Dir is the folder of node i.
func (c *Nodes) Dir(i int) string { return filepath.Dir(c.nodes[i].conf) }

// Index is the number of the node of that server name.
func (c *Nodes) Index(name string) int {
	for i, n := range c.nodes {
		if n.name == name {
			return i
		}
	}
	c.t.Fatalf("no node %q", name)
	return 0
}

// Kill ends node i with kill -9 and waits until it is gone.
func (c *Nodes) Kill(i int) {
	n := c.nodes[i]
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.done
	n.cmd = nil
}

// Freeze stops node i in its tracks (SIGSTOP): its sockets stay open and nothing
// answers, as when a machine hangs or a network is cut. Thaw lets it go on.
func (c *Nodes) Freeze(i int) { c.signal(i, syscall.SIGSTOP) }

// Thaw ends Freeze.
func (c *Nodes) Thaw(i int) { c.signal(i, syscall.SIGCONT) }

func (c *Nodes) signal(i int, s os.Signal) {
	c.t.Helper()
	if err := c.nodes[i].cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// Start starts node i (again) and waits until it takes connections.
func (c *Nodes) Start(i int) {
	c.t.Helper()
	n := c.nodes[i]
	log, err := os.OpenFile(filepath.Join(c.Dir(i), "nats.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	n.cmd = exec.Command(c.bin, "-c", n.conf)
	n.cmd.Stdout, n.cmd.Stderr = log, log
	if err := n.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	log.Close()
	n.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(n.cmd, n.done)
	for range 200 {
		conn, err := net.DialTimeout("tcp", n.addr, time.Second)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(filepath.Join(c.Dir(i), "nats.log"))
	c.t.Fatalf("nats-server %s takes no connections:\n%s", n.name, text)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// binary builds nats-server from the module that we embed, once per version, into
// the user's cache: the process under test is then the code that runs in ours.
func binary(t testing.TB) string {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	version := ""
	if ok {
		for _, d := range info.Deps {
			if d.Path == module {
				version = d.Version
			}
		}
	}
	if version == "" {
		version = "unknown"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "tocsin", "peers")
	path := filepath.Join(dir, "nats-server-"+version)
	if _, err := os.Stat(path); err == nil && version != "unknown" {
		return path
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Another test binary may build the same one now: each writes beside, the last rename wins.
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	cmd := exec.Command("go", "build", "-o", tmp, module)
	cmd.Dir = peertest.Root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		peertest.Missing(t, "nats-server", fmt.Sprintf("go build %s in the project: %v: %s", module, err, out))
	}
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
	return path
}
