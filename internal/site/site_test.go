package site

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// addresses are all that a reader can open of one case, and what each must say while it lives.
func addresses(m *alert.Message) map[string]string {
	list := map[string]string{
		"/cap/" + m.Identifier + ".xml":   "Anna",
		"/v1/alerts":                      "Anna",
		"/v1/alerts/" + m.Case:            "Anna",
		"/v1/alerts/" + m.Identifier:      "Anna",
		"/v1/events":                      "Anna",
		"/v1/events?after=0":              "Anna",
		"/feed.atom":                      "Anna",
		"/feed.json":                      "Anna",
		"/embed/v1/alerts.json":           "Anna",
		"/embed/v1/alerts.json?area=BE":   "Anna",
		"/embed/v1/frame?lang=de":         "Anna",
		"/photos/" + annaPhoto + ".jpg":   "\xff\xd8",
		"/photos/" + annaPhoto + "-s.jpg": "\xff\xd8",
		"/photos/" + marcPhoto + ".jpg":   "\xff\xd8",
	}
	for _, l := range alert.Langs {
		list["/"+string(l)+"/"] = "Anna"
		list["/"+string(l)+"/alerts/"+m.Case] = "Anna"
		list["/feed.atom?lang="+string(l)] = "Anna"
	}
	return list
}

func TestLiveAlertIsEverywhere(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	for address, want := range addresses(m) {
		r := w.get(address)
		if body := text(t, r); r.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d without %q: %.300s", address, r.StatusCode, want, body)
		}
	}
	if w.said.Len() > 0 {
		t.Errorf("the log says %s", w.said)
	}
}
