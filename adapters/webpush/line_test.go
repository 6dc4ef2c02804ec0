package webpush

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// counted is a scripted service that answers the n-th request, from 1, as status
// says, and how many it got. It grants ten streams, so that a batch waits.
func counted(t *testing.T, status func(n int) (code, after string)) (*Adapter, *int) {
	n := new(int)
	return scripted(t, func(p *peer) {
		p.generous = true
		p.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10})
		for {
			r := p.asked()
			*n++
			code, after := status(*n)
			if after == "" {
				p.answer(r.id, code)
			} else {
				p.answer(r.id, code, hpack.HeaderField{Name: "retry-after", Value: after})
			}
		}
	}, one), n
}

func classes(receipts []adapter.Receipt) map[string]int {
	n := map[string]int{}
	for _, r := range receipts {
		if r.Failure == nil {
			n[string(r.State)]++
		} else {
			n[r.Failure.Class.String()]++
		}
	}
	return n
}

// TestRetryAfterStopsTheBatch wants whoever has not left to come back with the
// service's own wait, and nothing to be sent until then.
func TestRetryAfterStopsTheBatch(t *testing.T) {
	for _, status := range []string{"429", "406", "503"} {
		synctest.Test(t, func(t *testing.T) {
			a, n := counted(t, func(n int) (string, string) {
				if n == 20 {
					return status, "30"
				}
				return "201", ""
			})
			begun := time.Now()
			receipts := a.mustSend(t, strangers(t, 500))
			got := classes(receipts)
			if *n > 40 || got["accepted"] != *n-1 || got["throttled"] != 501-*n {
				t.Errorf("%s: %d were sent, and came to %v", status, *n, got)
			}
			for i, r := range receipts {
				if r.Failure != nil && (r.Failure.After <= 0 || r.Failure.After > 30*time.Second) {
					t.Errorf("receipt %d: after %s", i, r.Failure.After)
				}
			}
			sent := *n
			time.Sleep(10 * time.Second)
			wantAll(t, a.mustSend(t, strangers(t, 5)), adapter.Throttled, status)
			if *n != sent {
				t.Errorf("%s: %d were sent while the service wants peace", status, *n-sent)
			}
			time.Sleep(time.Until(begun.Add(31 * time.Second)))
			wantAll(t, a.mustSend(t, strangers(t, 5)), accepted, "")
		})
	}
}

// A 429 without a time slows the line, and stops nobody.
func TestThrottleWithoutATimeSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, n := counted(t, func(n int) (string, string) {
			if n == 50 {
				return "429", ""
			}
			time.Sleep(time.Millisecond)
			return "201", ""
		})
		begun := time.Now()
		got := classes(a.mustSend(t, strangers(t, 900)))
		if got["accepted"] != 899 || got["throttled"] != 1 || *n != 900 {
			t.Errorf("came to %v", got)
		}
		if took := time.Since(begun); took < 1200*time.Millisecond || took > 4*time.Second {
			t.Errorf("900 took %s, of a service that takes 1,000 a second and complained once", took)
		}
	})
}

// Where the pace leaves a batch no hope, its rest is told when to come back.
func TestHopelessPaceIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, n := counted(t, func(int) (string, string) { return "429", "" })
		var got map[string]int
		for range 12 {
			got = classes(a.mustSend(t, strangers(t, 300)))
			time.Sleep(2 * time.Second)
		}
		if got["throttled"] != 300 {
			t.Errorf("came to %v", got)
		}
		before := *n
		begun := time.Now()
		receipts := a.mustSend(t, strangers(t, 900))
		if took := time.Since(begun); took > 3*queueTime || *n-before > 500 {
			t.Errorf("%d were sent in %s to a service that takes nothing", *n-before, took)
		}
		if last := receipts[899].Failure; last == nil || last.Code != "pace" || last.After < queueTime {
			t.Errorf("the last one: %+v", last)
		}
	})
}

// TestRefusedKeyStopsTheOrigin wants a service that refuses us to be left alone
// but for a probe, everybody to stay registered, and the line to open when the
// probe is taken.
func TestRefusedKeyStopsTheOrigin(t *testing.T) {
	for _, status := range []string{"401", "403"} {
		synctest.Test(t, func(t *testing.T) {
			mended := false
			a, n := counted(t, func(int) (string, string) {
				if mended {
					return "201", ""
				}
				return status, ""
			})
			wantAll(t, a.mustSend(t, strangers(t, 500)), adapter.Misconfigured, status)
			if *n < refusedRun || *n > refusedRun+20 {
				t.Errorf("%d were sent to a service that refuses us", *n)
			}
			sent := *n
			wantAll(t, a.mustSend(t, strangers(t, 500)), adapter.Misconfigured, status)
			if *n != sent+1 {
				t.Errorf("%d probes, want one", *n-sent)
			}
			mended = true
			wantAll(t, a.mustSend(t, strangers(t, 500)), accepted, "")
		})
	}
}

// A stranger may subscribe with another server's key: his 403 is his alone.
func TestAForeignSubscriptionStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := counted(t, func(n int) (string, string) {
			if n%3 > 0 {
				return "403", ""
			}
			return "201", ""
		})
		if got := classes(a.mustSend(t, strangers(t, 300))); got["accepted"] != 100 || got["misconfigured"] != 200 {
			t.Errorf("came to %v", got)
		}
	})
}

// Two Sends in a stopped line must not both probe, and both must end.
func TestOneProbeForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, n := counted(t, func(int) (string, string) {
			time.Sleep(time.Second)
			return "403", ""
		})
		a.mustSend(t, strangers(t, refusedRun))
		sent := *n
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { wantAll(t, a.mustSend(t, strangers(t, 50)), adapter.Misconfigured, "403") })
		}
		wg.Wait()
		if *n != sent+1 {
			t.Errorf("%d probes, want one", *n-sent)
		}
	})
}

func TestWholeBatchUnreachable(t *testing.T) {
	for _, wire := range []string{wireRaw, wireStd} {
		s := service(t, pushservice.Options{TLS: true})
		a := drill(t, s, func(set *Settings) { set.Wire = wire })
		_, batch := subscribers(t, s, a, 200)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantAll(t, a.mustSend(t, batch), adapter.Temporary, "network")
	}
}

// A service that takes the connection and never shakes hands must not hold a
// Send beyond its context, nor another service's.
func TestMuteServiceHoldsNobody(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 20)
	for i := range batch {
		if i%2 == 0 {
			batch[i].Address = mustJSON(t, subscription{"https://" + mute.Addr().String() + "/push/x", goodPoint, goodSecret})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	receipts, err := a.Send(ctx, delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if want := map[bool]adapter.Class{true: adapter.Temporary, false: accepted}[i%2 == 0]; classOf(r) != want {
			t.Errorf("receipt %d: %v, want class %v", i, r.Failure, want)
		}
	}
}

func TestOriginsAreBounded(t *testing.T) {
	c, err := newClient(Settings{}, mustGuard(t, nil, true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	for i := range maxOrigins + 10 {
		if _, err := c.line(fmt.Appendf(nil, "https://h%d.push.apple.com", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.lines); n > maxOrigins {
		t.Errorf("%d origins held", n)
	}
	for _, bad := range []string{"https://evil.example", "https://10.0.0.1", "", "ftp://fcm.googleapis.com"} {
		if _, err := c.line([]byte(bad)); err == nil {
			t.Errorf("%q has a line", bad)
		}
	}
}

// Connections are dialled as they are needed, never more than were set, and
// those that died make room.
func TestConnectionsAreBounded(t *testing.T) {
	for _, wire := range []string{wireRaw, wireStd} {
		s := service(t, pushservice.Options{TLS: true, Delay: 5 * time.Millisecond})
		a := drill(t, s, func(set *Settings) { set.Connections, set.Wire = 3, wire })
		_, batch := subscribers(t, s, a, 900)
		wantAll(t, a.mustSend(t, batch[:20]), accepted, "")
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%s: %d connections for 20 pushes, want one", wire, n)
		}
		wantAll(t, a.mustSend(t, batch), accepted, "")
		if n := s.Stats().Connections; n > 3 {
			t.Errorf("%s: %d connections, 3 are set", wire, n)
		}
		if n := s.Stats().Streams; n > 300 {
			t.Errorf("%s: %d streams at once, 300 are granted", wire, n)
		}
	}
}

// Everybody who waits must be gone when the channel is closed, at once.
func TestCloseEndsWhatWaits(t *testing.T) {
	for _, wire := range []string{wireRaw, wireStd} {
		s := service(t, pushservice.Options{TLS: true})
		a := drill(t, s, func(set *Settings) { set.Wire = wire })
		_, batch := subscribers(t, s, a, 900)
		s.Fail(pushservice.Fault{Stall: time.Hour})
		d := delivery(t, a, message(alert.TypeAlert, 1))
		got := make(chan []adapter.Receipt, 1)
		go func() {
			receipts, err := a.Send(t.Context(), d, batch)
			if err != nil {
				t.Error(err)
			}
			got <- receipts
		}()
		for s.Stats().Streams == 0 && len(got) == 0 {
			time.Sleep(time.Millisecond)
		}
		a.client.close()
		wantAll(t, <-got, adapter.Temporary, "network")
		wantAll(t, a.mustSend(t, batch[:2]), adapter.Temporary, "network")
	}
}

// Those behind the queue, too, must be gone when the channel is closed: a Send
// that lines up no more than its share waits for the queue to move.
func TestCloseEndsWhoIsNotYetLinedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10})
			p.listen()
		}, one)
		got := make(chan []adapter.Receipt)
		go func() { got <- a.mustSend(t, strangers(t, 500)) }()
		synctest.Wait()
		a.client.close()
		wantAll(t, <-got, adapter.Temporary, "network")
	})
}

// A connection that has died before it stands in links tells nobody: the next
// one must be dialled even so.
func TestConnectionDeadOnArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet()
			p.serve()
		}, one)
		batch := strangers(t, 20)
		wantAll(t, a.mustSend(t, batch), accepted, "")
		l, err := a.client.line([]byte("https://127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		dead := l.links[0]
		dead.close()
		synctest.Wait()
		l.links = append(l.links, dead) // the word of its death has come before it
		begun := time.Now()
		wantAll(t, a.mustSend(t, batch), accepted, "")
		if waited := time.Since(begun); waited > lookAgain {
			t.Errorf("waited %s for a new connection", waited)
		}
	})
}
