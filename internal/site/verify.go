package site

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/alert"
)

// maxDocument bounds what is read and parsed for a stranger; our own documents have under 64 KB.
const maxDocument = 1 << 20

// maxVerifyForm is a document and the form around it.
const maxVerifyForm = maxDocument + 64<<10

// verifyView is the page that checks a document.
type verifyView struct {
	page
	Certificate string
	Asked       bool
	Genuine     bool
	Fault       string // why not, in English: it is for who examines a forgery
	Problem     string // of the form, a key of the texts
	Verdict     verdict
}

// verdict is a checked document, and what became of it.
type verdict struct {
	Genuine    bool          `json:"genuine"`
	Reason     string        `json:"reason,omitempty"`
	Identifier string        `json:"identifier,omitempty"`
	Sender     string        `json:"sender,omitempty"`
	Sent       *time.Time    `json:"sent,omitempty"`
	Status     alert.Status  `json:"status,omitempty"`
	MsgType    alert.MsgType `json:"msg_type,omitempty"`
	// State is live, superseded, ended, or unknown: a genuine document may be yesterday's.
	State string `json:"state,omitempty"`
}

func (s *site) newVerifyView(r *http.Request) verifyView {
	return verifyView{page: s.page(s.langOf(r), "/verify", "verify.title"), Certificate: s.Certificate}
}

func (s *site) verifyPage(w http.ResponseWriter, r *http.Request) {
	v := s.newVerifyView(r)
	s.html(http.StatusOK, "verify", "layout.html", v.page, v).write(w, r)
}

// errBusy: all tokens for checking are out.
var errBusy = errors.New("too many documents are being checked; try again in a few seconds")

// check verifies a document and looks up what became of it.
func (s *site) check(r *http.Request, document []byte) (verdict, error) {
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-time.After(2 * time.Second):
		return verdict{}, errBusy
	case <-r.Context().Done():
		return verdict{}, errBusy
	}
	got, err := s.Verify(document)
	if err != nil {
		return verdict{Reason: err.Error()}, nil
	}
	v := verdict{
		Genuine: true, Identifier: got.Identifier, Sender: got.Sender, Sent: &got.Sent,
		Status: got.Status, MsgType: got.MsgType, State: "unknown",
	}
	rev, isOver, ok := s.lookup(got.Identifier)
	if !ok {
		return v, nil
	}
	newest, _ := s.Current.Case(rev.Message.Case)
	switch {
	case isOver || over(rev.Message):
		v.State = "ended"
	case newest.Message != nil && newest.Message.Identifier != got.Identifier:
		v.State = "superseded"
	default:
		v.State = "live"
	}
	return v, nil
}

// verifyDocument is for programs: the document itself is the body.
func (s *site) verifyDocument(w http.ResponseWriter, r *http.Request) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasSuffix(kind, "xml") {
		problem{
			Title: "Wrong Content-Type", Status: http.StatusUnsupportedMediaType, Detail: "Send the CAP document as application/cap+xml.",
		}.reply().write(w, r)
		return
	}
	document, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if err != nil {
		problem{
			Title: "Too large", Status: http.StatusRequestEntityTooLarge, Detail: "A CAP document of ours has under 64 KB; send at most 1 MB.",
		}.reply().write(w, r)
		return
	}
	v, err := s.check(r, document)
	if err != nil {
		problem{Title: "Busy", Status: http.StatusServiceUnavailable, Detail: "Try again in a few seconds."}.reply().write(w, r)
		return
	}
	a := jsonReply(v)
	a.keep, a.etag = never, ""
	a.write(w, r)
}

// verifyForm is for people: the document is pasted or chosen as a file.
func (s *site) verifyForm(w http.ResponseWriter, r *http.Request) {
	v := s.newVerifyView(r)
	document, status := formDocument(w, r)
	switch {
	case status == http.StatusRequestEntityTooLarge:
		v.Problem = "verify.large"
	case status != http.StatusOK:
		v.Problem = "verify.empty"
	default:
		var err error
		if v.Verdict, err = s.check(r, document); err != nil {
			v.Problem, status = "verify.busy", http.StatusServiceUnavailable
		}
		v.Asked = err == nil
	}
	a := s.html(status, "verify", "layout.html", v.page, v)
	a.keep, a.etag = never, ""
	a.write(w, r)
}

// formDocument is the document of a form, and the status of what is wrong with it.
func formDocument(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	r.Body = http.MaxBytesReader(w, r.Body, maxVerifyForm)
	// All of it in memory: a stranger's document never touches the disk.
	err := r.ParseMultipartForm(maxVerifyForm)
	if errors.Is(err, http.ErrNotMultipart) {
		err = r.ParseForm()
	}
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, http.StatusRequestEntityTooLarge
		}
		return nil, http.StatusBadRequest
	}
	document := []byte(r.PostForm.Get("document"))
	if f, _, err := r.FormFile("file"); err == nil {
		defer f.Close()
		uploaded, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
		if err != nil {
			return nil, http.StatusBadRequest
		}
		if len(uploaded) > 0 {
			document = uploaded
		}
	}
	switch {
	case len(document) > maxDocument:
		return nil, http.StatusRequestEntityTooLarge
	case len(bytes.TrimSpace(document)) == 0:
		return nil, http.StatusUnprocessableEntity
	}
	return document, http.StatusOK
}
