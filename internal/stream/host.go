package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"tocsin/internal/alert"
)

// host is the embedded nats-server and the folder it has for itself. The server
// can be replaced while the connection lives: it must be after a full disk.
type host struct {
	dir  string
	log  *slog.Logger
	tune tuning
	lock *os.File
	keys *authority
	o    Options

	mu  sync.Mutex
	srv *server.Server
}

func openHost(ctx context.Context, o Options, t tuning) (*host, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	h := &host{dir: dir, log: o.Log, tune: t, o: o}
	if h.lock, err = claim(dir, o.Realm); err != nil {
		return nil, err
	}
	if h.keys, err = openAuthority(cmp.Or(o.Keys, filepath.Join(dir, "keys")), true); err == nil {
		err = h.adopt()
	}
	if err != nil {
		h.close()
		return nil, err
	}
	if err := h.start(ctx); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// Claim makes a folder this process's alone and its realm's for ever, as Open does
// with the embedded server's: the keys beside it belong to one realm as well, also
// when the log is elsewhere.
func Claim(dir string, realm alert.Realm) (release func() error, err error) {
	lock, err := claim(dir, realm)
	if err != nil {
		return nil, err
	}
	return lock.Close, nil // also drops the lock
}

func claim(dir string, realm alert.Realm) (*os.File, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	if err := pinRealm(dir, realm); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// Pin is Claim for a process that shares the folder with its realm's server: no lock.
func Pin(dir string, realm alert.Realm) error {
	if err := makeFolder(dir); err != nil {
		return err
	}
	return pinRealm(dir, realm)
}

// makeFolder makes it for us alone: names of missing children and phone numbers
// are in there, and nobody else on the machine reads them.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// lockFolder refuses a second server on the same files, which would damage both.
// The kernel drops the lock when the process dies, however it dies.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "tocsin.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data folder %s is in use by another tocsin process: stop that one, or give this one its own folder with --data", dir)
		}
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	return f, nil
}

// pinRealm writes the realm into a new folder and refuses any other afterwards:
// an exercise must never continue as a real alert, nor the other way round.
func pinRealm(dir string, realm alert.Realm) error {
	path := filepath.Join(dir, "realm")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "jetstream")); err == nil {
			return fmt.Errorf("data folder %s holds streams but its file \"realm\" is missing: write live or drill into %s, whichever it was", dir, path)
		}
		return writeSynced(path, []byte(realm+"\n"))
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if have := strings.TrimSpace(string(b)); have != string(realm) {
		return fmt.Errorf("data folder %s belongs to the realm %q and cannot be opened as %q: use another folder, or start with the realm %q", dir, have, realm, have)
	}
	return nil
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// adopt gives our account the streams of a folder that were kept under another
// name: "$G", from before there were accounts, or a key that was lost. The folder is
// ours alone, so there is nobody else they could belong to.
func (h *host) adopt() error {
	streams, ours := filepath.Join(h.dir, "jetstream"), publicOf(h.keys.account)
	entries, err := os.ReadDir(streams)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var others []string
	for _, e := range entries {
		switch name := e.Name(); {
		case name == ours:
			return nil
		case e.IsDir() && (name == "$G" || nkeys.IsValidPublicAccountKey(name)) && name != publicOf(h.keys.system):
			others = append(others, name)
		}
	}
	switch len(others) {
	case 0:
		return nil
	case 1:
	default:
		return fmt.Errorf("data folder %s holds the streams of %d NATS accounts and none is ours: put the file %s of the right one back into the key folder", h.dir, len(others), accountFile)
	}
	h.log.Warn("event stream: the streams of another NATS account in this folder become ours", "account", others[0])
	if err := os.Rename(filepath.Join(streams, others[0]), filepath.Join(streams, ours)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// Bounds of the embedded server against those who may connect from outside.
const (
	maxConns    = 4096            // a thousand stations with four connections each
	maxAccounts = 2000            // nats-server keeps as many claims; a stream has room for 1,000 consumers
	slowWrite   = 5 * time.Second // a station that blocks a write for longer is cut and resumes
)

func (h *host) options() (*server.Options, error) {
	token, err := h.keys.operatorClaims()
	if err != nil {
		return nil, fmt.Errorf("NATS operator: %w", err)
	}
	operator, err := jwt.DecodeOperatorClaims(token)
	if err != nil {
		return nil, fmt.Errorf("NATS operator: %w", err)
	}
	accounts, err := h.accounts()
	if err != nil {
		return nil, fmt.Errorf("NATS accounts: %w", err)
	}
	o := &server.Options{
		ServerName:             "tocsin",
		DontListen:             true, // in process only: no port to guard
		NoSigs:                 true, // signals belong to the program
		JetStream:              true,
		StoreDir:               h.dir,
		SyncAlways:             true, // an acknowledged release survives a power cut; the default syncs every two minutes
		JetStreamMaxMemory:     h.tune.memory,
		JetStreamMaxStore:      h.tune.store,
		DisableJetStreamBanner: true,
		MaxPayload:             maxPayload,
		MaxConn:                maxConns,
		WriteDeadline:          slowWrite,
		TrustedOperators:       []*jwt.OperatorClaims{operator},
		SystemAccount:          publicOf(h.keys.system),
		AccountResolver:        accounts,
	}
	if h.o.Listen == "" {
		return o, nil
	}
	host, port, err := net.SplitHostPort(h.o.Listen)
	if err != nil {
		return nil, fmt.Errorf("NATS listener: %w", err)
	}
	if o.Port, err = net.LookupPort("tcp", port); err != nil {
		return nil, fmt.Errorf("NATS listener: %w", err)
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.DontListen, o.Host, o.TLSConfig = false, host, h.o.TLS
	o.TLSTimeout = 5
	return o, nil
}

// loopback says that only programs on this machine reach addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// accounts is the folder of account claims, with our own two as they are now.
func (h *host) accounts() (*server.DirAccResolver, error) {
	r, err := server.NewDirAccResolver(filepath.Join(h.dir, "accounts"), maxAccounts, time.Hour, server.HardDelete)
	if err != nil {
		return nil, err
	}
	system, err := h.keys.systemClaims()
	if err == nil {
		err = r.Store(publicOf(h.keys.system), system)
	}
	if err != nil {
		return nil, err
	}
	service, err := h.keys.serviceClaims()
	if err != nil {
		return nil, err
	}
	return r, r.Store(publicOf(h.keys.account), service)
}

func (h *host) start(ctx context.Context) error {
	o, err := h.options()
	if err != nil {
		return err
	}
	srv, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("start nats-server: %w", err)
	}
	l := &serverLog{log: h.log}
	srv.SetLoggerV2(l, false, false, false)
	began := make(chan struct{})
	go func() { defer close(began); srv.Start() }()
	for !srv.ReadyForConnections(50 * time.Millisecond) {
		if ctx.Err() != nil || l.fatal() != "" {
			srv.Shutdown()
			<-began
			if l.fatal() != "" {
				return fmt.Errorf("start nats-server in %s: %s", h.dir, l.fatal())
			}
			return fmt.Errorf("start nats-server in %s: %w: not ready in time", h.dir, ErrUnavailable)
		}
	}
	if !srv.JetStreamEnabled() {
		srv.Shutdown()
		return fmt.Errorf("start nats-server in %s: JetStream is off: %s", h.dir, l.last())
	}
	h.mu.Lock()
	h.srv = srv
	h.mu.Unlock()
	return nil
}

// InProcessConn gives nats.go its pipe to whichever server runs now.
func (h *host) InProcessConn() (net.Conn, error) {
	h.mu.Lock()
	srv := h.srv
	h.mu.Unlock()
	if srv == nil {
		return nil, fmt.Errorf("%w: the embedded server is down", ErrUnavailable)
	}
	return srv.InProcessConn()
}

// fault says what keeps the server from storing; nil when nothing does. A stream
// that met one failed write (a full disk) takes no more until the server starts anew.
func (h *host) fault() error {
	h.mu.Lock()
	srv := h.srv
	h.mu.Unlock()
	if srv == nil {
		return fmt.Errorf("%w: the embedded server is down", ErrUnavailable)
	}
	if st := srv.Healthz(&server.HealthzOptions{}); st.Status != "ok" {
		return fmt.Errorf("%w: %s", ErrUnavailable, st.Error)
	}
	return nil
}

func (h *host) stopServer() {
	h.mu.Lock()
	srv := h.srv
	h.srv = nil
	h.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

func (h *host) close() {
	h.stopServer()
	if h.lock != nil {
		h.lock.Close() // also drops the lock
	}
}

// addr is where the embedded server takes stations; empty when it does not.
func (h *host) addr() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.srv == nil || h.o.Listen == "" || h.srv.Addr() == nil {
		return ""
	}
	return h.srv.Addr().String()
}
