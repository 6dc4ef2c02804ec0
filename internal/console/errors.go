package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
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
func diagnose(err error) trouble {
	var tooLarge *http.MaxBytesError
	var throttled *auth.ThrottledError
	if _, ok := errors.AsType[alert.Invalid](err); ok {
		return trouble{http.StatusUnprocessableEntity, "invalid", "Something is missing or wrong", "Each fault names its field and the mend."}
	}
	switch {
	case errors.Is(err, casework.ErrNotFound):
		return trouble{http.StatusNotFound, "not-found", "There is no such case", "Check the address, or open the list of cases."}
	case errors.Is(err, casework.ErrConflict), errors.Is(err, stream.ErrConflict):
		return trouble{http.StatusPreconditionFailed, "conflict", "Somebody else changed this case", "Read it again and repeat your change."}
	case errors.Is(err, casework.ErrDigest):
		return trouble{http.StatusConflict, "digest", "The content is not what you were shown", "It changed since the page was opened. Open the release page again and read it anew."}
	case errors.Is(err, casework.ErrForbidden):
		return trouble{http.StatusForbidden, "forbidden", "You may not do this", reasonOf(err, casework.ErrForbidden)}
	case errors.Is(err, casework.ErrStage):
		return trouble{http.StatusConflict, "stage", "Not possible now", reasonOf(err, casework.ErrStage)}
	case errors.Is(err, casework.ErrPending):
		return trouble{http.StatusServiceUnavailable, "pending", "Recorded, not yet published", "The act is recorded and safe. It goes out by itself as soon as the channels can be reached."}
	case errors.Is(err, stream.ErrFull):
		return trouble{http.StatusInsufficientStorage, "full", "The server's disk is full", "Nothing was stored and nothing went out. Tell the operator at once, then repeat the step."}
	case errors.Is(err, stream.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return trouble{http.StatusServiceUnavailable, "unavailable", "The event log does not answer", "Nothing is lost. Wait a few seconds and repeat the step."}
	case errors.Is(err, stream.ErrNone):
		return trouble{http.StatusNotFound, "not-found", "There is no such thing here", "Check the address."}
	case errors.Is(err, stream.ErrGone):
		return trouble{http.StatusGone, "gone", "This was removed", "The case has ended and its photos are deleted."}
	case errors.As(err, &tooLarge):
		return trouble{http.StatusRequestEntityTooLarge, "too-large", "Too large", "Photos may have 10 MB, documents 64 KB. Send a smaller one."}
	case errors.As(err, &throttled):
		return trouble{http.StatusTooManyRequests, "throttled", "Too many attempts", "Wait " + plural(throttled.Seconds(), "second", "seconds") + " and try again."}
	}
	return trouble{http.StatusInternalServerError, "internal", "Something went wrong in Tocsin", "Nothing you wrote was lost on the server. Go back and try again; if it happens twice, tell the operator."}
}

// reasonOf is the sentence beside a sentinel, whichever way it was wrapped.
func reasonOf(err, sentinel error) string {
	s := strings.TrimPrefix(strings.TrimSuffix(err.Error(), ": "+sentinel.Error()), sentinel.Error()+": ")
	if s == "" || s == sentinel.Error() {
		return "Ask a colleague who may."
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// fail answers a page's request with the error's words.
func (c *console) fail(w http.ResponseWriter, r *http.Request, err error) {
	t := diagnose(err)
	if t.status >= http.StatusInternalServerError {
		c.Log.ErrorContext(r.Context(), "console", "path", routeOf(r), "err", err)
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
		view.Errors = append(view.Errors, fault{Text: f.Text})
	}
	c.render(w, r, t.status, "error", view)
}

func (c *console) notFound(w http.ResponseWriter, r *http.Request) {
	c.refuse(w, r, http.StatusNotFound, "There is no such page", "Check the address, or open the list of cases.")
}

func (c *console) wrongMethod(w http.ResponseWriter, r *http.Request) {
	c.refuse(w, r, http.StatusMethodNotAllowed, "This address does not take that", "Go back and use the buttons of the page.")
}
