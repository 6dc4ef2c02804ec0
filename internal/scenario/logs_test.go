package scenario

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/peers/pushservice"
)

// loose collects the answers to whatever went wrong.
type loose struct {
	*world
	said []byte // every body and header of an error
}

// fails makes a request that must be refused.
func (l *loose) fails(in request) {
	l.t.Helper()
	got := ask(l.t, in)
	if got.status < http.StatusBadRequest {
		l.t.Errorf("%s %s: %d, want a refusal", in.method, in.url, got.status)
	}
	l.said = append(l.said, got.body...)
	for name, values := range got.header {
		l.said = append(l.said, name+": "+strings.Join(values, ",")+"\n"...)
	}
}

// TestNoPersonalDataInLogs plays an alert with everything that can go wrong on
// the way, at the most talkative level, and reads what the server said of it.
// Guards invariant 12.
func TestNoPersonalDataInLogs(t *testing.T) {
	l := &loose{world: newWorld(t)}
	l.args = []string{"--verbose"}
	l.open(4, 3)
	const wrong = "Wrong-Password-Kingfisher"
	for i, status := range []int{http.StatusInternalServerError, http.StatusNotFound, http.StatusUnauthorized} {
		l.push.Fail(pushservice.Fault{N: 1, Subscriber: l.citizens[i].ID, Status: status, Body: []byte("the service says: " + l.citizens[i].Endpoint)})
	}
	l.gate.status.Store(http.StatusInternalServerError)

	d := missing()
	d.Facts.Children[0].GivenName, d.Facts.Children[0].Age = marker, 19
	d.Facts.LastSeen.Place = "Impasse Cormorant"
	d.Internal = casework.Internal{Reference: "File-Merganser-7", ReportedBy: "Madame Avocette", Notes: "lives at Quai Sarcelle"}
	l.fails(request{method: "POST", url: l.url("/v1/cases"), token: l.authorToken, contentType: "application/json", body: asJSON(t, d)})
	l.fails(request{method: "POST", url: l.url("/v1/cases"), token: l.authorToken, contentType: "application/json", body: []byte(`{"facts":{"children":[{"given_name":"` + marker + `","age":"` + marker + `"}]}}`)})
	l.fails(request{method: "POST", url: l.url("/v1/cases"), token: l.authorToken, contentType: "application/json", body: []byte(`{"` + marker + `":1}`)[:5]})
	l.fails(request{method: "POST", url: l.url("/v1/cases"), token: l.authorToken + "x", contentType: "application/json", body: asJSON(t, d)})
	l.fails(request{
		method: "POST", url: l.url("/console/sign-in"), contentType: "application/x-www-form-urlencoded",
		body: []byte(url.Values{"id": {"author"}, "password": {wrong}}.Encode()),
	})
	l.fails(request{
		method: "POST", url: l.url("/v1/push/subscriptions"), contentType: "application/json",
		body: []byte(`{"subscription":` + string(l.citizens[0].JSON()) + `,"regions":["NOWHERE"],"lang":"fr"}`),
	})
	l.fails(request{method: "DELETE", url: l.url("/v1/push/subscriptions"), contentType: "application/json", body: []byte(`{"endpoint":"http://` + marker + `"}`)})
	l.fails(request{method: "POST", url: l.url("/v1/feed/receipts"), token: l.stationToken, contentType: "application/json", body: []byte(`{"reason":"` + marker + `"}`)})
	l.fails(request{url: l.url("/v1/feed/poll"), token: l.stationToken + "x"})
	l.fails(request{url: l.url("/photos/" + marker + ".jpg")})
	l.fails(request{url: l.url("/fr/alerts/" + marker + "?name=" + marker)})
	forged := ask(t, request{method: "POST", url: l.url("/verify"), contentType: "application/xml", body: []byte("<alert>" + marker + "</alert>")})
	l.said = append(l.said, forged.body...)

	d.Facts.Children[0].Age = 7
	c, err := l.author.Draft(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	photo, err := l.author.AddPhoto(t.Context(), c.ID, portrait(t))
	if err != nil {
		t.Fatal(err)
	}
	l.fails(request{method: "POST", url: l.url("/v1/cases/" + c.ID + "/photos"), token: l.authorToken, contentType: "image/png", body: []byte(marker)})
	of := func(method, what string, body any) {
		t.Helper()
		l.fails(request{method: method, url: l.url("/v1/cases/" + c.ID + "/" + what), token: l.authorToken, contentType: "application/json", body: asJSON(t, body)})
	}
	of("PUT", "texts/fr/sms", map[string]string{"text": strings.Repeat("Foulque ", 200)})
	of("POST", "agree", map[string]string{"digest": "x", "reason": "because of Bernache"})
	of("POST", "release", map[string]string{"digest": "x", "override": "because of Tadorne", "code": "Chevalier-4711"})
	ask(t, request{url: l.url("/console/invitation/Harle-ticket")}) // its page leads back to itself: that is no leak
	l.revise(c.ID, func(d *casework.Draft) { d.Facts.Children[0].Photo = photo })
	l.reached(c.ID, 1, 30*time.Second, "sms", "broadcast")
	eventually(t, 10*time.Second, "the failures", func() error { return l.met(3) })
	l.fails(request{method: "POST", url: l.url("/v1/cases/" + c.ID + "/withdraw"), token: l.authorToken, contentType: "application/json", body: asJSON(t, map[string]any{
		"outcome": "found", "words": map[string]string{"fr": marker + " est retrouvée"},
	})})
	l.revise(c.ID, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	l.gate.status.Store(0)
	l.reached(c.ID, 2, 30*time.Second, "sms", "broadcast", "website")
	if err := l.author.Withdraw(t.Context(), c.ID, alert.OutcomeFound); err != nil {
		t.Fatal(err)
	}
	l.reached(c.ID, 3, 30*time.Second, "sms", "broadcast", "website")

	secrets := map[string]string{
		"the child's name": marker, "the place": "Cormorant", "the reference": "Merganser", "the reporter": "Avocette", "the notes": "Sarcelle",
		"an officer's password": password("author"), "a wrong password": wrong, "the author's token": l.authorToken,
		"the approver's token": l.approverToken, "the station's token": l.stationToken, "the partner's secret": l.partnerSecret,
		"the partner's address": l.gate.url, "the gateway's password": gatewayPassword, "a telephone number": l.phones[0][4:],
		"the photo": photo, "an officer's own words": "Foulque", "a reason to agree": "Bernache", "a reason to override": "Tadorne",
		"a code": "Chevalier", "an invitation": "Harle",
	}
	for i, c := range l.citizens {
		secrets["a push address"+strings.Repeat("'", i)] = path.Base(c.Endpoint)
		secrets["a push secret"+strings.Repeat("'", i)] = c.Auth()
	}
	metrics := ask(t, request{url: "http://" + l.conf.Ops + "/metrics"})
	if metrics.status != http.StatusOK || !strings.Contains(l.logs.String(), "level=DEBUG") && !strings.Contains(l.logs.String(), "level=WARN") {
		t.Errorf("nothing to read: metrics %d, log:\n%.500s", metrics.status, l.logs.String())
	}
	for where, text := range map[string]string{"the log": l.logs.String(), "the metrics": string(metrics.body), "an error": string(l.said)} {
		for what, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s has %s: ...%s...", where, what, text[max(0, at-200):min(len(text), at+80)])
			}
		}
	}
}

// met says whether so many pushes and a webhook have failed.
func (w *world) met(pushes int) error {
	if n := w.push.Stats().Refused; n < pushes || w.gate.hits.Load() == 0 {
		return errors.New("not every failure was met")
	}
	return nil
}
