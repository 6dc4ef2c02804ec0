package webpush

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

func TestSendReachesEachInItsLanguage(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 150)
	for i := range batch {
		if i%2 == 1 {
			batch[i].Lang = alert.French
		}
	}
	d := delivery(t, a, message(alert.TypeAlert, 1))
	// Room behind the payload, as an encoder may leave: webpush-go would write into it.
	roomy := append(make([]byte, 0, 8192), d.Payloads[alert.English].Body...)
	d.Payloads[alert.English] = adapter.Payload{Body: roomy}
	before := bytes.Clone(roomy[:cap(roomy)])
	receipts, err := a.Send(t.Context(), d, batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.State != adapter.Accepted || r.Failure != nil {
			t.Fatalf("receipt %d: %+v %v", i, r.State, r.Failure)
		}
		got := users[i].Messages()
		if len(got) != 1 {
			t.Fatalf("subscriber %d got %d messages, want 1", i, len(got))
		}
		plain, err := users[i].Decrypt(got[0])
		if err != nil {
			t.Fatal(err)
		}
		if want := d.Payloads[batch[i].Lang].Body; !bytes.Equal(plain, want) {
			t.Fatalf("subscriber %d decrypted %s, want %s", i, plain, want)
		}
		if m := got[0]; m.Urgency != "high" || m.Topic != Topic(d.Message) || m.TTL < 6*3600-5 || m.TTL > 6*3600 {
			t.Errorf("headers: urgency %q, topic %q, TTL %d", m.Urgency, m.Topic, m.TTL)
		}
		if n := len(got[0].Cipher); n != len(plain)+recordOverhead {
			t.Fatalf("%d bytes on the wire for %d of text: padded", n, len(plain))
		}
	}
	if !bytes.Equal(before, roomy[:cap(roomy)]) {
		t.Error("the shared payload was written into")
	}
	if got := s.Stats().Tokens; got != 1 {
		t.Errorf("%d VAPID tokens for one origin, want 1", got)
	}
	if got := s.Stats().Connections; got > 4 {
		t.Errorf("%d connections to one push service, want at most 4", got)
	}
}

func TestSendKeepsOrderWhenSomeFail(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 6)
	users[1].Unsubscribe()
	s.Fail(pushservice.Fault{Subscriber: users[2].ID, Status: 503})
	batch[3].Address = json.RawMessage(`{"endpoint":"https://evil.example/x"}`)
	batch[4].Address = json.RawMessage(`{`)
	batch[5].Address = mustJSON(t, subscription{Endpoint: users[5].Endpoint, P256dh: "AAAA", Auth: users[5].Auth()})
	receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil {
		t.Fatal(err)
	}
	want := []adapter.Class{-1, adapter.Gone, adapter.Temporary, adapter.Rejected, adapter.Rejected, adapter.Rejected}
	for i, r := range receipts {
		if got := classOf(r); got != want[i] {
			t.Errorf("receipt %d: class %v (%v), want %v", i, got, r.Failure, want[i])
		}
	}
}

func TestSendStopsWithItsContext(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 100)
	s.Fail(pushservice.Fault{Stall: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	receipts, err := a.Send(ctx, delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Failure == nil || r.Failure.Class != adapter.Temporary {
			t.Fatalf("receipt %d: %+v", i, r)
		}
	}
}

func TestSendRefusesTheOtherRealmAndTheExpired(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 1)
	d := delivery(t, a, message(alert.TypeAlert, 1))

	late := *d.Message
	late.Expires = time.Now().Add(-time.Second)
	receipts, err := a.Send(t.Context(), adapter.Delivery{Message: &late, Payloads: d.Payloads}, batch)
	if err != nil || receipts[0].State != adapter.Expired {
		t.Errorf("after expiry: %+v, %v; want Expired", receipts, err)
	}
	live := *d.Message
	live.Realm = alert.Live
	if _, err := a.Send(t.Context(), adapter.Delivery{Message: &live, Payloads: d.Payloads}, batch); err == nil {
		t.Error("a live message left from the drill realm")
	}
	if got := users[0].Messages(); len(got) != 0 {
		t.Errorf("%d messages arrived, want none", len(got))
	}
}

func TestUndeliveredAlertIsReplacedByItsWithdrawal(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 1)
	users[0].SetAway(true)
	for i, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel} {
		if _, err := a.Send(t.Context(), delivery(t, a, message(typ, i+1)), batch); err != nil {
			t.Fatal(err)
		}
	}
	users[0].SetAway(false)
	got := users[0].Messages()
	if len(got) != 1 || got[0].Urgency != "normal" {
		t.Fatalf("the device got %d messages, want the withdrawal alone", len(got))
	}
	plain, err := users[0].Decrypt(got[0])
	if err != nil || !bytes.Contains(plain, []byte(`"msg_type":"Cancel"`)) || bytes.Contains(plain, []byte("Anna")) {
		t.Errorf("the device got %s, %v", plain, err)
	}
}

// A panic over one recipient is his alone.
func TestSendSurvivesAPanic(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 3)
	batch[1].Lang = alert.French
	receipts := a.post(t.Context(), notice{until: time.Now().Add(time.Minute), body: func(l alert.Lang) []byte {
		if l == alert.French {
			panic("fault")
		}
		return []byte("words")
	}}, batch, func(int) {})
	for i, want := range []adapter.Class{-1, adapter.Temporary, -1} {
		if classOf(receipts[i]) != want {
			t.Errorf("receipt %d: %+v, want class %v", i, receipts[i].Failure, want)
		}
	}
}

func classOf(r adapter.Receipt) adapter.Class {
	if r.Failure == nil {
		return -1
	}
	return r.Failure.Class
}

func mustJSON(t testing.TB, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestMoreUnderWayThanTheServiceGrants has 256 pushes wait for a service that
// grants 100 streams a connection: they take turns, and nobody opens more.
func TestMoreUnderWayThanTheServiceGrants(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true, Delay: 5 * time.Millisecond})
	a := drill(t, s, func(set *Settings) { set.Connections = 2 })
	_, all := subscribers(t, s, a, 800)
	d := delivery(t, a, message(alert.TypeAlert, 1))
	var wg sync.WaitGroup
	for batch := range slices.Chunk(all, 200) {
		wg.Go(func() {
			receipts, err := a.Send(t.Context(), d, batch)
			if i := slices.IndexFunc(receipts, func(r adapter.Receipt) bool { return r.State != adapter.Accepted }); err != nil || i >= 0 {
				t.Errorf("receipt %d failed: %v, %v", i, receipts[max(i, 0)].Failure, err)
			}
		})
	}
	wg.Wait()
	if st := s.Stats(); st.Accepted != 800 || st.Connections > 2 || st.Streams > 200 {
		t.Errorf("%+v", st)
	}
}
