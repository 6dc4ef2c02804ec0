package newsroom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/cap"
	"tocsin/internal/current"
	"tocsin/internal/ledger"
	"tocsin/internal/recipient"
	"tocsin/internal/region"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
	"tocsin/web"
)

const (
	password = "correct horse battery"
	// girl and man are long enough to be looked for in every coding.
	girl      = "Annabelle"
	annaPhoto = "K7QX2MBVWT4NRGPC6DHJ9F3A"
	nord      = "st-nord" // takes all of Belgium
	sud       = "st-sud"  // takes Namur alone
)

// world is the whole newsroom over real accounts, registry, ledger, fold of the
// alert stream and signatures; the lines, tokens, tests and files are the test's.
type world struct {
	*httptest.Server
	t      testing.TB
	book   *auth.Book
	reg    *recipient.Registry
	ledger *ledger.Ledger
	set    *current.Set
	atlas  *region.Atlas
	signer *cap.Signer
	tape   *tape
	store  *album
	desk   *desk
	realm  alert.Realm
	logged *bytes.Buffer
	sealed func(*alert.Message) // changes the next message after it was signed
}

// tape is an alert stream in memory.
type tape struct {
	records chan stream.Record
	seq     uint64
}

func (l *tape) Follow(ctx context.Context, _ string, _ uint64, fn func(stream.Record) error, caughtUp func()) error {
	caughtUp()
	for {
		select {
		case r := <-l.records:
			if err := fn(r); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// album is an object store in memory; nil data = deleted.
type album struct {
	mu   sync.Mutex
	kept map[string][]byte
	fail error
	each func(name string) // called before each file is read
}

func (a *album) Get(_ context.Context, name string) ([]byte, error) {
	if a.each != nil {
		a.each(name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	data, ok := a.kept[name]
	switch {
	case a.fail != nil:
		return nil, a.fail
	case !ok:
		return nil, stream.ErrNone
	case data == nil:
		return nil, stream.ErrGone
	}
	return data, nil
}

func (a *album) put(name string, data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[name] = data
}

// desk is what the channel and the link test tell, as the test wants it.
type desk struct {
	mu     sync.Mutex
	lines  map[string]Line
	tests  map[string]LinkTest
	tokens map[string]string // token: station
	tested []string
	fail   error
}

func (d *desk) Line(station string) Line {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines[station]
}

func (d *desk) Last(station string) (LinkTest, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tests[station]
	return t, ok
}

func (d *desk) StationByToken(token string) (id, seal string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok = d.tokens[token]
	return id, "seal of " + token, ok
}

func (d *desk) Holds(id, seal string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tokens[strings.TrimPrefix(seal, "seal of ")] == id
}

func (d *desk) test(_ context.Context, station string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		d.tested = append(d.tested, station)
	}
	return d.fail
}

func (d *desk) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func newWorld(t testing.TB, realm alert.Realm, change ...func(*Deps)) *world {
	t.Helper()
	silent := slog.New(slog.DiscardHandler)
	w := &world{
		t: t, realm: realm, set: current.New(silent), tape: &tape{records: make(chan stream.Record)},
		store: &album{kept: map[string][]byte{}}, logged: new(bytes.Buffer),
		desk: &desk{
			lines: map[string]Line{nord: {Receivers: 2, Since: time.Now().Add(-3 * time.Hour)}}, tests: map[string]LinkTest{},
			tokens: map[string]string{"st-nord.secret": nord},
		},
	}
	w.atlas = must(region.Load())(t)
	w.signer = must(cap.LoadOrCreateSigner(t.TempDir(), "BEPOL "+string(realm)))(t)
	w.book = must(auth.New(t.Context(), new(streamtest.Memory)))(t)
	w.reg = recipient.New(new(streamtest.Memory), region.Match, silent)
	w.ledger = ledger.New(new(streamtest.Memory), w.resolve, silent)
	w.run(func(ctx context.Context, up func()) error { return w.set.Run(ctx, w.tape, up) })
	w.run(w.reg.Run)
	w.station(nord, "Radio Nord", alert.French, "BE")
	w.station(sud, "Télé Sud", alert.French, "BE-WNA")
	w.editor("eva", "Eva Maes", nord)
	w.editor("sam", "Sam Sud", sud)
	officer := auth.Officer{ID: "bram", Name: "Bram", Roles: []auth.Role{auth.Author, auth.Approver, auth.Admin}}
	if err := w.book.Add(t.Context(), officer, password); err != nil {
		t.Fatal(err)
	}
	d := Deps{
		Accounts: w.book, Registry: w.reg, Tokens: w.desk, Alerts: w.set, Ledger: w.ledger, Media: w.store, Lines: w.desk, Tests: w.desk,
		TestLine: w.desk.test, Match: region.Match,
		Verify:      func(doc []byte) error { _, err := cap.Verify(doc, w.signer.Certificate()); return err },
		Certificate: string(w.signer.CertificatePEM()), Realm: realm, PublicURL: "https://alert.example", Authority: "Police fédérale",
		TimeZone: "Europe/Brussels", Languages: []alert.Lang{alert.French, alert.German, alert.English},
		Log: slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	for _, c := range change {
		c(&d)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", web.Static())
	mux.Handle("/", must(New(d))(t))
	w.Server = httptest.NewServer(mux)
	t.Cleanup(func() { w.CloseClientConnections(); w.Close() })
	return w
}

// run follows something until the test ends, from when it has caught up.
func (w *world) run(follow func(ctx context.Context, up func()) error) {
	ctx, cancel := context.WithCancel(context.Background())
	up, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); _ = follow(ctx, func() { close(up) }) }()
	<-up
	w.t.Cleanup(func() { cancel(); <-done })
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) resolve(identifier string) (ledger.Batch, bool) {
	r, _, ok := w.set.Identifier(identifier)
	if !ok {
		return ledger.Batch{}, false
	}
	m := r.Message
	return ledger.Batch{Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, MsgType: m.MsgType, Released: r.Published}, true
}

func (w *world) station(id, name string, lang alert.Lang, areas ...string) {
	w.t.Helper()
	r := adapter.Recipient{ID: id, Channel: "broadcast", Name: name, Lang: lang, Areas: areas, Destination: id, Address: json.RawMessage(`{}`)}
	if err := w.reg.Put(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) editor(id, name, station string) {
	w.t.Helper()
	o := auth.Officer{ID: id, Name: name, Roles: []auth.Role{auth.Editor}, Station: station}
	if err := w.book.Add(w.t.Context(), o, password); err != nil {
		w.t.Fatal(err)
	}
}

// publish puts m on the stream, and tells the ledger that the stations' receivers have it.
func (w *world) publish(m *alert.Message) *alert.Message {
	w.t.Helper()
	w.tape.seq++
	w.tape.records <- stream.Record{Seq: w.tape.seq, Data: must(json.Marshal(m))(w.t), Time: m.Sent}
	if err := w.set.Wait(w.t.Context(), w.tape.seq); err != nil {
		w.t.Fatal(err)
	}
	if region.Match([]string{"BE"}, m.AreaCodes()) {
		w.report(m, adapter.Report{Recipient: nord, State: adapter.Received})
	}
	return m
}

// report is a receipt that came by the feed.
func (w *world) report(m *alert.Message, r adapter.Report) {
	w.t.Helper()
	r.Channel, r.Identifier, r.Revision = "broadcast", m.Identifier, m.Revision
	if err := w.ledger.Report(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

// withdraw ends m's case as casework does: the message first, then the files.
func (w *world) withdraw(m *alert.Message, o alert.Outcome) *alert.Message {
	w.t.Helper()
	cancel := w.end(m, o)
	for _, media := range m.Media {
		w.store.put(path.Base(media.URL), nil)
	}
	return cancel
}

// end publishes m's withdrawal; the store still holds the files.
func (w *world) end(m *alert.Message, o alert.Outcome) *alert.Message {
	w.t.Helper()
	return w.publish(w.story(func(c *alert.Message) {
		c.Case, c.Areas, c.Languages = m.Case, m.Areas, m.Languages
		c.MsgType, c.Outcome, c.Revision = alert.TypeCancel, o, m.Revision+1
		c.References = append(m.References, alert.Ref{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent})
	}))
}

// acts lists what a station said, oldest first, as "state by|reason|programme".
func (w *world) acts(station string) (list []string) {
	for _, a := range w.ledger.Acts("7GQ2XKPB4MNT", "broadcast", station) {
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%s %s|%s|%s", a.State, a.By, a.Reason, a.Outlet), "|"))
	}
	return list
}

// browser is an editor's browser without script.
type browser struct {
	t testing.TB
	*http.Client
	base string
}

// browser signs an editor in; "" is a stranger.
func (w *world) browser(id string) browser {
	w.t.Helper()
	b := browser{w.t, &http.Client{
		Jar:           must(cookiejar.New(nil))(w.t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, w.URL}
	if id != "" {
		if res, body := b.post("/newsroom/fr/sign-in", url.Values{"id": {id}, "password": {password}}); res.StatusCode != http.StatusSeeOther {
			w.t.Fatalf("sign-in of %s: %s\n%s", id, res.Status, body)
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
	body, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil && err != io.ErrUnexpectedEOF {
		b.t.Fatal(err)
	}
	return res, string(body)
}
