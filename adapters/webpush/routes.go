package webpush

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// maxRequest bounds a request's body: a subscription is below 1 KB, twenty
// regions and a generous endpoint below 3.
const maxRequest = 8 << 10

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
		route("POST /v1/push/test/shown", a.testShown),
		route("GET /v1/push/test/{id}", a.testResult),
	}
}

// serveKey gives the public key that a browser subscribes with.
func (a *Adapter) serveKey(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	return writeJSON(w, http.StatusOK, map[string]string{"key": a.keys.Public})
}

// subscribe stores a subscription: 201 when it is new, 200 when it was known. A
// page says it on every visit, so what changes nothing writes nothing; that the
// device is there is written down once a day.
func (a *Adapter) subscribe(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.subs, a.callers(r)...); err != nil {
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
	replaced, err := a.replaced(req.Replaces, recipient.ID)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	known, ok := a.env.Recipients.Get(Name, recipient.ID)
	if ok {
		recipient.Created, status = known.Created, http.StatusOK
	} else if old, had := a.env.Recipients.Get(Name, replaced); had {
		recipient.Created = old.Created
	}
	if !ok || !same(known, recipient) {
		if err := a.env.Recipients.Put(r.Context(), recipient); err != nil {
			return a.unstored("subscription", err)
		}
	}
	// The new one first: a crash between the two leaves a dead address more, never a citizen less.
	if err := a.forget(r.Context(), replaced); err != nil {
		return err
	}
	if !ok || !slices.Equal(known.Areas, recipient.Areas) {
		a.welcome(r.Context(), recipient.ID)
	}
	return writeJSON(w, status, a.told(recipient))
}

// replaced is the recipient that a request takes the place of; empty for none.
func (a *Adapter) replaced(endpoint, by string) (id string, err error) {
	if endpoint == "" {
		return "", nil
	}
	target, err := a.guard.check(endpoint)
	if err != nil {
		return "", alert.Invalid{{Field: "replaces", Code: "refused", Text: "The endpoint " + err.Error() + "."}}
	}
	if id = RecipientID(target.url); id == by {
		return "", nil
	}
	return id, nil
}

// welcome has a citizen who has just come told of what is live. He is
// registered whatever becomes of it: the page shows him the same.
func (a *Adapter) welcome(ctx context.Context, id string) {
	if a.env.Newcomer == nil {
		return
	}
	if err := a.env.Newcomer(ctx, Name, id); err != nil && a.env.Log != nil {
		a.env.Log.Warn("a newcomer was not told of the live alerts", "channel", Name, "recipient", id, "err", err)
	}
}

// told is what a device may know of its own subscription.
func (a *Adapter) told(r adapter.Recipient) map[string]any {
	answer := map[string]any{"id": r.ID, "regions": r.Areas, "lang": r.Lang, "created": r.Created}
	if t, err := unpack(r); err == nil {
		s := t.stored()
		answer["quiet"], answer["calm"], answer["confirmed"] = s.Quiet, s.Calm, s.Confirmed
	}
	return answer
}

// named reads a request that names a subscription by its endpoint: whoever
// knows that long random address is its owner.
func (a *Adapter) named(endpoint string) (string, error) {
	target, err := a.guard.check(endpoint)
	if err != nil {
		return "", alert.Invalid{{Field: "endpoint", Code: "refused", Text: "The endpoint " + err.Error() + "."}}
	}
	return RecipientID(target.url), nil
}

// byEndpoint is the body of requests about one subscription.
type byEndpoint struct {
	Endpoint string `json:"endpoint"`
}

var errUnknown = problem{http.StatusNotFound, "No such subscription", "Subscribe again on this page.", nil}

// unsubscribe forgets a subscription; one that is not known is forgotten already.
func (a *Adapter) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := a.limit(a.subs, a.callers(r)...); err != nil {
		return err
	}
	var req byEndpoint
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	id, err := a.named(req.Endpoint)
	if err != nil {
		return err
	}
	if err := a.forget(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// forget removes a recipient for good; the empty id is nobody.
func (a *Adapter) forget(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	if err := a.env.Recipients.Remove(ctx, Name, id); err != nil {
		return a.unstored("leave", err)
	}
	return nil
}

// limit takes a turn of each key, or refuses.
func (a *Adapter) limit(l *limiter, keys ...caller) error {
	for _, k := range keys {
		if !l.allow(k, a.now()) {
			return problem{http.StatusTooManyRequests, "Too many requests", "Wait a minute and try again.", nil}
		}
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
