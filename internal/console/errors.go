package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/stream"
)

// trouble is an error as both sites say it: a status, a title, and what to do.
type trouble struct {
	status        int
	kind          string // stable word of the problem document's type
	title, detail string
}

// diagnose turns an error of the other rooms into words. What it does not know
// is our own fault: the officer reads that, the log reads the rest.
func (c *console) diagnose(err error) trouble {
	var tooLarge *http.MaxBytesError
	var throttled *auth.ThrottledError
	if _, ok := errors.AsType[alert.Invalid](err); ok {
		return trouble{http.StatusUnprocessableEntity, "invalid", c.say("Something is missing or wrong"), c.say("Each fault names its field and the mend.")}
	}
	if t, ok := c.ofPasskey(err); ok {
		return t
	}
	if t, ok := c.ofWays(err); ok {
		return t
	}
	if t, ok := c.ofTest(err); ok {
		return t
	}
	switch {
	case errors.Is(err, casework.ErrNotFound):
		return trouble{http.StatusNotFound, "not-found", c.say("There is no such case"), c.say("Check the address, or open the list of cases.")}
	case errors.Is(err, casework.ErrConflict):
		return trouble{http.StatusPreconditionFailed, "conflict", c.say("Somebody else changed this case"), c.say("Read it again and repeat your change.")}
	case errors.Is(err, stream.ErrConflict): // of an account, a request: the acts on a case say it otherwise
		return trouble{http.StatusPreconditionFailed, "conflict", c.say("This was changed meanwhile"), c.say("Read it again and repeat your change.")}
	case errors.Is(err, casework.ErrDigest):
		return trouble{http.StatusConflict, "digest", c.say("The content is not what you were shown"), c.say("It changed since the page was opened. Open the release page again and read it anew.")}
	case errors.Is(err, casework.ErrForbidden):
		return trouble{http.StatusForbidden, "forbidden", c.say("You may not do this"), c.reasonOf(err, casework.ErrForbidden)}
	case errors.Is(err, auth.ErrForbidden):
		return trouble{http.StatusForbidden, "forbidden", c.say("You may not do this"), c.reasonOf(err, auth.ErrForbidden)}
	case errors.Is(err, auth.ErrStage):
		return trouble{http.StatusConflict, "stage", c.say("Not possible now"), c.reasonOf(err, auth.ErrStage)}
	case errors.Is(err, auth.ErrUnknown):
		return trouble{http.StatusNotFound, "not-found", c.say("There is no such officer"), c.say("Check the address, or open the list of officers.")}
	case errors.Is(err, casework.ErrStage):
		return trouble{http.StatusConflict, "stage", c.say("Not possible now"), c.reasonOf(err, casework.ErrStage)}
	case errors.Is(err, casework.ErrThrottled):
		return trouble{http.StatusTooManyRequests, "throttled", c.say("Too often"), c.reasonOf(err, casework.ErrThrottled)}
	case errors.Is(err, casework.ErrPending):
		return trouble{http.StatusServiceUnavailable, "pending", c.say("Recorded, not yet published"), c.say("The act is recorded and safe. It goes out by itself as soon as the channels can be reached.")}
	case errors.Is(err, stream.ErrFull):
		return trouble{http.StatusInsufficientStorage, "full", c.say("The server's disk is full"), c.say("Nothing was stored and nothing went out. Tell the operator at once, then repeat the step.")}
	case errors.Is(err, stream.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return trouble{http.StatusServiceUnavailable, "unavailable", c.say("The event log does not answer"), c.say("Nothing is lost. Wait a few seconds and repeat the step.")}
	case errors.Is(err, stream.ErrNone):
		return trouble{http.StatusNotFound, "not-found", c.say("There is no such thing here"), c.say("Check the address.")}
	case errors.Is(err, stream.ErrGone):
		return trouble{http.StatusGone, "gone", c.say("This was removed"), c.say("The case has ended and its photos are deleted.")}
	case errors.As(err, &tooLarge):
		return trouble{http.StatusRequestEntityTooLarge, "too-large", c.say("Too large"), c.say("Photos may have 10 MB, documents 64 KB. Send a smaller one.")}
	case errors.As(err, &throttled):
		return trouble{http.StatusTooManyRequests, "throttled", c.say("Too many attempts"), c.count(throttled.Seconds(), "Wait {n} second and try again.", "Wait {n} seconds and try again.")}
	}
	return trouble{http.StatusInternalServerError, "internal", c.say("Something went wrong in Tocsin"), c.say("Nothing you wrote was lost on the server. Try again; if it happens twice, tell the operator.")}
}

// ofPasskey turns what can go wrong with a passkey into words.
func (c *console) ofPasskey(err error) (t trouble, ok bool) {
	switch {
	case errors.Is(err, auth.ErrLate):
		return trouble{http.StatusUnauthorized, "late", c.say("That took too long"), c.say("Use the passkey again.")}, true
	case errors.Is(err, auth.ErrSuspect):
		return trouble{http.StatusUnauthorized, "suspect", c.say("This passkey may have been copied"), c.say("It is refused from now on. Sign in with your password, remove the passkey on the account page, and tell your administrator.")}, true
	case errors.Is(err, auth.ErrPasskey):
		return trouble{http.StatusUnauthorized, "passkey", c.say("This passkey is not known here"), c.say("Use another passkey, or sign in with your password.")}, true
	case errors.Is(err, auth.ErrNoPasskeys):
		return trouble{http.StatusNotFound, "no-passkeys", c.say("There are no passkeys here"), c.say("Browsers make no passkeys for the address of this server: it needs a host name and https. Sign in with your password.")}, true
	}
	return trouble{}, false
}

// ofTest turns the refusals of the planned tests into words.
func (c *console) ofTest(err error) (t trouble, ok bool) {
	switch {
	case errors.Is(err, exercise.ErrNone):
		return trouble{http.StatusNotFound, "not-found", c.say("There is no such test"), c.say("Open the list of tests.")}, true
	case errors.Is(err, exercise.ErrStage):
		return trouble{http.StatusConflict, "stage", c.say("Not possible now"), c.say("The test has moved on meanwhile. Open it again to see what happened.")}, true
	}
	return trouble{}, false
}

// reasonOf is the sentence beside a sentinel, whichever way it was wrapped.
func (c *console) reasonOf(err, sentinel error) string {
	s := strings.TrimPrefix(strings.TrimSuffix(err.Error(), ": "+sentinel.Error()), sentinel.Error()+": ")
	if s == "" || s == sentinel.Error() {
		return c.say("Ask a colleague who may.")
	}
	return c.retell(strings.ToUpper(s[:1]) + s[1:])
}

// fail answers a page's request with the error's words.
func (c *console) fail(w http.ResponseWriter, r *http.Request, err error) {
	t := c.diagnose(err)
	if t.status >= http.StatusInternalServerError {
		c.Log.ErrorContext(r.Context(), "console", "path", routeOf(r), "err", err)
	}
	if c.keepForm(w, r, t) {
		return
	}
	v, _ := errors.AsType[alert.Invalid](err)
	c.refuseWith(w, r, t, v)
}

// refuse answers with words, in the tongue of who asks: a page or a problem document.
func (c *console) refuse(w http.ResponseWriter, r *http.Request, status int, title, detail string) {
	c.refuseWith(w, r, trouble{status, strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "-")), title, detail}, nil)
}

type errorView struct {
	page
	Status int
	Detail string
	Again  bool // trying again may help
}

func (c *console) refuseWith(w http.ResponseWriter, r *http.Request, t trouble, v alert.Invalid) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		writeProblem(w, t, v)
		return
	}
	view := errorView{page: c.page(r, t.title), Status: t.status, Detail: t.detail, Again: t.status >= http.StatusInternalServerError}
	view.Notice = ""
	for _, f := range v {
		view.Errors = append(view.Errors, fault{Text: c.retell(f.Text)})
	}
	c.render(w, r, t.status, "error", view)
}

func (c *console) notFound(w http.ResponseWriter, r *http.Request) {
	c.refuse(w, r, http.StatusNotFound, c.say("There is no such page"), c.say("Check the address, or open the list of cases."))
}

func (c *console) wrongMethod(w http.ResponseWriter, r *http.Request) {
	c.refuse(w, r, http.StatusMethodNotAllowed, c.say("This address does not take that"), c.say("Go back and use the buttons of the page."))
}
