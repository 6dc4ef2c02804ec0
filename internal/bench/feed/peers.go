//go:build linux

package main

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
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/bench/measure"
)

const (
	natsSubject = "bench.alert"
	natsStream  = "BENCH"
)

// natsTask starts nats-server in a process of its own.
type natsTask struct {
	Dir  string
	Port int  // -1 = any
	Sync bool // every write is synced before its answer
}

// natsResult is where it listens.
type natsResult struct {
	URL, Addr string // NATS protocol, WebSocket
	PID       int
}

// serveNATS is the process's own side.
func serveNATS() error {
	var s *server.Server
	defer func() {
		if s != nil {
			s.Shutdown()
		}
	}()
	return measure.Serve(os.Stdin, os.Stdout, func(raw json.RawMessage) (any, error) {
		var t natsTask
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, err
		}
		var err error
		s, err = server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: t.Port, NoSigs: true, NoLog: true,
			Websocket: server.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true},
			JetStream: true, StoreDir: t.Dir, SyncAlways: t.Sync,
			JetStreamLimits:            server.JSLimitOpts{DefaultMaxConsumers: -1}, // else 1,000 a stream
			JetStreamRequestQueueLimit: 100_000,                                     // else 10,000 creations at once, and what comes more is dropped
		})
		if err != nil {
			return nil, err
		}
		go s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			return nil, errors.New("nats-server did not start")
		}
		return natsResult{s.ClientURL(), strings.TrimPrefix(s.WebsocketURL(), "ws://"), os.Getpid()}, nil
	})
}

// peer is a server under measurement, as the bench sees it.
type peer struct {
	kind    string
	addr    string
	pid     int
	tokens  []string
	cursor  string // nchan: id of the newest message
	size    int
	publish func(from, count int) (at int64, err error)
	// each publishes one after the other; of the product alone.
	each func(from, count int) (at int64, stored int, err error)
	stop func()
}

// startPeer starts a server of the kind for n clients.
func startPeer(kind string, n, size int) (*peer, error) {
	switch kind {
	case "tocsin", "bound":
		return startOwn(kind, task{Op: "open", Stations: n}, size)
	case "nats", "jetstream":
		return startNATS(kind, size)
	default:
		return startNchan(size)
	}
}

// startOwn starts the product or the bound.
func startOwn(kind string, open task, size int) (*peer, error) {
	cmd, err := measure.Self("-role", kind)
	if err != nil {
		return nil, err
	}
	p, err := measure.Start(cmd)
	if err != nil {
		return nil, err
	}
	var r result
	if err := p.Ask(open, &r); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return &peer{
		kind: kind, addr: r.Addr, pid: r.PID, tokens: r.Tokens, size: size, stop: p.Stop,
		publish: func(from, count int) (int64, error) {
			var r result
			err := p.Ask(task{Op: "release", From: from, Count: count, Size: size}, &r)
			return r.At, err
		},
		each: func(from, count int) (int64, int, error) {
			var r result
			err := p.Ask(task{Op: "each", From: from, Count: count, Size: size}, &r)
			return r.At, r.Stored, err
		},
	}, nil
}

// startNATSProcess starts nats-server.
func startNATSProcess(t natsTask) (*measure.Process, natsResult, error) {
	var r natsResult
	cmd, err := measure.Self("-role", "nats")
	if err != nil {
		return nil, r, err
	}
	p, err := measure.Start(cmd)
	if err != nil {
		return nil, r, err
	}
	if err := p.Ask(t, &r); err != nil {
		p.Stop()
		return nil, r, fmt.Errorf("nats-server: %w", err)
	}
	return p, r, nil
}

// startNATS starts nats-server as a peer, with a publisher here.
func startNATS(kind string, size int) (_ *peer, err error) {
	dir, err := os.MkdirTemp("", "tocsin-bench-")
	if err != nil {
		return nil, err
	}
	p, r, err := startNATSProcess(natsTask{Dir: dir, Port: -1})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	conn, err := nats.Connect(r.URL)
	stop := func() {
		if conn != nil {
			conn.Close()
		}
		p.Stop()
		_ = os.RemoveAll(dir)
	}
	if err == nil && kind == "jetstream" {
		err = makeStream(conn)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return &peer{
		kind: kind, addr: r.Addr, pid: r.PID, size: size, stop: stop,
		publish: func(from, count int) (int64, error) {
			frames := make([][]byte, count)
			for i := range frames {
				if frames[i], err = frame(from+i, size); err != nil {
					return 0, err
				}
			}
			at := time.Now().UnixNano()
			for _, f := range frames {
				if err := conn.Publish(natsSubject, f); err != nil {
					return 0, err
				}
			}
			return at, conn.FlushTimeout(roundWait)
		},
	}, nil
}

// makeStream makes the stream that JetStream's consumers read.
func makeStream(conn *nats.Conn) error {
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: natsStream, Subjects: []string{natsSubject}, MaxConsumers: -1})
	return err
}

// nginxConf is nginx with nchan: messages kept in shared memory, one worker for each core.
const nginxConf = `load_module %[1]s;
worker_processes auto; worker_rlimit_nofile %[2]d; daemon off; pid %[3]s/pid; error_log %[3]s/error.log error;
events { worker_connections %[4]d; }
http {
  access_log off; client_body_temp_path %[3]s/body; proxy_temp_path %[3]s/proxy; fastcgi_temp_path %[3]s/fastcgi;
  uwsgi_temp_path %[3]s/uwsgi; scgi_temp_path %[3]s/scgi; client_body_buffer_size 64k; keepalive_requests 1000000;
  nchan_shared_memory_size 256M;
  server {
    listen %[5]s backlog=4096;
    location = /sub { nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; nchan_message_buffer_length 1000; nchan_message_timeout 1h; }
    location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1000; nchan_message_timeout 1h; }
  }
}
`

// startNchan starts nginx on a configuration of its own.
func startNchan(size int) (_ *peer, err error) {
	const module = "/usr/lib/nginx/modules/ngx_nchan_module.so"
	bin, err := exec.LookPath("nginx")
	if _, e := os.Stat(module); err != nil || e != nil {
		return nil, errors.New("nginx with nchan is missing: run `make bench-feed` as root, or apt-get install nginx-light libnginx-mod-nchan")
	}
	dir, err := os.MkdirTemp("", "tocsin-bench-")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port; nginx takes it in a moment
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_ = l.Close()
	conf := filepath.Join(dir, "nginx.conf")
	files, err := descriptors()
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(nginxConf, module, files, dir, files-50, addr)
	if os.Geteuid() == 0 {
		text = "user root;\n" + text // the folder is ours alone
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, "-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log"))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(os.Interrupt)
		late := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		_ = os.RemoveAll(dir)
	}
	if err := answers(addr); err != nil {
		stop()
		return nil, fmt.Errorf("nginx: %w: %s", err, said.String())
	}
	p := &peer{kind: "nchan", addr: addr, pid: cmd.Process.Pid, size: size, stop: stop}
	p.publish = p.post
	return p, nil
}

// answers waits until addr takes connections.
func answers(addr string) (err error) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, e := net.Dial("tcp", addr)
		if err = e; err == nil {
			return conn.Close()
		}
	}
	return err
}

// post publishes by HTTP, one after the other: order is kept by no other way.
func (p *peer) post(from, count int) (at int64, err error) {
	at = time.Now().UnixNano()
	for i := range count {
		f, err := frame(from+i, p.size)
		if err != nil {
			return 0, err
		}
		req, err := http.NewRequest(http.MethodPost, "http://"+p.addr+"/pub", bytes.NewReader(f))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Accept", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode/100 != 2 {
			return 0, fmt.Errorf("nchan answered %s: %s (%v)", resp.Status, raw, err)
		}
		var said struct {
			ID string `json:"last_message_id"`
		}
		if err := json.Unmarshal(raw, &said); err != nil {
			return 0, err
		}
		p.cursor = said.ID
	}
	return at, nil
}
