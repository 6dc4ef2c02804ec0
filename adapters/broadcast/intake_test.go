package broadcast

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// slowInbox takes batches, the first after a while, and knows some alerts only later.
type slowInbox struct {
	memInbox

	entered chan struct{} // closed when the first batch has come
	gate    chan struct{} // the first batch waits for it
	once    sync.Once
	sizes   []int
	unknown int // so many batches are told that they come too early
}

func (i *slowInbox) ReportAll(ctx context.Context, all []adapter.Report) []error {
	i.once.Do(func() { close(i.entered); <-i.gate })
	i.mu.Lock()
	i.sizes = append(i.sizes, len(all))
	early := i.unknown > 0
	i.unknown--
	i.mu.Unlock()
	errs := make([]error, len(all))
	for n, r := range all {
		if early {
			errs[n] = fmt.Errorf("%w: too early", adapter.ErrUnknown)
			continue
		}
		errs[n] = i.Report(ctx, r)
	}
	return errs
}

// TestReceiptsGoTogether: what comes while a write is under way goes into the
// next one, in order, and each is answered.
func TestReceiptsGoTogether(t *testing.T) {
	box := &slowInbox{entered: make(chan struct{}), gate: make(chan struct{})}
	open := sync.OnceFunc(func() { close(box.gate) })
	w := newWorld(t, func(f *Feed) { f.env.Inbox = box })
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, nil)
	c.next("alert")
	c.next("live")
	defer open()
	const n = 50
	for i := range n {
		if i == 1 {
			<-box.entered
		}
		c.send(map[string]any{"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": "seen", "by": fmt.Sprint(i)})
	}
	w.until("all but the first wait", func() bool { return len(w.feed.intake.words) == n-1 })
	open()
	for range n {
		if f := c.next("receipt_ok"); f.Identifier != "be.police.zoe.1" || f.State != "seen" || f.Revision != 1 {
			t.Fatalf("answer %s", f.raw)
		}
	}
	for i, r := range box.all() {
		if r.By != fmt.Sprint(i) {
			t.Fatalf("receipt %d is by %s", i, r.By)
		}
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.sizes) != 2 {
		t.Errorf("%d receipts in writes of %v", n, box.sizes)
	}
}

// TestReceiptFasterThanTheLedger waits instead of being refused.
func TestReceiptFasterThanTheLedger(t *testing.T) {
	box := &slowInbox{entered: make(chan struct{}), gate: make(chan struct{}), unknown: 3}
	close(box.gate)
	w := newWorld(t, func(f *Feed) { f.env.Inbox = box })
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, nil)
	c.next("alert")
	c.next("live")
	c.send(map[string]any{"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": "received"})
	if f := c.next("receipt_ok", "receipt_refused"); f.Type != "receipt_ok" {
		t.Errorf("answer %s", f.raw)
	}
	if got := box.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

// TestAnswersAreTheSameBytes: the short way to receipt_ok writes what the long one does.
func TestAnswersAreTheSameBytes(t *testing.T) {
	for _, r := range []receiptFrame{
		{Identifier: "be.police.zoe.1", Revision: 1, State: "received"},
		{Identifier: "a\"b\\c", Revision: 3, State: "on_air"},
		{Identifier: "é\u2028<", Revision: 3, State: "seen"},
		{Identifier: "tab\t", State: "x"},
		{},
	} {
		want := mustEncode(receiptAnswer{Type: "receipt_ok", Identifier: r.Identifier, Revision: r.Revision, State: r.State})
		if got := receiptReply(r, nil); string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestDeskTellsReceiptsApart: no two different receipts have one key.
func TestDeskTellsReceiptsApart(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	all := []receiptFrame{
		{Identifier: "a", State: "seen"},
		{Identifier: "a", State: "seen", By: "x"},
		{Identifier: "a", State: "seen", Channel: "x"},
		{Identifier: "a", State: "seen", Reason: "x"},
		{Identifier: "a", State: "seen", At: at},
		{Identifier: "a", State: "seen", At: at.Add(time.Nanosecond)},
		{Identifier: "as", State: "een"},
		{Identifier: "", State: "aseen"},
	}
	seen := map[[32]byte]int{}
	for i, r := range all {
		k := fullKey("st", r)
		if j, ok := seen[k]; ok {
			t.Errorf("%+v and %+v are one", all[j], r)
		}
		seen[k] = i
	}
	zone := all[4]
	zone.At = at.In(time.FixedZone("", 3600))
	if fullKey("st", zone) != fullKey("st", all[4]) {
		t.Error("the same moment in another zone is another receipt")
	}
}

// TestTwinsAreStoredOnce: the same receipt twice in one batch is one, and both are answered.
func TestTwinsAreStoredOnce(t *testing.T) {
	box := &slowInbox{entered: make(chan struct{}), gate: make(chan struct{})}
	open := sync.OnceFunc(func() { close(box.gate) })
	w := newWorld(t, func(f *Feed) { f.env.Inbox = box })
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, nil)
	c.next("alert")
	c.next("live")
	defer open()
	say := func(by string) {
		c.send(map[string]any{"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": "seen", "by": by})
	}
	say("first")
	<-box.entered
	for range 3 {
		say("Eva")
	}
	w.until("the twins wait", func() bool { return len(w.feed.intake.words) == 3 })
	open()
	for range 4 {
		c.next("receipt_ok")
	}
	if got := box.all(); len(got) != 2 || got[1].By != "Eva" {
		t.Errorf("stored %+v", got)
	}
}
