package site

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"tocsin/internal/alert"
	"tocsin/internal/cap"
	"tocsin/internal/current"
	"tocsin/internal/region"
	"tocsin/internal/stream"
)

// world is a site over the real fold of a stream that tests write.
type world struct {
	t       testing.TB
	handler http.Handler
	set     *current.Set
	log     *tape
	photos  *album
	signer  *cap.Signer
	deps    Deps
	said    *bytes.Buffer // the site's log
}

// tape is an alert stream in memory.
type tape struct{ records chan stream.Record }

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

// album is an object store in memory.
type album struct {
	mu   sync.Mutex
	kept map[string][]byte // nil = deleted
	fail error
}

func (a *album) Get(_ context.Context, name string) ([]byte, error) {
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

const testHost = "https://alert.example"

func newWorld(t testing.TB, change func(*Deps)) *world {
	t.Helper()
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := cap.LoadOrCreateSigner(t.TempDir(), "BEPOL drill")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, set: current.New(slog.New(slog.DiscardHandler)), log: &tape{make(chan stream.Record)},
		photos: &album{kept: map[string][]byte{}}, signer: signer, said: new(bytes.Buffer),
	}
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { defer close(done); _ = w.set.Run(ctx, w.log, func() {}) }()
	t.Cleanup(func() { cancel(); <-done })
	w.deps = Deps{
		Current: w.set, Photos: w.photos, Atlas: atlas, Verify: w.verify, Certificate: string(signer.CertificatePEM()),
		WebhookKey: "whpk_test", FeedAddresses: []string{"wss://alert.example/v1/feed"}, PublicURL: testHost,
		Realm: alert.Live, Authority: "Police fédérale", Country: "BE", TimeZone: "Europe/Brussels",
		Languages: []alert.Lang{alert.French, alert.German, alert.English}, PushEnabled: true,
		Log: slog.New(slog.NewTextHandler(w.said, nil)),
	}
	if change != nil {
		change(&w.deps)
	}
	if w.handler, err = New(w.deps); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) verify(document []byte) (Verified, error) {
	a, err := cap.Verify(document, w.signer.Certificate())
	if err != nil {
		return Verified{}, err
	}
	return Verified{
		Identifier: a.Identifier, Sender: a.Sender, Sent: a.Sent, Status: alert.Status(a.Status), MsgType: alert.MsgType(a.MsgType),
	}, nil
}

// Names long enough to be looked for in every coding.
const (
	girl = "Annabelle"
	man  = "Marc-Antoine"
)

// Tokens of the photos, as casework makes them.
const (
	annaPhoto = "K7QX2MBVWT4NRGPC6DHJ9F3A"
	marcPhoto = "M2QX2MBVWT4NRGPC6DHJ9F3B"
)

// story is an alert of Anna's case, valid and whole, before change.
func (w *world) story(change func(*alert.Message)) *alert.Message {
	w.t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	m := &alert.Message{
		Schema: alert.Schema, Realm: w.deps.Realm, Agency: "BEPOL", Sender: "alerts@police.example", Case: "7GQ2XKPB4MNT",
		Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusActual,
		Languages: []alert.Lang{alert.French, alert.German, alert.English, alert.Russian},
		Areas:     []alert.Area{w.area("BE-BRU"), w.area("BE-VAN")},
		Sent:      now, Expires: now.Add(12 * time.Hour), Page: testHost + "/*/alerts/7GQ2XKPB4MNT",
		Facts: anna(now),
	}
	if m.Realm == alert.Drill {
		m.Status = alert.StatusExercise
	}
	if change != nil {
		change(m)
	}
	if m.MsgType == alert.TypeCancel {
		m.Facts, m.Media = nil, nil
	}
	if m.Identifier == "" {
		m.Identifier = alert.Identifier(m.Agency, m.Realm, m.Case, m.Revision)
	}
	if m.Facts != nil && m.Media == nil {
		for _, p := range append(m.Facts.Children, m.Facts.Suspects...) {
			if p.Photo != "" {
				m.Media = append(m.Media, w.photo(p))
			}
		}
	}
	if err := alert.WriteAll(m); err != nil {
		w.t.Fatal(err)
	}
	doc, err := cap.FromMessage(m)
	if err != nil {
		w.t.Fatal(err)
	}
	if m.CAP, err = w.signer.Sign(doc); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func anna(now time.Time) *alert.Facts {
	return &alert.Facts{
		Circumstances: alert.AbductionStranger, Instruction: alert.InstructionDoNotApproach, Authority: "Police fédérale",
		Children: []alert.Person{{
			GivenName: girl, Age: 7, Sex: alert.Female, HeightCM: 125, Build: alert.BuildSlim, Photo: annaPhoto, PhotoTaken: "2026-09",
			HairColour: alert.HairBlond, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}, {Item: alert.Backpack, Colour: alert.Pink}},
			Marks:    alert.Localized{"fr": "petite cicatrice au-dessus du sourcil gauche", "de": "kleine Narbe über der linken Augenbraue", "en": "small scar above the left eyebrow", "ru": "небольшой шрам над левой бровью"},
		}},
		Suspects: []alert.Person{{GivenName: man, Age: 41, Sex: alert.Male, HeightCM: 183, Photo: marcPhoto, HairLength: alert.LengthBald}},
		Vehicles: []alert.Vehicle{{Kind: alert.Car, Make: "Renault", Model: "Clio", Colour: alert.Grey, Plate: "1-ABC-234", Country: "BE"}},
		LastSeen: alert.LastSeen{At: now.Add(-time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels", Towards: "Lille", Transport: alert.ByCar},
		Contact:  alert.Contact{Phone: "+3225544000", Hotline: "116000", Form: "https://police.example/anna"},
		Areas:    []string{"BE-BRU", "BE-VAN"}, Languages: []alert.Lang{"fr", "de", "en", "ru"}, Expires: now.Add(12 * time.Hour),
	}
}

func (w *world) area(code string) alert.Area {
	a, ok := w.deps.Atlas.Area(code)
	if !ok {
		w.t.Fatalf("no area %s", code)
	}
	return a
}

// photo stores a picture of p and its small copy.
func (w *world) photo(p alert.Person) alert.Media {
	data := face(p.GivenName)
	w.photos.put(p.Photo+".jpg", data)
	w.photos.put(p.Photo+"-s.jpg", data[:len(data):len(data)])
	return alert.Media{
		Kind: "photo", Name: "Photo: " + p.GivenName, URL: testHost + "/photos/" + p.Photo + ".jpg", MIME: "image/jpeg", Bytes: len(data),
		SHA256: strings.Repeat("ab", 32), SHA1: strings.Repeat("ab", 20),
	}
}

// face draws somebody: a head on a coloured ground, so that screenshots can be judged.
var face = func() func(string) []byte {
	var drawn sync.Map
	return func(name string) []byte {
		data, ok := drawn.Load(len(name))
		if !ok {
			data, _ = drawn.LoadOrStore(len(name), draw(name))
		}
		return data.([]byte)
	}
}()

func draw(name string) []byte {
	const wide, high = 480, 600
	img := image.NewRGBA(image.Rect(0, 0, wide, high))
	shift := uint8(len(name) * 12)
	for y := range high {
		for x := range wide {
			c := color.RGBA{120 + shift, 160, 200 - shift, 255}
			dx, dy := float64(x-240)/130, float64(y-250)/165
			bx, by := float64(x-240)/220, float64(y-620)/190
			hx, hy := float64(x-240)/160, float64(y-215)/185
			switch {
			case dx*dx+dy*dy < 1:
				c = color.RGBA{238, 200, 170, 255}
			case hx*hx+hy*hy < 1:
				c = color.RGBA{214, 170, 90, 255}
			case bx*bx+by*by < 1:
				c = color.RGBA{176, 40, 48, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
}

var seq uint64

// publish puts m on the stream and waits until the set has folded it.
func (w *world) publish(m *alert.Message) *alert.Message {
	w.t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	seq++
	w.log.records <- stream.Record{Seq: seq, Data: data, Time: m.Sent}
	if err := w.set.Wait(w.t.Context(), seq); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// withdraw ends m's case as casework does: the message first, then the pictures.
func (w *world) withdraw(m *alert.Message, o alert.Outcome) *alert.Message {
	w.t.Helper()
	cancel := w.publish(w.story(func(c *alert.Message) {
		c.Case, c.Page, c.Realm, c.Status, c.Areas, c.Languages = m.Case, m.Page, m.Realm, m.Status, m.Areas, m.Languages
		c.MsgType, c.Outcome, c.Revision = alert.TypeCancel, o, m.Revision+1
		c.References = []alert.Ref{{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent}}
	}))
	for _, media := range m.Media {
		name := path.Base(media.URL)
		w.photos.put(name, nil)
		w.photos.put(strings.TrimSuffix(name, ".jpg")+"-s.jpg", nil)
	}
	return cancel
}

// get asks the site; headers are name and value in turn.
func (w *world) get(address string, headers ...string) *http.Response {
	return w.ask(http.MethodGet, address, nil, headers...)
}

func (w *world) ask(method, address string, body io.Reader, headers ...string) *http.Response {
	w.t.Helper()
	r := httptest.NewRequest(method, testHost+address, body)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
