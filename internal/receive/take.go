package receive

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// take is the way of one alert frame: known, verified, fetched, stored, owed.
// A nil error means that the cursor may pass it.
func (r *Receiver) take(ctx context.Context, addr, epoch string, a *alertFrame) error {
	if err := a.check(); err != nil {
		r.forged(addr, a.Identifier, err)
		return nil
	}
	done, mine := r.begin(a)
	if !mine {
		select { // the other line has it in hand
		case <-done:
			return r.outcome(a)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer r.end(a.Identifier, done)
	if r.has(a, epoch) {
		return nil
	}
	v, err := verify(a, r.opt.Verify)
	if err != nil {
		r.forged(addr, a.Identifier, err)
		return nil
	}
	if a.MsgType != "Cancel" && r.over(v.expires) {
		r.pass(a.Identifier) // an old document is no alert
		return nil
	}
	files := r.pictures(ctx, v)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, f := range files {
		if f.data == nil {
			r.alarm("", AlarmMedia, fmt.Sprintf("case %s revision %d: %s: %s", a.Case, a.Revision, f.file.Kind, f.file.Error))
		}
	}
	rev, err := r.keepRevision(v, epoch, files)
	if errors.Is(err, errOvertaken) {
		return nil
	}
	if err != nil {
		r.alarm(addr, AlarmDisk, err.Error())
		return err
	}
	r.opt.OnRevision(rev)
	return nil
}

// over says whether an alert's time has passed.
func (r *Receiver) over(expires time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.now().Before(expires)
}

// errOvertaken: while the pictures of a revision were fetched, another line
// brought something newer of its case.
var errOvertaken = errors.New("a newer revision came first")

// keepRevision stores v, and only then owes its receipts.
func (r *Receiver) keepRevision(v *verified, epoch string, files []fetched) (Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.state.Cases[v.Case]; h != nil && (h.Revision > v.Revision || h.MsgType == "Cancel" && v.MsgType != "Cancel") {
		h.follows(v.Identifier)
		return Revision{}, errOvertaken // a withdrawn child's picture must not come back
	}
	now := r.now()
	dir, err := r.put(v, files, now)
	if err != nil {
		return Revision{}, fmt.Errorf("case %s revision %d was not stored: %w", v.Case, v.Revision, err)
	}
	h := &held{
		Identifier: v.Identifier, Revision: v.Revision, MsgType: v.MsgType, Status: v.Status,
		Epoch: epoch, Seq: v.Seq, Expires: v.expires, Run: len(r.opt.Exec) > 0,
	}
	before := r.state.Cases[v.Case]
	if before != nil {
		h.Earlier = before.Earlier
		h.follows(before.Identifier)
	}
	r.state.Cases[v.Case] = h
	r.want(v, dir, files)
	if v.MsgType == "Cancel" {
		h.Ended = now.UTC()
		// The state first: after a crash in between, tidy deletes the rest.
		if err = r.save(); err == nil {
			err = erase(r.opt.Dir, v.Case, v.Revision)
		}
		if err == nil {
			r.log("withdrawn", v.Case, v.Revision, "")
		}
	} else {
		r.log("stored", v.Case, v.Revision, v.MsgType)
	}
	if err == nil {
		due := h.receipts(now)
		for _, rec := range due {
			h.say(rec)
		}
		err = r.owe(due...)
	}
	if err != nil {
		r.state.Cases[v.Case] = before
		if before == nil {
			delete(r.state.Cases, v.Case)
		}
		return Revision{}, fmt.Errorf("case %s revision %d was not stored: %w", v.Case, v.Revision, err)
	}
	if h.Run {
		select {
		case r.runs <- v.Case:
		default: // it is in the state, and runs after a restart
		}
	}
	return Revision{v.Case, v.Identifier, v.Revision, v.MsgType, v.Status, dir, v.expires}, nil
}

// put writes v's folder. A withdrawal that finds no room makes some: what it
// withdraws has to go anyway.
func (r *Receiver) put(v *verified, files []fetched, now time.Time) (string, error) {
	dir, err := store(r.opt.Dir, v, files, now)
	if err == nil || v.MsgType != "Cancel" {
		return dir, err
	}
	if gone := erase(r.opt.Dir, v.Case, v.Revision); gone != nil {
		return "", errors.Join(err, gone)
	}
	return store(r.opt.Dir, v, files, now)
}

// has says whether a needs nothing more: it is stored, something newer is, or the case has ended.
func (r *Receiver) has(a *alertFrame, epoch string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.state.Cases[a.Case]
	switch {
	case h == nil:
		return false
	case h.Revision > a.Revision:
		h.follows(a.Identifier)
		return true
	case h.Revision < a.Revision:
		return h.MsgType == "Cancel" // nothing comes after a withdrawal
	case h.Identifier != a.Identifier:
		return false // it will not pass for this revision unless it is signed as such
	case h.MsgType != "Cancel" && !h.Ended.IsZero():
		return true
	case !stored(r.opt.Dir, h, a.Case):
		return false
	}
	if h.Epoch != epoch { // the log was made anew: what we owe belongs to the new one
		r.adopt(h, epoch, a.Seq)
	}
	if a.Replay {
		// The feed sends again what it has no receipt for.
		r.again(h)
	}
	return true
}

// again owes the receipts of h once more, unless they are still on their way. Under r.mu.
func (r *Receiver) again(h *held) {
	for _, rec := range r.state.Owed {
		if rec.Identifier == h.Identifier && rec.State == "received" {
			return
		}
	}
	_ = r.owe(h.receipts(r.now())...) // a failure is an alarm, and the feed sends it again
}

// adopt moves h to another epoch of the log, where it has another seq. Under r.mu.
func (r *Receiver) adopt(h *held, epoch string, seq uint64) {
	h.Epoch, h.Seq = epoch, seq
	for _, rec := range r.state.Owed {
		if rec.Identifier == h.Identifier {
			rec.Epoch, rec.tried = epoch, time.Time{}
		}
	}
	r.dirty = true
}

// receipts are what is due once h is on the disk, as of now.
func (h *held) receipts(now time.Time) []*Receipt {
	due := func(state string) *Receipt {
		return &Receipt{Identifier: h.Identifier, Revision: h.Revision, State: state, At: now.UTC(), Epoch: h.Epoch}
	}
	if h.MsgType == "Cancel" {
		return []*Receipt{due("received"), due("removed")}
	}
	return []*Receipt{due("received")}
}

// begin claims an identifier for one line; mine is false when another has it.
func (r *Receiver) begin(a *alertFrame) (done chan struct{}, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if done, ok := r.busy[a.Identifier]; ok {
		return done, false
	}
	done = make(chan struct{})
	r.busy[a.Identifier] = done
	return done, true
}

func (r *Receiver) end(identifier string, done chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, identifier)
	close(done)
}

var errElsewhere = errors.New("the other line did not store it")

// outcome is how the other line fared with a.
func (r *Receiver) outcome(a *alertFrame) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, bad := r.passed[a.Identifier]; bad {
		return nil
	}
	if h := r.state.Cases[a.Case]; h != nil && h.Revision >= a.Revision {
		return nil
	}
	return errElsewhere
}

// pass notes that an identifier is not wanted for now, whatever a heartbeat says.
func (r *Receiver) pass(identifier string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.passed) < maxPassed {
		r.passed[identifier] = time.Now()
	}
}

// forged notes a document that is not what it says.
func (r *Receiver) forged(addr, identifier string, err error) {
	r.pass(identifier)
	r.alarm(addr, AlarmForged, "an alert was refused and not stored: "+err.Error())
}

func (r *Receiver) log(act, caseID string, revision int, detail string) {
	if err := note(r.opt.Dir, time.Now(), act, caseID, revision, detail); err != nil {
		r.opt.Log.Warn("log.jsonl", "err", err)
	}
}
