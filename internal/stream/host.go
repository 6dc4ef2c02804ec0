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

	"github.com/nats-io/nats-server/v2/server"

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
	// A failed write stays until the server starts anew. But its health also asks
	// whether it is ready within one millisecond, which on a busy machine it is not
	// always: one good answer of several says that all is well.
	var err error
	for range healthTries {
		st := srv.Healthz(&server.HealthzOptions{})
		if st.Status == "ok" {
			return nil
		}
		err = fmt.Errorf("%w: %s", ErrUnavailable, st.Error)
	}
	return err
}

// healthTries bounds how often an unwell server is asked again at once.
const healthTries = 5

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
