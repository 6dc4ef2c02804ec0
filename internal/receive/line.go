package receive

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// line follows one address of the feed.
type line struct {
	r    *Receiver
	addr string

	retry time.Duration // what the server's bye asked for

	// For the watch and the status page; under r.mu.
	heard     time.Time // last heartbeat, or the start
	beaten    bool      // there was one
	connected bool      // hello has come, and the line has not ended
	head      uint64    // as the feed said last
	credDays  *int      // whole days until the credential ends; nil: it does not
	skew      time.Duration
	timed     bool   // skew is known
	problem   string // why the last connection ended

	// Of one connection.
	conn    *websocket.Conn
	writing sync.Mutex
	epoch   string
	beat    time.Duration // under r.mu
	from    uint64        // where the chain begins once hello answers the resume
	chain   uint64        // seq that the next frame's prev must name
	broken  bool          // a gap was seen: the cursor stays until the replay
	live    bool          // the replay has ended
	asked   time.Time
	all     time.Time
}

// follow keeps a connection until ctx ends.
func (l *line) follow(ctx context.Context) {
	wait := firstRetry
	for ctx.Err() == nil {
		began := time.Now()
		l.retry = 0
		err := l.session(ctx)
		l.lost(err)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastRetry { // it had worked: begin at the beginning
			wait = firstRetry
		}
		pause := max(wait/2+rand.N(wait), l.retry) // jitter: not every station at once
		switch {
		case errors.Is(err, errAuth):
			l.r.alarm(l.addr, AlarmAuth, err.Error())
			pause = max(pause, authRetry)
		case errors.Is(err, errTLS):
			l.r.alarm(l.addr, AlarmTLS, err.Error())
		}
		l.r.opt.Log.Info("feed lost", "feed", l.addr, "err", err, "again_in", pause)
		wait = min(2*wait, lastRetry)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

var (
	errAuth   = errors.New("the feed refuses the token; ask the operator for a new one")
	errTLS    = errors.New("the feed's certificate is not good")
	errSilent = errors.New("no heartbeat for three intervals")
)

// session is one connection, from dial to its end.
func (l *line) session(ctx context.Context) error {
	if err := l.dial(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer l.conn.Close()
	defer cancel()
	all.Go(func() {
		<-ctx.Done()
		msg := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = l.conn.WriteControl(websocket.CloseMessage, msg, time.Now().Add(time.Second))
		_ = l.conn.SetReadDeadline(time.Now()) // wakes the reader
	})
	l.r.mu.Lock()
	pos := l.r.state.Positions[l.addr]
	l.r.mu.Unlock()
	if err := l.resume(pos, ""); err != nil {
		return err
	}
	all.Go(func() { l.deliver(ctx) })
	for {
		_ = l.conn.SetReadDeadline(time.Now().Add(silentBeat * l.beat)) // only this goroutine changes beat
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, data, err := l.conn.ReadMessage()
		if err != nil {
			return l.ended(ctx, err)
		}
		f, err := decodeFrame(data)
		if err != nil {
			return err
		}
		if err := l.handle(ctx, &f); err != nil {
			return err
		}
	}
}

func (l *line) dial(ctx context.Context) error {
	d := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialWait, Subprotocols: []string{subprotocol},
		TLSClientConfig: l.r.opt.TLS, NetDialContext: l.r.opt.Dial,
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	header := http.Header{}
	if l.r.opt.Token != "" {
		header.Set("Authorization", "Bearer "+l.r.opt.Token)
	}
	conn, resp, err := d.DialContext(ctx, l.addr, header)
	if err != nil {
		if why := badCertificate(err); why != "" {
			return fmt.Errorf("%w: %s", errTLS, why)
		}
		if resp != nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden) {
			return errAuth
		}
		if resp != nil {
			return fmt.Errorf("the feed answers with status %d", resp.StatusCode)
		}
		return fmt.Errorf("the feed cannot be reached: %w", err)
	}
	conn.SetReadLimit(maxFrame)
	l.conn, l.live, l.broken = conn, false, false
	l.setEpoch("")
	l.setBeat(defaultBeat) // until hello says better
	l.asked, l.all = time.Time{}, time.Time{}
	return nil
}

// ended turns the end of the line into its reason.
func (l *line) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) {
		return errSilent
	}
	if websocket.IsCloseError(err, closeAuthentication, closeNotAllowed) {
		return errAuth
	}
	return fmt.Errorf("the line ended: %w", err)
}

// resume asks the feed to go on after pos, or from start.
func (l *line) resume(pos position, start string) error {
	l.asked = time.Now()
	q := struct {
		Type   string `json:"type"`
		Client string `json:"client"`
		Cursor string `json:"cursor,omitempty"`
		Start  string `json:"start,omitempty"`
	}{"resume", "tocsin-receive/1", "", start}
	if start == "" && pos.Epoch != "" {
		q.Cursor = pos.String()
	}
	l.from = 0
	if q.Cursor != "" {
		l.from = pos.Seq
	}
	return l.write(q)
}

func (l *line) write(v any) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(dialWait))
	return l.conn.WriteJSON(v)
}

func (l *line) cursor() position {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	return l.r.state.Positions[l.addr]
}

// advance moves the cursor of this feed; it is saved with the next receipt, or soon.
func (l *line) advance(seq uint64) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	if p := l.r.state.Positions[l.addr]; p.Epoch != l.epoch || p.Seq < seq {
		l.r.state.Positions[l.addr] = position{l.epoch, seq}
		l.r.dirty = true
	}
}

func (l *line) setEpoch(epoch string) {
	l.r.mu.Lock()
	l.epoch = epoch
	l.r.wake()
	l.r.mu.Unlock()
}

// deliver puts owed receipts on this line until it ends.
func (l *line) deliver(ctx context.Context) {
	t := time.NewTicker(answerWait)
	defer t.Stop()
	for {
		l.r.mu.Lock()
		news, epoch := l.r.news, l.epoch
		l.r.mu.Unlock()
		if epoch != "" {
			for _, rec := range l.r.due(epoch, time.Now()) {
				if err := l.write(rec.wire()); err != nil {
					l.r.untry(epoch)
					return
				}
			}
		}
		select {
		case <-ctx.Done():
			l.r.untry(epoch)
			return
		case <-news:
		case <-t.C:
		}
	}
}

// lost notes the end of a connection, and why.
func (l *line) lost(err error) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.connected = false
	if err != nil {
		l.problem = err.Error()
	}
}

func (l *line) setBeat(d time.Duration) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.beat = d
}

// badCertificate says in words what is wrong with the feed's certificate; empty
// when that was not the fault.
func badCertificate(err error) string {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "it has expired or is not valid yet; tell the operator, and check this machine's clock"
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return "it is not for " + e.Host + "; check the address"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "no authority that this machine knows has signed it; a private one is named by --ca"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "it cannot be verified; tell the operator"
	}
	return ""
}
