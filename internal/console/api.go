package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/ledger"
)

// api is the officers' API of the contract.
func (c *console) api(r chi.Router) {
	r.Use(c.needBearer, c.auditorsRead)
	r.Get("/", c.apiList)
	r.Post("/", c.apiDraft)
	r.Get("/criteria", c.apiAsks) // no case has this id: they are capital letters and digits
	r.Route("/{id}", func(r chi.Router) {
		r.Get("/", c.apiGet)
		r.Put("/", c.apiEdit)
		r.Post("/photos", c.apiPhoto)
		r.Get("/preview", c.apiPreview)
		r.Put("/texts/{lang}/{name}", c.apiReword)
		r.Delete("/texts/{lang}/{name}", c.apiUnword)
		r.Post("/submit", c.apiSubmit)
		r.Post("/release", c.apiRelease)
		r.Post("/return", c.apiJudge(c.Casework.Return))
		r.Post("/reject", c.apiJudge(c.Casework.Reject))
		r.Post("/agree", c.apiAgree)
		r.Post("/withdraw", c.apiWithdraw)
		r.Get("/deliveries", c.apiDeliveries)
		r.Get("/record", c.apiRecord)
		r.Get("/criteria", c.apiCriteria)
	})
}

// needBearer refuses strangers; a session cookie of the console does as well.
func (c *console) needBearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := c.Officer(r.Context()); !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin"`)
			writeProblem(w, trouble{
				http.StatusUnauthorized, "unauthorized", "Sign in first",
				"Send an officer's token as Authorization: Bearer, or the cookie of the console.",
			}, nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *console) apiList(w http.ResponseWriter, _ *http.Request) {
	list := c.Casework.List()
	if list == nil {
		list = []casework.Case{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"cases": list})
}

// apiDraft begins a case. What a program sends is meant whole, so every missing
// or bad field is listed at once; ?incomplete=true stores what there is.
func (c *console) apiDraft(w http.ResponseWriter, r *http.Request) {
	var d casework.Draft
	if !c.readJSON(w, r, &d) {
		return
	}
	if o := c.officer(r); o.Has(auth.Author) && r.URL.Query().Get("incomplete") != "true" {
		if err := d.Facts.Validate(time.Now()).Err(); err != nil {
			c.fail(w, r, inFacts(err))
			return
		}
	}
	k, err := c.apiBegin(r, d)
	if err != nil {
		c.fail(w, r, inFacts(err))
		return
	}
	w.Header().Set("Location", "/v1/cases/"+k.ID)
	writeCase(w, http.StatusCreated, k)
}

// apiBegin drafts an alert, or with ?exercise=DAY that of a planned test.
func (c *console) apiBegin(r *http.Request, d casework.Draft) (casework.Case, error) {
	day := r.URL.Query().Get("exercise")
	if day == "" {
		return c.Casework.Draft(r.Context(), c.officer(r), d)
	}
	if c.Exercises == nil || c.Realm != alert.Drill {
		return casework.Case{}, alert.Invalid{{Field: "exercise", Code: "realm", Text: "Leave exercise out: planned tests belong to the exercise system."}}
	}
	t, err := c.Exercises.Get(r.Context(), day)
	if err != nil && !errors.Is(err, exercise.ErrNone) {
		return casework.Case{}, err
	}
	if err != nil || t.Case != "" || t.Cancelled != "" {
		return casework.Case{}, alert.Invalid{{Field: "exercise", Code: "unknown", Text: "Name the day of a planned test that has not begun, like 2026-11-25."}}
	}
	k, found, err := c.draftTest(r, t, d)
	if err == nil && found {
		err = exercise.ErrStage // another's draft is not what was sent
	}
	return k, err
}

// inFacts names the fields as the document has them: facts.children[0].age.
func inFacts(err error) error {
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		return err
	}
	named := make(alert.Invalid, len(v))
	for i, f := range v {
		if f.Field != "exercise" && !within(f.Field, "internal") && !within(f.Field, "criteria") && !strings.HasPrefix(f.Field, "facts.") {
			f.Field = "facts." + f.Field
		}
		named[i] = f
	}
	return named
}

func (c *console) apiGet(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	writeCase(w, http.StatusOK, k)
}

// etag is the version of the draft, for If-Match. It is no name of the document: a
// publication, an agreement or a photo changes that and not the version, so that
// nobody is told that he has the case already.
func etag(k casework.Case) string { return `"` + strconv.FormatUint(k.Version, 10) + `"` }

func writeCase(w http.ResponseWriter, status int, k casework.Case) {
	w.Header().Set("ETag", etag(k))
	writeJSON(w, status, k)
}

func (c *console) apiEdit(w http.ResponseWriter, r *http.Request) {
	version, ok := c.ifMatch(w, r)
	if !ok {
		return
	}
	var d casework.Draft
	if !c.readJSON(w, r, &d) {
		return
	}
	k, err := c.Casework.Edit(r.Context(), c.officer(r), chi.URLParam(r, "id"), version, d)
	if err != nil {
		c.fail(w, r, inFacts(err))
		return
	}
	writeCase(w, http.StatusOK, k)
}

// photoTypes are the pictures that a photo may come as; the intake looks at the bytes themselves.
var photoTypes = []string{"image/jpeg", "image/png", "image/webp"}

func (c *console) apiPhoto(w http.ResponseWriter, r *http.Request) {
	if !contentType(w, r, photoTypes...) || !bounded(w, r, maxPhoto) {
		return
	}
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	id, err := c.Casework.AddPhoto(r.Context(), c.officer(r), k.ID, r.Body)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, map[string]string{"photo": id})
}

// apiPreview is what every channel will say; ?lang= narrows it to one language.
func (c *console) apiPreview(w http.ResponseWriter, r *http.Request) {
	p, err := c.Casework.Preview(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if lang := alert.Lang(r.URL.Query().Get("lang")); lang != "" {
		kept := []casework.ChannelPreview{}
		for _, ch := range p.Channels {
			if ch.Lang == lang {
				kept = append(kept, ch)
			}
		}
		p.Channels = kept
	}
	writeJSON(w, http.StatusOK, p)
}

func (c *console) apiSubmit(w http.ResponseWriter, r *http.Request) {
	if !bounded(w, r, maxJSON) {
		return
	}
	k, err := c.Casework.Submit(r.Context(), c.officer(r), chi.URLParam(r, "id"))
	c.apiResult(w, r, k, err)
}

func (c *console) apiRelease(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Digest   string `json:"digest"`
		Override string `json:"override"` // the approver's reason where criteria are not fulfilled
		Code     string `json:"code"`     // of an approver with an authenticator app and no passkey
	}
	if !c.readJSON(w, r, &in) {
		return
	}
	k, err := c.Casework.Approve(r.Context(), c.officer(r), chi.URLParam(r, "id"), casework.Approval{Digest: in.Digest, Answer: []byte(in.Code), Override: in.Override})
	c.apiResult(w, r, k, err)
}

func (c *console) apiJudge(act verdict) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Reason string `json:"reason"`
		}
		if !c.readJSON(w, r, &in) {
			return
		}
		k, err := act(r.Context(), c.officer(r), chi.URLParam(r, "id"), in.Reason)
		c.apiResult(w, r, k, err)
	}
}

func (c *console) apiAgree(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Digest string `json:"digest"`
		Reason string `json:"reason"`
	}
	if !c.readJSON(w, r, &in) {
		return
	}
	k, err := c.Casework.Agree(r.Context(), c.officer(r), chi.URLParam(r, "id"), in.Digest, in.Reason)
	c.apiResult(w, r, k, err)
}

func (c *console) apiWithdraw(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Outcome alert.Outcome   `json:"outcome"`
		Words   alert.Localized `json:"words"`
	}
	if !c.readJSON(w, r, &in) {
		return
	}
	k, err := c.Casework.Withdraw(r.Context(), c.officer(r), chi.URLParam(r, "id"), in.Outcome, in.Words)
	c.apiResult(w, r, k, err)
}

func (c *console) apiResult(w http.ResponseWriter, r *http.Request, k casework.Case, err error) {
	switch {
	case errors.Is(err, casework.ErrPending):
		w.Header().Set("Retry-After", "5")
		w.Header().Set("ETag", etag(k))
		c.fail(w, r, err)
	case err != nil:
		c.fail(w, r, inFacts2(err))
	default:
		writeCase(w, http.StatusOK, k)
	}
}

// inFacts2 leaves the fields of acts (reason, outcome, words) as they are and
// names those of the draft as the document has them.
func inFacts2(err error) error {
	v, ok := errors.AsType[alert.Invalid](err)
	if !ok {
		return err
	}
	for _, f := range v {
		for _, own := range []string{"reason", "outcome", "words", "digest", "texts", "media", "override", "code"} {
			if within(f.Field, own) {
				return err
			}
		}
	}
	return inFacts(err)
}

func (c *console) apiDeliveries(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		c.stream(w, r, k.ID)
		return
	}
	b, err := c.board(k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, trimmed(b, r))
}

// trimmed leaves the rows out for who only wants the totals.
func trimmed(b ledger.Board, r *http.Request) ledger.Board {
	if r.URL.Query().Get("rows") == "0" || b.Rows == nil {
		b.Rows = []ledger.Row{}
	}
	if b.Channels == nil {
		b.Channels = []ledger.Totals{}
	}
	return b
}

func (c *console) apiRecord(w http.ResponseWriter, r *http.Request) {
	record, err := c.Casework.Record(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if !c.exported(w, r, chi.URLParam(r, "id"), "record") {
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"events": record})
}
