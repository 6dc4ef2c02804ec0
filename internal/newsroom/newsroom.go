// Package newsroom is the broadcasters' site: for a person at a station who has
// to trust an alert in seconds, put it on air, say so, and take it down again.
//
// An editor belongs to one station and sees what concerns it: the live alerts
// with every word, picture and sound to copy or download, what the station has
// answered, when the next airing is due, and how its line is. He answers by
// buttons; each press is a receipt on the ledger like those of the station's
// receiver, and on the officer's board within a second. The station decides
// what it airs: nothing here orders, and a reason is always an answer.
//
// Pages are written on the server in six languages and work without script; a
// script copies texts, keeps clocks and shows a new alert at once. Nothing is
// ever stored by a browser, and what was withdrawn leaves the open page.
//
// Two ways in: an editor's own account (tocsin users add --role editor), or,
// for a small station, the station's token and one's name. Officers have no
// right here, editors none in the console.
package newsroom

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/web"
)

// channel is the stations' name in the registry and on the ledger.
const channel = "broadcast"

// Accounts signs editors and guests in and out: *auth.Book.
type Accounts interface {
	SignInEditor(ctx context.Context, id, password string) (auth.Officer, error)
	StartSession(w http.ResponseWriter, r *http.Request, o auth.Officer) error
	StartGuest(w http.ResponseWriter, r *http.Request, g auth.Guest) error
	EndSession(w http.ResponseWriter, r *http.Request) error
	Middleware(next http.Handler) http.Handler
}

// Registry knows the stations: *recipient.Registry.
type Registry interface {
	Get(channel, id string) (adapter.Recipient, bool)
}

// Tokens knows the stations' secrets: *broadcast.Feed.
type Tokens interface {
	// StationByToken is the station of a token, and the seal that tells this token from others.
	StationByToken(token string) (id, seal string, ok bool)
	// Holds says whether the token of this seal still opens the station's door.
	Holds(id, seal string) bool
}

// Alerts is what is live and what has ended: *current.Set.
type Alerts interface {
	Live() []current.Revision
	Ended() []current.Revision
	Identifier(id string) (r current.Revision, gone, ok bool)
	Watch() (<-chan struct{}, func())
}

// Ledger keeps what stations say: *ledger.Ledger.
type Ledger interface {
	Report(ctx context.Context, r adapter.Report) error
	Acts(caseID, channel, recipient string) []ledger.Act
	LastAct(channel, recipient string) time.Time
	// Touched says whether an earlier revision may have reached the recipient.
	Touched(caseID string, before int, channel, recipient string) bool
	Watch(caseID string) (<-chan struct{}, func())
}

// Media holds the pictures and sounds of alerts: stream.ErrGone after their deletion.
type Media interface {
	Get(ctx context.Context, name string) ([]byte, error)
}

// Line is a station's connection.
type Line struct {
	Receivers int       // sessions open now
	Since     time.Time // of the present state; zero = never connected to this process
}

// Lines knows who is on the line.
type Lines interface {
	Line(station string) Line
}

// LinkTest is how the tests of a station's line came out.
type LinkTest struct {
	At      time.Time     // when the newest test was sent
	Outcome string        // of the newest: good, late, waiting or failed
	Took    time.Duration // to the station's confirmation of the newest; 0 when there was none
	Good    time.Time     // when the last good one was sent; zero = never
	Sound   bool          // the line may be trusted
}

// LinkTests keeps the results of the weekly test.
type LinkTests interface {
	// Last is false when the station was never tested.
	Last(station string) (LinkTest, bool)
}

// Deps is what the newsroom needs of the other rooms.
type Deps struct {
	Accounts Accounts
	Registry Registry
	Tokens   Tokens // nil: nobody signs in by a station's token
	Alerts   Alerts
	Ledger   Ledger
	Media    Media
	Lines    Lines
	Tests    LinkTests // nil: no test is kept yet
	// TestLine sends a test to one station now; nil = the server cannot. It does not wait for the answer.
	TestLine func(ctx context.Context, station string) error
	// Match says whether a station of the areas want is meant by an alert for the areas of it.
	Match func(want, of []string) bool
	// Verify checks a CAP document against the issuer's certificate.
	Verify      func(document []byte) error
	Certificate string // PEM, of the signature in CAP documents
	Realm       alert.Realm
	PublicURL   string // "https://alert.example": trusted origin of forms behind a proxy
	Authority   string // the issuer, as stations know it
	TimeZone    string // IANA name of the clocks that editors read; empty = UTC
	Languages   []alert.Lang
	Log         *slog.Logger // nil = discard
}

// newsroom is the handler's inside.
type newsroom struct {
	Deps
	pages   web.Pages
	words   map[alert.Lang]map[string]string
	names   []web.Language
	zone    *time.Location
	signer  signer
	genuine genuine
	zips    chan struct{} // a token for each archive under way

	mu      sync.Mutex
	streams map[string]int // open streams of each station
}

// New builds the broadcasters' site under /newsroom; styles and scripts are
// web.Static's. It fails when a page, a text or a dependency is wrong.
func New(d Deps) (http.Handler, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("newsroom: %w", err)
	}
	n := &newsroom{
		Deps: d, zips: make(chan struct{}, zipsAtOnce), streams: make(map[string]int),
		genuine: genuine{checked: make(map[string]bool)},
	}
	var err error
	if n.zone, err = time.LoadLocation(d.TimeZone); err != nil {
		return nil, fmt.Errorf("newsroom: time zone: %w", err)
	}
	if n.signer, err = readSigner(d.Certificate); err != nil {
		return nil, fmt.Errorf("newsroom: certificate: %w", err)
	}
	if n.words, n.names, err = loadWords(); err != nil {
		return nil, fmt.Errorf("newsroom: %w", err)
	}
	if n.pages, err = web.LoadPages("newsroom", n.templateFuncs()); err != nil {
		return nil, fmt.Errorf("newsroom: %w", err)
	}
	guard, err := n.crossOrigin()
	if err != nil {
		return nil, fmt.Errorf("newsroom: %w", err)
	}
	return headers(d.PublicURL, guard.Handler(d.Accounts.Middleware(n.routes()))), nil
}

func (d *Deps) check() error {
	if d.Accounts == nil || d.Registry == nil || d.Alerts == nil || d.Ledger == nil || d.Media == nil ||
		d.Lines == nil || d.Match == nil || d.Verify == nil {
		return errors.New("a dependency is missing")
	}
	if d.Realm != alert.Live && d.Realm != alert.Drill {
		return fmt.Errorf("realm %q is neither live nor drill", d.Realm)
	}
	for _, l := range d.Languages {
		if !slices.Contains(alert.Langs, l) {
			return fmt.Errorf("language %q has no pages; choose from en, fr, de, it, ru, es", l)
		}
	}
	if len(d.Languages) == 0 {
		d.Languages = []alert.Lang{alert.English}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// routes are the newsroom's addresses. What a page links to carries the
// language; HEAD is answered wherever GET is.
func (n *newsroom) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /newsroom", n.chooseLanguage)
	mux.HandleFunc("GET /newsroom/{$}", n.chooseLanguage)
	mux.HandleFunc("GET /newsroom/{lang}/{$}", n.need(n.mainPage))
	mux.HandleFunc("GET /newsroom/{lang}/sign-in", n.inLanguage(n.signInPage))
	mux.HandleFunc("POST /newsroom/{lang}/sign-in", n.inLanguage(n.signIn))
	mux.HandleFunc("POST /newsroom/{lang}/sign-out", n.inLanguage(n.signOut))
	mux.HandleFunc("POST /newsroom/{lang}/test", n.need(n.testLine))
	mux.HandleFunc("POST /newsroom/{lang}/receipts", n.need(n.say))
	mux.HandleFunc("GET /newsroom/{lang}/events", n.need(n.events))
	mux.HandleFunc("GET /newsroom/{lang}/certificate.pem", n.need(n.certificate))
	mux.HandleFunc("GET /newsroom/{lang}/alerts/{identifier}/{file}", n.need(n.file))
	mux.HandleFunc("/", n.notFound)
	return mux
}

// signer is who signs the alerts, as an editor can compare it.
type signer struct {
	Name        string // the certificate's subject
	Fingerprint string // SHA-256 of the certificate, in pairs
}

func readSigner(certificate string) (signer, error) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return signer{}, errors.New("it is not PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return signer{}, err
	}
	return signer{Name: c.Subject.CommonName, Fingerprint: fingerprint(c.Raw)}, nil
}
