package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/peertest/chromium"
)

// badLine is the network between a board and the server: its first stream says
// one word and is silent for ever, its second is held until the test lets it
// through, and the parts that are fetched fail as the test says.
type badLine struct {
	http.Handler
	streams atomic.Int32
	first   func()        // runs after the page was written, before its stream says anything
	second  chan struct{} // closed: the line is there again
	part    atomic.Value  // "": as it is; "fails"; "hangs"
}

func (l *badLine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	part, _ := l.part.Load().(string)
	switch {
	case strings.HasSuffix(r.URL.Path, "/deliveries"):
		switch l.streams.Add(1) {
		case 1:
			l.first()
			w.Header().Set("Content-Type", "text/event-stream")
			send(w, http.NewResponseController(w), "event: board\ndata: {}\n\n")
			<-r.Context().Done()
			return
		case 2:
			select {
			case <-l.second:
			case <-r.Context().Done():
				return
			}
		}
	case r.URL.Query().Get("part") != "" && part == "fails":
		http.Error(w, "no", http.StatusBadGateway)
		return
	case r.URL.Query().Get("part") != "" && part == "hangs":
		<-r.Context().Done()
		return
	}
	l.Handler.ServeHTTP(w, r)
}

const (
	lineLost  = `document.querySelector("[data-live-state]").textContent === "Connection lost – trying again"`
	lineAlive = `document.querySelector("[data-live-state]").textContent === "Filling live"`
)

// A wall never says that it lives while it shows what was: not after a pulled
// cable, which closes nothing, nor while a fetch fails or never ends. It comes
// back by itself from each.
func TestBoardKnowsThatItsLineIsLost(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	k := w.live(t)
	w.ledger.set(boardAt(k.ID, 1, alert.TypeAlert, 1_200, 4*time.Second))
	line := &badLine{Handler: w.Config.Handler, second: make(chan struct{})}
	line.first = func() { w.ledger.replace(boardAt(k.ID, 1, alert.TypeAlert, 5_000, 5*time.Second)) }
	w.Config.Handler = line
	b := w.tab(t, parent, "line", 1280, 900, false)
	b.signIn("bram")
	b.open("/console/cases/" + k.ID + "/board")
	b.shows("5,000") // what came while the page was on its way
	b.until(lineAlive)

	// Half a minute passes in silence, and fetches have a hundredth of their time.
	b.run(chromedp.Evaluate[chromedp.Void](`(() => {
		const now = Date.now, limit = AbortSignal.timeout;
		Date.now = () => now() + 26e3;
		AbortSignal.timeout = (ms) => limit.call(AbortSignal, ms / 100);
	})()`))
	b.until(lineLost)
	close(line.second)
	b.until(lineAlive)

	for i, fault := range []string{"fails", "hangs"} {
		line.part.Store(fault)
		have := []int{6_100, 7_200}[i]
		w.ledger.set(board(k.ID, 1, alert.TypeAlert, have))
		b.until(lineLost)
		line.part.Store("")
		b.shows(english.thousands(have))
		b.until(lineAlive)
	}
	if n := line.streams.Load(); n != 2 {
		t.Errorf("%d streams, want the silent one and the next", n)
	}
}

// The open wall and the open board of an alert that is withdrawn: nothing on
// them says any more that it is live, offers to withdraw it or, on the wall,
// names the child. The case's own end is enough: its receipts may come late.
func TestOpenScreensOfAWithdrawal(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone         bool
	}{{"ended", 1920, 1080, false}, {"ended-desk", 1280, 900, false}, {"ended-phone", 360, 740, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			k := w.live(t)
			w.ledger.set(crowded(board(k.ID, 1, alert.TypeAlert, 9_986), 10))
			wall, desk := w.tab(t, parent, c.name, c.width, c.height, c.phone), w.tab(t, parent, c.name, c.width, c.height, c.phone)
			wall.signIn("bram")
			desk.signIn("carla")
			at := "/console/cases/" + k.ID + "/board"
			wall.open(at + "?wall=1")
			desk.open(at)
			wall.until(lineAlive)
			desk.until(lineAlive)
			wall.check("wall-1-live")
			desk.check("board-1-live")
			for _, b := range []*tabOf{wall, desk} {
				b.until(`document.documentElement.textContent.includes("Lina, 9") && document.documentElement.textContent.includes("Live – revision 1") && document.title.includes("Lina")`)
				b.run(chromedp.Evaluate[chromedp.Void](`window.kept = true`))
			}
			must(w.casework.Withdraw(t.Context(), bram, k.ID, alert.OutcomeFound, nil))(t)
			wall.until(`!document.documentElement.outerHTML.includes("Lina") && document.querySelector("h1").textContent === "Case ` + k.ID + `"`)
			desk.until(`!document.querySelector("#board a[href$='/withdraw'], #board a[href$='/correct']") && !document.title.includes("Lina")`)
			for _, b := range []*tabOf{wall, desk} {
				b.until(`document.documentElement.textContent.includes("Withdrawn: ") && !document.documentElement.textContent.includes("Live – revision")`)
				b.until(`document.documentElement.textContent.includes("From the report to the withdrawal:") && !document.documentElement.textContent.includes("Since the report:")`)
			}
			w.ledger.set(crowded(board(k.ID, 2, alert.TypeCancel, 10_000), 10))
			for _, b := range []*tabOf{wall, desk} {
				b.until(`document.querySelector("#board").textContent.includes("Since the withdrawal:") && window.kept`)
			}
			wall.check("wall-2-withdrawn")
			desk.check("board-2-withdrawn")
		})
	}
}

// A page that comes back from the browser's memory: the board is drawn anew, a
// form keeps what is typed in it and looks again who else is there.
func TestPagesFromTheBrowsersMemory(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	var looks atomic.Int32
	site := w.Config.Handler
	w.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/looking") {
			looks.Add(1)
		}
		site.ServeHTTP(out, r)
	})
	k := w.live(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_986))
	b := w.tab(t, parent, "memory", 1280, 900, false)
	b.signIn("anna")
	back := chromedp.Evaluate[chromedp.Void](`window.old = true; setTimeout(() => {
		dispatchEvent(new PageTransitionEvent("pagehide", {persisted: true}));
		dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}));
	}); 0`)
	b.open("/console/cases/" + k.ID + "/board")
	b.until(lineAlive)
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, back); err != nil {
		t.Fatal(b.where(fmt.Errorf("the board is not loaded anew: %w", err)))
	}

	b.open("/console/cases/" + k.ID + "/edit/last-seen")
	b.typed("last_seen-place", ", quai 4")
	before := looks.Load()
	b.run(back)
	carla := w.tab(t, parent, "memory", 1280, 900, false)
	carla.signIn("carla")
	carla.open("/console/cases/" + k.ID + "/edit/last-seen")
	b.until(`window.old && document.querySelector("[data-looking]").textContent.includes("Carla Dubois")`)
	if got := ask(b, chromedp.Evaluate[string](`document.querySelector("#last_seen-place").value`)); !strings.Contains(got, ", quai 4") {
		t.Errorf("the field has %q", got)
	}
	if looks.Load() <= before {
		t.Error("the page does not look again")
	}
}
