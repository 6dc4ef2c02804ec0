package website

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/problem"
)

// maxReceipt bounds a partner's receipt: five short fields.
const maxReceipt = 4 << 10

// receipt is what a partner posts when his pages are clean.
type receipt struct {
	Partner    string        `json:"partner"` // the id he got with his secret
	Identifier string        `json:"identifier"`
	Revision   int           `json:"revision"`
	State      adapter.State `json:"state"` // removed, or failed with a reason
	Reason     string        `json:"reason,omitempty"`
	At         time.Time     `json:"at,omitzero"`
}

// Routes is the address where a partner confirms a removal later than in his answer.
func (w *Website) Routes() []adapter.Route {
	return []adapter.Route{{Pattern: "POST /v1/receipts", Handler: http.HandlerFunc(w.serveReceipt)}}
}

// serveReceipt takes a receipt signed like a webhook, by the partner's own secret.
func (w *Website) serveReceipt(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxReceipt))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(rw, http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("Keep a receipt under %d bytes.", maxReceipt))
		return
	}
	if err != nil {
		refuse(rw, http.StatusBadRequest, "body", "Send the whole body.")
		return
	}
	var in receipt
	if err := json.Unmarshal(body, &in); err != nil {
		refuse(rw, http.StatusBadRequest, "body", `Send JSON: {"partner", "identifier", "revision", "state"}.`)
		return
	}
	rec, ok := w.env.Recipients.Get(Name, in.Partner)
	var p Partner
	if ok && json.Unmarshal(rec.Address, &p) != nil {
		ok = false
	}
	secret, err := secretBytes(p.Secret)
	if !ok || err != nil || !signedBy(r.Header, body, secret, w.now()) {
		refuse(rw, http.StatusUnauthorized, "webhook-signature",
			"Sign the body with your whsec_ secret as Standard Webhooks says, with a fresh timestamp and your partner id.")
		return
	}
	if in.State != adapter.Removed && (in.State != adapter.Failed || in.Reason == "") {
		refuse(rw, http.StatusUnprocessableEntity, "state", `Send "removed", or "failed" with a reason.`)
		return
	}
	err = w.env.Inbox.Report(r.Context(), adapter.Report{
		Channel: Name, Recipient: in.Partner, Identifier: in.Identifier, Revision: in.Revision,
		State: in.State, Reason: short(in.Reason), At: in.At,
	})
	switch {
	case err == nil:
		rw.WriteHeader(http.StatusNoContent)
	case errors.Is(err, adapter.ErrUnknown):
		refuse(rw, http.StatusNotFound, "identifier", "There is no such delivery to you; check identifier and revision.")
	default:
		refuse(rw, http.StatusServiceUnavailable, "", "The receipt was not stored. Send it again in a few seconds.")
	}
}

// short bounds a partner's own words on the board.
func short(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}

// refuse answers with the field and the mend.
func refuse(w http.ResponseWriter, status int, field, mend string) {
	if field == "" {
		problem.Document{Status: status, Detail: mend}.Write(w)
		return
	}
	problem.Field(status, field, "invalid", mend).Write(w)
}
