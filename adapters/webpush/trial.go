package webpush

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A test of one device goes so:
//
//	page    POST /v1/push/test {endpoint}                     -> {challenge}
//	page    POST /v1/push/test {endpoint, challenge, proof}   -> {state, test}
//	push    {..., "tocsin": {"test": TOKEN}}, shown by the service worker
//	worker  POST /v1/push/test/shown {token}
//	page    GET  /v1/push/test/{test}                          -> {state, shown_at}
//
// The proof is made with the secret that only the device and the server have,
// over a challenge that is good once and for two minutes: who has come by an
// endpoint cannot pester its owner with tests. The token reaches nobody but the
// device, encrypted, and is good once: it is the device's word that a push
// really arrives and is shown.
const (
	// testTTL is how long a test notification may wait for its device.
	testTTL = 5 * time.Minute
	// challengeTTL is how long a page may take to answer.
	challengeTTL = 2 * time.Minute
	// maxTrials bounds the memory of tests under way; the oldest are forgotten first.
	maxTrials = 10_000
	trialID   = 16 // bytes
	macLen    = 16
)

// trials are the tests under way in this process, and what has been used up.
// Tickets are signed, so another process of the realm takes them as well; that
// they are good once, and the result that the page asks for, each knows for itself.
type trials struct {
	mu    sync.Mutex
	order *list.List // of *trial, oldest first
	byID  map[string]*list.Element
}

type trial struct {
	id    string
	until time.Time
	shown time.Time // zero: not yet
}

// note remembers id until its time is up; false when it is there already.
func (t *trials) note(id string, until, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID == nil {
		t.order, t.byID = list.New(), map[string]*list.Element{}
	}
	for e := t.order.Front(); e != nil; e = t.order.Front() {
		if old := e.Value.(*trial); t.order.Len() < maxTrials && now.Before(old.until) {
			break
		}
		delete(t.byID, e.Value.(*trial).id)
		t.order.Remove(e)
	}
	if _, ok := t.byID[id]; ok {
		return false
	}
	t.byID[id] = t.order.PushBack(&trial{id: id, until: until})
	return true
}

// show notes that id was shown; false when it had been already.
func (t *trials) show(id string, until, now time.Time) bool {
	t.note(id, until, now) // another process may have sent it
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.byID[id].Value.(*trial)
	if !found.shown.IsZero() {
		return false
	}
	found.shown = now
	return true
}

// get is a copy of what is known of id.
func (t *trials) get(id string) (trial, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.byID[id]
	if !ok {
		return trial{}, false
	}
	return *e.Value.(*trial), true
}

// ticket is a signed word for one recipient: random id, end, and a code that
// binds both to kind and recipient.
func (a *Adapter) ticket(kind, recipient string, until time.Time) (text, id string) {
	raw := make([]byte, trialID, trialID+8+macLen)
	rand.Read(raw) // never fails
	id = b64.EncodeToString(raw)
	raw = binary.BigEndian.AppendUint64(raw, uint64(until.Unix()))
	return b64.EncodeToString(append(raw, a.ticketCode(kind, recipient, raw)...)), id
}

// valid opens a ticket; false when it is not ours, not for this, or too old.
func (a *Adapter) valid(text, kind, recipient string) (id string, until time.Time, ok bool) {
	raw, err := b64.DecodeString(text)
	if err != nil || len(raw) != trialID+8+macLen {
		return "", until, false
	}
	head := raw[:trialID+8]
	until = time.Unix(int64(binary.BigEndian.Uint64(head[trialID:])), 0)
	ok = hmac.Equal(raw[len(head):], a.ticketCode(kind, recipient, head)) && a.now().Before(until)
	return b64.EncodeToString(head[:trialID]), until, ok
}

// ticketCode is keyed by the VAPID key, which all processes of the realm share.
func (a *Adapter) ticketCode(kind, recipient string, head []byte) []byte {
	mac := hmac.New(sha256.New, []byte("tocsin push test "+a.keys.Private))
	mac.Write([]byte(kind + " " + recipient + " ")) // a hash never fails
	mac.Write(head)
	return mac.Sum(nil)[:macLen]
}

// test sends a notification to one subscription, so that a citizen knows today
// that an alert will reach this device.
func (a *Adapter) test(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.asks, a.callers(r)...); err != nil {
		return err
	}
	var req struct {
		byEndpoint
		Challenge string `json:"challenge"`
		Proof     string `json:"proof"`
	}
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	id, err := a.named(req.Endpoint)
	if err != nil {
		return err
	}
	recipient, ok := a.env.Recipients.Get(Name, id)
	if !ok {
		return errUnknown
	}
	if req.Challenge == "" {
		challenge, _ := a.ticket("challenge", id, a.now().Add(challengeTTL))
		return writeJSON(w, http.StatusOK, map[string]string{"challenge": challenge})
	}
	if err := a.proven(recipient, req.Challenge, req.Proof); err != nil {
		return err
	}
	// From whatever address it is asked: one device is not tested all day.
	if err := a.limit(a.tests, append(a.callers(r), caller{"id:" + id, 1})...); err != nil {
		return err
	}
	return a.sendTest(w, r, recipient)
}

var errUnproven = problem{
	http.StatusForbidden, "Not from this device", "Ask for a new challenge and answer it with the subscription's own secret within two minutes.", nil,
}

// proven wants the proof that who asks holds the subscription's secret, once for each challenge.
func (a *Adapter) proven(recipient adapter.Recipient, challenge, proof string) error {
	nonce, until, ok := a.valid(challenge, "challenge", recipient.ID)
	if !ok {
		return errUnproven
	}
	t, err := unpack(recipient)
	if err != nil {
		return errUnknown
	}
	mac := hmac.New(sha256.New, t.auth)
	mac.Write([]byte(challenge))
	given, err := decodeKey(proof)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) || !a.trials.note(nonce, until, a.now()) {
		return errUnproven
	}
	return nil
}

// sendTest posts the test notification and says what the push service answered.
func (a *Adapter) sendTest(w http.ResponseWriter, r *http.Request, recipient adapter.Recipient) error {
	until := a.now().Add(testTTL)
	ticket, id := a.ticket("shown", recipient.ID, until)
	a.trials.note(id, until, a.now())
	body, err := a.testBody(r, recipient.Lang, recipient.ID+"."+ticket)
	if err != nil {
		return err
	}
	receipt := a.post(r.Context(), notice{
		body:    func(alert.Lang) []byte { return body },
		urgency: urgencyHigh, until: until, // high as an alert: a test at another urgency proves less
	}, []adapter.Recipient{recipient}, func(int) {})[0]
	switch f := receipt.Failure; {
	case f == nil:
		return writeJSON(w, http.StatusOK, map[string]string{"state": string(receipt.State), "test": id})
	case f.Class == adapter.Gone:
		if err := a.forget(r.Context(), recipient.ID); err != nil {
			return err
		}
		return problem{http.StatusGone, "The subscription has ended", "The browser's push service no longer knows it: subscribe again.", nil}
	default:
		return problem{http.StatusBadGateway, "The push service did not take it", f.Error(), nil}
	}
}

// testShown takes a device's word that its test was shown. It is the best
// confirmation there is: the whole way was walked.
func (a *Adapter) testShown(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.asks, a.callers(r)...); err != nil {
		return err
	}
	var req struct {
		Token string `json:"token"`
	}
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	recipient, ticket, _ := cutLast(req.Token)
	id, until, ok := a.valid(ticket, "shown", recipient)
	if !ok || !a.trials.show(id, until, a.now()) {
		return problem{http.StatusGone, "This test is over", "Send a new one: a token is good once and for five minutes.", nil}
	}
	if known, ok := a.env.Recipients.Get(Name, recipient); ok {
		if err := a.confirm(r, known); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// cutLast cuts a token into the recipient and the ticket.
func cutLast(token string) (recipient, ticket string, ok bool) {
	const n = 32 // a RecipientID's length
	if len(token) <= n+1 || token[n] != '.' {
		return "", "", false
	}
	return token[:n], token[n+1:], true
}

// confirm writes down that the device is there today, unless that is known.
func (a *Adapter) confirm(r *http.Request, known adapter.Recipient) error {
	t, err := unpack(known)
	if err != nil {
		return nil // nothing can be added to what cannot be read
	}
	s, today := t.stored(), a.now().UTC().Format(dayForm)
	if s.Confirmed == today {
		return nil
	}
	s.Confirmed = today
	if known.Address, err = json.Marshal(s); err != nil {
		return err
	}
	known.Packed = nil
	if err := a.env.Recipients.Put(r.Context(), known); err != nil {
		return a.unstored("confirmation", err)
	}
	return nil
}

// testResult tells the page how far its test is.
func (a *Adapter) testResult(w http.ResponseWriter, r *http.Request) error {
	t, ok := a.trials.get(r.PathValue("id"))
	if !ok {
		return problem{http.StatusNotFound, "No such test", "Send a new one: a test is remembered for five minutes.", nil}
	}
	if t.shown.IsZero() {
		return writeJSON(w, http.StatusOK, map[string]string{"state": "sent"})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"state": "shown", "shown_at": t.shown.UTC()})
}

// testBody is the test notification in lang; its page is the citizens' own.
func (a *Adapter) testBody(r *http.Request, lang alert.Lang, token string) ([]byte, error) {
	w := buttons(lang)
	title := w.testTitle
	if a.env.Realm == alert.Drill {
		title = alert.StatusWord(alert.StatusExercise, lang) + ". " + title
	}
	scheme := "https"
	if a.env.AllowLoopback && r.TLS == nil {
		scheme = "http"
	}
	return encode(declared{
		WebPush: 8030,
		Notification: notification{
			Title: title, Body: w.testBody, Navigate: scheme + "://" + r.Host + "/" + string(lang) + "/subscribe",
			Lang: lang, Dir: direction(lang), Tag: "tocsin-test", Silent: true,
		},
		Tocsin: mark{MsgType: "Test", Test: token},
	})
}
