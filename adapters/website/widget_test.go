package website

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// maxWidget is the widget's promise to pages that count every byte.
const maxWidget = 4 << 10

func widget(t testing.TB) []byte {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(peertest.Root(t), "web", "embed", "v1.js"))
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func TestWidgetIsSmall(t *testing.T) {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(widget(t)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() >= maxWidget {
		t.Errorf("the widget has %d bytes in gzip, want under %d", packed.Len(), maxWidget)
	}
	t.Logf("%d bytes in gzip", packed.Len())
}

// alertServer is Tocsin as the widget knows it.
type alertServer struct {
	*httptest.Server
	script []byte

	mu     sync.Mutex
	alerts []alert.EmbedAlert
	status int      // when set, the answer instead of alerts
	asked  []string // queries, in order
	same   int      // 304 answers
	odd    []string // requests with a cookie or a referrer, or for other addresses
}

func startAlerts(t *testing.T) *alertServer {
	s := &alertServer{script: widget(t)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *alertServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fetched := r.URL.Path != "/embed/v1.js" // the page's own policy says what a script tag tells
	if r.Header.Get("Cookie") != "" || (fetched && r.Referer() != "") {
		s.odd = append(s.odd, r.URL.Path+": cookie or referrer")
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	http.SetCookie(w, &http.Cookie{Name: "tracker", Value: "must not stick"})
	switch r.URL.Path {
	case "/embed/v1.js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(s.script)
	case "/embed/v1/alerts.json":
		s.serveAlerts(w, r)
	case "/photos/child.png":
		img := image.NewNRGBA(image.Rect(0, 0, 160, 200))
		for i := range 160 * 200 {
			img.Set(i%160, i/160, color.NRGBA{R: 150, G: uint8(150 + i/800), B: 190, A: 255})
		}
		_ = png.Encode(w, img)
	default:
		s.odd = append(s.odd, r.Method+" "+r.URL.Path)
		http.NotFound(w, r)
	}
}

func (s *alertServer) serveAlerts(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.URL.RawQuery)
	if s.status != 0 {
		http.Error(w, "away", s.status)
		return
	}
	body, _ := json.Marshal(map[string]any{"alerts": append([]alert.EmbedAlert{}, s.alerts...)}) // plain data: cannot fail
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Etag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		s.same++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// say sets what the server tells from now on.
func (s *alertServer) say(status int, alerts ...alert.EmbedAlert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.alerts = status, alerts
}

func (s *alertServer) queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// embedded is a message as the widget gets it, with its photo at this server.
func (s *alertServer) embedded(m *alert.Message, lang alert.Lang) alert.EmbedAlert {
	e := m.Embed(lang)
	e.Photo = s.URL + "/photos/child.png"
	return e
}

// clean fails when the page's policy or its reader was offended.
func (s *alertServer) clean(t *testing.T, ctx context.Context) {
	t.Helper()
	type sight struct{ Violations, Errors []string }
	if v := eval[sight](t, ctx, "seen"); len(v.Violations)+len(v.Errors) > 0 {
		t.Errorf("the page saw violations %v and errors %v", v.Violations, v.Errors)
	}
	if kept := eval[string](t, ctx, `document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)`); kept != "" {
		t.Errorf("the page keeps %q", kept)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.odd) > 0 {
		t.Errorf("odd requests: %v", s.odd)
	}
}

const look = `window.dispatchEvent(new Event("online")); true` // a look at once, without waiting for the next

func TestWidgetFollowsTheAlert(t *testing.T) {
	s := startAlerts(t)
	ctx := browse(t, partnerPage(t, s.URL, `<script async src="`+s.URL+`/embed/v1.js"></script>`, `<child-alert area="BE"></child-alert>`))

	until(t, ctx, "the first look", `seen.looks.length === 1`)
	const box = `(() => { const r = document.querySelector("child-alert").getBoundingClientRect(); return r.width * r.height; })()`
	if eval[float64](t, ctx, box) != 0 || eval[string](t, ctx, words) != "" {
		t.Error("without an alert the widget takes room or says something")
	}

	m := message(t, alert.TypeAlert, 1, "Anna")
	s.say(0, s.embedded(m, alert.French))
	run(t, ctx, look)
	until(t, ctx, "the alert", words+`.includes("Anna")`)
	if eval[float64](t, ctx, box) < 10_000 {
		t.Error("the alert is too small to see")
	}
	for what, want := range map[string]string{
		`querySelector("[role=region]").ariaLabel`:  "Alerte enfant disparu",
		`querySelector("a[href^=tel]").href`:        "tel:+3225544000",
		`querySelector("a[href^=tel]").textContent`: "Appelez le +32 2 554 40 00",
		`querySelector("a[target]").href`:           "https://alerts.example/fr/alerts/7GQ2XKPB4MNT",
		`querySelector("b").textContent`:            "EXERCICE",
		`querySelector("article").lang`:             "fr",
		`querySelector("img").alt`:                  "Photo of Anna",
		`querySelector("h2").textContent`:           m.Texts[alert.French].Headline,
		`querySelector("p").textContent`:            m.Texts[alert.French].PushBody,
	} {
		if got := eval[string](t, ctx, `document.querySelector("child-alert").shadowRoot.`+what); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	shot(t, ctx, "alert")
	accessible(t, ctx)

	// The same once more: the server says 304, and nothing is drawn anew.
	run(t, ctx, `window.was = document.querySelector("child-alert").shadowRoot.firstChild; `+look)
	until(t, ctx, "the second look", `seen.looks.length === 3`)
	if !eval[bool](t, ctx, `document.querySelector("child-alert").shadowRoot.firstChild === was`) {
		t.Error("an unchanged alert was drawn anew, which takes the reader's focus away")
	}
	s.mu.Lock()
	if s.same == 0 {
		t.Error("the widget never asked with an ETag")
	}
	s.mu.Unlock()

	s.say(0, s.embedded(message(t, alert.TypeUpdate, 2, hostile), alert.French))
	run(t, ctx, look)
	until(t, ctx, "the update, a hostile name as text", words+`.includes('<img src=x onerror="alert(1)">')`)
	if n := eval[int](t, ctx, `document.querySelector("child-alert").shadowRoot.querySelectorAll("img").length`); n != 1 {
		t.Errorf("%d images; the name became markup", n)
	}
	shot(t, ctx, "hostile")

	s.say(0)
	run(t, ctx, look)
	until(t, ctx, "the withdrawal", words+` === "" && document.querySelector("child-alert").shadowRoot.childNodes.length === 0`)
	if eval[float64](t, ctx, box) != 0 {
		t.Error("after the withdrawal the widget still takes room")
	}
	if got := eval[[]int](t, ctx, "seen.changes"); !slices.Equal(got, []int{1, 1, 0}) {
		t.Errorf("child-alert-change said %v", got)
	}
	if q := s.queries(); len(q) != 5 || q[0] != "area=BE&lang=fr" {
		t.Errorf("the widget asked %q, want five times", q)
	}
	shot(t, ctx, "empty")
	s.clean(t, ctx)
}

func TestWidgetKeepsTime(t *testing.T) {
	s := startAlerts(t)
	e := s.embedded(message(t, alert.TypeAlert, 1, "Anna"), alert.English)
	e.Expires = time.Now().Add(20 * time.Minute)
	s.say(0, e)
	ctx := browse(t, partnerPage(t, s.URL, `<script async src="`+s.URL+`/embed/v1.js"></script>`, `<child-alert lang="en-GB"></child-alert>`))
	until(t, ctx, "the alert", words+`.includes("Anna")`)
	asked := func() int { return len(s.queries()) }
	pass := func(d time.Duration) {
		t.Helper()
		run(t, ctx, fmt.Sprintf("pass(%d)", d.Milliseconds()))
	}

	looks := eval[[]float64](t, ctx, "seen.looks")
	if len(looks) != 1 || looks[0] < 24_000 || looks[0] > 36_000 {
		t.Errorf("the next look is in %v ms, want 24 to 36 s", looks)
	}
	pass(36 * time.Second)
	until(t, ctx, "another look after half a minute", "seen.looks.length === 2")

	run(t, ctx, "hide(true)")
	n := asked()
	pass(2 * time.Minute)
	if got := asked(); got != n {
		t.Errorf("a hidden page asked %d times", got-n)
	}
	run(t, ctx, "hide(false)")
	until(t, ctx, "a look on return", "seen.looks.length === 3")
	until(t, ctx, "the alert is still there", words+`.includes("Anna")`)

	// The server goes: what was good stays for less than ten minutes.
	s.say(http.StatusServiceUnavailable)
	pass(9 * time.Minute)
	if !eval[bool](t, ctx, words+`.includes("Anna")`) {
		t.Error("the alert went when the server had been away for nine minutes")
	}
	pass(61 * time.Second)
	until(t, ctx, "silence empties it", words+` === ""`)

	// It returns, and the alert ends by its own clock, without a word from the server.
	s.say(0, e)
	run(t, ctx, look)
	until(t, ctx, "the alert is back", words+`.includes("Anna")`)
	n = asked()
	run(t, ctx, fmt.Sprintf(`{ const f = window.fetch; window.fetch = () => new Promise(() => {}); pass(%d - Date.now()); window.fetch = f; }`,
		e.Expires.UnixMilli()+5))
	if got := eval[string](t, ctx, words); got != "" || asked() != n {
		t.Errorf("past its expiry the widget says %q, after %d more looks", got, asked()-n)
	}
	s.clean(t, ctx)
}

func TestWidgetAsModule(t *testing.T) {
	s := startAlerts(t)
	one := s.embedded(message(t, alert.TypeAlert, 1, "Anna"), alert.English)
	two, three := one, one
	two.Identifier, two.Exercise, two.Status = "two", "", alert.StatusActual
	two.Photo = "https://elsewhere.example/photos/child.png" // not ours: never asked
	two.Page, two.Phone = "javascript:alert(1)", ""
	three.Identifier, three.Expires = "three", time.Time{} // no expiry: not shown
	s.say(0, one, two, three)
	ctx := browse(t, partnerPage(t, s.URL, `<script type="module" src="`+s.URL+`/embed/v1.js"></script>`,
		`<child-alert compact lang="en"></child-alert>`))
	const root = `document.querySelector("child-alert").shadowRoot`
	until(t, ctx, "both alerts", `(`+root+`?.querySelectorAll("article").length ?? 0) === 2`)
	if n := eval[int](t, ctx, root+`.querySelectorAll("img").length`); n != 1 {
		t.Errorf("%d photos, want only the one of our own origin", n)
	}
	if n := eval[int](t, ctx, root+`.querySelectorAll("article:last-child a").length`); n != 0 {
		t.Errorf("an alert with no number and a script for a page has %d links", n)
	}
	if n := eval[int](t, ctx, root+`.querySelectorAll("b").length`); n != 1 {
		t.Errorf("%d exercise banners, want 1", n)
	}
	if eval[string](t, ctx, `getComputedStyle(`+root+`.querySelector("p")).display`) != "none" {
		t.Error("the compact widget shows the long text")
	}
	shot(t, ctx, "compact")
	accessible(t, ctx)
	do(t, ctx, chromedp.EmulateViewport(320, 640))
	run(t, ctx, `document.querySelector("child-alert").removeAttribute("compact")`)
	if eval[bool](t, ctx, `document.documentElement.scrollWidth > 320`) {
		t.Error("at 320 pixels the page scrolls sideways")
	}
	shot(t, ctx, "phone")
	// Another language is asked for at once; a broken answer leaves what was good.
	s.say(http.StatusInternalServerError)
	run(t, ctx, `document.querySelector("child-alert").lang = "de"; true`)
	until(t, ctx, "the second look", `seen.looks.length === 2`)
	if !strings.Contains(eval[string](t, ctx, words), "Anna") {
		t.Error("a server's fault emptied the widget")
	}
	run(t, ctx, `document.querySelector("child-alert").setAttribute("area", "FR"); true`)
	until(t, ctx, "another area's alerts are gone at once", words+` === ""`)
	s.clean(t, ctx)
}
