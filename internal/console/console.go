// Package console is the officers' site and the officers' API: sign in, draft a
// case, see what every channel will say, submit, release as a second person,
// watch the board fill, withdraw.
//
// Pages are written on the server and work without script; scripts only keep
// clocks and the board alive. Every rule of who may do what lives in package
// casework: a page that hides a button is a courtesy, never the guard.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/criteria"
	"tocsin/internal/growth"
	"tocsin/internal/ledger"
	"tocsin/internal/linktest"
	"tocsin/internal/media"
	"tocsin/internal/region"
	"tocsin/web"
)

// Casework is what officers may do with a case.
type Casework interface {
	Draft(ctx context.Context, by auth.Officer, d casework.Draft) (casework.Case, error)
	Edit(ctx context.Context, by auth.Officer, id string, version uint64, d casework.Draft) (casework.Case, error)
	AddPhoto(ctx context.Context, by auth.Officer, id string, r io.Reader) (string, error)
	EditPhoto(ctx context.Context, by auth.Officer, id, token string, e media.Edit) (string, error)
	Preview(ctx context.Context, id string) (casework.Preview, error)
	Sketch(id string, d *casework.Draft) (casework.Sketch, error)
	Reword(ctx context.Context, by auth.Officer, id string, version uint64, lang alert.Lang, name, text string) (casework.Case, error)
	Unword(ctx context.Context, by auth.Officer, id string, version uint64, lang alert.Lang, name string) (casework.Case, error)
	Kit(ctx context.Context, by auth.Officer, id string) (casework.Case, error)
	Submit(ctx context.Context, by auth.Officer, id string) (casework.Case, error)
	Approve(ctx context.Context, by auth.Officer, id string, a casework.Approval) (casework.Case, error)
	Confirmation(by auth.Officer) casework.Confirmation
	Return(ctx context.Context, by auth.Officer, id, reason string) (casework.Case, error)
	Reject(ctx context.Context, by auth.Officer, id, reason string) (casework.Case, error)
	Withdraw(ctx context.Context, by auth.Officer, id string, o alert.Outcome, words alert.Localized) (casework.Case, error)
	Get(id string) (casework.Case, error)
	// Find is Get, of a case that another process made a moment ago too.
	Find(ctx context.Context, id string) (casework.Case, error)
	List() []casework.Case
	// Asks is the set of criteria that new cases are asked; nil = nothing.
	Asks() *criteria.Set
	// Scan goes over every case in no order; what it gives is read only.
	Scan() iter.Seq[*casework.Case]
	Resend(ctx context.Context, by auth.Officer, id string, r casework.Resent, send func(context.Context) error) error
	Record(ctx context.Context, id string) ([]casework.Event, error)
	// Practises says whether there is a tour; Alone, whether this officer may release what he wrote, for practice.
	Practises() bool
	Practise(ctx context.Context, by auth.Officer, d casework.Draft) (casework.Case, error)
	DraftFor(ctx context.Context, by auth.Officer, exercise string, d casework.Draft) (casework.Case, error)
	Visit(ctx context.Context, by auth.Officer, id string, v casework.Visit) error
	Alone(k casework.Case, by auth.Officer) bool
	// Reach counts who is in areas, channel by channel, all languages.
	Reach(areas []string) []casework.ChannelPreview
	// Outside are the areas of a case that an officer may not alert alone.
	Outside(k casework.Case, by auth.Officer) []string
	Agree(ctx context.Context, by auth.Officer, id, digest, reason string) (casework.Case, error)
	DeclineGrowth(ctx context.Context, by auth.Officer, id string, km int) (casework.Case, error)
}

// Accounts signs officers in and out.
type Accounts interface {
	Ways
	SignIn(ctx context.Context, id, password string) (auth.Officer, error)
	EndSession(w http.ResponseWriter, r *http.Request) error
	Middleware(next http.Handler) http.Handler
	List() []auth.Officer
}

// Ledger answers who has not got it yet.
type Ledger interface {
	Board(caseID string) (ledger.Board, error)
	// Boards are those of every revision that is still in memory, oldest first.
	Boards(caseID string) ([]ledger.Board, error)
	// Watch pulses at every change of the case's board until the function is called.
	Watch(caseID string) (<-chan struct{}, func())
}

// Atlas knows the areas an alert can be for.
type Atlas interface {
	Countries() []alert.Area
	Units(country string) []alert.Area
	Area(code string) (alert.Area, bool)
	Search(q string, lang alert.Lang, limit int) []alert.Area
	Centre(code string) (alert.Point, bool)
	Outline(code string) []alert.Polygon
	// Reached are the units that the circle and the drawings of facts reach into.
	Reached(f *alert.Facts) []string
	// Coarse is at most most codes that cover the same.
	Coarse(codes []string, most int) []string
	Undrawn(countries ...string) []string
	// Topology is a State's units as TopoJSON; false when none is drawn.
	Topology(country string, lang alert.Lang) ([]byte, bool)
	Touched(c alert.Circle) []string
}

// Station is one broadcaster's line.
type Station struct {
	ID        string
	Name      string
	Connected bool
	Since     time.Time // of the present state; zero = never connected
	// Phone says that an SMS goes to its telephone when it does not confirm.
	Phone bool
	// Test is how its link tests went; nil where none are made.
	Test *linktest.Standing
}

// Stations says which broadcasters are on the line now.
type Stations interface {
	Stations() []Station
}

// Resend has one recipient tried again with the newest revision of a case; its
// errors are delivery's.
type Resend func(ctx context.Context, caseID string, revision int, channel, recipient string) error

// Photos holds the pictures that officers uploaded.
type Photos interface {
	Get(ctx context.Context, name string) ([]byte, error)
}

// Deps is what the console needs of the other rooms.
type Deps struct {
	Casework Casework
	Accounts Accounts
	// Officer is the signed-in officer of a request: auth.From.
	Officer   func(ctx context.Context) (auth.Officer, bool)
	Passkeys  Passkeys // nil: browsers make none for the public address
	SSO       SSO      // nil: no single sign-on
	Ledger    Ledger
	Atlas     Atlas
	Stations  Stations // nil: no channel keeps a line open
	Photos    Photos
	Exercises Exercises // nil: no planned tests
	Presence  Presence  // nil: nobody sees who is looking
	Office    Office    // nil: no page administers accounts
	Audit     Audit     // nil: no page shows the audit record
	Keys      []Key     // what others know us by
	Resend    Resend    // nil: nobody can be tried again by hand
	Realm     alert.Realm
	PublicURL string         // "https://alert.example": trusted origin of forms behind a proxy
	Languages []alert.Lang   // preset of a new case; empty = English
	Groups    []region.Group // of areas, on the area page
	Growth    []growth.Step  // when a wider area is proposed; empty = never
	Country   string         // ISO 3166-1 of the agency: preset of the area page
	TimeZone  string         // IANA name, preset of a new case; empty = UTC
	Authority string         // preset of a new case
	Phone     string         // preset of a new case
	Hotline   string         // preset of a new case
	// Teletext is the page of a draft as stations would get it: kit.SketchTeletext; nil = none is shown.
	Teletext func(m *alert.Message, lang alert.Lang) string
	Log      *slog.Logger // nil = discard
}

// console is the site: its dependencies and its parsed pages.
type console struct {
	Deps
	*tongue // of who asks; English until in gave another
	tongues map[alert.Lang]*tongue
	pages   map[alert.Lang]func() (web.Pages, error)
	zone    *time.Location
}

// New builds the officers' site under /console and the officers' API under /v1/cases.
// Styles and scripts are web.Static's. It fails when a page, the time zone or
// a dependency is wrong.
func New(d Deps) (http.Handler, error) {
	if d.Casework == nil || d.Accounts == nil || d.Officer == nil || d.Ledger == nil || d.Atlas == nil || d.Photos == nil {
		return nil, errors.New("console: a dependency is missing")
	}
	if d.Realm != alert.Live && d.Realm != alert.Drill {
		return nil, fmt.Errorf("console: realm %q is neither live nor drill", d.Realm)
	}
	if len(d.Languages) == 0 {
		d.Languages = []alert.Lang{alert.English}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("console: time zone: %w", err)
	}
	c := &console{Deps: d, zone: zone, tongues: map[alert.Lang]*tongue{}, pages: map[alert.Lang]func() (web.Pages, error){}}
	for _, l := range alert.Langs {
		if c.tongues[l], err = loadTongue(l); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		// The parsed pages of a language take 12 MB and a moment of the start: those
		// of the languages that nobody here reads are never parsed.
		c.pages[l] = sync.OnceValues(func() (web.Pages, error) { return web.LoadPages("console", c.tongues[l].funcs()) })
	}
	if _, err := c.pages[alert.English](); err != nil { // a fault in a page is one in every language
		return nil, fmt.Errorf("console: %w", err)
	}
	c.tongue = c.tongues[alert.English]
	guard, err := c.crossOrigin()
	if err != nil {
		return nil, err
	}
	return headers(d.PublicURL, guard.Handler(d.Accounts.Middleware(c.routes()))), nil
}

func (c *console) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(headAsGet)
	r.NotFound(c.speak((*console).notFound))
	r.MethodNotAllowed(c.speak((*console).wrongMethod))
	r.Get("/console", redirectTo("/console/cases"))
	r.Get("/console/", redirectTo("/console/cases"))
	r.Get("/console/sign-in", c.speak((*console).signInPage))
	r.Post("/console/sign-in", c.speak((*console).signIn))
	r.Get("/console/sign-in/challenge", c.speak((*console).challenge))
	r.Post("/console/sign-in/passkey", c.speak((*console).signInByPasskey))
	r.Route("/console/sign-in/", c.secondStepPages)
	r.Get("/console/invitation/{token}", c.speak((*console).invitationPage))
	r.Post("/console/sign-out", c.speak((*console).signOut))
	r.Get("/console/accessibility", c.speak((*console).accessibilityPage))
	r.Post("/console/language", c.speak((*console).chooseLanguage))
	r.Group(func(r chi.Router) {
		r.Use(limitForm, c.needOfficer, c.auditorsRead)
		r.Get("/console/cases", c.speak((*console).listPage))
		r.Get("/console/cases/new", c.speak((*console).newPage))
		r.Post("/console/cases/new", c.speak((*console).newCase))
		r.Post("/console/practice", c.speak((*console).beginPractice))
		r.Post("/console/cases/new/words", c.speak((*console).sketchNew))
		r.Route("/console/cases/{id}", c.casePages)
		r.Get("/console/map/{country}", c.speak((*console).outlines))
		r.Route("/console/account", c.accountPages)
		r.Route("/console/exercises", c.exercisePages)
		if c.Office != nil {
			r.Route("/console/officers", c.officePages)
		}
		if c.Audit != nil {
			r.Route("/console/audit", c.auditPages)
		}
	})
	r.Route("/v1/cases", c.api)
	return r
}

func (c *console) casePages(r chi.Router) {
	r.Use(c.surround)
	r.Get("/looking", c.speak((*console).looking))
	r.Get("/practice", c.speak((*console).practicePage))
	r.Get("/", c.speak((*console).casePage))
	r.Get("/edit/{step}", c.speak((*console).stepPage))
	r.Post("/edit/{step}", c.speak((*console).saveStep))
	r.Get("/edit/{step}/{n}", c.speak((*console).stepPage))
	r.Post("/edit/{step}/{n}", c.speak((*console).saveStep))
	r.Post("/edit/{step}/{n}/remove", c.speak((*console).removeItem))
	r.Get("/edit/{step}/{n}/photo", c.speak((*console).photoPage))
	r.Post("/edit/{step}/{n}/photo", c.speak((*console).savePhoto))
	r.Post("/edit/{step}/words", c.speak((*console).sketchStep))
	r.Post("/edit/{step}/{n}/words", c.speak((*console).sketchStep))
	r.Get("/check", c.speak((*console).checkPage))
	r.Route("/texts", c.textRoutes)
	r.Get("/preview", c.speak((*console).previewPage))
	r.Post("/submit", c.speak((*console).submit))
	r.Get("/release", c.speak((*console).releasePage))
	r.Post("/release", c.speak((*console).release))
	r.Post("/return", c.speak((*console).giveBack))
	r.Post("/reject", c.speak((*console).reject))
	r.Post("/agree", c.speak((*console).agree))
	r.Post("/grow", c.speak((*console).grow))
	r.Post("/grow/decline", c.speak((*console).declineGrowth))
	r.Get("/board", c.speak((*console).boardPage))
	r.Post("/resend", c.speak((*console).resend))
	r.Get("/correct", c.speak((*console).correctPage))
	r.Post("/correct", c.speak((*console).correct))
	r.Get("/report.{format}", c.speak((*console).reportFile))
	r.Get("/withdraw", c.speak((*console).withdrawPage))
	r.Post("/withdraw", c.speak((*console).withdraw))
	r.Get("/photos/{photo}", c.speak((*console).photo))
	r.Get("/photos/{photo}/try", c.speak((*console).tryPhoto))
	r.Post("/kit", c.speak((*console).makeKit))
	r.Get("/kit/{file}", c.speak((*console).kitFile))
}
