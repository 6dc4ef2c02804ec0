package site

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
)

// addresses are all that a reader can open of one case. one says whether the
// address is the case's own, and so 410 afterwards; a list goes on without it.
func addresses(m *alert.Message) map[string]struct {
	want string
	one  bool
} {
	type says = struct {
		want string
		one  bool
	}
	list := map[string]says{
		"/cap/" + m.Identifier + ".xml":   {girl, true},
		"/v1/alerts":                      {girl, false},
		"/v1/alerts/" + m.Case:            {girl, true},
		"/v1/alerts/" + m.Identifier:      {girl, true},
		"/v1/events":                      {girl, false},
		"/v1/events?after=0":              {girl, false},
		"/feed.atom":                      {girl, false},
		"/feed.json":                      {girl, false},
		"/embed/v1/alerts.json":           {girl, false},
		"/embed/v1/alerts.json?area=BE":   {girl, false},
		"/embed/v1/frame?lang=de":         {girl, false},
		"/photos/" + annaPhoto + ".jpg":   {"\xff\xd8", true},
		"/photos/" + annaPhoto + "-s.jpg": {"\xff\xd8", true},
		"/photos/" + marcPhoto + ".jpg":   {"\xff\xd8", true},
	}
	for _, l := range alert.Langs {
		list["/"+string(l)+"/"] = says{girl, false}
		list["/"+string(l)+"/alerts/"+m.Case] = says{girl, true}
		list["/feed.atom?lang="+string(l)] = says{girl, false}
		list["/feed.json?lang="+string(l)] = says{girl, false}
		list["/embed/v1/frame?lang="+string(l)] = says{girl, false}
	}
	return list
}

// traces are what must be nowhere once an alert has ended, in plain and in base64 at each alignment.
func traces() []string {
	var all []string
	for _, s := range []string{girl, man, annaPhoto, marcPhoto, "1-ABC-234", "Gare du Nord", "Renault Clio", "Narbe über", "+3225544000"} {
		all = append(all, s, url.QueryEscape(s))
		for shift := range 3 {
			coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), s...))
			all = append(all, coded[2+shift:len(coded)-2])
		}
	}
	return all
}

// silent fails for every trace in the answer's body or header.
func silent(t *testing.T, address string, r *http.Response) {
	t.Helper()
	body := text(t, r)
	for _, trace := range traces() {
		if strings.Contains(body, trace) {
			t.Errorf("%s still says %q: %.400s", address, trace, body)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), trace) {
				t.Errorf("%s still says %q in its header %s", address, trace, name)
			}
		}
	}
}

// ends walks all addresses before and after end, which must silence each.
func ends(t *testing.T, w *world, m *alert.Message, end func()) {
	t.Helper()
	tags := map[string]string{}
	for address, says := range addresses(m) {
		r := w.get(address)
		body := text(t, r)
		if r.StatusCode != http.StatusOK || !strings.Contains(body, says.want) {
			t.Errorf("%s: %d without %q: %.300s", address, r.StatusCode, says.want, body)
		}
		if got := r.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s may be kept: Cache-Control is %q", address, got)
		}
		if got := r.Header.Get("X-Robots-Tag"); !strings.HasPrefix(got, "noindex") {
			t.Errorf("%s may be indexed: X-Robots-Tag is %q", address, got)
		}
		tags[address] = r.Header.Get("ETag")
	}
	end()
	for address, says := range addresses(m) {
		for _, headers := range [][]string{nil, {"If-None-Match", tags[address]}, {"If-Modified-Since", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}} {
			r := w.get(address, headers...)
			want := http.StatusOK
			if says.one {
				want = http.StatusGone
			}
			ofTime := len(headers) > 0 && headers[0] == "If-Modified-Since" && r.StatusCode == http.StatusNotModified && !says.one
			if r.StatusCode != want && !ofTime {
				t.Errorf("%s %v: %d, want %d", address, headers, r.StatusCode, want)
			}
			if says.one && r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: a refusal may be kept: %q", address, r.Header.Get("Cache-Control"))
			}
			silent(t, address, r)
		}
	}
	if w.said.Len() > 0 {
		t.Errorf("the log says %s", w.said)
	}
}

func TestWithdrawalSilencesEveryAddress(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	ends(t, w, m, func() { w.withdraw(m, alert.OutcomeFound) })
}

// The message comes first and the store's deletion after it: in between the photos are gone already.
func TestWithdrawalSilencesPhotosThatAreStillStored(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	ends(t, w, m, func() {
		w.withdraw(m, alert.OutcomeError)
		for _, p := range []string{annaPhoto, marcPhoto} {
			w.photos.put(p+".jpg", face(p))
			w.photos.put(p+"-s.jpg", face(p))
		}
	})
}

// An alert whose time is up ends by the clock alone, whatever else is late.
func TestExpirySilencesEveryAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		m := w.publish(w.story(nil))
		ends(t, w, m, func() { time.Sleep(12 * time.Hour) })
		r := w.get("/en/alerts/" + m.Case)
		if body := text(t, r); !strings.Contains(body, "The time of this alert is over.") {
			t.Errorf("the page does not say that the time is over: %.2000s", body)
		}
	})
}

func TestWithdrawalOfAnUpdatedAlert(t *testing.T) {
	w := newWorld(t, nil)
	first := w.publish(w.story(nil))
	second := w.publish(w.story(func(m *alert.Message) {
		m.Revision, m.MsgType = 2, alert.TypeUpdate
		m.References = []alert.Ref{{Sender: first.Sender, Identifier: first.Identifier, Sent: first.Sent}}
		m.Facts.Children[0].Clothing[0].Colour = alert.Green
	}))
	if r := w.get("/cap/" + first.Identifier + ".xml"); r.StatusCode != http.StatusOK {
		t.Errorf("the first revision of a live case: %d", r.StatusCode)
	}
	if body := text(t, w.get("/en/alerts/"+first.Case)); !strings.Contains(body, "Green jacket") || strings.Contains(body, "Red jacket") {
		t.Errorf("the page does not tell the update: %s", body)
	}
	// The withdrawal names the second alone, as when the first had expired before it.
	cancel := w.withdraw(second, alert.OutcomeFound)
	for _, id := range []string{first.Identifier, second.Identifier} {
		for _, address := range []string{"/cap/" + id + ".xml", "/v1/alerts/" + id} {
			r := w.get(address)
			if r.StatusCode != http.StatusGone {
				t.Errorf("%s: %d", address, r.StatusCode)
			}
			silent(t, address, r)
		}
	}
	r := w.get("/cap/" + cancel.Identifier + ".xml")
	if body := text(t, r); r.StatusCode != http.StatusOK || body != string(cancel.CAP) {
		t.Errorf("the withdrawal's own document: %d, %d bytes", r.StatusCode, len(body))
	}
	if r := w.get("/cap/" + alert.Identifier("BEPOL", alert.Live, first.Case, 9) + ".xml"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a revision that never was: %d", r.StatusCode)
	}
}

func TestEndedPageSaysWhy(t *testing.T) {
	for outcome, want := range map[alert.Outcome]string{
		alert.OutcomeFound: "The child has been found.", alert.OutcomeError: "sent in error",
		alert.OutcomeExpired: "Please delete all pictures", alert.OutcomeOther: "has been withdrawn",
	} {
		w := newWorld(t, nil)
		m := w.publish(w.story(nil))
		w.withdraw(m, outcome)
		r := w.get("/en/alerts/" + m.Case)
		body := text(t, r)
		if r.StatusCode != http.StatusGone || !strings.Contains(body, want) || !strings.Contains(body, "This alert has ended") {
			t.Errorf("%s: %d without %q: %s", outcome, r.StatusCode, want, body)
		}
		if got := strings.Contains(body, "found"); got != (outcome == alert.OutcomeFound) {
			t.Errorf("%s: the page speaks of a found child: %v", outcome, got)
		}
	}
}

// A link test is for the stations: no citizen sees it, and no list of theirs has it.
func TestLinkTestStaysOutOfLists(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(func(m *alert.Message) { m.Facts, m.Status = nil, alert.StatusTest }))
	for _, address := range []string{"/en/", "/v1/alerts", "/v1/events", "/feed.atom", "/feed.json", "/embed/v1/alerts.json", "/embed/v1/frame"} {
		r := w.get(address)
		if body := text(t, r); r.StatusCode != http.StatusOK || strings.Contains(body, m.Case) {
			t.Errorf("%s: %d lists the link test: %s", address, r.StatusCode, body)
		}
	}
	if r := w.get("/en/alerts/" + m.Case); r.StatusCode != http.StatusNotFound {
		t.Errorf("a link test has a page: %d", r.StatusCode)
	}
	for _, address := range []string{"/cap/" + m.Identifier + ".xml", "/v1/alerts/" + m.Case} {
		if r := w.get(address); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", address, r.StatusCode)
		}
	}
}
