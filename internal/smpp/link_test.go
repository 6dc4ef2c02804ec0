package smpp

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSilentLinkIsTestedAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Enquire, o.Response = 30*time.Second, 5*time.Second })
		l := c.bound(t)
		synctest.Wait()
		began := time.Now()
		p := l.next(t)
		if p.Command != EnquireLink || time.Since(began) != 30*time.Second {
			t.Fatalf("%#x after %v", p.Command, time.Since(began))
		}
		l.put(t, p.Reply(OK, nil))
		l.next(t) // not answered
		asked := time.Now()
		next := c.bound(t)
		if took := time.Since(asked); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("bound anew %v after the unanswered enquire_link", took)
		}
		if c.most != 1 {
			t.Errorf("%d connections at once", c.most)
		}
		go next.serve(always(OK))
		end(t, client)
	})
}

func TestBusyLinkIsNotTested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Enquire = 10 * time.Second })
		l := c.bound(t)
		synctest.Wait()
		for range 20 {
			time.Sleep(6 * time.Second)
			sent := submit(t.Context(), client)
			p := l.next(t)
			if p.Command != SubmitSM {
				t.Fatalf("%#x on a busy link", p.Command)
			}
			l.put(t, p.Reply(OK, nil))
			<-sent
		}
		go l.serve(always(OK))
		end(t, client)
	})
}

// TestNeverTwoConnections loses the link in every way the far side can.
func TestNeverTwoConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c)
		for _, lose := range []func(*link){
			func(l *link) { _ = l.Close() },
			func(l *link) { _, _ = l.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")) },
			func(l *link) { _, _ = l.Write([]byte{0, 0, 0, 99, 0}); _ = l.Close() },
			func(l *link) { l.put(t, PDU{Command: Unbind, Seq: 1}); l.next(t) },
			func(l *link) {
				sent := submit(t.Context(), client)
				l.put(t, l.next(t).Reply(InvBindStatus, nil)) // the bind is forgotten
				<-sent
			},
		} {
			l := c.bound(t)
			synctest.Wait()
			if st, _ := client.State(); !st.Bound {
				t.Fatalf("state %+v", st)
			}
			lose(l)
			synctest.Wait()
			if st, _ := client.State(); st.Bound || !st.Trying || st.Err == nil {
				t.Errorf("after a loss: %+v", st)
			}
		}
		go c.bound(t).serve(always(OK))
		synctest.Wait()
		if c.most != 1 {
			t.Errorf("%d connections at once", c.most)
		}
		end(t, client)
		if c.open != 0 {
			t.Error("a connection is left open")
		}
	})
}

func TestRebindingBacksOff(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fail   error
		refuse Status
		within time.Duration
		atMost int
	}{
		{"nobody listens", errors.New("connection refused"), OK, 5 * time.Minute, 27},
		{"wrong password", nil, InvPassword, 5 * time.Minute, 30},
		{"already bound", nil, AlreadyBound, 5 * time.Minute, 27},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCentre()
				c.fail = tc.fail
				client := open(t, c)
				if tc.fail == nil {
					go func() {
						for l := range c.conns {
							l.put(t, l.next(t).Reply(tc.refuse, nil))
							_ = l.Close()
						}
					}()
				}
				time.Sleep(tc.within)
				st, _ := client.State()
				if st.Bound || st.Trying || st.Err == nil || Refused(st.Err) != (tc.refuse == InvPassword) {
					t.Errorf("state %+v", st)
				}
				end(t, client)
				close(c.conns)
				if n := len(c.dials); n < 8 || n > tc.atMost {
					t.Errorf("%d tries in %v", n, tc.within)
				}
				for i := 1; i < len(c.dials); i++ {
					gap := c.dials[i].Sub(c.dials[i-1])
					if gap > maxRetry+time.Second || gap < 400*time.Millisecond ||
						(tc.refuse == InvPassword && gap < refusedRetry/2) {
						t.Errorf("try %d came after %v", i, gap)
					}
				}
			})
		})
	}
}

func TestThrottledBindSlowsDownAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Rate, o.Window = 100, 10 })
		var verdict atomic.Uint32
		verdict.Store(uint32(Throttled))
		l := c.bound(t)
		go l.serve(func(PDU) Status { return Status(verdict.Load()) })
		synctest.Wait()
		count := func(d time.Duration) (n int) {
			for end := time.Now().Add(d); time.Now().Before(end); n++ {
				_, _ = client.Submit(t.Context(), note(1))
			}
			return n
		}
		count(10 * time.Second)
		if n := count(10 * time.Second); n > 15 {
			t.Errorf("%d messages in 10 s to a centre that throttles", n)
		}
		verdict.Store(uint32(OK))
		count(15 * time.Second)
		if n := count(10 * time.Second); n < 950 || n > 1050 {
			t.Errorf("%d messages in 10 s after it recovered, want 1000", n)
		}
		end(t, client)
	})
}

// TestCloseLetsAnswersIn: messages under way are answered before the unbind.
func TestCloseLetsAnswersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c)
		l := c.bound(t)
		synctest.Wait()
		sent := submit(t.Context(), client)
		p := l.next(t)
		closed := make(chan struct{})
		go func() { end(t, client); close(closed) }()
		time.Sleep(time.Second)
		l.put(t, p.Reply(OK, nil))
		if err := <-sent; err != nil {
			t.Errorf("the message under way: %v", err)
		}
		if p := l.next(t); p.Command != Unbind {
			t.Errorf("%#x instead of unbind", p.Command)
		} else {
			l.put(t, p.Reply(OK, nil))
			_ = l.Close()
		}
		<-closed
		_, err := client.Submit(t.Context(), note(1))
		wants(t, "after close", err, ErrNotSent)
	})
}
