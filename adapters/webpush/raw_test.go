package webpush

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

const accepted = adapter.Class(-1)

// one makes the adapter keep to a single connection.
func one(s *Settings) { s.Connections = 1 }

func TestRawKeepsToTheGrantedStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 3})
			first := []request2{p.asked(), p.asked(), p.asked()}
			synctest.Wait() // whoever would send a fourth has had his chance
			quiet(p)
			// The service may change its mind in the middle of things.
			p.must(p.framer.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1}))
			for _, r := range first {
				p.answer(r.id, "201")
			}
			for {
				r := p.asked()
				synctest.Wait()
				quiet(p)
				p.answer(r.id, "201")
			}
		}, one)
		wantAll(t, a.mustSend(t, strangers(t, 10)), accepted, "")
	})
}

// quiet wants no further request to have been begun. What is read on the way is
// about settings alone.
func quiet(p *peer) {
	p.must(p.conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
	for {
		f, err := p.framer.ReadFrame()
		if err != nil {
			break
		}
		if s, ok := f.(*http2.SettingsFrame); !ok || !s.IsAck() {
			p.t.Errorf("more than was granted: %v", f)
		}
	}
	p.must(p.conn.SetReadDeadline(time.Time{}))
}

func TestRawKeepsToTheWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
			r := p.begun()
			part := func() []byte {
				f, ok := p.next().(*http2.DataFrame)
				if !ok {
					t.Error("want a part of the body")
					panic(errScript)
				}
				return bytes.Clone(f.Data())
			}
			body := part()
			if len(body) != 100 {
				t.Errorf("%d bytes in a window of 100", len(body))
			}
			quiet(p)
			p.must(p.framer.WriteWindowUpdate(r.id, 50))
			if got := part(); len(got) != 50 {
				t.Errorf("%d bytes in a window of 50", len(got))
			} else {
				body = append(body, got...)
			}
			// A window that shrinks below nothing, and opens again.
			p.must(p.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 40}))
			p.must(p.framer.WriteWindowUpdate(r.id, 60))
			quiet(p)
			p.must(p.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535}))
			for body = append(body, part()...); len(body) < 500; {
				body = append(body, part()...)
			}
			if err := checkWhole(body, r); err != "" {
				t.Error(err)
			}
			p.answer(r.id, "201")
		}, one)
		wantAll(t, a.mustSend(t, strangers(t, 1)), accepted, "")
	})
}

// checkWhole holds a body to the length that its headers declare.
func checkWhole(body []byte, r request2) string {
	if n := r.headers["content-length"]; len(body) < 100 || n != strconv.Itoa(len(body)) {
		return fmt.Sprintf("a body of %d bytes, declared %q", len(body), n)
	}
	return ""
}

func TestRawKeepsToTheConnectionsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := scripted(t, func(p *peer) {
			p.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 250})
			sum, all := 0, []request2{}
			for sum+1000 < 65535 {
				r := p.asked()
				sum, all = sum+len(r.body), append(all, r)
			}
			for sum+len(all[0].body) <= 65535 {
				r := p.asked()
				sum, all = sum+len(r.body), append(all, r)
			}
			quiet(p)
			p.must(p.framer.WriteWindowUpdate(0, 1<<20))
			for len(all) < 120 {
				all = append(all, p.asked())
			}
			for _, r := range slices.Backward(all) {
				p.answer(r.id, "201")
			}
			p.serve()
		}, one)
		wantAll(t, a.mustSend(t, strangers(t, 120)), accepted, "")
	})
}

// What the service says that it did not process goes elsewhere, under a new key;
// what it did is waited for.
func TestRawGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := map[string]bool{}
		saw := func(r request2) {
			key := string(r.body[saltLen+5 : headerLen])
			if keys[key] {
				t.Error("a key was used twice")
			}
			keys[key] = true
		}
		a := scripted(t, func(p *peer) {
			p.greet()
			if p.number > 1 {
				for range 3 {
					r := p.asked()
					saw(r)
					p.answer(r.id, "201")
				}
				return
			}
			var all []request2
			for range 5 {
				all = append(all, p.asked())
				saw(all[len(all)-1])
			}
			p.must(p.framer.WriteGoAway(1<<31-1, http2.ErrCodeNo, nil)) // first the warning, as servers do
			p.must(p.framer.WriteGoAway(all[1].id, http2.ErrCodeNo, nil))
			time.Sleep(time.Second)
			p.answer(all[1].id, "201")
			p.answer(all[0].id, "410")
			if f, err := p.framer.ReadFrame(); err == nil {
				t.Errorf("after its last answer a connection that was asked to leave says %v", f)
			}
		}, one)
		receipts := a.mustSend(t, strangers(t, 5))
		wantAll(t, receipts[1:], accepted, "")
		wantAll(t, receipts[:1], adapter.Gone, "410")
		if len(keys) != 8 {
			t.Errorf("%d keys for 8 messages", len(keys))
		}
	})
}

func TestRawResets(t *testing.T) {
	for name, c := range map[string]struct {
		code  http2.ErrCode
		times int // how often the service resets it
		tries int // that it saw
		class adapter.Class
		as    string
	}{
		"refused once":      {http2.ErrCodeRefusedStream, 1, 2, accepted, ""},
		"refused for good":  {http2.ErrCodeRefusedStream, 9, triesUnprocessed, adapter.Temporary, "network"},
		"given up":          {http2.ErrCodeInternal, 1, 1, adapter.Temporary, "network"}, // it may have been taken
		"cancelled":         {http2.ErrCodeCancel, 1, 1, adapter.Temporary, "network"},
		"enhance your calm": {http2.ErrCodeEnhanceYourCalm, 1, 1, adapter.Throttled, "calm"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				a := scripted(t, func(p *peer) {
					p.greet()
					for {
						r := p.asked()
						if tries++; tries <= c.times {
							p.must(p.framer.WriteRSTStream(r.id, c.code))
						} else {
							p.answer(r.id, "201")
						}
					}
				}, one)
				wantAll(t, a.mustSend(t, strangers(t, 1)), c.class, c.as)
				if tries != c.tries {
					t.Errorf("tried %d times, want %d", tries, c.tries)
				}
			})
		})
	}
}

// TestRawAnswers plays answers of all shapes on one connection.
func TestRawAnswers(t *testing.T) {
	long := strings.Repeat("x", 900)
	for name, c := range map[string]struct {
		script func(p *peer, r request2)
		class  adapter.Class
		code   string
	}{
		"early hints": {func(p *peer, r request2) {
			for range 3 {
				p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("103"), EndHeaders: true}))
			}
			p.answer(r.id, "201")
		}, accepted, ""},
		"headers in pieces": {func(p *peer, r request2) {
			whole := block2("429", hpack.HeaderField{Name: "x", Value: long}, hpack.HeaderField{Name: "retry-after", Value: "7"})
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: whole[:5], EndStream: true}))
			p.must(p.framer.WriteContinuation(r.id, false, whole[5:100]))
			p.must(p.framer.WriteContinuation(r.id, true, whole[100:]))
		}, adapter.Throttled, "429"},
		"a body and trailers": {func(p *peer, r request2) {
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("410"), EndHeaders: true}))
			p.must(p.framer.WriteData(r.id, false, []byte("gone")))
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("200"), EndHeaders: true, EndStream: true}))
		}, adapter.Gone, "410"},
		"a body without end": {func(p *peer, r request2) {
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("500"), EndHeaders: true}))
			p.must(p.framer.WriteData(r.id, false, []byte(long)))
			p.must(p.framer.WriteData(r.id, false, []byte(long)))
			p.wantReset(r.id, http2.ErrCodeCancel)
		}, adapter.Temporary, "500"},
		"no status": {func(p *peer, r request2) {
			p.answer(r.id, "lots")
			p.wantReset(r.id, http2.ErrCodeProtocol)
		}, adapter.Temporary, "network"},
		"a body before the headers": {func(p *peer, r request2) {
			p.must(p.framer.WriteData(r.id, false, []byte("x")))
			p.wantReset(r.id, http2.ErrCodeProtocol)
		}, adapter.Temporary, "network"},
		"frames of streams that are not": {func(p *peer, r request2) {
			p.must(p.framer.WriteRSTStream(r.id+200, http2.ErrCodeCancel))
			p.must(p.framer.WriteWindowUpdate(r.id+200, 5))
			p.answer(r.id+200, "410")
			p.answer(r.id, "201")
		}, accepted, ""},
		"a ping": {func(p *peer, r request2) {
			p.must(p.framer.WritePing(false, [8]byte{1, 2, 3}))
			if f, ok := p.next().(*http2.PingFrame); !ok || !f.IsAck() || f.Data != [8]byte{1, 2, 3} {
				p.t.Error("a ping was not answered")
			}
			p.answer(r.id, "201")
		}, accepted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := scripted(t, func(p *peer) {
					p.greet()
					c.script(p, p.asked())
					p.serve() // the connection must be as good as before
				}, one)
				wantAll(t, a.mustSend(t, strangers(t, 1)), c.class, c.code)
				synctest.Wait() // the answer's status was enough for the receipt: its script may go on
				l, err := a.client.line([]byte("https://127.0.0.1"))
				if err != nil {
					t.Fatal(err)
				}
				l.notBefore = time.Time{}
				wantAll(t, a.mustSend(t, strangers(t, 2)), accepted, "")
			})
		})
	}
}

// What breaks the rules of the whole connection ends it, and the push goes over
// another one.
func TestRawBrokenConnections(t *testing.T) {
	for name, script := range map[string]func(p *peer, r request2){
		"server push": func(p *peer, r request2) {
			p.must(p.framer.WritePushPromise(http2.PushPromiseParam{StreamID: r.id, PromiseID: 2, BlockFragment: block2("200"), EndHeaders: true}))
		},
		"headers without end": func(p *peer, r request2) {
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: block2("201")}))
			for range 3 {
				p.must(p.framer.WriteContinuation(r.id, false, block2("201", hpack.HeaderField{Name: "x", Value: strings.Repeat("~", 6000)})))
			}
		},
		"headers that are none": func(p *peer, r request2) {
			p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: r.id, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff}, EndHeaders: true}))
		},
		"a frame too large": func(p *peer, r request2) {
			p.framer.AllowIllegalWrites = true
			p.must(p.framer.WriteData(r.id, false, make([]byte, 20<<10)))
		},
		"a window that overflows": func(p *peer, _ request2) {
			p.must(p.framer.WriteWindowUpdate(0, 1<<31-1))
		},
		"settings that cannot be": func(p *peer, _ request2) {
			p.framer.AllowIllegalWrites = true
			p.must(p.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}))
		},
		"nothing more": func(p *peer, _ request2) { p.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := scripted(t, func(p *peer) {
					p.greet()
					if p.number == 1 {
						script(p, p.asked())
						p.listen()
						return
					}
					p.serve()
				}, one)
				wantAll(t, a.mustSend(t, strangers(t, 1)), accepted, "")
			})
		})
	}
}

// TestRawHeaders has the service read the headers with tables of several sizes:
// the bytes differ, what is read must not.
func TestRawHeaders(t *testing.T) {
	for _, size := range []uint32{0, 100, 400, 4096, 65536} {
		synctest.Test(t, func(t *testing.T) {
			var got []request2
			a := scripted(t, func(p *peer) {
				p.fields.SetAllowedMaxDynamicTableSize(size)
				p.greet(http2.Setting{ID: http2.SettingHeaderTableSize, Val: size})
				for {
					r := p.asked()
					got = append(got, r)
					p.answer(r.id, "201")
				}
			}, one)
			for range 3 { // the second message's headers differ: its TTL
				wantAll(t, a.mustSend(t, strangers(t, 4)), accepted, "")
				time.Sleep(time.Second)
			}
			token, err := a.tokens.header("https://127.0.0.1", a.now())
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range got {
				want := map[string]string{
					":method": "POST", ":scheme": "https", ":authority": "127.0.0.1", ":path": fmt.Sprintf("/push/%04d", i%4),
					"authorization": token, "content-encoding": "aes128gcm", "content-type": "application/octet-stream",
					"content-length": strconv.Itoa(len(r.body)), "ttl": r.headers["ttl"], "urgency": "high", "user-agent": userAgent,
					"topic": Topic(message(alert.TypeAlert, 1)),
				}
				ttl, err := strconv.Atoi(r.headers["ttl"])
				if !maps.Equal(r.headers, want) || err != nil || ttl > 6*3600 || ttl < 6*3600-10 {
					t.Errorf("table of %d, request %d: %v, want %v", size, i, r.headers, want)
				}
			}
			if len(got) != 12 {
				t.Errorf("%d requests", len(got))
			}
		})
	}
}
