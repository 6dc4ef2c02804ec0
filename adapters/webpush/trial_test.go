package webpush

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

const testPath = "/v1/push/test"

// field is one text of a JSON answer.
func field(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	text, _ := got[name].(string)
	return text
}

// proofOf answers a challenge as the page does.
func proofOf(t *testing.T, r adapter.Recipient, challenge string) string {
	t.Helper()
	to, err := unpack(r)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, to.auth)
	mac.Write([]byte(challenge))
	return b64.EncodeToString(mac.Sum(nil))
}

// askTest walks both steps of a test as the page of r's device does.
func askTest(t *testing.T, h http.Handler, r adapter.Recipient, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	to, err := unpack(r)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := to.stored().Endpoint
	w := ask(h, "POST", testPath, fmt.Sprintf(`{"endpoint":%q}`, endpoint), change...)
	if w.Code != http.StatusOK {
		return w
	}
	challenge := field(t, w, "challenge")
	return ask(h, "POST", testPath, fmt.Sprintf(`{"endpoint":%q,"challenge":%q,"proof":%q}`, endpoint, challenge, proofOf(t, r, challenge)), change...)
}

// tested is a drill with n devices that are registered.
func tested(t *testing.T, n int) (*pushservice.Service, *Adapter, []*pushservice.Subscriber, []adapter.Recipient) {
	t.Helper()
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, n)
	batch[0].Lang = alert.Russian
	for _, r := range batch {
		if err := a.env.Recipients.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return s, a, users, batch
}

// tokenOf is what the device finds in the test that it decrypts.
func tokenOf(t *testing.T, u *pushservice.Subscriber) (string, declared) {
	t.Helper()
	got := u.Messages()
	if len(got) != 1 || got[0].Topic != "" || got[0].Urgency != "high" {
		t.Fatalf("got %+v", got)
	}
	plain, err := u.Decrypt(got[0])
	if err != nil {
		t.Fatal(err)
	}
	var d declared
	if err := json.Unmarshal(plain, &d); err != nil {
		t.Fatal(err)
	}
	return d.Tocsin.Test, d
}

// The whole way of a test: sent, decrypted, shown, confirmed, once.
func TestTestNotification(t *testing.T) {
	s, a, users, batch := tested(t, 2)
	h := site(a)
	now := time.Now().Add(48 * time.Hour)
	a.now = func() time.Time { return now }
	w := askTest(t, h, batch[0])
	if w.Code != 200 || field(t, w, "state") != "accepted" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	id := field(t, w, "test")
	if n := len(users[1].Messages()); n != 0 {
		t.Errorf("the neighbour got %d messages", n)
	}
	word, d := tokenOf(t, users[0])
	if !d.Notification.Silent || !strings.HasSuffix(d.Notification.Navigate, "/ru/subscribe") ||
		!strings.HasPrefix(d.Notification.Title, "УЧЕБНАЯ ТРЕВОГА. Проверка") || d.Tocsin.Revision != 0 || word == "" || strings.Contains(word, id+id) {
		t.Errorf("%+v", d)
	}
	result := func() string { return field(t, ask(h, "GET", testPath+"/"+id, ""), "state") }
	if got := result(); got != "sent" {
		t.Errorf("before the device's word: %q", got)
	}
	before := Confirmed(batch[0])
	if w := ask(h, "POST", testPath+"/shown", fmt.Sprintf(`{"token":%q}`, word)); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := result(); got != "shown" {
		t.Errorf("after the device's word: %q", got)
	}
	known, _ := a.env.Recipients.Get(Name, batch[0].ID)
	if day := Confirmed(known); !day.After(before) || day.Format(dayForm) != now.UTC().Format(dayForm) {
		t.Errorf("confirmed on %s, before on %s", day, before)
	}
	if w := ask(h, "POST", testPath+"/shown", fmt.Sprintf(`{"token":%q}`, word)); w.Code != http.StatusGone {
		t.Errorf("the token was taken twice: %d", w.Code)
	}

	users[1].Unsubscribe()
	if w := askTest(t, h, batch[1]); w.Code != http.StatusGone {
		t.Errorf("a dead subscription: %d %s", w.Code, w.Body)
	}
	if _, known := a.env.Recipients.Get(Name, batch[1].ID); known {
		t.Error("a dead subscription stayed")
	}
	if w := askTest(t, h, batch[1]); w.Code != http.StatusNotFound {
		t.Errorf("an unknown subscription: %d %s", w.Code, w.Body)
	}
	s.Fail(pushservice.Fault{N: 1, Status: 500})
	from := func(r *http.Request) { r.RemoteAddr = "192.0.2.9:1" }
	if w := askTest(t, h, batch[0], from); w.Code != http.StatusBadGateway {
		t.Errorf("a push service in trouble: %d %s", w.Code, w.Body)
	}
}

// Who has come by an endpoint, but not the secret, cannot pester its owner.
func TestTestWantsProof(t *testing.T) {
	_, a, users, batch := tested(t, 2)
	h := site(a)
	now := time.Now()
	a.now = func() time.Time { return now }
	challenge := func(i int) string {
		now = now.Add(time.Minute) // a turn for each
		return field(t, ask(h, "POST", testPath, fmt.Sprintf(`{"endpoint":%q}`, users[i].Endpoint)), "challenge")
	}
	send := func(c, proof string) int {
		return ask(h, "POST", testPath, fmt.Sprintf(`{"endpoint":%q,"challenge":%q,"proof":%q}`, users[0].Endpoint, c, proof)).Code
	}
	good := challenge(0)
	foreign := challenge(1)
	for name, c := range map[string]struct{ challenge, proof string }{
		"no proof":                 {good, ""},
		"another device's secret":  {good, proofOf(t, batch[1], good)},
		"another's challenge":      {foreign, proofOf(t, batch[0], foreign)},
		"a challenge made up":      {b64.EncodeToString(make([]byte, 40)), proofOf(t, batch[0], b64.EncodeToString(make([]byte, 40)))},
		"no base64":                {"!", proofOf(t, batch[0], "!")},
		"proof of another moment":  {good, proofOf(t, batch[0], foreign)},
		"a token as the challenge": {strings.Repeat("A", 54), proofOf(t, batch[0], strings.Repeat("A", 54))},
	} {
		if code := send(c.challenge, c.proof); code != http.StatusForbidden {
			t.Errorf("%s: %d", name, code)
		}
	}
	now = now.Add(30 * time.Second)
	if code := send(good, proofOf(t, batch[0], good)); code != http.StatusOK {
		t.Errorf("the device itself: %d", code)
	}
	if code := send(good, proofOf(t, batch[0], good)); code != http.StatusForbidden {
		t.Errorf("the same proof again: %d", code)
	}
	late := challenge(0)
	now = now.Add(challengeTTL)
	if code := send(late, proofOf(t, batch[0], late)); code != http.StatusForbidden {
		t.Errorf("a late proof: %d", code)
	}
	if n := len(users[0].Messages()); n != 1 {
		t.Errorf("the device got %d tests", n)
	}
	word, _ := tokenOf(t, users[0])
	now = now.Add(testTTL)
	for name, body := range map[string]string{
		"late": word, "another's": strings.Replace(word, batch[0].ID, batch[1].ID, 1), "challenge": batch[0].ID + "." + late, "empty": "", "dot": ".",
	} {
		if w := ask(h, "POST", testPath+"/shown", fmt.Sprintf(`{"token":%q}`, body), func(r *http.Request) { r.RemoteAddr = "198.51.100.9:1" }); w.Code != http.StatusGone {
			t.Errorf("a token that is %s: %d", name, w.Code)
		}
	}
}

// A test may not become a way to pester: neither from one address nor at one device.
func TestTestIsRateLimited(t *testing.T) {
	_, a, users, batch := tested(t, 1)
	now := time.Now()
	a.now = func() time.Time { return now }
	h := site(a)
	for i := range testsPerMinute + 2 {
		w := askTest(t, h, batch[0], func(r *http.Request) { r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i) })
		if want := map[bool]int{true: 200, false: 429}[i < testsPerMinute]; w.Code != want {
			t.Errorf("test %d of one device: %d, want %d", i, w.Code, want)
		}
	}
	if n := len(users[0].Messages()); n != testsPerMinute {
		t.Errorf("the device got %d tests", n)
	}
	refused := 0
	for range 10 * testsPerMinute {
		w := ask(h, "POST", testPath, `{"endpoint":"https://fcm.googleapis.com/fcm/send/abc"}`, func(r *http.Request) { r.RemoteAddr = "198.51.100.1:1" })
		if w.Code == 429 {
			refused++
			if w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
	}
	if refused != 6*testsPerMinute {
		t.Errorf("%d questions from one address were refused", refused)
	}
}

func TestTrialsAreBounded(t *testing.T) {
	var all trials
	now := time.Now()
	for i := range maxTrials + 5 {
		if !all.note(fmt.Sprint(i), now.Add(time.Minute), now) {
			t.Fatalf("%d is there already", i)
		}
	}
	if len(all.byID) != maxTrials || all.order.Len() != maxTrials {
		t.Errorf("%d tests are remembered", len(all.byID))
	}
	if _, ok := all.get("0"); ok {
		t.Error("the oldest was kept")
	}
	all.note("later", now.Add(time.Hour), now.Add(2*time.Minute))
	if len(all.byID) != 1 {
		t.Errorf("%d tests are remembered after their time", len(all.byID))
	}
}
