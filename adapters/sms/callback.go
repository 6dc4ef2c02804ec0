package sms

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"tocsin/internal/adapter"
)

const (
	// callbackPath is where HTTP gateways report deliveries, answerPath where they
	// hand over what people write; the secret follows.
	callbackPath = "/v1/channels/sms/dlr/"
	answerPath   = "/v1/channels/sms/mo/"
)

const (
	// maxRef bounds a reference in a callback; ours have under 70 bytes.
	maxRef = 128
	// maxForm bounds the body of a callback: a few short fields.
	maxForm = 16 << 10
)

// Routes are the addresses for HTTP gateways: delivery reports
// (?ref=...&state=...) and people's answers (?from=...&text=...), by GET or POST.
func (s *SMS) Routes() []adapter.Route {
	report, answer := s.guarded(s.reported), s.guarded(s.answered)
	return []adapter.Route{
		{Pattern: "GET " + callbackPath + "{secret}", Handler: report},
		{Pattern: "POST " + callbackPath + "{secret}", Handler: report},
		{Pattern: "GET " + answerPath + "{secret}", Handler: answer},
		{Pattern: "POST " + answerPath + "{secret}", Handler: answer},
	}
}

// guarded lets through who knows the secret. A failure is answered by 503, so
// that a gateway which repeats comes again.
func (s *SMS) guarded(work func(r *http.Request) (bad string, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(s.secret)) != 1 {
			http.NotFound(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "send a short form or a query", http.StatusBadRequest)
			return
		}
		switch bad, err := work(r); {
		case bad != "":
			http.Error(w, bad, http.StatusBadRequest)
		case err != nil:
			http.Error(w, "not stored; come again", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "text/plain") // Kannel reads the answer, and wants one
		}
	})
}

func (s *SMS) reported(r *http.Request) (bad string, err error) {
	ref := r.Form.Get("ref")
	if ref == "" || len(ref) > maxRef {
		return "ref: give the reference of the message", nil
	}
	st, why := callbackState(r.Form.Get("state"))
	if st == "" {
		return "", nil
	}
	return "", s.env.Inbox.Report(r.Context(), adapter.Report{Channel: Name, Ref: ref, State: st, Reason: why})
}

func (s *SMS) answered(r *http.Request) (bad string, err error) {
	from := r.Form.Get("from")
	if from == "" || len(from) > maxNumber {
		return "from: give the sender's number", nil
	}
	return "", s.answer(r.Context(), from, r.Form.Get("text"))
}

// callbackState reads Kannel's numbers and the words of others.
func callbackState(word string) (adapter.State, string) {
	switch strings.ToUpper(word) {
	case "1", "DELIVRD", "DELIVERED":
		return adapter.Delivered, ""
	case "2", "UNDELIV", "UNDELIVERED", "FAILED", "EXPIRED", "DELETED":
		return adapter.Failed, "the gateway reports that the text was not delivered"
	case "16", "REJECTD", "REJECTED":
		return adapter.Failed, "the gateway reports that the network refused the text"
	default: // 4 queued, 8 accepted by the network
		return "", ""
	}
}
