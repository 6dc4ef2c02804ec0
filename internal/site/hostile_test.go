package site

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tocsin/internal/alert"
)

const attack = `<img src=x onerror=alert(1)>"'</script>{{.}}`

// markup lists every element of a page that holds a trace of the attack outside of text.
func markup(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		token := z.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" && a.Val == "x" || strings.Contains(strings.ToLower(a.Val), "javascript:") {
				t.Errorf("text of a case became markup: %s", token)
			}
		}
		if token.Data == "script" {
			for _, a := range token.Attr {
				if a.Key == "src" && !strings.HasPrefix(a.Val, "/static/") && a.Val != "/embed/v1.js" {
					t.Errorf("a foreign script: %s", token)
				}
			}
		}
	}
}

// Text from a case is text everywhere.
func TestHostileNames(t *testing.T) {
	w := newWorld(t, nil)
	m := w.story(func(m *alert.Message) {
		f := m.Facts
		f.Children[0].GivenName, f.Suspects[0].GivenName = attack, attack
		f.LastSeen.Place, f.LastSeen.Towards, f.Authority = attack, attack, attack
		f.Vehicles[0].Make, f.Vehicles[0].Plate = attack, `"><svg>`
		f.Contact = alert.Contact{Phone: `javascript:alert(1)//+32`, Hotline: attack, Form: "javascript:alert(1)"}
		f.Note = alert.Localized{"en": attack, "fr": attack, "de": attack, "ru": attack}
	})
	m.Media = []alert.Media{
		{Kind: "photo", Name: attack, URL: `https://evil.example/photos/"onload=.jpg`},
		{Kind: "photo", Name: attack, URL: testHost + "/photos/" + annaPhoto + ".jpg"},
	}
	w.publish(m)
	for _, address := range []string{"/en/", "/en/alerts/" + m.Case, "/it/alerts/" + m.Case, "/embed/v1/frame?lang=en"} {
		r := w.get(address)
		body := text(t, r)
		if r.StatusCode != http.StatusOK || !strings.Contains(body, "&lt;img src=x") {
			t.Errorf("%s: %d: %.300s", address, r.StatusCode, body)
		}
		if strings.Contains(body, "evil.example") {
			t.Errorf("%s loads from elsewhere", address)
		}
		markup(t, body)
	}
	for _, address := range []string{"/v1/alerts", "/v1/alerts/" + m.Case, "/v1/events", "/feed.json", "/embed/v1/alerts.json"} {
		r := w.get(address)
		body := text(t, r)
		if !json.Valid([]byte(body)) || strings.Contains(body, "<img") || strings.Contains(r.Header.Get("Content-Type"), "html") {
			t.Errorf("%s: %s: %.300s", address, r.Header.Get("Content-Type"), body)
		}
	}
	d := xml.NewDecoder(strings.NewReader(text(t, w.get("/feed.atom"))))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "img" || e.Name.Local == "script") {
			t.Errorf("an element %s in the feed", e.Name.Local)
		}
	}
}

// What a stranger puts into an address is never repeated to others, and never crashes anything.
func TestHostileAddresses(t *testing.T) {
	w := newWorld(t, nil)
	w.publish(w.story(nil))
	for address, want := range map[string]int{
		"/photos/..%2f..%2fetc%2fpasswd":                          400,
		"/photos/a.jpg":                                           400,
		"/photos/" + strings.Repeat("A", 200) + ".jpg":            400,
		"/photos/ABCDEFGH.png":                                    400,
		"/photos/ABCDEFGHIJKL.jpg":                                404,
		"/cap/none.xml":                                           404,
		"/cap/" + strings.Repeat("A", 3000) + ".xml":              404,
		"/v1/alerts/%3Cscript%3E":                                 404,
		"/v1/nothing":                                             404,
		"/en/alerts/%3Cscript%3E":                                 404,
		"/xx/":                                                    404,
		"/en/%3Cscript%3E":                                        404,
		"/static/000000000000/site.css":                           404,
		"/v1/events?after=-1":                                     400,
		"/v1/events?after=x":                                      400,
		"/v1/events?after=99999999999999999999":                   400,
		"/feed.atom?lang=xx":                                      400,
		"/feed.json?lang=%3Cscript%3E":                            400,
		"/embed/v1/alerts.json?area=XX":                           400,
		"/embed/v1/alerts.json?area=be-van,%20NL":                 200,
		"/embed/v1/frame?area=%3Cscript%3E":                       400,
		"/embed/v1/alerts.json?area=" + strings.Repeat("BE,", 21): 400,
		"/v1/regions?country=XX":                                  400,
		"/v1/regions?country=BE-VAN":                              400,
		"/v1/regions?q=" + strings.Repeat("a", 400):               400,
		"/en/subscribe?country=%3Cscript%3E":                      200,
		"/en/subscribe?country=" + strings.Repeat("A", 5000):      200,
	} {
		r := w.get(address)
		body := text(t, r)
		if r.StatusCode != want || strings.Contains(body, "<script>") || strings.Contains(body, "u003cscript") {
			t.Errorf("%.80s: %d, want %d: %.300s", address, r.StatusCode, want, body)
		}
		if want < 400 {
			continue
		}
		if r.Header.Get("Cache-Control") != "no-store" && !strings.HasPrefix(address, "/static/") {
			t.Errorf("%.80s: a fault may be kept: %v", address, r.Header)
		}
		if strings.HasPrefix(address, "/v1/") || strings.HasPrefix(address, "/photos/") || strings.HasPrefix(address, "/feed") {
			var p problem
			if json.Unmarshal([]byte(body), &p) != nil || p.Status != want || p.Title == "" || p.Detail == "" || r.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%.80s: no problem document: %s", address, body)
			}
		}
	}
	for _, c := range []struct{ method, address string }{{"POST", "/en/"}, {"DELETE", "/v1/alerts"}, {"PUT", "/feed.atom"}} {
		if r := w.ask(c.method, c.address, nil); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", c.method, c.address, r.StatusCode)
		}
	}
	if w.said.Len() > 0 {
		t.Errorf("strangers fill the log: %s", w.said)
	}
}
