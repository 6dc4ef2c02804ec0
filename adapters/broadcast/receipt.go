package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"tocsin/internal/adapter"
)

// receiptFrame is a station's own word about one revision.
type receiptFrame struct {
	Type       string    `json:"type"`
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	State      string    `json:"state"`
	At         time.Time `json:"at,omitzero"`
	By         string    `json:"by,omitempty"`
	Channel    string    `json:"channel,omitempty"` // the station's programme
	Reason     string    `json:"reason,omitempty"`
}

// receiptAnswer is receipt_ok, or receipt_refused with what is wrong.
type receiptAnswer struct {
	Type       string `json:"type"`
	Identifier string `json:"identifier"`
	Revision   int    `json:"revision"`
	State      string `json:"state"`
	Code       string `json:"code,omitempty"` // bad, unknown, unavailable
	Field      string `json:"field,omitempty"`
	Detail     string `json:"detail,omitempty"`
	Retry      bool   `json:"retry,omitempty"` // the same receipt may succeed later
}

// states are the ledger's words for the station's. A station that has queued an
// alert for air has seen it; the ledger's own Queued means that nothing was tried yet.
var states = map[string]adapter.State{
	"received": adapter.Received, "seen": adapter.Seen, "queued": adapter.Seen, "on_air": adapter.OnAir,
	"declined": adapter.Declined, "failed": adapter.Failed, "removed": adapter.Removed,
}

// Bounds of a receipt's words: a reason is a sentence or two on the officer's board.
const (
	maxReason  = 500
	maxName    = 100
	maxSkew    = 5 * time.Minute
	reportWait = 20 * time.Second // how long a receipt may wait for the ledger
)

// receive settles one receipt that came by itself, and returns the answer.
func (f *Feed) receive(who *station, data []byte) []byte {
	r, err := decodeReceipt(data)
	if err == nil {
		err = f.settle(context.WithoutCancel(f.ctx), who, r)
	}
	return receiptReply(r, err)
}

// settle checks r and puts it on the ledger; nil means that it is there durably.
func (f *Feed) settle(ctx context.Context, who *station, r receiptFrame) error {
	rep, known, err := f.weigh(who, r)
	if err != nil || known {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reportWait)
	defer cancel()
	if err := f.env.Inbox.Report(ctx, rep); err != nil {
		f.desk.giveBack(who.id, r.Identifier)
		return fmt.Errorf("receipt: %w", err)
	}
	f.stats.receipts.Add(1)
	f.desk.note(who.id, r)
	return nil
}

// weigh checks r and says what is to be reported; known says that it is on the
// ledger already. What it gives to be reported has its place at the desk.
func (f *Feed) weigh(who *station, r receiptFrame) (rep adapter.Report, known bool, err error) {
	bad := func(field, detail string) (adapter.Report, bool, error) {
		return rep, false, &problem{http.StatusUnprocessableEntity, detail, field}
	}
	state, ok := states[r.State]
	switch {
	case !ok:
		return bad("state", "state is received, seen, queued, on_air, declined, failed or removed")
	case (state == adapter.Declined || state == adapter.Failed) && r.Reason == "":
		return bad("reason", r.State+" needs a reason, so that the officer knows why")
	case utf8.RuneCountInString(r.Reason) > maxReason:
		return bad("reason", fmt.Sprintf("at most %d characters", maxReason))
	case utf8.RuneCountInString(r.By) > maxName:
		return bad("by", fmt.Sprintf("at most %d characters", maxName))
	case utf8.RuneCountInString(r.Channel) > maxName:
		return bad("channel", fmt.Sprintf("at most %d characters", maxName))
	}
	e, ok := f.ring.Load().find(r.Identifier)
	if !ok || e.revision != r.Revision || !who.sees(e.areas) {
		// A stranger's alert and one that never was look the same.
		return rep, false, &problem{http.StatusNotFound, "this feed has sent you no such identifier and revision", "identifier"}
	}
	if f.desk.known(who.id, r) {
		return rep, true, nil
	}
	if !f.desk.take(who.id, r.Identifier) {
		return bad("receipt", fmt.Sprintf("this station has sent %d receipts of this revision; no more are kept", maxReceipts))
	}
	rep = adapter.Report{
		Channel: Name, Recipient: who.id, Identifier: r.Identifier, Revision: r.Revision,
		State: state, Reason: r.Reason, By: r.By, Outlet: r.Channel, At: r.At,
	}
	if r.State == "queued" && rep.Reason == "" {
		rep.Reason = "queued for air"
	}
	if rep.At.After(time.Now().Add(maxSkew)) {
		rep.At = time.Time{} // a clock that runs ahead must not order the ledger
	}
	return rep, false, nil
}

// serveReceipt is POST /v1/feed/receipts: one receipt, for those without a socket.
func (f *Feed) serveReceipt(w http.ResponseWriter, r *http.Request) {
	who, err := f.enter(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if !f.posts.allow(who.id) {
		refuse(w, &problem{http.StatusTooManyRequests, fmt.Sprintf("at most %d receipts a second; wait, and use the socket for many", frameRate), ""})
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, readLimit))
	if err != nil {
		refuse(w, &problem{http.StatusRequestEntityTooLarge, "a receipt has at most 16 KB", "receipt"})
		return
	}
	var rec receiptFrame
	if err := json.Unmarshal(data, &rec); err != nil {
		refuse(w, &problem{http.StatusBadRequest, "the receipt is not JSON of the right types", "receipt"})
		return
	}
	if err := f.settle(r.Context(), who, rec); err != nil {
		if _, ok := errors.AsType[*problem](err); !ok {
			err = &problem{http.StatusServiceUnavailable, "the receipt was not stored; send it again", ""}
		}
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(mustEncode(receiptAnswer{Type: "receipt_ok", Identifier: rec.Identifier, Revision: rec.Revision, State: rec.State}))
}
