package pushservice_test

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/peers/pushservice"
)

func TestCrowd(t *testing.T) {
	bothFronts(t, pushservice.Options{TLS: true}, crowd)
}

func crowd(t *testing.T, o pushservice.Options) {
	s, app := start(t, o)
	crowd, err := s.NewCrowd(3000, app.public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewCrowd(1, app.public); err == nil {
		t.Error("a second crowd was taken")
	}
	push := func(i int, from *server, text string) int {
		t.Helper()
		var sub webpush.Subscription
		sub.Endpoint, sub.Keys.P256dh, sub.Keys.Auth = crowd.Subscription(i)
		answer, err := webpush.SendNotification([]byte(text), &sub, &webpush.Options{
			HTTPClient: app.client, TTL: 60, Subscriber: "alerts@police.example",
			VAPIDPublicKey: from.public, VAPIDPrivateKey: from.private,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode
	}
	for _, i := range []int{0, 1, 1, 1, 997, 2999} {
		if got := push(i, app, "words"); got != http.StatusCreated {
			t.Fatalf("member %d: status %d", i, got)
		}
	}
	if reached, twice := crowd.Count(); reached != 4 || twice != 2 {
		t.Errorf("%d reached, %d pushes too many; want 4 and 2", reached, twice)
	}
	if reached, twice := crowd.Count(); reached != 0 || twice != 0 {
		t.Errorf("%d and %d were counted twice", reached, twice)
	}
	if right, wrong := crowd.Read("words"); right != 2 || wrong != 0 {
		t.Errorf("%d of the sample read the words, %d do not; want 2 and 0", right, wrong)
	}
	push(997, app, "other words")
	if right, wrong := crowd.Read("words"); right != 1 || wrong != 1 {
		t.Errorf("%d of the sample read the words, %d do not; want 1 and 1", right, wrong)
	}
	if got := push(3000, app, "words"); got != http.StatusNotFound {
		t.Errorf("beyond the crowd: status %d", got)
	}
	_, stranger := start(t, pushservice.Options{TLS: true})
	if got := push(5, stranger, "words"); got != http.StatusForbidden {
		t.Errorf("a stranger's key: status %d", got)
	}
	if st := s.Stats(); st.BytesIn < 7*4096 || st.BytesOut == 0 || st.BytesOut > st.BytesIn {
		t.Errorf("%+v", st)
	}
	seen := map[string]bool{}
	for i := range crowd.People.Count {
		endpoint, _, auth := crowd.Subscription(i)
		seen[endpoint], seen[auth] = true, true
	}
	if len(seen) != 6000 {
		t.Errorf("%d endpoints and secrets of 3,000 members", len(seen))
	}
}

// The ways to break a push off, before and after it has arrived.
func TestBreaks(t *testing.T) {
	for _, f := range []pushservice.Fault{{N: 1, Reset: true}, {N: 1, Cut: true}, {N: 1, Reset: true, After: true}, {N: 1, Cut: true, After: true}} {
		s, app := start(t, pushservice.Options{TLS: true})
		u := subscribe(t, s, app.public)
		s.Fail(f)
		var sub webpush.Subscription
		sub.Endpoint, sub.Keys.P256dh, sub.Keys.Auth = u.Endpoint, u.P256dh(), u.Auth()
		// A body that cannot be sent again: net/http must not mend what we break.
		answer, err := webpush.SendNotification([]byte("words"), &sub, &webpush.Options{
			HTTPClient: changed{app.client, func(r *http.Request) { r.GetBody = nil }}, TTL: 60, Subscriber: "alerts@police.example",
			VAPIDPublicKey: app.public, VAPIDPrivateKey: app.private,
		})
		if err == nil {
			answer.Body.Close()
			t.Errorf("%+v: answered %d", f, answer.StatusCode)
		}
		if got := len(u.Messages()); (got == 1) != f.After {
			t.Errorf("%+v: %d messages arrived", f, got)
		}
	}
}

// TestFrontUnderLoad: many senders at once over one connection, with a delay, each
// answered once, none sooner than the delay, and nothing left open.
func TestFrontUnderLoad(t *testing.T) {
	const people, delay = 2000, 20 * time.Millisecond
	s, app := start(t, pushservice.Options{TLS: true, Delay: delay, Lean: true})
	crowd, err := s.NewCrowd(people, app.public)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var next atomic.Int64
	for range 150 { // more than the streams of one connection
		all.Go(func() {
			for i := next.Add(1) - 1; i < people; i = next.Add(1) - 1 {
				var sub webpush.Subscription
				sub.Endpoint, sub.Keys.P256dh, sub.Keys.Auth = crowd.Subscription(int(i))
				begun := time.Now()
				answer, err := webpush.SendNotification([]byte("words"), &sub, &webpush.Options{
					HTTPClient: app.client, TTL: 60, Subscriber: "alerts@police.example",
					VAPIDPublicKey: app.public, VAPIDPrivateKey: app.private,
				})
				if err != nil {
					t.Error(err)
					return
				}
				answer.Body.Close()
				if answer.StatusCode != http.StatusCreated || time.Since(begun) < delay {
					t.Errorf("member %d: %s after %s", i, answer.Status, time.Since(begun))
				}
			}
		})
	}
	all.Wait()
	if reached, twice := crowd.Count(); reached != people || twice != 0 {
		t.Errorf("%d reached, %d too many", reached, twice)
	}
	if right, wrong := crowd.Read("words"); right == 0 || wrong != 0 {
		t.Errorf("%d of the sample read the words, %d do not", right, wrong)
	}
	if st := s.Stats(); st.Streams > 100*st.Connections || st.Streams < 100 {
		t.Errorf("%d streams at once over %d connections", st.Streams, st.Connections)
	}
}
