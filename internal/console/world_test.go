package console

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/growth"
	"tocsin/internal/kit"
	"tocsin/internal/ledger"
	"tocsin/internal/media"
	"tocsin/internal/nodes"
	"tocsin/internal/region"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
	"tocsin/web"
)

const password = "correct horse battery"

// The officers of the stories.
var (
	anna  = auth.Officer{ID: "anna", Name: "Anna Peeters", Unit: "Brussels North", Roles: []auth.Role{auth.Author}}
	bram  = auth.Officer{ID: "bram", Name: "Bram Willems", Unit: "Duty magistrate", Roles: []auth.Role{auth.Approver}}
	carla = auth.Officer{ID: "carla", Name: "Carla Dubois", Unit: "Namur", Roles: []auth.Role{auth.Author, auth.Approver}}
	ada   = auth.Officer{ID: "ada", Name: "Ada Lind", Unit: "Administration", Roles: []auth.Role{auth.Admin}}
	boris = auth.Officer{ID: "boris", Name: "Boris Kok", Unit: "Administration", Roles: []auth.Role{auth.Admin}}
	dirk  = auth.Officer{ID: "dirk", Name: "Dirk Maes", Unit: "Audit", Roles: []auth.Role{auth.Auditor}}
)

// world is the whole console over the real event stream, accounts, casework,
// areas and texts; the channels, the ledger and the stations are the test's.
type world struct {
	*httptest.Server
	book      *auth.Book
	audit     *audit.Log
	passkeys  *auth.Passkeys
	atlas     Atlas
	presence  *nodes.Table
	exercises *exercise.Book
	casework  *casework.Service
	ledger    *memLedger
	stations  *memStations
	tokens    map[string]string // by officer id
	logged    *bytes.Buffer
	again     []string // who was to be tried again
	fault     error    // of the next act, preview and photo read, where the event stream is in trouble
}

// resend takes note of who is to be tried again.
func (w *world) resend(_ context.Context, caseID string, revision int, channel, recipient string) error {
	if w.fault != nil {
		return w.fault
	}
	w.again = append(w.again, fmt.Sprint(caseID, " ", revision, " ", channel, " ", recipient))
	return nil
}

func newWorld(t testing.TB, realm alert.Realm, change ...func(*casework.Deps)) *world {
	t.Helper()
	return newWorldWith(t, realm, choices{casework: change})
}

func newWorldWith(t testing.TB, realm alert.Realm, with choices) *world {
	t.Helper()
	e := streamtest.Embedded(t, realm)
	w := &world{ledger: &memLedger{boards: map[string]ledger.Board{}, watch: map[chan struct{}]string{}}, stations: &memStations{}, tokens: map[string]string{}, logged: &bytes.Buffer{}}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	w.book = must(auth.New(ctx, e.Cases(), with.auth...))(t)
	for _, o := range []auth.Officer{anna, bram, carla, dirk, ada, boris} {
		if err := w.book.Add(ctx, o, password); err != nil {
			t.Fatal(err)
		}
		w.tokens[o.ID] = must(w.book.NewToken(ctx, o.ID))(t)
	}
	w.audit = must(audit.New(ctx, e.Audit(), e.Cases(), nil, auth.Audited, casework.Audited))(t)
	w.book.RecordTo(w.audit)
	go func() { _ = w.audit.Run(ctx) }()
	atlas := must(region.Load())(t)
	w.atlas = atlas
	status := alert.StatusActual
	if realm == alert.Drill {
		status = alert.StatusExercise
	}
	w.Server = httptest.NewUnstartedServer(nil)
	w.passkeys = must(auth.NewPasskeys(w.book, "http://localhost:"+port(w.Listener.Addr())))(t)
	deps := casework.Deps{
		Cases: e.Cases(), Alerts: e.Alerts(), Objects: e.Objects(), Areas: atlas, Reached: atlas.Reached,
		Sign:  func(m *alert.Message) ([]byte, error) { return []byte("<alert>" + m.Identifier + "</alert>"), nil },
		Write: alert.WriteAll, Channels: channels, Audience: audience{}, Intake: intake,
		Policy: casework.Policy{
			Realm: realm, Agency: "BEPOL", Sender: "alert@police.example", PublicURL: "https://alert.example",
			Status: status, MaxExpiry: 48 * time.Hour,
		},
		Log: slog.New(slog.DiscardHandler), Kit: slides, Passkeys: w.passkeys, Codes: w.book,
	}
	for _, c := range with.casework {
		c(&deps)
	}
	w.casework = must(casework.New(ctx, deps))(t)
	w.exercises = exercise.NewBook(e.Cases(), w.casework, []string{"webpush", "sms", "broadcast", "website"})
	w.presence = nodes.New(e.Nodes(), slog.New(slog.DiscardHandler))
	site := Deps{
		Passkeys: w.passkeys, Office: w.book, Audit: w.audit, Keys: madeUpKeys,
		Casework: &faulty{Casework: w.casework, w: w}, Accounts: w.book, Officer: auth.From, Ledger: w.ledger, Atlas: atlas, Stations: w.stations, Presence: w.presence, Exercises: w.exercises,
		Resend: w.resend, Photos: e.Objects(), Realm: realm, PublicURL: "https://alert.example", Languages: []alert.Lang{alert.French, alert.English},
		Groups: must(region.Groups())(t), Growth: growth.Default(), Country: "BE", TimeZone: "Europe/Brussels", Authority: "Police fédérale", Phone: "+3225544000", Hotline: "116000",
		Teletext: kit.SketchTeletext,
		Log:      slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	if with.console != nil {
		with.console(&site, "http://"+w.Listener.Addr().String())
	}
	h := must(New(site))(t)
	mux := http.NewServeMux()
	mux.Handle("/static/", web.Static())
	mux.Handle("/", h)
	w.Config.Handler = mux
	w.Start()
	t.Cleanup(func() { w.CloseClientConnections(); w.Close() }) // a board left open would keep its stream
	return w
}

// madeUpKeys are nobody's.
var madeUpKeys = []Key{
	{KeyAlerts, strings.Repeat("0123456789abcdef", 4), time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), time.Date(2036, 1, 2, 3, 4, 0, 0, time.UTC)},
	{KeyPush, strings.Repeat("fedcba9876543210", 4), time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), time.Time{}},
}

// port is the last part of an address.
func port(a net.Addr) string { return fmt.Sprint(a.(*net.TCPAddr).Port) }

// must takes a value and an error apart, and ends the test on the error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func intake(r io.Reader) (casework.Image, error) {
	p, err := media.Intake(r)
	if v := media.Fault("photo", err); len(v) > 0 {
		return casework.Image{}, v
	}
	return casework.Image{Full: p.JPEG, Small: p.Thumb, Width: p.Width, Height: p.Height}, err
}

// channels render the four channels' texts with the counts of the domain.
var channels = []casework.Channel{
	{Name: "webpush", Title: "Push to phones", Render: render("push_title", "push_body")},
	{Name: "sms", Title: "SMS", Render: render("sms")},
	{Name: "broadcast", Title: "Broadcasters", Render: render("spoken", "crawl", "radiotext")},
	{Name: "website", Title: "Partner websites", Render: render("headline", "description", "instruction")},
}

func render(names ...string) func(*alert.Message, alert.Lang) (adapter.Payload, error) {
	return func(m *alert.Message, l alert.Lang) (adapter.Payload, error) {
		var p adapter.Payload
		for _, c := range alert.Counts(m.Texts[l]) {
			if slices.Contains(names, c.Name) {
				name := strings.ReplaceAll(c.Name, "_", " ")
				p.Parts = append(p.Parts, adapter.Part{Name: strings.ToUpper(name[:1]) + name[1:], Text: c.Text, Count: c.Count, Limit: c.Limit, Unit: c.Unit})
			}
		}
		return p, nil
	}
}

type audience struct{}

func (audience) Count(channel string, _ []string) int {
	return map[string]int{"webpush": 10_000, "sms": 1000, "broadcast": 1, "website": 1}[channel]
}

type memStations struct {
	mu   sync.Mutex
	list []Station
}

func (s *memStations) Stations() []Station {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *memStations) set(list ...Station) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
}

// memLedger is a ledger whose boards the test writes.
type memLedger struct {
	mu     sync.Mutex
	boards map[string]ledger.Board
	watch  map[chan struct{}]string
}

func (l *memLedger) Board(id string) (ledger.Board, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.boards[id]
	if !ok {
		return b, stream.ErrNone
	}
	return b, nil
}

func (l *memLedger) Boards(id string) ([]ledger.Board, error) {
	b, err := l.Board(id)
	if err != nil {
		return nil, nil
	}
	return []ledger.Board{b}, nil
}

func (l *memLedger) Watch(id string) (<-chan struct{}, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ch := make(chan struct{}, 1)
	l.watch[ch] = id
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watch, ch)
	}
}

// replace changes the board as time alone does: nobody is told.
func (l *memLedger) replace(b ledger.Board) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.boards[b.Case] = b
}

func (l *memLedger) set(b ledger.Board) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.boards[b.Case] = b
	for ch, id := range l.watch {
		if id == b.Case {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}

// portrait is a synthetic photo: nobody's face.
func portrait(t testing.TB) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 480, 600))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{158, 186, 205, 255}), image.Point{}, draw.Src)
	disc := func(cx, cy, rx, ry int, c color.RGBA) {
		for y := cy - ry; y <= cy+ry; y++ {
			for x := cx - rx; x <= cx+rx; x++ {
				dx, dy := float64(x-cx)/float64(rx), float64(y-cy)/float64(ry)
				if dx*dx+dy*dy <= 1 {
					img.Set(x, y, c)
				}
			}
		}
	}
	disc(240, 620, 200, 190, color.RGBA{178, 42, 52, 255})
	disc(240, 270, 150, 190, color.RGBA{92, 60, 36, 255})
	disc(240, 290, 112, 145, color.RGBA{236, 196, 168, 255})
	disc(240, 180, 118, 50, color.RGBA{92, 60, 36, 255})
	for _, x := range []int{198, 282} {
		disc(x, 285, 14, 10, color.RGBA{255, 255, 255, 255})
		disc(x, 285, 8, 9, color.RGBA{60, 96, 60, 255})
	}
	disc(240, 372, 38, 12, color.RGBA{186, 84, 84, 255})
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// draft is a case that can be submitted.
func draft() casework.Draft {
	var d casework.Draft
	d.Internal = casework.Internal{Reference: "BXL-2026-1187", ReportedAt: time.Now().Add(-72 * time.Minute).Truncate(time.Minute)}
	d.Facts = alert.Facts{
		Circumstances: alert.AbductionStranger,
		Children: []alert.Person{{
			GivenName: "Lina", Age: 9, Sex: alert.Female, HeightCM: 132, Build: alert.BuildSlim, HairColour: alert.HairBrown,
			HairLength: alert.LengthLong, EyeColour: alert.EyesGreen, Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
		}},
		Suspects:    []alert.Person{{Age: 40, Sex: alert.Male, Build: alert.BuildStrong, HairLength: alert.LengthBald}},
		Vehicles:    []alert.Vehicle{{Kind: alert.Van, Make: "Renault", Model: "Trafic", Colour: alert.White, Plate: "1-ABC-234", Country: "BE"}},
		LastSeen:    alert.LastSeen{At: time.Now().Add(-90 * time.Minute).Truncate(time.Minute), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Bruxelles", Transport: alert.ByCar, Towards: "Lille"},
		Instruction: alert.InstructionDoNotApproach,
		Contact:     alert.Contact{Phone: "+3225544000", Hotline: "116000"},
		Areas:       []string{"BE-BRU"}, Languages: []alert.Lang{alert.French, alert.English},
		Expires: time.Now().Add(12 * time.Hour).Truncate(time.Minute), Authority: "Police fédérale",
	}
	return d
}

// browser is an officer's browser without script.
type browser struct {
	t testing.TB
	*http.Client
	base string
}

func (w *world) browser(t testing.TB, o auth.Officer) browser {
	t.Helper()
	jar := must(cookiejar.New(nil))(t)
	b := browser{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, w.URL}
	if o.ID != "" {
		if res, body := b.post("/console/sign-in", url.Values{"id": {o.ID}, "password": {password}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("sign-in of %s: %s\n%s", o.ID, res.Status, body)
		}
	}
	return b
}

func (b browser) get(path string) (*http.Response, string) {
	b.t.Helper()
	return b.send(must(http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil))(b.t))
}

func (b browser) post(path string, v url.Values) (*http.Response, string) {
	b.t.Helper()
	r := must(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(v.Encode())))(b.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

func (b browser) send(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	res, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(body)
}

// submitted is a case that waits for release, written by anna.
func (w *world) submitted(t testing.TB) casework.Case {
	t.Helper()
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	d := k.Draft
	d.Facts.Children[0].Photo = must(w.casework.AddPhoto(t.Context(), anna, k.ID, bytes.NewReader(portrait(t))))(t)
	k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, d))(t)
	return must(w.casework.Submit(t.Context(), anna, k.ID))(t)
}

// live is a released case.
func (w *world) live(t testing.TB) casework.Case {
	t.Helper()
	k := w.submitted(t)
	p := must(w.casework.Preview(t.Context(), k.ID))(t)
	return must(w.casework.Release(t.Context(), bram, k.ID, p.Digest))(t)
}

func version(k casework.Case) string { return fmt.Sprint(k.Version) }
