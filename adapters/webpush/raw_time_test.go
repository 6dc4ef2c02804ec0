package webpush

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// TestRawTime plays connections that go silent in their several ways.
func TestRawTime(t *testing.T) {
	for name, c := range map[string]struct {
		script func(p *peer)
		class  adapter.Class
		code   string
		after  time.Duration // within one tick
	}{
		"dead from the first push on": {func(p *peer) {
			p.greet()
			p.asked()
			if f, ok := p.next().(*http2.PingFrame); !ok || f.IsAck() {
				p.t.Error("a silent connection is not pinged")
			}
			p.listen()
		}, adapter.Temporary, "network", 2 * (pingAfter + pingTimeout)}, // tried once more on another one
		"alive, and says nothing to the push": {func(p *peer) {
			p.greet()
			r := p.asked()
			for {
				switch f := p.next().(type) {
				case *http2.PingFrame:
					p.must(p.framer.WritePing(true, f.Data))
				case *http2.RSTStreamFrame:
					if f.StreamID != r.id || f.ErrCode != http2.ErrCodeCancel {
						p.t.Errorf("%v", f)
					}
					return
				}
			}
		}, adapter.Temporary, "time-out", answerTimeout},
		"headers, and then nothing": {func(p *peer) {
			p.greet()
			r := p.asked()
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("201"), EndHeaders: true}))
			p.listen()
		}, accepted, "", 0},
		"never greets": {(*peer).listen, adapter.Temporary, "time-out", dialTimeout},
		"cut under the push": {func(p *peer) {
			p.greet()
			p.asked()
		}, adapter.Temporary, "network", 0},
		"no HTTP/2": {func(p *peer) {
			_, _ = p.conn.Read(make([]byte, 4096))
			_, _ = p.conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}, adapter.Temporary, "network", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := scripted(t, c.script, one)
				begun := time.Now()
				wantAll(t, a.mustSend(t, strangers(t, 1)), c.class, c.code)
				if took := time.Since(begun); took < c.after || took > c.after+4*tickEvery {
					t.Errorf("took %s, want %s", took, c.after)
				}
			})
		})
	}
}

// A Send that is over gives its streams up, tells the runner so, and leaves the
// connection to others.
func TestRawAbandon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 2})
			p.asked()
			p.asked()
			for range 2 {
				if f, ok := p.next().(*http2.RSTStreamFrame); !ok || f.ErrCode != http2.ErrCodeCancel {
					t.Error("what was under way was not given up")
				}
			}
			p.serve()
		}, one)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		d := delivery(t, a, message(alert.TypeAlert, 1))
		landed := map[int]int{}
		d.Landed = func(i int) { landed[i]++ }
		begun := time.Now()
		receipts, err := a.Send(ctx, d, strangers(t, 500))
		if err != nil || time.Since(begun) != time.Second {
			t.Errorf("returned after %s, %v", time.Since(begun), err)
		}
		wantAll(t, receipts, adapter.Temporary, "time-out")
		if len(landed) != 500 {
			t.Errorf("%d of 500 landed", len(landed))
		}
		for i, n := range landed {
			if n != 1 {
				t.Errorf("recipient %d landed %d times", i, n)
			}
		}
		wantAll(t, a.mustSend(t, strangers(t, 3)), accepted, "")
	})
}

func TestRawRetires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet()
			p.serve()
		}, one)
		wantAll(t, a.mustSend(t, strangers(t, 1)), accepted, "")
		l, err := a.client.line([]byte("https://127.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		held := func() []link {
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			return slices.Clone(l.links)
		}
		first := held()[0].(*rawLink)
		first.mu.Lock()
		first.next = lastStream + 1 // as after half a billion pushes
		first.mu.Unlock()
		wantAll(t, a.mustSend(t, strangers(t, 3)), accepted, "")
		if slices.Contains(held(), link(first)) {
			t.Error("a connection at the end of its numbers stayed")
		}
		time.Sleep(2 * idleTimeout)
		if len(held()) != 0 {
			t.Error("a connection without work stayed open")
		}
		wantAll(t, a.mustSend(t, strangers(t, 3)), accepted, "")
	})
}
