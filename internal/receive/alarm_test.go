package receive

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A server that cannot be reached at all is no quieter than one that is silent:
// the alarm of each line after three intervals, and one for all of them, once.
func TestDeadServersRaiseTheAlarmOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var raised []string
		began := time.Now()
		r, err := New(Options{
			Feeds: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, Token: "t", Dir: dir, Verify: sealed,
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") },
			OnAlarm: func(a Alarm) {
				raised = append(raised, fmt.Sprintf("%s %s %s", a.Kind, strings.TrimPrefix(a.Feed, "ws://127.0.0.1"), time.Since(began)))
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = r.Run(ctx) })
		time.Sleep(29 * time.Second)
		if s := r.Status(); s.Well || s.Feeds[0].Problem == "" || len(s.Alarms) != 0 {
			t.Errorf("status after 29 s: %+v", s)
		}
		time.Sleep(10 * time.Minute)
		if s := r.Status(); s.Well || len(s.Alarms) != 3 || s.Alarms[0].Times < 500 {
			t.Errorf("status %+v", s)
		}
		cancel()
		all.Wait()
		want := []string{"silent :1/v1/feed 30s", "silent :2/v1/feed 30s", "dark  30s"}
		if !slices.Equal(raised, want) {
			t.Errorf("alarms %q, want %q", raised, want)
		}
	})
}

func TestAlarmCommand(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	good := alertOf("zoe", 1, "Alert")
	f.log = []map[string]any{change(good, map[string]any{"cap": strings.TrimSuffix(good["cap"].(string), seal)})}
	x := start(t, dir, func(o *Options) {
		o.AlarmExec = []string{"/bin/sh", "-c", `echo "$TOCSIN_ALARM $TOCSIN_FEED $TOCSIN_TEXT" >> alarms`}
	}, f)
	ran := func() string { b, _ := os.ReadFile(filepath.Join(dir, "alarms")); return string(b) }
	want := "forged " + x.opt.Feeds[0] + " an alert was refused and not stored: signature: not sealed\n"
	x.until("the command ran", func() bool { return ran() == want })
	f.put(f.log[0]) // the same document comes again, and raises nothing new
	x.until("it came again", func() bool {
		s := x.Status()
		return len(s.Alarms) == 1 && s.Alarms[0].Times > 1
	})
	log, err := os.ReadFile(filepath.Join(dir, "log.jsonl"))
	if err != nil || strings.Count(string(log), `"alarm forged"`) != 1 || ran() != want {
		t.Errorf("log %s, %v, ran %q", log, err, ran())
	}
}

// A clock that is off by an hour is told, and the alert lives as long as it
// should: neither deleted an hour early nor kept an hour too long.
func TestClockOffByAnHour(t *testing.T) {
	for name, tt := range map[string]struct {
		skew  time.Duration // the feed's clock less ours
		says  string
		lives bool // an alert that by our clock ended, or ends, half an hour from now
	}{
		"ours is ahead":                        {-time.Hour, "ahead of", true},
		"ours is behind":                       {time.Hour, "behind", false},
		"a minute is nothing":                  {time.Minute, "", true},
		"a year is the feed's fault as likely": {-365 * 24 * time.Hour, "ahead of", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed(t)
			dir := t.TempDir()
			frame := alertOf("zoe", 1, "Alert")
			expires := time.Now().Add(30 * time.Minute)
			if tt.skew == -time.Hour {
				expires = time.Now().Add(-30 * time.Minute)
			}
			doc := frame["cap"].(string)
			from, rest, _ := strings.Cut(doc, "<expires>")
			_, rest, _ = strings.Cut(rest, "</expires>")
			doc = from + "<expires>" + expires.Format(time.RFC3339) + "</expires>" + rest
			x := start(t, dir, nil, f)
			x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
			beat := map[string]any{"type": "heartbeat", "epoch": "e1", "at": time.Now().Add(tt.skew), "head": 0, "live": []any{}}
			f.all(beat)
			x.until("the heartbeat was heard", func() bool { return !x.Status().Feeds[0].Heard.IsZero() })
			f.put(change(frame, map[string]any{"cap": doc}))
			f.put(alertOf("end", 1, "Alert"))
			x.until("the next is there", func() bool { return slices.Contains(x.got(), "end-1") })
			if got := slices.Contains(x.got(), "zoe-1"); got != tt.lives {
				t.Errorf("stored %v, want %v", got, tt.lives)
			}
			told := slices.ContainsFunc(x.Alarms(), func(a Standing) bool { return a.Kind == AlarmClock && strings.Contains(a.Text, tt.says) })
			if told != (tt.says != "") {
				t.Errorf("alarms %+v", x.Alarms())
			}
			beat["at"] = time.Now()
			f.all(beat)
			x.until("the clock is right again", func() bool {
				return !slices.ContainsFunc(x.Alarms(), func(a Standing) bool { return a.Kind == AlarmClock })
			})
		})
	}
}

// One node with a wrong clock cannot make a station delete anything.
func TestOneWrongNodeDoesNotMoveTheClock(t *testing.T) {
	a, b := newFeed(t), newFeed(t)
	x := start(t, t.TempDir(), nil, a, b)
	for i, f := range []*feed{a, b} {
		x.until("connected", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.resumes) == 1 })
		at := time.Now().Add(time.Duration(i) * 20 * time.Hour)
		f.all(map[string]any{"type": "heartbeat", "epoch": "e1", "at": at, "head": 0, "live": []any{}})
		x.until("heard", func() bool { return !x.Status().Feeds[i].Heard.IsZero() })
	}
	if off := time.Until(x.Status().At).Abs(); off > time.Minute {
		t.Errorf("the clock moved by %v", off)
	}
}

// selfSigned is a server's certificate for 127.0.0.1.
func selfSigned(t *testing.T, from, to time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "feed"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestBadCertificateOfTheFeed(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		from, to time.Time
		known    bool
		want     string
	}{
		"expired":       {now.Add(-48 * time.Hour), now.Add(-time.Hour), true, "has expired"},
		"not yet valid": {now.Add(time.Hour), now.Add(48 * time.Hour), true, "check this machine's clock"},
		"a stranger's":  {now.Add(-time.Hour), now.Add(48 * time.Hour), false, "--ca"},
	} {
		t.Run(name, func(t *testing.T) {
			pair, pool := selfSigned(t, tt.from, tt.to)
			srv := httptest.NewUnstartedServer(http.NotFoundHandler())
			srv.Config.ErrorLog = nil
			srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			srv.StartTLS()
			defer srv.Close()
			if !tt.known {
				pool = x509.NewCertPool()
			}
			x := start(t, t.TempDir(), func(o *Options) { o.Feeds, o.TLS = []string{srv.URL}, &tls.Config{RootCAs: pool} })
			x.until("the alarm", func() bool { return x.alarmed(AlarmTLS) })
			if a := x.Alarms()[0]; a.Kind != AlarmTLS || !strings.Contains(a.Text, tt.want) {
				t.Errorf("alarm %+v, want %q", a, tt.want)
			}
		})
	}
}
