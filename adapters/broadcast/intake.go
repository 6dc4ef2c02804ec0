package broadcast

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/internal/adapter"
)

// Batcher is what an Inbox may also be: it takes many reports at once, with one
// durable write for all where it can, and says of each what became of it.
type Batcher interface {
	ReportAll(ctx context.Context, all []adapter.Report) []error
}

const (
	// maxWords bounds the receipts that wait for the ledger, about 4 MB. When it is
	// full the reading of the socket waits, and after patience the station is told to
	// send again: a ledger that hangs must not stop the reading of pongs for ever.
	maxWords = 16 << 10
	patience = 5 * time.Second
	// maxIntake is how many receipts go into one write.
	maxIntake = 1000
	// A station may be faster than this node's own reader of the log, by which the
	// ledger learns what the receipt is about: asked again so soon, for so long.
	earlyPause = 20 * time.Millisecond
	earlyWait  = 3 * time.Second
)

// word is one receipt of a session on its way to the ledger.
type word struct {
	s     *session
	frame receiptFrame
	since time.Time
}

// intake stores the receipts that come over sockets: what arrives while a write
// is under way goes into the next one. The order of each session is kept.
type intake struct {
	feed  *Feed
	words chan word
}

func newIntake(f *Feed) *intake { return &intake{f, make(chan word, maxWords)} }

// put takes one receipt frame of s; its answer goes out on the line.
func (i *intake) put(s *session, data []byte) {
	r, err := decodeReceipt(data)
	w := word{s: s, since: time.Now(), frame: r}
	if err != nil {
		i.answer(w, err)
		s.wake()
		return
	}
	select {
	case i.words <- w:
		return
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case i.words <- w:
	case <-late.C:
		i.answer(w, errors.New("too many receipts wait"))
		s.wake()
	}
}

// run settles receipts until ctx ends.
func (i *intake) run(ctx context.Context) {
	var (
		batch []word
		early []word
		again = time.NewTimer(0)
	)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-i.words:
			batch = append(batch, w)
		case <-again.C:
			batch, early = append(batch, early...), early[:0]
		}
	drain:
		for len(batch) < maxIntake {
			select {
			case w := <-i.words:
				batch = append(batch, w)
			default:
				break drain
			}
		}
		had := len(early)
		early = i.settle(ctx, batch, early)
		if had == 0 && len(early) > 0 {
			again.Reset(earlyPause)
		}
		clear(batch) // names of persons do not stay behind
		batch = batch[:0]
	}
}

// settle stores a batch, answers each session, and returns early with those to be asked again.
func (i *intake) settle(ctx context.Context, batch, early []word) []word {
	f := i.feed
	reports, stored, twins := i.sort(batch)
	errs := f.report(ctx, reports)
	var failed error
	for n, w := range stored {
		err := errs[n]
		if err != nil {
			f.desk.giveBack(w.s.who.Load().id, w.frame.Identifier)
		}
		if errors.Is(err, adapter.ErrUnknown) && time.Since(w.since) < earlyWait && ctx.Err() == nil {
			early = append(early, w)
			continue
		}
		if err == nil {
			f.stats.receipts.Add(1)
			f.desk.note(w.s.who.Load().id, w.frame)
		} else {
			failed = err
		}
		i.answer(w, err)
	}
	for _, t := range twins {
		if errors.Is(errs[t.of], adapter.ErrUnknown) {
			early = append(early, t.word) // it goes the way of its twin, or ends as it did
			continue
		}
		i.answer(t.word, errs[t.of])
	}
	if failed != nil {
		f.env.Log.Error("receipts were not stored; the stations were asked to send them again", "error", failed)
	}
	for _, w := range batch { // after all answers: each session writes its own at once
		w.s.wake()
	}
	return early
}

// twin is a receipt that came twice within one batch: it is stored once.
type twin struct {
	word

	of int // index of the one that is stored
}

// sort checks a batch: what is bad or known is answered, the rest is to be stored.
func (i *intake) sort(batch []word) (reports []adapter.Report, stored []word, twins []twin) {
	first := make(map[[sha256.Size]byte]int, len(batch))
	for _, w := range batch {
		who := w.s.who.Load()
		key := fullKey(who.id, w.frame)
		if n, ok := first[key]; ok {
			twins = append(twins, twin{w, n})
			continue
		}
		rep, known, err := i.feed.weigh(who, w.frame)
		if err != nil || known {
			i.answer(w, err)
			continue
		}
		first[key] = len(reports)
		reports, stored = append(reports, rep), append(stored, w)
	}
	return reports, stored, twins
}

// report hands reports to the ledger, all at once where it can take them so.
func (f *Feed) report(ctx context.Context, reports []adapter.Report) []error {
	if len(reports) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportWait)
	defer cancel()
	if all, ok := f.env.Inbox.(Batcher); ok {
		return all.ReportAll(ctx, reports)
	}
	errs := make([]error, len(reports))
	for n, rep := range reports {
		errs[n] = f.env.Inbox.Report(ctx, rep)
	}
	return errs
}

// answer queues what became of a receipt; wake sends it.
func (i *intake) answer(w word, err error) { w.s.queueAnswer(receiptReply(w.frame, err)) }

// decodeReceipt reads a receipt frame.
func decodeReceipt(data []byte) (r receiptFrame, err error) {
	if err := json.Unmarshal(data, &r); err != nil {
		return r, &problem{http.StatusUnprocessableEntity, "the receipt cannot be read: revision is a number, at an RFC 3339 time, the rest are strings", "receipt"}
	}
	return r, nil
}

// receiptReply is the answer to r.
func receiptReply(r receiptFrame, err error) []byte {
	if err == nil {
		return appendOK(r)
	}
	a := receiptAnswer{
		Type: "receipt_refused", Identifier: r.Identifier, Revision: r.Revision, State: r.State,
		Code: "unavailable", Detail: "the receipt was not stored; send it again", Retry: true,
	}
	if p, ok := errors.AsType[*problem](err); ok {
		a.Code, a.Field, a.Detail, a.Retry = "bad", p.field, p.detail, false
		if p.status == http.StatusNotFound {
			a.Code = "unknown"
		}
	}
	return mustEncode(a)
}

// appendOK is receipt_ok as mustEncode would write it: the one answer that
// thousands get at once. The identifier is of the log and the state a known
// word, so both are known to need no escapes; anything else goes the long way.
func appendOK(r receiptFrame) []byte {
	if !plainText(r.Identifier) || !plainText(r.State) {
		return mustEncode(receiptAnswer{Type: "receipt_ok", Identifier: r.Identifier, Revision: r.Revision, State: r.State})
	}
	return fmt.Appendf(make([]byte, 0, 96+len(r.Identifier)), `{"type":"receipt_ok","identifier":"%s","revision":%d,"state":"%s"}`, r.Identifier, r.Revision, r.State)
}

// plainText says that JSON needs no escapes for s.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// receiptHead is how nearly every receipt begins: seen here, its type need not be decoded first.
var receiptHead = []byte(`{"type":"receipt",`)

func isReceipt(data []byte) bool { return bytes.HasPrefix(data, receiptHead) }
