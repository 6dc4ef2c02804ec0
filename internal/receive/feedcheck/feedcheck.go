// Package feedcheck says whether a feed keeps tocsin.feed.v1, as a station sees
// it: `tocsin receive --check`. It is a client that does on purpose what goes
// wrong by accident: it cuts its own line, comes back with good, old, foreign
// and future cursors, asks on two lines and on three transports at once, and
// sends receipts that must be taken and others that must be refused.
//
// It reads frames by itself and strictly, where a receiver is lenient. It is
// meant for a test server. On a server with real alerts it confirms none: nobody
// has stored them. Where nothing is live it says what it could not check.
package feedcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/receive"
)

// Options of a check.
type Options struct {
	URL    string           // https://alerts.example, or wss://alerts.example/v1/feed
	Token  string           // the station's; may be empty where TLS has a client certificate
	TLS    *tls.Config      // nil: the system's
	Verify receive.Verifier // of the issuer's signature
	// Patience is how long the feed may say nothing where it owes something; 0 = 15 s.
	Patience time.Duration
}

// Outcome of one check.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Skip Outcome = "skip" // it could not be checked
)

// Result is one line of the report.
type Result struct {
	N       int     `json:"n"`
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"` // of a failure or a skip
	Millis  int64   `json:"ms"`
}

// Report is the whole.
type Report struct {
	Feed    string   `json:"feed"`
	Live    int      `json:"live"` // alerts that were live at the start
	Passed  int      `json:"passed"`
	Failed  int      `json:"failed"`
	Skipped int      `json:"skipped"`
	Results []Result `json:"results"`
}

// check is one thing that a feed must do.
type check struct {
	name string
	run  func(*probe) error
}

// checks are in the order in which a client meets them; later ones trust what earlier ones saw.
var checks = []check{
	{"a stranger is refused, and the token is never taken from the address", (*probe).strangers},
	{"the WebSocket speaks tocsin.feed.v1, uncompressed", (*probe).subprotocol},
	{"hello says where things stand", (*probe).hello},
	{"everything live comes, then live says so", (*probe).live},
	{"prev proves that no frame is missing", (*probe).chain},
	{"heartbeats come in time and list everything live", (*probe).heartbeats},
	{"each alert is signed, and says what was signed", (*probe).signed},
	{"pictures and sounds have the digests that were signed", (*probe).media},
	{"after a cut the log goes on at the cursor", (*probe).replay},
	{"a gap is filled on the same line", (*probe).gap},
	{"start new sends nothing old", (*probe).startNew},
	{"an unknown cursor is told, and everything live follows", (*probe).cursorUnknown},
	{"a cursor of another epoch is told, and everything live follows", (*probe).cursorForeign},
	{"a cursor from the future is told, and everything live follows", (*probe).cursorFuture},
	{"two lines bring the same bytes, each revision once", (*probe).twoLines},
	{"Server-Sent Events bring the same bytes", (*probe).events},
	{"the long poll brings the same bytes", (*probe).poll},
	{"a receipt is confirmed, and the same again is one", (*probe).receipt},
	{"declined and failed need a reason", (*probe).reasons},
	{"a receipt for a stranger's alert is refused", (*probe).stranger},
	{"a frame of an unknown type is ignored", (*probe).unknownType},
	{"what is no JSON ends the line with 4400 and a reason", (*probe).noJSON},
	{"a frame over 16 KB ends the line with 1009", (*probe).tooLarge},
	{"a wrong request is answered by a problem document", (*probe).problems},
}

// Names lists the checks in their order.
func Names() []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.name
	}
	return out
}

// skip is the reason why something could not be checked.
type skip string

func (s skip) Error() string { return string(s) }

// nothingLive is the reason most met.
const nothingLive = skip("nothing is live: release an exercise alert on the test server and check again")

// Run checks the feed and calls each with every result as it comes. The error
// is of the options; a feed that does not answer fails its checks.
func Run(ctx context.Context, opt Options, each func(Result)) (Report, error) {
	ws, err := receive.FeedURL(opt.URL)
	if err != nil {
		return Report{}, err
	}
	if opt.Verify == nil {
		return Report{}, errors.New("cert: give the issuer's certificate; without it nothing can be trusted")
	}
	p := &probe{opt: opt, ctx: ctx, ws: ws, http: "http" + strings.TrimPrefix(ws, "ws")}
	if p.opt.Patience <= 0 {
		p.opt.Patience = 15 * time.Second
	}
	p.client = &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{TLSClientConfig: opt.TLS, Proxy: http.ProxyFromEnvironment, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer p.client.CloseIdleConnections()
	rep := Report{Feed: opt.URL}
	p.err = p.look()
	rep.Live = len(p.base.alerts)
	for i, c := range checks {
		res := Result{N: i + 1, Name: c.name}
		began := time.Now()
		res.Outcome, res.Reason = p.judge(c)
		res.Millis = time.Since(began).Milliseconds()
		switch res.Outcome {
		case Pass:
			rep.Passed++
		case Fail:
			rep.Failed++
		case Skip:
			rep.Skipped++
		}
		rep.Results = append(rep.Results, res)
		each(res)
		if ctx.Err() != nil {
			return rep, ctx.Err()
		}
	}
	return rep, nil
}

// attempts is how often a check is run while the log moves under it: somebody
// may be releasing alerts on the test server.
const attempts = 3

// judge runs one check.
func (p *probe) judge(c check) (Outcome, string) {
	var err error
	for range attempts {
		head := p.base.head
		if err = c.run(p); err == nil {
			return Pass, ""
		}
		if s, ok := errors.AsType[skip](err); ok {
			return Skip, string(s)
		}
		if p.err = p.look(); p.err != nil || p.base.head == head {
			break // the log stood still: the fault is the feed's
		}
	}
	return Fail, err.Error()
}

// probe is one run.
type probe struct {
	opt    Options
	ctx    context.Context
	ws     string // address of the WebSocket
	http   string // the same for the other transports
	client *http.Client

	base snapshot // what a plain client is sent
	err  error    // why there is no base
}

// snapshot is one replay from its hello to the heartbeat.
type snapshot struct {
	hello  frame
	alerts []frame
	live   frame
	beat   frame
	head   uint64
}

// look takes the base anew.
func (p *probe) look() error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.cut()
	s, err := c.replay(resume{Start: "live"})
	if err != nil {
		return fmt.Errorf("start live: %w", err)
	}
	p.base = s
	return nil
}

// path is an address of the feed beside the WebSocket's.
func (p *probe) path(rest string, query url.Values) string {
	u := p.http + rest
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}
