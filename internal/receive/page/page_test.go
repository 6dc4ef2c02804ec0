package page

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/receive"
)

// receiver is one as the page needs it.
type receiver struct {
	mu     sync.Mutex
	status receive.Status
	said   []receive.Receipt
	refuse error
}

func (r *receiver) Status() receive.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Alerts = slices.Clone(s.Alerts) // a test changes them while the page is being written
	return s
}

func (r *receiver) Report(rec receive.Receipt) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse == nil {
		r.said = append(r.said, rec)
	}
	return r.refuse
}

// busy is a receiver with something of everything.
func busy() *receiver {
	now := time.Now()
	return &receiver{status: receive.Status{
		At: now, Owed: 1,
		Feeds: []receive.FeedStatus{
			{Address: "wss://a.police.example/v1/feed", Connected: true, Heard: now.Add(-3 * time.Second), Head: 118, Cursor: "QK2N-118", CredDays: new(12)},
			{Address: "wss://b.police.example/v1/feed", Problem: "the feed cannot be reached: connection refused"},
		},
		Alerts: []receive.CaseStatus{
			{
				Case: "7GQ2XKPB4MNT", Identifier: "POLICE-7GQ2XKPB4MNT-2", Revision: 2, MsgType: "Update", Status: "Actual",
				Headline: "Zoé, 7 ans, enlevée à Bruxelles <b>&", Lang: "fr", Dir: "/srv/alerts/alerts/7GQ2XKPB4MNT-2", Missing: 1, Expires: now.Add(5 * time.Hour),
				Said: []receive.Said{{State: "received", At: now, Confirmed: now}, {State: "seen", At: now}, {State: "on_air", At: now, Refused: true}},
			},
			{Case: "A4PLT7MN2QQC", Identifier: "POLICE-A4PLT7MN2QQC-1", Revision: 1, MsgType: "Alert", Status: "Exercise", Headline: "EXERCISE: Leo, 9", Lang: "en", Dir: "/srv/alerts/alerts/A4PLT7MN2QQC-1", Expires: now.Add(time.Hour)},
			{Case: "K2", Identifier: "POLICE-K2-3", Revision: 3, MsgType: "Cancel", Status: "Actual", Expires: now, Ended: now.Add(-time.Hour), Said: []receive.Said{{State: "removed", At: now, Confirmed: now}}},
		},
		LinkTest: &receive.CaseStatus{
			Case: "LINKTEST20261118090000", Identifier: "POLICE-LINKTEST20261118090000-1", Revision: 1, MsgType: "Alert", Status: "Test", Headline: "TEST. Test of the child alert system",
			Expires: now, Said: []receive.Said{{State: "received", At: now, Confirmed: now}},
		},
		Alarms: []receive.Standing{{Alarm: receive.Alarm{Feed: "wss://b.police.example/v1/feed", Kind: receive.AlarmSilent, Text: "no heartbeat for 30s or more"}, Since: now.Add(-time.Minute), Times: 60}},
	}}
}

func get(t *testing.T, h http.Handler, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8460"+target, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPageSaysHowThingsStand(t *testing.T) {
	w := get(t, New(busy()), "/", nil)
	body := w.Body.String()
	for _, want := range []string{
		"1 alarm stands", "no heartbeat for 30s or more", "Real alert", "Exercise: not real", "revision 2",
		"Zoé, 7 ans, enlevée à Bruxelles &lt;b&gt;&amp;", `lang="fr"`, "/srv/alerts/alerts/7GQ2XKPB4MNT-2", "1 picture or sound is",
		"Received", "not yet confirmed", "the feed refused it", "connection refused", "QK2N-118", "head 118", "ends in 12 days", "1 receipt waits", "Withdrawn", "Last test of the line: received",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != http.StatusOK || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("status %d, CSP %q", w.Code, csp)
	}
	quiet := get(t, New(&receiver{status: receive.Status{Well: true}}), "/", nil).Body.String()
	for _, want := range []string{"Nothing is wrong", "No alert is live", "Every receipt is confirmed", "Nothing has ended lately"} {
		if !strings.Contains(quiet, want) {
			t.Errorf("with nothing to say the page lacks %q", want)
		}
	}
}

func TestStatusJSON(t *testing.T) {
	w := get(t, New(busy()), "/status.json", nil)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for _, field := range []string{"at", "well", "feeds", "alerts", "link_test", "alarms", "owed"} {
		if _, ok := got[field]; !ok {
			t.Errorf("status.json lacks %s", field)
		}
	}
}

// press posts the form of a button.
func press(h http.Handler, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8460/say", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://127.0.0.1:8460")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func form(fields ...string) url.Values {
	f := url.Values{"identifier": {"POLICE-7GQ2XKPB4MNT-2"}, "revision": {"2"}}
	for i := 0; i < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	return f
}

func TestButtons(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		form   url.Values
		status int
		want   receive.Receipt
		says   string
	}{
		"seen":                      {form("state", "seen", "by", " Anna "), 303, receive.Receipt{State: "seen", By: "Anna"}, ""},
		"on air":                    {form("state", "on_air", "channel", "La Une", "at", "00:00"), 303, receive.Receipt{State: "on_air", Channel: "La Une", At: time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.Local).UTC()}, ""},
		"declined":                  {form("state", "declined", "reason", "football"), 303, receive.Receipt{State: "declined", Reason: "football"}, ""},
		"removed":                   {form("state", "removed"), 303, receive.Receipt{State: "removed"}, ""},
		"declined without a reason": {form("state", "declined", "reason", " "), 422, receive.Receipt{}, "Say why"},
		"failed without a reason":   {form("state", "failed"), 422, receive.Receipt{}, "Say why"},
		"a time that is none":       {form("state", "on_air", "at", "soon"), 422, receive.Receipt{}, "Write the time as 20:15"},
		"no revision":               {form("state", "seen", "revision", ""), 422, receive.Receipt{}, "older page"},
		"a state of no button":      {form("state", "aired"), 422, receive.Receipt{}, "older page"},
	} {
		t.Run(name, func(t *testing.T) {
			r := busy()
			w := press(New(r), tt.form, nil)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if tt.status != 303 {
				if len(r.said) != 0 {
					t.Errorf("said %+v", r.said)
				}
				return
			}
			tt.want.Identifier, tt.want.Revision = "POLICE-7GQ2XKPB4MNT-2", 2
			if len(r.said) != 1 || r.said[0] != tt.want {
				t.Errorf("said %+v, want %+v", r.said, tt.want)
			}
			if to := w.Header().Get("Location"); to != "/?noted="+tt.want.State {
				t.Errorf("leads to %s", to)
			}
		})
	}
	r := busy()
	r.refuse = receive.ErrUnknown
	if w := press(New(r), form("state", "seen"), nil); w.Code != 422 || !strings.Contains(w.Body.String(), "newer revision") {
		t.Errorf("an old revision: %d", w.Code)
	}
	r.refuse = errors.New("state: no space left on device")
	if w := press(New(r), form("state", "seen"), nil); w.Code != 422 || !strings.Contains(w.Body.String(), "no space left") {
		t.Errorf("a full disk: %d", w.Code)
	}
	// What was typed is not lost, and the name is typed once.
	w := press(New(busy()), form("state", "on_air", "channel", "La Une", "at", "soon", "by", "Änne \"x\""), nil)
	if !strings.Contains(w.Body.String(), `value="La Une"`) || !strings.Contains(w.Body.String(), "Änne &#34;x&#34;") {
		t.Error("what was typed is lost")
	}
	w = press(New(busy()), form("state", "seen", "by", "Änne; x"), nil)
	again := get(t, New(busy()), "/", func(r *http.Request) { r.AddCookie(w.Result().Cookies()[0]) })
	if !strings.Contains(again.Body.String(), `value="Änne; x"`) {
		t.Error("the name is forgotten")
	}
}

// A page of somebody else must not press our buttons, nor read what is live,
// even when his name leads to 127.0.0.1.
func TestStrangersPages(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"another origin": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"another site":   {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"another port":   {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9999") }, 403},
		"a name that leads to us": {func(r *http.Request) {
			r.Host = "evil.example:8460"
			r.Header.Set("Origin", "http://evil.example:8460")
		}, 421},
		"an address that is not loopback": {func(r *http.Request) { r.Host = "10.0.0.1:8460" }, 421},
		"no host":                         {func(r *http.Request) { r.Host = "" }, 421},
	} {
		r := busy()
		if w := press(New(r), form("state", "seen"), tt.change); w.Code != tt.status || len(r.said) != 0 {
			t.Errorf("%s: status %d, said %v", name, w.Code, r.said)
		}
		if tt.status == 421 {
			for _, path := range []string{"/", "/status.json"} {
				if w := get(t, New(r), path, tt.change); w.Code != 421 || strings.Contains(w.Body.String(), "Zoé") {
					t.Errorf("%s reads %s: status %d", name, path, w.Code)
				}
			}
		}
	}
	for _, host := range []string{"localhost:8460", "127.0.0.1:8460", "[::1]:8460", "127.0.0.1"} {
		if w := get(t, New(busy()), "/", func(r *http.Request) { r.Host = host }); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", host, w.Code)
		}
	}
	if w := press(New(busy()), form("state", "seen", "reason", strings.Repeat("x", maxForm)), nil); w.Code != 400 {
		t.Errorf("a form without end: status %d", w.Code)
	}
}
