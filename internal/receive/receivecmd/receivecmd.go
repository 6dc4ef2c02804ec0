// Package receivecmd is the command line of a newsroom's receiver, for the two
// programs that have it: `tocsin receive`, and tocsin-receive, which is the
// receiver alone.
//
//	follow    follow the feeds until a signal comes; the default
//	seen, queued, on-air, declined, failed, removed
//	          what people did with an alert, into the receiver's outbox
//
// follow --check runs the conformance check of a feed instead.
package receivecmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tocsin/internal/cap"
	"tocsin/internal/receive"
	"tocsin/internal/receive/page"
)

// Command is the receiver's command with its sub-commands, for kong.
type Command struct {
	Follow   followCmd   `cmd:"" default:"withargs" help:"Follow the feeds until a signal comes. This is the default."`
	Seen     seenCmd     `cmd:"" help:"Tell the police that somebody has seen an alert."`
	Queued   queuedCmd   `cmd:"" help:"Tell the police that an alert is scheduled for air."`
	OnAir    onAirCmd    `cmd:"" help:"Tell the police that an alert went on air."`
	Declined declinedCmd `cmd:"" help:"Tell the police that the station does not air an alert, and why."`
	Failed   failedCmd   `cmd:"" help:"Tell the police that an alert could not be aired, and why."`
	Removed  removedCmd  `cmd:"" help:"Tell the police that all copies of an alert are gone."`
}

// access is what it takes to be let in and to trust what comes.
type access struct {
	TokenFile  string   `type:"existingfile" placeholder:"FILE" help:"File with the station's token."`
	Cert       []string `type:"existingfile" placeholder:"PEM" help:"The issuer's certificate: what it did not sign is neither shown nor stored. Twice while it changes."`
	CA         string   `name:"ca" type:"existingfile" placeholder:"PEM" help:"Private authority that signed the feed's own certificate; the system's by default."`
	ClientCert string   `type:"existingfile" placeholder:"PEM" help:"The station's client certificate, in place of a token."`
	ClientKey  string   `type:"existingfile" placeholder:"PEM" help:"Its key."`
}

type followCmd struct {
	access
	Feed      []string `placeholder:"URL" help:"Feed address; give two nodes for safety."`
	Dir       string   `env:"TOCSIN_RECEIVE_DIR" placeholder:"DIR" help:"Folder that gets one folder for each revision."`
	Exec      string   `placeholder:"CMD" help:"Command for each revision; it finds TOCSIN_DIR, TOCSIN_MSG_TYPE and more in its environment."`
	AlarmExec string   `placeholder:"CMD" help:"Command for each alarm and for its end; it finds TOCSIN_ALARM, TOCSIN_FEED and TOCSIN_TEXT."`
	Status    string   `placeholder:"HOST:PORT" help:"Serve a status page with the buttons here; loopback only, such as 127.0.0.1:8460."`
	Check     string   `placeholder:"URL" help:"Check whether a feed keeps its protocol, instead of following it. Needs no --dir."`
	JSON      bool     `name:"json" help:"With --check: print the result as JSON."`
}

// Help is the example.
func (followCmd) Help() string {
	return `Example:
  tocsin receive --feed https://a.police.example --feed https://b.police.example --token-file token --cert issuer.pem --dir /srv/alerts --exec /opt/air.sh --status 127.0.0.1:8460
  tocsin receive follow --check https://test.police.example --token-file token --cert issuer.pem`
}

// Run follows the feeds until a signal comes, or checks one.
func (c followCmd) Run(ctx context.Context) error {
	if err := c.complete(); err != nil {
		return err
	}
	token, verify, secure, err := c.load()
	if err != nil {
		return err
	}
	if c.Check != "" {
		return c.check(ctx, token, verify, secure)
	}
	run, err := command("exec", c.Exec)
	if err != nil {
		return err
	}
	ring, err := command("alarm-exec", c.AlarmExec)
	if err != nil {
		return err
	}
	o := receive.Options{
		Feeds: c.Feed, Token: token, Dir: c.Dir, Verify: verify, TLS: secure, Exec: run, AlarmExec: ring,
		OnRevision: func(r receive.Revision) {
			fmt.Printf("%s %s %s revision %d in %s\n", time.Now().Format(time.TimeOnly), r.Status, r.MsgType, r.Revision, r.Dir)
		},
		OnAlarm: func(a receive.Alarm) {
			fmt.Fprintf(os.Stderr, "%s %s %s: %s\n", time.Now().Format(time.TimeOnly), strings.ToUpper(string(a.Kind)), a.Feed, a.Text)
		},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	r, err := receive.New(o)
	if err != nil {
		return err
	}
	fmt.Printf("following %s, writing to %s\n", strings.Join(c.Feed, " and "), c.Dir)
	if c.Status == "" {
		return r.Run(ctx)
	}
	return c.serve(ctx, r)
}

// complete names what is missing: --check needs less than following does.
func (c followCmd) complete() error {
	var missing []string
	want := func(have bool, flag, what string) {
		if !have {
			missing = append(missing, "--"+flag+": "+what)
		}
	}
	want(c.TokenFile != "" || c.ClientCert != "", "token-file", "name the file with the station's token")
	want(len(c.Cert) > 0, "cert", "name the issuer's certificate; without it nothing can be trusted")
	if c.Check == "" {
		want(len(c.Feed) > 0, "feed", "give the feed's address, better two")
		want(c.Dir != "", "dir", "give a folder")
		want(!c.JSON, "json", "goes with --check")
	}
	want((c.ClientCert == "") == (c.ClientKey == ""), "client-key", "client certificate and key go together")
	if len(missing) == 0 {
		return nil
	}
	return errors.New(strings.Join(missing, "; "))
}

// command splits a command and finds its program now, not in the night of the
// alert. It runs in the receiver's folder, so ./air.sh is made absolute.
func command(flag, line string) ([]string, error) {
	if line == "" {
		return nil, nil
	}
	args := strings.Fields(line)
	if len(args) == 0 {
		return nil, fmt.Errorf("--%s: name a command", flag)
	}
	path, err := exec.LookPath(args[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s %s: there is no such program, or it may not be run", flag, args[0])
	}
	args[0] = path
	return args, nil
}

// load reads the files of a.
func (a access) load() (token string, verify receive.Verifier, secure *tls.Config, err error) {
	var issuers []*x509.Certificate
	for _, path := range a.Cert {
		raw, err := ReadFile(path, 64<<10)
		if err != nil {
			return "", nil, nil, err
		}
		cert, err := cap.ParseCertificate(raw)
		if err != nil {
			return "", nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		issuers = append(issuers, cert)
	}
	verify = func(doc []byte) error { _, err := cap.Verify(doc, issuers...); return err }
	if a.TokenFile != "" {
		raw, err := ReadFile(a.TokenFile, 4<<10)
		if err != nil {
			return "", nil, nil, err
		}
		if token = strings.TrimSpace(string(raw)); token == "" {
			return "", nil, nil, fmt.Errorf("%s is empty: put the station's token into it", a.TokenFile)
		}
	}
	secure = &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != "" {
		raw, err := ReadFile(a.CA, 1<<20)
		if err != nil {
			return "", nil, nil, err
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(raw) {
			return "", nil, nil, fmt.Errorf("%s holds no PEM certificate", a.CA)
		}
	}
	if a.ClientCert != "" {
		pair, err := tls.LoadX509KeyPair(a.ClientCert, a.ClientKey)
		if err != nil {
			return "", nil, nil, fmt.Errorf("client certificate: %w", err)
		}
		secure.Certificates = []tls.Certificate{pair}
	}
	return token, verify, secure, nil
}

// serve runs r with its status page.
func (c followCmd) serve(ctx context.Context, r *receive.Receiver) error {
	ln, err := listen(ctx, c.Status)
	if err != nil {
		r.Close()
		return err
	}
	fmt.Printf("status page on http://%s/\n", ln.Addr())
	srv := &http.Server{
		Handler: page.New(r), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "status page:", err)
		}
	})
	defer all.Wait()
	defer func() { _ = srv.Close() }() // nothing is lost: a pressed button is on the disk before it is answered
	return r.Run(ctx)
}

// listen opens the status page's port. What it shows is for this machine alone.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("--status %s: give HOST:PORT, such as 127.0.0.1:8460", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--status %s: the page has no login, so it is for this machine alone; use 127.0.0.1", addr)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--status: %w", err)
	}
	return ln, nil
}

// ReadFile reads a small file that a person named; limit is in bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is over %d bytes", path, limit)
	}
	return data, nil
}
