// Package site is what the public sees: the citizens' pages, the feeds, the
// public JSON, the signed documents, the pictures, and what partners embed.
//
// Nobody signs in, nothing is counted, no cookie is set. Every page works
// without script. Everything that names a child is answered fresh or confirmed
// fresh (see reply.go), and once the alert has ended its address answers 410
// and names nobody.
package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/web"
)

// Current is what the public may know now: *current.Set.
type Current interface {
	Live() []current.Revision
	Ended() []current.Revision
	Case(id string) (r current.Revision, ok bool)
	Identifier(id string) (r current.Revision, gone, ok bool)
	// Version changes whenever an answer of the others does.
	Version() string
}

// Photos holds the pictures: stream.ErrNone for one that never was, stream.ErrGone after its deletion.
type Photos interface {
	Get(ctx context.Context, name string) ([]byte, error)
}

// Atlas knows the areas an alert can be for.
type Atlas interface {
	Countries() []alert.Area
	Units(country string) []alert.Area
	Area(code string) (alert.Area, bool)
	Search(q string, lang alert.Lang, limit int) []alert.Area
	// Outline and Centre are for maps to choose on; nil and false for what is not drawn.
	Outline(code string) []alert.Polygon
	Centre(code string) (alert.Point, bool)
}

// Verified is what a genuine document says of itself. It has no word about the child.
type Verified struct {
	Identifier string
	Sender     string
	Sent       time.Time
	Status     alert.Status
	MsgType    alert.MsgType
}

// Deps is what the site needs of the other rooms.
type Deps struct {
	Current Current
	Photos  Photos
	Atlas   Atlas
	// Verify checks a CAP document against the issuer's certificate; its error says what is wrong, in English.
	Verify        func(document []byte) (Verified, error)
	Certificate   string   // PEM, of the signature in CAP documents
	WebhookKey    string   // public key of webhooks, "whpk_..."
	FeedAddresses []string // of the broadcasters' feed, every node's
	PublicURL     string   // "https://alert.example", without a path
	Realm         alert.Realm
	Authority     string       // who runs the service, as the public knows it; empty = not said
	Country       string       // ISO 3166-1: chosen first on the subscription page
	TimeZone      string       // IANA name for times that no case tells; empty = UTC
	Languages     []alert.Lang // of the State, first = for who asks for none of ours; empty = English
	PushEnabled   bool         // the web push channel is on
	Log           *slog.Logger // nil = discard
}

// site is the handler's inside.
type site struct {
	Deps
	pages    web.Pages
	words    map[alert.Lang]map[string]string
	names    []web.Language
	fixed    fixed
	answers  memo
	pictures pictures
	checking chan struct{} // a token for each document being verified
}

// checksAtOnce bounds verification: it is the one thing here that costs a
// stranger a request and us a millisecond of computing.
const checksAtOnce = 4

// New builds the public site with every address that needs no login, static
// files included; web push and the broadcasters' feed serve their own. It fails
// when a page, a text or a dependency is wrong.
func New(d Deps) (http.Handler, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	s := &site{Deps: d, checking: make(chan struct{}, checksAtOnce)}
	var err error
	if s.words, s.names, err = loadWords(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if s.pages, err = web.LoadPages("site", s.templateFuncs()); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if s.fixed, err = s.loadFixed(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	return s.routes(), nil
}

func (d *Deps) check() error {
	if d.Current == nil || d.Photos == nil || d.Atlas == nil || d.Verify == nil {
		return errors.New("a dependency is missing")
	}
	if d.Realm != alert.Live && d.Realm != alert.Drill {
		return fmt.Errorf("realm %q is neither live nor drill", d.Realm)
	}
	u, err := url.Parse(d.PublicURL)
	if err != nil || u.Host == "" || strings.HasSuffix(d.PublicURL, "/") {
		return fmt.Errorf("public address %q: write it like https://alert.example, without a path", d.PublicURL)
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	for _, l := range d.Languages {
		if !slices.Contains(alert.Langs, l) {
			return fmt.Errorf("language %q has no pages; choose from en, fr, de, it, ru, es", l)
		}
	}
	if len(d.Languages) == 0 {
		d.Languages = []alert.Lang{alert.English}
	}
	if d.TimeZone == "" {
		d.TimeZone = "UTC"
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// pictures remembers which photos were public, so that one of an ended alert
// is 410 from the first moment, also while the store is still deleting it.
type pictures struct {
	mu  sync.Mutex
	had map[string]struct{}
}
