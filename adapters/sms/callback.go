package sms

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"tocsin/internal/adapter"
)

// callbackPath is where HTTP gateways report; the secret follows.
const callbackPath = "/v1/channels/sms/dlr/"

// maxRef bounds a reference in a callback; ours have under 70 bytes.
const maxRef = 128

// Routes are the addresses for the delivery reports of HTTP gateways: some
// report by GET, some by POST.
func (s *SMS) Routes() []adapter.Route {
	h := http.HandlerFunc(s.callback)
	return []adapter.Route{
		{Pattern: "GET " + callbackPath + "{secret}", Handler: h},
		{Pattern: "POST " + callbackPath + "{secret}", Handler: h},
	}
}

// callback takes ?ref=...&state=.... A failure is answered by 503, so that a
// gateway which repeats comes again.
func (s *SMS) callback(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(s.secret)) != 1 {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	ref := q.Get("ref")
	if ref == "" || len(ref) > maxRef {
		http.Error(w, "ref: the reference of the message is missing", http.StatusBadRequest)
		return
	}
	st, why := callbackState(q.Get("state"))
	if st == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := s.env.Inbox.Report(r.Context(), adapter.Report{Channel: Name, Ref: ref, State: st, Reason: why}); err != nil {
		http.Error(w, "not stored; come again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
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
