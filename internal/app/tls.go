package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"tocsin/internal/config"
)

// reloadEvery is how often the certificate's files are looked at: one that was
// renewed is served soon after, without a restart.
const reloadEvery = 10 * time.Second

// certificates are the public listener's, read again when their files change.
type certificates struct {
	files config.TLS
	log   *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamp  [3]time.Time // of the files, as they were read
	now    *tls.Config
}

// newTLS is the public listener's TLS; an error names the file and the mend.
func newTLS(files config.TLS, log *slog.Logger) (*tls.Config, error) {
	c := &certificates{files: files, log: log}
	if err := c.read(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.current(time.Now()), nil
		},
	}, nil
}

// current is the newest settings that could be read.
func (c *certificates) current(now time.Time) *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) >= reloadEvery && c.stamps() != c.stamp {
		// Half-written files are no reason to stop serving: the old ones stay until these are whole.
		if err := c.read(now); err != nil {
			c.log.Error("the certificate's files changed and cannot be read; the old ones are still served", "error", err)
		}
	}
	return c.now
}

func (c *certificates) stamps() (out [3]time.Time) {
	for i, path := range []string{c.files.Cert, c.files.Key, c.files.ClientCA} {
		if st, err := os.Stat(path); err == nil {
			out[i] = st.ModTime()
		}
	}
	return out
}

func (c *certificates) read(now time.Time) error {
	c.looked = now
	stamp := c.stamps()
	pair, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("tls.cert and tls.key: %w", err)
	}
	next := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"},
	}
	if c.files.ClientCA != "" {
		data, err := os.ReadFile(c.files.ClientCA)
		if err != nil {
			return fmt.Errorf("tls.client_ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(data) {
			return errors.New("tls.client_ca: no certificate in " + c.files.ClientCA + "; give PEM")
		}
		// Citizens have none and are not asked twice: only who holds one of these authorities' answers.
		next.ClientCAs, next.ClientAuth = pool, tls.VerifyClientCertIfGiven
	}
	c.stamp, c.now = stamp, next
	return nil
}
