package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed/atom"
	jsonparser "github.com/mmcdole/gofeed/json"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// readAtom parses a feed with another project's reader, and with xmllint when it is here.
func readAtom(t *testing.T, body string) *atom.Feed {
	t.Helper()
	lint := exec.Command(peertest.Tool(t, "xmllint", "libxml2-utils"), "--noout", "--nonet", "-")
	lint.Stdin = strings.NewReader(body)
	if out, err := lint.CombinedOutput(); err != nil {
		t.Fatalf("xmllint: %s", out)
	}
	f, err := (&atom.Parser{}).Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAtomFeed(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	r := w.get("/feed.atom?lang=de")
	if kind := r.Header.Get("Content-Type"); kind != "application/atom+xml; charset=utf-8" {
		t.Errorf("Content-Type %q", kind)
	}
	f := readAtom(t, text(t, r))
	if f.ID != "urn:tocsin:feed:live" || f.Language != "de" || f.Title != "Kinderalarme" || f.UpdatedParsed == nil || !f.UpdatedParsed.Equal(m.Sent) || len(f.Entries) != 1 {
		t.Fatalf("feed %+v", f)
	}
	e := f.Entries[0]
	if e.ID != "urn:tocsin:case:BEPOL:"+m.Case || !strings.Contains(e.Title, girl) || !e.UpdatedParsed.Equal(m.Sent) || e.Summary == "" {
		t.Errorf("entry %+v", e)
	}
	links := map[string]string{}
	for _, l := range e.Links {
		links[l.Rel+" "+l.Type] = l.Href
	}
	if links["alternate text/html"] != testHost+"/de/alerts/"+m.Case || links["enclosure application/cap+xml"] != testHost+"/cap/"+m.Identifier+".xml" {
		t.Errorf("links %v", links)
	}
	if len(e.Categories) != 2 || e.Categories[0].Term != "Actual" || e.Categories[1].Term != "Alert" {
		t.Errorf("categories %+v", e.Categories)
	}

	cancel := w.withdraw(m, alert.OutcomeFound)
	f = readAtom(t, text(t, w.get("/feed.atom?lang=de")))
	if len(f.Entries) != 1 || f.Entries[0].ID != e.ID || f.Entries[0].Categories[1].Term != "Cancel" {
		t.Errorf("after the withdrawal the same entry must say so: %+v", f.Entries)
	}
	if href := f.Entries[0].Links[1].Href; w.get(strings.TrimPrefix(href, testHost)).StatusCode != http.StatusOK || !strings.Contains(href, cancel.Identifier) {
		t.Errorf("the withdrawal's document is not at %s", href)
	}
}

func TestFeedOfNothing(t *testing.T) {
	w := newWorld(t, nil)
	f := readAtom(t, text(t, w.get("/feed.atom")))
	if len(f.Entries) != 0 || f.UpdatedParsed == nil || f.UpdatedParsed.After(time.Now()) || f.Title != "Alertes enfant" {
		t.Errorf("%+v", f)
	}
	if body := text(t, w.get("/feed.json")); !strings.Contains(body, `"items":[]`) {
		t.Errorf("a reader wants a list, be it empty: %s", body)
	}
}

func TestJSONFeed(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	r := w.get("/feed.json?lang=en")
	body := text(t, r)
	f, err := (&jsonparser.Parser{}).Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if f.Version != "https://jsonfeed.org/version/1.1" || r.Header.Get("Content-Type") != "application/feed+json" || len(f.Items) != 1 {
		t.Fatalf("%+v", f)
	}
	i := f.Items[0]
	if i.URL != testHost+"/en/alerts/"+m.Case || !strings.Contains(i.ContentText, "red jacket") || !strings.Contains(i.ContentText, "+32 2 554 40 00") {
		t.Errorf("item %+v", i)
	}
	if len(*i.Attachments) != 1 || (*i.Attachments)[0].MimeType != "application/cap+xml" {
		t.Errorf("attachments %+v", i.Attachments)
	}
}

// However much is live or ended, a feed stays under 100 KB and tells the live ones.
func TestFeedIsBounded(t *testing.T) {
	w := newWorld(t, nil)
	long := strings.Repeat("w", 60)
	var live []string
	for i := range 150 {
		m := w.story(func(m *alert.Message) {
			m.Case = fmt.Sprintf("7GQ2XKPB4%03d", i)
			m.Page = testHost + "/*/alerts/" + m.Case
			m.Facts.Authority, m.Facts.Children[0].GivenName = strings.Repeat("ж", 80), long
		})
		w.publish(m)
		if i%10 != 0 {
			w.withdraw(m, alert.OutcomeFound)
			continue
		}
		live = append(live, m.Case)
	}
	body := text(t, w.get("/feed.atom?lang=ru"))
	if len(body) > 100_000 {
		t.Errorf("the feed has %d bytes", len(body))
	}
	if f := readAtom(t, body); len(f.Entries) != maxEntries {
		t.Errorf("%d entries", len(f.Entries))
	}
	for _, id := range live {
		if !strings.Contains(body, id) {
			t.Errorf("the live alert %s was left out", id)
		}
	}
	if body := text(t, w.get("/v1/alerts")); strings.Count(body, `"case"`) != len(live) {
		t.Error("/v1/alerts leaves live alerts out")
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t, nil)
	type answer struct {
		Events []event
		Last   uint64
		More   bool
	}
	ask := func(after uint64) (a answer) {
		t.Helper()
		if err := json.NewDecoder(w.get(fmt.Sprintf("/v1/events?after=%d", after)).Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask(7); len(a.Events) != 0 || a.Last != 7 || a.More {
		t.Errorf("nothing happened: %+v", a)
	}
	first := w.publish(w.story(nil))
	a := ask(0)
	if len(a.Events) != 1 || a.Events[0].Type != "alert.live" || a.Events[0].Seq != a.Last || a.Events[0].Data.Case != first.Case {
		t.Fatalf("after the alert: %+v", a)
	}
	seen := a.Last
	if a := ask(seen); len(a.Events) != 0 || a.Last != seen {
		t.Errorf("told twice: %+v", a)
	}
	w.publish(w.story(func(m *alert.Message) {
		m.Revision, m.MsgType = 2, alert.TypeUpdate
		m.References = []alert.Ref{{Sender: m.Sender, Identifier: first.Identifier, Sent: m.Sent}}
	}))
	other := w.publish(w.story(func(m *alert.Message) { m.Case = "7GQ2XKPB4MNX" }))
	if a := ask(seen); len(a.Events) != 2 || a.Events[0].Type != "alert.updated" || a.Events[1].Type != "alert.live" {
		t.Errorf("after update and another alert: %+v", a)
	}
	w.withdraw(other, alert.OutcomeFound)
	a = ask(seen)
	if len(a.Events) != 2 || a.Events[1].Type != "alert.withdrawn" || !a.Events[1].Data.Ended || len(a.Events[1].Data.Children) > 0 {
		t.Errorf("after the withdrawal: %+v", a)
	}
	for range maxEvents {
		w.publish(w.story(func(m *alert.Message) { m.Case = alert.NewCaseID() }))
	}
	a = ask(0)
	if len(a.Events) != maxEvents || !a.More {
		t.Errorf("%d events, more %v", len(a.Events), a.More)
	}
	if rest := ask(a.Last); len(rest.Events) != 2 || rest.More {
		t.Errorf("the rest: %d events, more %v", len(rest.Events), rest.More)
	}
}

func TestDocumentIsUntouched(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	r := w.get("/cap/" + m.Identifier + ".xml")
	if body := text(t, r); !bytes.Equal([]byte(body), m.CAP) || r.Header.Get("Content-Type") != "application/cap+xml" {
		t.Errorf("%d bytes of %s, signed were %d", len(body), r.Header.Get("Content-Type"), len(m.CAP))
	}
}
