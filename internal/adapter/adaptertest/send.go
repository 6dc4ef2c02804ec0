package adaptertest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// receipts sends to nobody, to one, and to as many as the runner ever gives.
func receipts(t tester, c Case) {
	for _, n := range []int{0, 1, c.Driver.Limits.Batch} {
		k := start(t, c, alert.Drill)
		k.allTaken(k.send(k.deliver(drill(alert.TypeAlert)), k.some(0, n)), 0, 1)
	}
	k := start(t, c, alert.Drill)
	if got := k.send(k.deliver(drill(alert.TypeAlert)), nil); len(got) != 0 {
		t.Errorf("%d receipts for no batch", len(got))
	}
	// Order: those who cannot be reached stand at places of their own.
	batch := k.some(0, min(9, c.Driver.Limits.Batch))
	bad := func(i int) bool { return i%3 == 1 }
	for i := range batch {
		if bad(i) {
			batch[i] = nobody(json.RawMessage(`{}`))
		}
	}
	for i, r := range k.send(k.deliver(drill(alert.TypeUpdate)), batch) {
		if (r.Failure != nil) != bad(i) {
			t.Errorf("place %d: failure %v; failures belong at the places of bad addresses", i, r.Failure)
		}
	}
}

// nobody is a recipient whose address is raw.
func nobody(raw json.RawMessage) adapter.Recipient {
	return adapter.Recipient{ID: "nobody", Lang: alert.English, Areas: []string{"*"}, Destination: "nowhere", Address: raw}
}

// story sends all that a case comes to, with what the runner remembers in between.
func story(t tester, c Case) {
	k := start(t, c, alert.Drill)
	people := k.some(0, min(3, c.Driver.Limits.Batch))
	for i, lang := range []alert.Lang{alert.Russian, "", "xx"}[:len(people)] { // a list may hold languages that no alert speaks
		people[i].Lang = lang
	}
	for i, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel} {
		got := k.send(k.deliver(drill(typ)), people)
		k.allTaken(got, 0, i+1)
		for j, r := range got {
			people[j].Prior = r.Ref
		}
	}
}

// restart wants keys and recipients to outlive the process: whoever was reached
// before it must not count as gone, refused or ours to set up anew after it.
func restart(t tester, c Case) {
	k := start(t, c, alert.Drill)
	people := k.some(0, min(2, c.Driver.Limits.Batch))
	before := k.deliver(drill(alert.TypeAlert))
	k.allTaken(k.send(before, people), 0, 1)
	if err := k.close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := k.open(); err != nil {
		t.Fatalf("Open after a restart: %v", err)
	}
	after := k.deliver(drill(alert.TypeAlert))
	if !reflect.DeepEqual(after.Payloads, before.Payloads) {
		t.Error("the payloads of a message differ after a restart")
	}
	for i, r := range k.send(after, people) { // who dials in may not be back yet
		if r.Failure != nil && r.Failure.Class != adapter.Temporary {
			t.Errorf("receipt %d after a restart: %s (%v)", i, r.Failure.Class, r.Failure)
		}
	}
}

// duplicates has one recipient three times in a batch, as after a merge of lists.
func duplicates(t tester, c Case) {
	if c.Driver.Limits.Batch < 3 {
		return
	}
	k := start(t, c, alert.Drill)
	two := k.some(0, 2)
	got := k.send(k.deliver(drill(alert.TypeAlert)), []adapter.Recipient{two[0], two[0], two[1], two[0]}[:min(4, c.Driver.Limits.Batch)])
	for i, r := range got {
		if r.Failure != nil {
			t.Errorf("receipt %d of a batch with duplicates: %v", i, r.Failure)
		}
	}
	for i := range two {
		if k.soon(i, 1) == 0 {
			t.Errorf("recipient %d got nothing", i)
		}
	}
}

// readOnly wants the bytes that all recipients share, the room behind them, the
// message and the batch to be as they were.
func readOnly(t tester, c Case) {
	k := start(t, c, alert.Drill)
	d := k.deliver(drill(alert.TypeAlert))
	before := map[alert.Lang][]byte{}
	for lang, p := range d.Payloads {
		// Encoders leave room behind what they wrote; libraries append to what they are given.
		room := append(bytes.Clone(p.Body), bytes.Repeat([]byte{0xA5}, 4096)...)
		p.Body = room[:len(p.Body)]
		d.Payloads[lang] = p
		before[lang] = bytes.Clone(room[:cap(room)])
	}
	batch := k.some(0, min(6, c.Driver.Limits.Batch))
	for i := range batch {
		batch[i].Lang = alert.Langs[i]
	}
	kept := slices.Clone(batch)
	for i := range kept {
		kept[i].Address = bytes.Clone(kept[i].Address)
	}
	k.allTaken(k.send(d, batch), 0, 1)
	for lang, want := range before {
		body := d.Payloads[lang].Body
		if !bytes.Equal(body[:cap(body)], want) {
			t.Errorf("Send wrote into the payload in %s, or into the room behind it", lang)
		}
	}
	if !reflect.DeepEqual(d.Message, drill(alert.TypeAlert)) {
		t.Error("Send changed the message")
	}
	if !reflect.DeepEqual(batch, kept) {
		t.Error("Send changed the batch")
	}
}

// together sends one delivery from several goroutines, as the runner does.
func together(t tester, c Case) {
	const senders = 4
	k := start(t, c, alert.Drill)
	each := min(5, c.Driver.Limits.Batch)
	k.some(0, senders*each)
	d := k.deliver(drill(alert.TypeAlert))
	got := make([][]adapter.Receipt, senders)
	var all sync.WaitGroup
	for s := range senders {
		batch := k.some(s*each, each)
		all.Go(func() { got[s] = k.send(d, batch) })
	}
	all.Wait()
	for s := range senders {
		k.allTaken(got[s], s*each, 1)
	}
}

// leftovers wants every goroutine to end with the channel and its far end.
func leftovers(t tester, c Case) {
	before := settledGoroutines()
	end := &scope{TB: t.TB}
	k := start(tester{end, t.root}, c, alert.Drill)
	people := k.some(0, min(3, c.Driver.Limits.Batch))
	k.allTaken(k.send(k.deliver(drill(alert.TypeAlert)), people), 0, 1)
	end.close()
	for limit := time.Now().Add(c.patience); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Errorf("%d goroutines, %d before the channel was opened:\n%s", runtime.NumGoroutine(), before, stacks())
			return
		}
	}
}

// settledGoroutines counts once the goroutines of earlier tests have ended: one
// that ends later would hide one that stays.
func settledGoroutines() int {
	n, since := runtime.NumGoroutine(), time.Now()
	for limit := time.Now().Add(2 * time.Second); time.Now().Before(limit); time.Sleep(5 * time.Millisecond) {
		if now := runtime.NumGoroutine(); now != n {
			n, since = now, time.Now()
		}
		if time.Since(since) > 100*time.Millisecond {
			break
		}
	}
	return n
}

// scope is a test whose cleanups run early.
type scope struct {
	testing.TB
	ends []func()
}

func (s *scope) Cleanup(f func()) { s.ends = append(s.ends, f) }

func (s *scope) close() {
	for _, f := range slices.Backward(s.ends) {
		f()
	}
	s.ends = nil
}

// stacks are all goroutines, the test's own machinery left out.
func stacks() string {
	buf := make([]byte, 256<<10)
	var out []string
	for s := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(s, "testing.") {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n\n")
}
