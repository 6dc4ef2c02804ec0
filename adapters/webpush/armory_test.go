package webpush

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// seated gives the batch slots and packed addresses, as the registry does.
func seated(t testing.TB, batch []adapter.Recipient) []adapter.Recipient {
	t.Helper()
	for i := range batch {
		packed, err := Driver().Pack(batch[i].Address)
		if err != nil {
			t.Fatal(err)
		}
		batch[i].Packed, batch[i].Slot = packed, uint32(i+1)
	}
	return batch
}

// senderKeys are the public keys of all messages that users got, by how often.
func senderKeys(users []*pushservice.Subscriber) map[string]int {
	keys := map[string]int{}
	for _, u := range users {
		for _, m := range u.Messages() {
			keys[string(m.Cipher[saltLen+5:headerLen])]++
		}
	}
	return keys
}

// TestArmedPushes arms everybody, sends an alert and its update, and wants each
// message under a key of its own, the first out of the armory.
func TestArmedPushes(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 150)
	batch = seated(t, batch)
	batch[7].Slot = 0 // not in the table: always cold
	if err := a.Arm(t.Context(), slices.Values(batch)); err != nil {
		t.Fatal(err)
	}
	if a.Armed() != 149 {
		t.Fatalf("%d armed, want 149", a.Armed())
	}
	prepared := map[string]bool{}
	for i := range 150 {
		prepared[string(append([]byte{4}, a.armory.slabs[0].cells[i].public[:]...))] = true
	}
	for rev, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate} {
		d := delivery(t, a, message(typ, rev+1))
		receipts, err := a.Send(t.Context(), d, batch)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range receipts {
			if r.State != adapter.Accepted || r.Failure != nil {
				t.Fatalf("receipt %d: %+v", i, r.Failure)
			}
			got := users[i].Messages()
			if plain, err := users[i].Decrypt(got[rev]); err != nil || !bytes.Equal(plain, d.Payloads[alert.English].Body) {
				t.Fatalf("subscriber %d decrypted %q, %v", i, plain, err)
			}
		}
	}
	keys := senderKeys(users)
	if len(keys) != 300 {
		t.Errorf("%d keys for 300 messages", len(keys))
	}
	used := 0
	for k := range keys {
		if prepared[k] {
			used++
		}
	}
	if used != 149 {
		t.Errorf("%d of the messages used what was prepared, want 149", used)
	}
	if a.Armed() != 0 || a.armory.slabs[0].cells != [slabCells]cell{} {
		t.Error("used pairs were not wiped")
	}
}

// TestFailedPushesUseTheirPairUp has a push fail in each way and be tried again.
func TestFailedPushesUseTheirPairUp(t *testing.T) {
	for name, fault := range map[string]pushservice.Fault{
		"503":              {N: 1, Status: 503},
		"reset":            {N: 1, Reset: true},
		"connection lost":  {N: 1, Cut: true},
		"lost after it":    {N: 1, Cut: true, After: true},
		"reset after it":   {N: 1, Reset: true, After: true},
		"refused for good": {N: 1, Status: 413},
	} {
		s := service(t, pushservice.Options{TLS: true})
		a := drill(t, s)
		users, batch := subscribers(t, s, a, 1)
		batch = seated(t, batch)
		d := delivery(t, a, message(alert.TypeAlert, 1))
		s.Fail(fault)
		for range 2 {
			if err := a.Arm(t.Context(), slices.Values(batch)); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Send(t.Context(), d, batch); err != nil {
				t.Fatal(err)
			}
			if a.Armed() != 0 {
				t.Errorf("%s: the pair stayed", name)
			}
		}
		keys := senderKeys(users)
		for _, n := range keys {
			if n > 1 {
				t.Errorf("%s: a key was used %d times", name, n)
			}
		}
		if len(keys) == 0 {
			t.Errorf("%s: nothing arrived in the end", name)
		}
	}
}

func TestArmoryHandsOutOnce(t *testing.T) {
	var a armory
	xy, other := bytes.Repeat([]byte{7}, xyLen), bytes.Repeat([]byte{9}, xyLen)
	var p pair
	p.public[0], p.public[1], p.secret[0] = 4, 5, 6
	a.put(&p, 5000, xy) // beyond the first slab
	if !a.has(5000, xy) || a.has(5000, other) || a.has(5001, xy) || a.has(0, xy) || a.held.Load() != 1 {
		t.Error("the armory does not know what it holds")
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			var mine pair
			if a.take(&mine, 5000, xy) {
				won.Add(1)
				if mine != p {
					t.Error("another pair came out than went in")
				}
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || a.held.Load() != 0 {
		t.Errorf("handed out %d times", won.Load())
	}
	// A slot that has passed to somebody else, or a subscription with a new key.
	a.put(&p, 3, xy)
	var mine pair
	if a.take(&mine, 3, other) || a.has(3, xy) || mine != (pair{}) || a.held.Load() != 0 {
		t.Error("another subscription's pair was handed out or kept")
	}
	a.put(&p, 3, xy)
	a.forget(3)
	a.forget(3)
	a.forget(0)
	a.forget(1 << 30)
	if a.slabs[0].cells[2] != (cell{}) || a.held.Load() != 0 {
		t.Error("a forgotten pair was not wiped")
	}
	a.put(&p, 0, xy) // no slot: nowhere to keep it
	if a.held.Load() != 0 {
		t.Error("a pair without a slot was kept")
	}
}

func TestArmSkipsWhatCannotBe(t *testing.T) {
	a := drill(t, nil)
	good := subscription{Endpoint: fcm + "x", P256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", Auth: "BTBZMqHH6r4Tts7J_aSIgg"}
	off := good
	off.P256dh = "BCVxsr7M" + good.P256dh[8:] // not on the curve
	all := []adapter.Recipient{
		{Slot: 1, Address: mustJSON(t, good)}, {Slot: 2, Address: mustJSON(t, off)}, {Slot: 3, Address: []byte("{")}, {Address: mustJSON(t, good)},
	}
	if err := a.Arm(t.Context(), slices.Values(all)); err != nil || a.Armed() != 1 {
		t.Errorf("%d armed, %v", a.Armed(), err)
	}
	before := a.armory.slabs[0].cells[0]
	if err := a.Arm(t.Context(), slices.Values(all)); err != nil || a.armory.slabs[0].cells[0] != before {
		t.Error("who is armed was armed again")
	}
	a.Forget(1)
	if a.Armed() != 0 {
		t.Error("who has left is armed")
	}
}

// Arming is spare time's work: while a Send is under way not one pair is made.
func TestArmGivesWay(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 3)
	batch = seated(t, batch)
	s.Fail(pushservice.Fault{Stall: time.Hour})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch[:1]); err != nil {
			t.Error(err)
		}
	}()
	for a.sends.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*armPause)
	defer cancel()
	endless := iter.Seq[adapter.Recipient](func(yield func(adapter.Recipient) bool) {
		for i := 1; yield(batch[1+i%2]); i++ {
		}
	})
	if err := a.Arm(ctx, endless); !errors.Is(err, context.DeadlineExceeded) || a.Armed() != 0 {
		t.Errorf("%d armed beside a Send, %v", a.Armed(), err)
	}
	s.Mend()
	<-sent
	if err := a.Arm(t.Context(), slices.Values(batch[1:])); err != nil || a.Armed() != 2 {
		t.Errorf("%d armed after it, %v", a.Armed(), err)
	}
}

// To look at a country's devices that are armed already rests as well while a Send is
// under way: a round between two alerts takes nothing from the second.
func TestArmLooksAtNobodyBesideASend(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 1)
	batch = seated(t, batch)
	if err := a.Arm(t.Context(), slices.Values(batch)); err != nil || a.Armed() != 1 {
		t.Fatalf("%d armed, %v", a.Armed(), err)
	}
	a.sends.Add(1)
	defer a.sends.Add(-1)
	looked := 0
	endless := iter.Seq[adapter.Recipient](func(yield func(adapter.Recipient) bool) {
		for yield(batch[0]) {
			looked++
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*armPause)
	defer cancel()
	if err := a.Arm(ctx, endless); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	// A chunk for each worker, and a few that are handed out while the time ends.
	if most := armChunk * (runtime.GOMAXPROCS(0) + 20); looked > most {
		t.Errorf("%d devices were looked at beside a Send, want %d at most", looked, most)
	}
}

var _ adapter.Armer = (*Adapter)(nil)
