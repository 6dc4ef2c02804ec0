package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peertest/chromium"
)

// slowLine delays the first request for words and lets the later ones through,
// as a bad line does: what was asked first would be answered last.
type slowLine struct {
	http.Handler
	hold time.Duration

	mu           sync.Mutex
	under, most  int
	asked        int
	whileWaiting chan struct{}
	late         chan struct{} // closed once the first is answered
}

func (s *slowLine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(partHeader) == "" {
		s.Handler.ServeHTTP(w, r)
		return
	}
	s.mu.Lock()
	s.asked++
	first := s.asked == 1
	s.under++
	s.most = max(s.most, s.under)
	s.mu.Unlock()
	if first {
		close(s.whileWaiting)
		select {
		case <-time.After(s.hold):
		case <-r.Context().Done():
		}
	}
	s.Handler.ServeHTTP(w, r)
	if first {
		close(s.late)
	}
	s.mu.Lock()
	s.under--
	s.mu.Unlock()
}

// until waits until the script says true.
func (b *tabOf) until(script string) {
	b.t.Helper()
	b.run(chromedp.Poll[chromedp.Void](script, chromedp.WithPollingTimeout(20*time.Second)))
}

// typed types into the field that has this id.
func (b *tabOf) typed(id, text string) {
	b.t.Helper()
	b.run(chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

func TestWordsFollowTheTyping(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone         bool
	}{{"words-desk", 1400, 900, false}, {"words-phone", 360, 740, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Drill)
			k := must(w.casework.Draft(t.Context(), anna, casework.Draft{Facts: alert.Facts{Languages: []alert.Lang{alert.English, alert.French}}}))(t)
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			b.signIn("anna")
			b.open("/console/cases/" + k.ID + "/edit/last-seen")
			if got := b.text("#live-part"); !strings.Contains(got, "[place last seen]") {
				t.Errorf("no gap is shown in\n%s", got)
			}
			b.check("empty")
			b.typed("last_seen-place", "Gare du Nord, Brussels")
			b.until(`document.querySelector("#live-part").textContent.includes("Gare du Nord, Brussels")`)
			b.check("typed")
			if now := must(w.casework.Get(k.ID))(t); now.Version != k.Version {
				t.Error("looking at the words changed the case")
			}
			// Whoever listens hears of what no longer fits, not of every letter.
			if got := ask(b, chromedp.Evaluate[string](`document.querySelector("[data-said]").textContent`)); got != "" {
				t.Errorf("said %q while nothing changed", got)
			}
			b.open("/console/cases/" + k.ID + "/edit/children/0")
			b.typed("children-0-given_name", "Lina")
			b.until(`document.querySelector("#live-part dd").textContent.includes("Lina")`)
			b.check("child")
			b.press("main form .actions button")
			b.open("/console/cases/" + k.ID + "/edit/suspects")
			b.check("items")
			b.open("/console/cases/new")
			b.tick("label[for=circumstances]")
			b.until(`document.querySelector("#live-part").textContent.includes("abducted") || document.querySelector("#live-part").textContent.includes("enlev")`)
			b.check("new")
		})
	}
}

// On a slow line the words are late, never wrong, and the form never waits.
func TestOldWordsNeverComeBack(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	line := &slowLine{Handler: w.Config.Handler, hold: 1500 * time.Millisecond, whileWaiting: make(chan struct{}), late: make(chan struct{})}
	w.Config.Handler = line
	d := draft()
	d.Facts.LastSeen.Place = ""
	k := must(w.casework.Draft(t.Context(), anna, d))(t)
	b := w.tab(t, parent, "words-slow", 1400, 900, false)
	b.signIn("anna")
	b.open("/console/cases/" + k.ID + "/edit/last-seen")
	b.run(chromedp.Evaluate[chromedp.Void](`window.shown = []; new MutationObserver(() => {
		const at = document.querySelector("#live-part").textContent.match(/Place(1*)/);
		if (at) shown.push(at[1].length);
	}).observe(document.querySelector("#live-part"), {childList: true, subtree: true}); 0`))
	b.typed("last_seen-place", "Place1")
	<-line.whileWaiting
	for range 4 {
		b.typed("last_seen-place", "1")
	}
	if got := ask(b, chromedp.Evaluate[string](`document.querySelector("#last_seen-place").value`)); got != "Place11111" {
		t.Errorf("the form waited: %q", got)
	}
	<-line.late
	b.until(`shown.at(-1) === 5`)
	shown := ask(b, chromedp.Evaluate[[]int](`shown`))
	if !slices.IsSorted(shown) {
		t.Errorf("older words after newer ones: %v", shown)
	}
	line.mu.Lock()
	defer line.mu.Unlock()
	if line.most != 1 || line.asked < 2 || line.asked > 4 {
		t.Errorf("%d requests, %d at once", line.asked, line.most)
	}
}

// Without script a button shows the words of what is typed, and keeps nothing but the page.
func TestWordsWithoutScript(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	b := w.browser(t, anna)
	at := "/console/cases/" + k.ID + "/edit/last-seen"
	sent := url.Values{"version": {version(k)}, "last_seen.place": {"Marché <b>aux poissons"}, "last_seen.time_zone": {"Europe/Brussels"}}
	res, body := b.post(at+"/words", sent)
	for _, want := range []string{`value="Marché &lt;b&gt;aux poissons"`, `formaction="` + at + `/words"`, "<mark>[date et heure]</mark>", `name="version" value="` + version(k) + `"`} {
		if res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: no %s in\n%s", res.Status, want, body)
		}
	}
	if now := must(w.casework.Get(k.ID))(t); now.Version != k.Version || now.Facts.LastSeen.Place != k.Facts.LastSeen.Place {
		t.Error("looking at the words changed the case")
	}
	for name, c := range map[string]struct {
		path   string
		as     string
		sent   url.Values
		status int
	}{
		"huge":                   {at + "/words", "anna", url.Values{"last_seen.place": {strings.Repeat("x", maxSketch)}}, 413},
		"unknown step":           {"/console/cases/" + k.ID + "/edit/nothing/words", "anna", sent, 404},
		"list of children":       {"/console/cases/" + k.ID + "/edit/children/words", "anna", sent, 404},
		"one child":              {"/console/cases/" + k.ID + "/edit/children/0/words", "anna", url.Values{"children[0].given_name": {"Mo"}}, 200},
		"approver":               {at + "/words", "bram", sent, 403},
		"a new case":             {"/console/cases/new/words", "anna", url.Values{"circumstances": {"lost_or_injured"}}, 200},
		"a new case of approver": {"/console/cases/new/words", "bram", url.Values{}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			officer := anna
			if c.as == "bram" {
				officer = bram
			}
			if res, body := w.browser(t, officer).post(c.path, c.sent); res.StatusCode != c.status {
				t.Errorf("%s, want %d\n%.500s", res.Status, c.status, body)
			}
		})
	}
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+at+"/words", strings.NewReader(sent.Encode())))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, _ := b.send(r); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %s", res.Status)
	}
	if got := fmt.Sprint(len(w.casework.List())); got != "1" {
		t.Errorf("%s cases", got)
	}
}

// An officer edits a text, sees count and difference follow the typing, and the approver sees the change.
func TestATextIsEditedInTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		width, height int64
		phone         bool
	}{{"text-desk", 1400, 900, false}, {"text-phone", 360, 740, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, alert.Drill)
			d := draft()
			d.Facts.Note = alert.Localized{alert.English: "The juvenile absconded.", alert.French: "Elle est diabétique."}
			k := must(w.casework.Draft(t.Context(), anna, d))(t)
			b := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			b.signIn("anna")
			b.open("/console/cases/" + k.ID + "/texts")
			b.check("all")
			b.open("/console/cases/" + k.ID + "/texts/en/radiotext")
			b.run(chromedp.Clear(chromedp.CSS("#text")))
			b.typed("text", "EXERCISE. Lina, 9, call now, "+strings.Repeat("please ", 8))
			b.until(`document.querySelector("#live-part .over") && document.querySelector("#live-part ins")`)
			b.check("too-long")
			b.press("main form .actions button") // refused, and everything typed is still there
			if got := ask(b, chromedp.Evaluate[string](`document.querySelector("#text").value`)); !strings.Contains(got, "please please") {
				t.Errorf("the box has %q", got)
			}
			b.check("refused")
			b.run(chromedp.Clear(chromedp.CSS("#text")))
			b.typed("text", "EXERCISE. Lina, 9, Bruxelles. Please call +3225544000.")
			b.until(`!document.querySelector("#live-part .over")`)
			b.press("main form .actions button")
			if got := b.text("#en-radiotext"); !strings.Contains(got, "Edited") || !strings.Contains(got, "Please") {
				t.Errorf("the list shows %q", got)
			}
			b.check("edited")
			k = must(w.casework.Get(k.ID))(t)
			changed := k.Draft
			changed.Facts.Vehicles[0].Plate, changed.Facts.LastSeen.Place = "1-ABC-23", "Gare du Midi, Bruxelles"
			changed.Facts.Children[0].GivenName = "Léna"
			k = must(w.casework.Edit(t.Context(), anna, k.ID, k.Version, changed))(t)
			b.open("/console/cases/" + k.ID + "/texts/en/radiotext")
			b.check("stale")
			b.press("main form .actions button")
			must(w.casework.Submit(t.Context(), anna, k.ID))(t)
			approver := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			approver.signIn("bram")
			approver.open("/console/cases/" + k.ID + "/release")
			if got := approver.text(".edited"); !strings.Contains(got, "Please") {
				t.Errorf("the approver sees %q", got)
			}
			approver.check("release")
			b.open("/console/cases/" + k.ID + "/texts/en/radiotext")
			b.press(`form[action$="/machine"] button`)
			if now := must(w.casework.Get(k.ID))(t); now.Edits != nil || now.Stage != casework.StageDraft {
				t.Errorf("%v, %s", now.Edits, now.Stage)
			}
		})
	}
}
