package webpush

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// site is the adapter's routes behind a mux, as the app serves them.
func site(a *Adapter) http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	return mux
}

// ask sends one request from a client address.
func ask(h http.Handler, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://alerts.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "192.0.2.1:4000"
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	subscriptions = "/v1/push/subscriptions"
	goodKeys      = `{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}`
	goodSub       = `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc","expirationTime":null,"keys":` + goodKeys + `}`
	goodBody      = `{"subscription":` + goodSub + `,"regions":["BE-BRU","FR"],"lang":"fr"}`
)

func TestSubscribeIsIdempotent(t *testing.T) {
	a := drill(t, nil)
	h := site(a)
	first := ask(h, "POST", subscriptions, goodBody)
	if first.Code != http.StatusCreated {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	all := a.env.Recipients.All(Name)
	if len(all) != 1 {
		t.Fatalf("%d recipients", len(all))
	}
	r := all[0]
	if r.ID != RecipientID("https://fcm.googleapis.com/fcm/send/abc") || len(r.ID) != 32 || r.Channel != Name || r.Lang != alert.French ||
		strings.Join(r.Areas, " ") != "BE-BRU FR" || r.Destination != "https://fcm.googleapis.com" || r.Name != "" || r.Created.IsZero() {
		t.Errorf("recipient %+v", r)
	}
	var address map[string]string
	if err := json.Unmarshal(r.Address, &address); err != nil || len(address) != 4 || address["endpoint"] != "https://fcm.googleapis.com/fcm/send/abc" || address["auth"] != "BTBZMqHH6r4Tts7J_aSIgg" {
		t.Errorf("address %s", r.Address)
	}

	a.now = func() time.Time { return time.Now().Add(time.Hour) }
	changed := strings.NewReplacer(`"lang":"fr"`, `"lang":"de"`, "fcm.googleapis.com", "FCM.googleapis.com:443").Replace(goodBody)
	if again := ask(h, "POST", subscriptions, changed); again.Code != http.StatusOK {
		t.Fatalf("again: %d %s", again.Code, again.Body)
	}
	all = a.env.Recipients.All(Name)
	if len(all) != 1 || all[0].Lang != alert.German || !all[0].Created.Equal(r.Created) {
		t.Errorf("after the change: %+v", all)
	}

	for range 2 { // leaving twice is leaving
		if left := ask(h, "DELETE", subscriptions, `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc"}`); left.Code != http.StatusNoContent {
			t.Fatalf("leave: %d %s", left.Code, left.Body)
		}
	}
	if all := a.env.Recipients.All(Name); len(all) != 0 {
		t.Errorf("%d recipients left", len(all))
	}
}

func TestSubscribeRefuses(t *testing.T) {
	a := drill(t, nil, func(s *Settings) { s.Regions = []string{"BE", "FR", "NL-LI"}; s.SubscribePerMinute = 1000 })
	h := site(a)
	swap := func(old, new string) string { return strings.Replace(goodBody, old, new, 1) }
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"not JSON":             {"{", 400, ""},
		"empty":                {"", 400, ""},
		"array":                {"[]", 422, ""},
		"wrong type":           {swap(`["BE-BRU","FR"]`, `"BE"`), 422, "regions"},
		"too large":            {swap(`"lang":"fr"`, `"lang":"`+strings.Repeat("f", maxRequest)+`"`), 413, ""},
		"100 MB":               {`{"x":"` + strings.Repeat("x", 100<<20), 413, ""},
		"nothing":              {"{}", 422, "subscription.endpoint"},
		"loopback":             {swap("https://fcm.googleapis.com", "https://[::1]"), 422, "subscription.endpoint"},
		"stranger":             {swap("fcm.googleapis.com", "fcm.googleapis.com.evil.example"), 422, "subscription.endpoint"},
		"userinfo":             {swap("fcm.googleapis.com", "x@fcm.googleapis.com"), 422, "subscription.endpoint"},
		"no key":               {swap("p256dh", "p"), 422, "subscription.keys.p256dh"},
		"not on the curve":     {swap("BCVxsr7N", "BCVxsr7M"), 422, "subscription.keys.p256dh"},
		"point at infinity":    {swap("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "AA"), 422, "subscription.keys.p256dh"},
		"short secret":         {swap("BTBZMqHH6r4Tts7J_aSIgg", "BTBZMqHH6r4"), 422, "subscription.keys.auth"},
		"long secret":          {swap("BTBZMqHH6r4Tts7J_aSIgg", strings.Repeat("A", 4000)), 422, "subscription.keys.auth"},
		"no region":            {swap(`["BE-BRU","FR"]`, "[]"), 422, "regions"},
		"21 regions":           {swap(`["BE-BRU","FR"]`, `["BE"`+strings.Repeat(`,"BE"`, 20)+`]`), 422, "regions"},
		"region of no form":    {swap("BE-BRU", "be-bru"), 422, "regions"},
		"everything":           {swap("BE-BRU", "*"), 422, "regions"},
		"subject wildcard":     {swap("BE-BRU", "BE.>"), 422, "regions"},
		"a State not served":   {swap("BE-BRU", "DE-BY"), 422, "regions"},
		"above what is served": {swap("BE-BRU", "NL"), 422, "regions"},
		"look-alike region":    {swap("BE-BRU", "BEX"), 422, "regions"},
		"unknown language":     {swap(`"fr"`, `"xx"`), 422, "lang"},
	} {
		w := ask(h, "POST", subscriptions, c.body)
		if w.Code != c.status || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.status)
			continue
		}
		var p struct {
			Status int
			Title  string
			Errors []alert.Fault
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != c.status || p.Title == "" {
			t.Errorf("%s: problem %s: %v", name, w.Body, err)
		}
		if c.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != c.field || p.Errors[0].Text == "") {
			t.Errorf("%s: faults %+v, want %s", name, p.Errors, c.field)
		}
	}
	if all := a.env.Recipients.All(Name); len(all) != 0 {
		t.Errorf("%d recipients stored", len(all))
	}
	w := ask(h, "POST", subscriptions, `{"subscription":{"endpoint":"x","keys":{}},"regions":[],"lang":""}`)
	if n := strings.Count(w.Body.String(), `"field"`); n != 5 {
		t.Errorf("%d faults named of 5: %s", n, w.Body)
	}
}

func TestOnlyOurOwnPages(t *testing.T) {
	h := site(drill(t, nil))
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"form":        {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"text":        {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"no type":     {func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"json+":       {func(r *http.Request) { r.Header.Set("Content-Type", "application/jsonp") }, 415},
		"charset":     {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, 201},
		"cross site":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"same site":   {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"same origin": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
		"old browser": {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
	} {
		w := ask(h, "POST", subscriptions, goodBody, c.change)
		if w.Code != c.want && (c.want > 201 || w.Code > 201) {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: a CORS header", name)
		}
	}
}

func TestKeyIsServed(t *testing.T) {
	a := drill(t, nil)
	w := ask(site(a), "GET", "/v1/push/key", "")
	var got struct{ Key string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Key != a.keys.Public {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), a.keys.Private) {
		t.Error("the private key was served")
	}
}

func TestRegistryFailureIsTold(t *testing.T) {
	a := drill(t, nil)
	a.env.Recipients = &registry{fail: errors.New("disk full at /var/lib")}
	w := ask(site(a), "POST", subscriptions, goodBody)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A page says it on every visit: what is known is not written again, that the
// device is there once a day, and a new endpoint takes the old one's place.
func TestReconcile(t *testing.T) {
	a := drill(t, nil)
	h, held := site(a), a.env.Recipients.(*registry)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { return now }
	wish := strings.Replace(goodBody, `"lang":"fr"`, `"lang":"fr","calm":true,"quiet":{"from":"22:00","to":"07:30","zone":"Europe/Brussels"}`, 1)
	for i, c := range []struct {
		body   string
		after  time.Duration
		status int
		writes int // in all
	}{
		{goodBody, 0, 201, 1},
		{goodBody, time.Hour, 200, 1},
		{strings.Replace(goodBody, `"BTBZMqHH6r4Tts7J_aSIgg"`, `"BTBZMqHH6r4Tts7J/aSIgg=="`, 1), 0, 200, 1}, // the same secret
		{goodBody, 24 * time.Hour, 200, 2},                                      // another day
		{strings.Replace(goodBody, `"FR"`, `"BE-VAN"`, 1), 0, 200, 3},           // other regions
		{strings.Replace(goodBody, `"lang":"fr"`, `"lang":"it"`, 1), 0, 200, 4}, // another language, and the first regions
		{wish, 0, 200, 5},
		{wish, 0, 200, 5},
	} {
		now = now.Add(c.after)
		if w := ask(h, "POST", subscriptions, c.body); w.Code != c.status || held.puts != c.writes {
			t.Errorf("step %d: %d after %d writes, want %d after %d: %s", i, w.Code, held.puts, c.status, c.writes, w.Body)
		}
	}
	first := a.env.Recipients.All(Name)[0]
	w := ask(h, "POST", subscriptions, wish)
	for _, want := range []string{`"calm":true`, `"confirmed":"2026-11-23"`, `"quiet":{"from":"22:00","to":"07:30","zone":"Europe/Brussels"}`, `"regions":["BE-BRU","FR"]`, `"lang":"fr"`} {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("the device is told %d %s without %s", w.Code, w.Body, want)
		}
	}
	next := strings.NewReplacer("send/abc", "send/new", `"lang"`, `"replaces":"https://fcm.googleapis.com/fcm/send/abc","lang"`).Replace(goodBody)
	for range 2 { // the answer may have been lost
		if w := ask(h, "POST", subscriptions, next); w.Code != http.StatusCreated && w.Code != http.StatusOK {
			t.Fatalf("replace: %d %s", w.Code, w.Body)
		}
		all := a.env.Recipients.All(Name)
		if len(all) != 1 || all[0].ID != RecipientID("https://fcm.googleapis.com/fcm/send/new") || !all[0].Created.Equal(first.Created) {
			t.Errorf("after a new endpoint: %+v", all)
		}
	}
	itself := strings.Replace(goodBody, `"lang"`, `"replaces":"https://fcm.googleapis.com/fcm/send/abc","lang"`, 1)
	if ask(h, "POST", subscriptions, itself); len(a.env.Recipients.All(Name)) != 2 {
		t.Error("a subscription that replaces itself was forgotten")
	}
	for field, body := range map[string]string{
		"replaces":   strings.Replace(goodBody, `"lang"`, `"replaces":"https://[::1]/x","lang"`, 1),
		"quiet.zone": strings.Replace(wish, "Europe/Brussels", "../../etc/passwd", 1),
		"quiet.to":   strings.Replace(wish, "07:30", "22:00", 1),
	} {
		if w := ask(h, "POST", subscriptions, body); w.Code != 422 || !strings.Contains(w.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", field, w.Code, w.Body)
		}
	}
	if w := ask(h, "POST", subscriptions, strings.Replace(wish, "22:00", "half past", 1)); w.Code != 400 && w.Code != 422 {
		t.Errorf("a time of no form: %d %s", w.Code, w.Body)
	}
}

// Whoever comes, or asks for other regions, is told of what is live; who only visits is not.
func TestNewcomerIsWelcomed(t *testing.T) {
	a := drill(t, nil)
	var told []string
	a.env.Newcomer = func(_ context.Context, channel, id string) error {
		told = append(told, channel+" "+id)
		return errors.New("the queue is away") // his subscription stands
	}
	h := site(a)
	ask(h, "POST", subscriptions, goodBody)
	ask(h, "POST", subscriptions, goodBody)
	ask(h, "POST", subscriptions, strings.Replace(goodBody, `"lang":"fr"`, `"lang":"de"`, 1))
	if w := ask(h, "POST", subscriptions, strings.Replace(goodBody, `"FR"`, `"NL"`, 1)); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if want := Name + " " + RecipientID("https://fcm.googleapis.com/fcm/send/abc"); len(told) != 2 || told[0] != want || told[1] != want {
		t.Errorf("told: %q", told)
	}
}

var (
	_ adapter.Callbacks = (*Adapter)(nil)
	_ adapter.Checker   = (*Adapter)(nil)
)
