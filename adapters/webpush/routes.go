package webpush

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// maxRequest bounds a request's body: a subscription is below 1 KB, twenty
// regions and a generous endpoint below 3.
const maxRequest = 8 << 10

// testTTL is how long a test notification may wait for its device.
const testTTL = 5 * time.Minute

// Routes are the citizens' addresses. They are for our own pages alone: no
// CORS header is ever sent, and a cross-site request is refused.
func (a *Adapter) Routes() []adapter.Route {
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		respond(w, problem{http.StatusForbidden, "Not from another site", "Subscribe on this server's own page.", nil})
	}))
	route := func(pattern string, h func(http.ResponseWriter, *http.Request) error) adapter.Route {
		return adapter.Route{Pattern: pattern, Handler: own.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				respond(w, err)
			}
		}))}
	}
	return []adapter.Route{
		route("GET /v1/push/key", a.serveKey),
		route("POST /v1/push/subscriptions", a.subscribe),
		route("DELETE /v1/push/subscriptions", a.unsubscribe),
		route("POST /v1/push/test", a.test),
	}
}

// serveKey gives the public key that a browser subscribes with.
func (a *Adapter) serveKey(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	return writeJSON(w, http.StatusOK, map[string]string{"key": a.keys.Public})
}

// subscribe stores a subscription: 201 when it is new, 200 when it is changed.
func (a *Adapter) subscribe(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.subs, a.clientKey(r)); err != nil {
		return err
	}
	var req request
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	recipient, err := a.recipient(req, a.now())
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if known, ok := a.env.Recipients.Get(Name, recipient.ID); ok {
		recipient.Created, status = known.Created, http.StatusOK
	}
	if err := a.env.Recipients.Put(r.Context(), recipient); err != nil {
		return a.unstored("subscription", err)
	}
	return writeJSON(w, status, map[string]any{"id": recipient.ID, "regions": recipient.Areas, "lang": recipient.Lang})
}

// named reads a request that names a subscription by its endpoint: whoever
// knows that long random address is its owner.
func (a *Adapter) named(w http.ResponseWriter, r *http.Request) (string, error) {
	var req struct {
		Endpoint string `json:"endpoint"`
	}
	if err := readJSON(w, r, &req); err != nil {
		return "", err
	}
	target, err := a.guard.check(req.Endpoint)
	if err != nil {
		return "", alert.Invalid{{Field: "endpoint", Code: "refused", Text: "The endpoint " + err.Error() + "."}}
	}
	return RecipientID(target.url), nil
}

// unsubscribe forgets a subscription; one that is not known is forgotten already.
func (a *Adapter) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.subs, a.clientKey(r)); err != nil {
		return err
	}
	id, err := a.named(w, r)
	if err != nil {
		return err
	}
	if err := a.env.Recipients.Remove(r.Context(), Name, id); err != nil {
		return a.unstored("leave", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// test sends a quiet notification to one subscription, so that a citizen knows
// today that an alert will reach this device.
func (a *Adapter) test(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.tests, a.clientKey(r)); err != nil {
		return err
	}
	id, err := a.named(w, r)
	if err != nil {
		return err
	}
	if err := a.limit(a.tests, "id:"+id); err != nil { // from whatever address it is asked
		return err
	}
	recipient, ok := a.env.Recipients.Get(Name, id)
	if !ok {
		return problem{http.StatusNotFound, "No such subscription", "Subscribe again on this page.", nil}
	}
	body, err := a.testBody(r, recipient.Lang)
	if err != nil {
		return err
	}
	receipt := a.post(r.Context(), notice{
		body:    func(alert.Lang) []byte { return body },
		urgency: urgencyNormal, until: a.now().Add(testTTL),
	}, []adapter.Recipient{recipient}, func(int) {})[0]
	switch f := receipt.Failure; {
	case f == nil:
		return writeJSON(w, http.StatusOK, map[string]string{"state": string(receipt.State)})
	case f.Class == adapter.Gone:
		if err := a.env.Recipients.Remove(r.Context(), Name, id); err != nil {
			return a.unstored("leave", err)
		}
		return problem{http.StatusGone, "The subscription has ended", "The browser's push service no longer knows it: subscribe again.", nil}
	default:
		return problem{http.StatusBadGateway, "The push service did not take it", f.Error(), nil}
	}
}

// testBody is the test notification in lang; its page is the citizens' own.
func (a *Adapter) testBody(r *http.Request, lang alert.Lang) ([]byte, error) {
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
			Title: title, Body: w.testBody, Navigate: scheme + "://" + r.Host + "/" + string(lang) + "/",
			Lang: lang, Dir: direction(lang), Tag: "tocsin-test", Silent: true,
		},
		Tocsin: mark{MsgType: "Test"},
	})
}

func (a *Adapter) limit(l *limiter, key string) error {
	if !l.allow(key, a.now()) {
		return problem{http.StatusTooManyRequests, "Too many requests", "Wait a minute and try again.", nil}
	}
	return nil
}

// unstored reports a registry that would not write; its words stay inside.
func (a *Adapter) unstored(what string, err error) error {
	if a.env.Log != nil {
		a.env.Log.Error("registry write", "channel", Name, "what", what, "err", err)
	}
	return problem{http.StatusServiceUnavailable, "Not stored", "The server cannot store this now: try again in a minute.", nil}
}

// readJSON reads one JSON object of bounded size and the right type: a form of
// a foreign site cannot send that type unasked.
func readJSON(w http.ResponseWriter, r *http.Request, dst any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return problem{http.StatusUnsupportedMediaType, "Wrong content type", "Send application/json.", nil}
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(dst)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{http.StatusRequestEntityTooLarge, "Too large", fmt.Sprintf("Send at most %d bytes.", maxRequest), nil}
	}
	if field, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return alert.Invalid{{Field: field.Field, Code: "type", Text: "Has the wrong JSON type: send what the page's script sends."}}
	}
	if err != nil {
		return problem{http.StatusBadRequest, "Not JSON", "Send one JSON object.", nil}
	}
	return nil
}
