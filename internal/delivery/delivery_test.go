package delivery

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

func TestEveryRecipientOnce(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(103, func(i int) string { return fmt.Sprint("d", i%3) })
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		for i := range 103 {
			if n := len(w.channel.times(1, fmt.Sprintf("r%03d", i))); n != 1 {
				t.Fatalf("recipient %d was tried %d times, want once", i, n)
			}
		}
		got := w.totals(1)
		if got.Recipients != 103 || got.Accepted != 103 || got.Queued != 0 || got.FirstMS != 0 {
			t.Errorf("totals = %+v, want 103 accepted at once", got)
		}
	})
}

func TestOnlyThoseInTheArea(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(2, oneDest)
		far := adapter.Recipient{ID: "far", Channel: "fake", Areas: []string{"FR"}, Destination: "d"}
		if err := w.registry.Put(w.t.Context(), far); err != nil {
			t.Fatal(err)
		}
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if n := len(w.channel.times(1, "far")); n != 0 {
			t.Errorf("a recipient in another country was tried %d times", n)
		}
	})
}

// TestClasses shows what becomes of each class of failure: how often, when, and what the board says.
func TestClasses(t *testing.T) {
	tests := []struct {
		name    string
		failure *adapter.Failure
		life    time.Duration
		tries   int // within life
		second  time.Duration
		gone    bool
		failed  int
		class   string
	}{
		{"temporary backs off to a minute", &adapter.Failure{Code: "500"}, 10 * time.Minute, 15, time.Second, false, 1, "temporary"},
		{"throttled waits as told", &adapter.Failure{Class: adapter.Throttled, After: 90 * time.Second}, 5 * time.Minute, 4, 90 * time.Second, false, 1, "throttled"},
		{"throttled without a time backs off", &adapter.Failure{Class: adapter.Throttled}, 4 * time.Second, 3, time.Second, false, 1, "throttled"},
		{"rejected is final", &adapter.Failure{Class: adapter.Rejected}, time.Hour, 1, 0, false, 1, "rejected"},
		{"gone is final and off the registry", &adapter.Failure{Class: adapter.Gone, Code: "410"}, time.Hour, 1, 0, true, 1, "gone"},
		{"misconfigured goes on slowly", &adapter.Failure{Class: adapter.Misconfigured, Code: "401"}, 2 * time.Minute, 4, 30 * time.Second, false, 1, "misconfigured"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			never := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
				return adapter.Receipt{Failure: tt.failure}
			}
			bubble(t, never, func(w *world) {
				w.register(1, oneDest)
				w.publish(message(1, alert.TypeAlert, tt.life))
				time.Sleep(tt.life - time.Millisecond)
				synctest.Wait()
				if b, err := w.ledger.BoardOf("CASE", 1); err != nil || b.Rows[0].Class != tt.class {
					t.Errorf("board = %+v, %v; want class %s", b.Rows, err, tt.class)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				times := w.channel.times(1, "r000")
				if abs(len(times)-tt.tries) > 1 || (tt.tries == 1 && len(times) != 1) {
					t.Errorf("tried %d times at %v, want about %d", len(times), times, tt.tries)
				}
				if len(times) > 1 && (times[1] < tt.second*9/10 || times[1] > tt.second*13/10) {
					t.Errorf("second attempt after %v, want about %v", times[1], tt.second)
				}
				if times[len(times)-1] >= tt.life {
					t.Errorf("an attempt at %v, after the expiry at %v", times[len(times)-1], tt.life)
				}
				if _, ok := w.registry.Get("fake", "r000"); ok == tt.gone {
					t.Errorf("on the registry: %v, want %v", ok, !tt.gone)
				}
				if got := w.totals(1); got.Failed != tt.failed || got.Retrying != 0 {
					t.Errorf("totals after expiry = %+v, want %d failed and none retrying", got, tt.failed)
				}
			})
		})
	}
}

func abs(n int) int { return max(n, -n) }

func TestTriedAgainUntilItWorks(t *testing.T) {
	third := func(_ context.Context, _ *alert.Message, _ adapter.Recipient, n int) adapter.Receipt {
		if n < 3 {
			return adapter.Receipt{Failure: &adapter.Failure{Code: "503"}}
		}
		return adapter.Receipt{State: adapter.Accepted, Ref: "m1"}
	}
	bubble(t, third, func(w *world) {
		w.register(30, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 30 || got.Failed+got.Retrying != 0 {
			t.Errorf("totals = %+v, want all 30 accepted in the end", got)
		}
	})
}

// TestSlowDestinationDelaysNobody: one destination hangs until the time-out, the other is done at once.
func TestSlowDestinationDelaysNobody(t *testing.T) {
	hang := func(ctx context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if r.Destination == "slow" {
			<-ctx.Done()
			return adapter.Receipt{Failure: &adapter.Failure{Code: "timeout"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, hang, func(w *world) {
		w.register(60, func(i int) string { return []string{"slow", "fast"}[i%2] })
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 30 {
			t.Errorf("accepted while the slow destination hangs: %d, want 30", got.Accepted)
		}
		if w.channel.peak > 2+2 {
			t.Errorf("%d Sends at once, want at most 2 for each destination", w.channel.peak)
		}
	})
}

// TestStuckServiceHoldsUpNoOther: of two services one is silent, or asks for peace.
// There are more shards than may make their first round at once, and behind them
// comes another child's withdrawal: all that is the other service's goes at once.
func TestStuckServiceHoldsUpNoOther(t *testing.T) {
	for what, failure := range map[string]*adapter.Failure{
		"silent": {Code: "timeout"}, "busy": {Class: adapter.Throttled, After: 10 * time.Minute},
	} {
		t.Run(what, func(t *testing.T) {
			stuck := func(ctx context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
				if r.Destination == "fast" {
					return adapter.Receipt{State: adapter.Accepted}
				}
				if what == "silent" {
					<-ctx.Done()
				}
				return adapter.Receipt{Failure: failure}
			}
			bubble(t, stuck, func(w *world) {
				w.halt()
				w.limits.ShardSize, w.limits.Timeout, w.limits.PerDestination = 10, time.Minute, 1
				w.run()
				w.register(40*firstPass, func(i int) string { return []string{"slow", "fast"}[i%2] })
				w.publish(message(1, alert.TypeAlert, time.Hour))
				other := message(1, alert.TypeCancel, time.Hour)
				other.Case, other.Identifier = "OTHER", "T-OTHER-1"
				w.publish(other)
				time.Sleep(20 * time.Second)
				synctest.Wait()
				if got := w.totals(1); got.Accepted != 20*firstPass {
					t.Errorf("%d of the fast service's people have the alert, want all %d", got.Accepted, 20*firstPass)
				}
				b, err := w.ledger.BoardOf("OTHER", 1)
				if err != nil || b.Channels[0].Accepted != 20*firstPass {
					t.Errorf("the withdrawal: %+v, %v; want all %d of the fast service's people", b.Channels, err, 20*firstPass)
				}
			})
		})
	}
}

// TestPlannedTwice: the queue has the jobs of a withdrawal and the planner does not
// know it. It plans anew; the queue takes them for repeats, and they must still be there.
func TestPlannedTwice(t *testing.T) {
	bubble(t, accept, func(w *world) {
		w.register(5, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		w.halt()
		w.idle, w.queue.Lose = true, 1
		w.run()
		w.publish(message(2, alert.TypeCancel, time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.queue.Lose != 0 {
			t.Fatal("planned once only")
		}
		w.work()
		synctest.Wait()
		if n := w.totals(2).Accepted; n != 5 {
			t.Errorf("%d of 5 were told of the end", n)
		}
	})
}

// TestWithdrawalIsNotOvertaken: the alert's attempt is on the wire when the
// withdrawal is published; the withdrawal waits for it, and no attempt of the alert follows.
func TestWithdrawalIsNotOvertaken(t *testing.T) {
	slow := func(_ context.Context, m *alert.Message, _ adapter.Recipient, _ int) adapter.Receipt {
		if m.Revision == 1 {
			time.Sleep(5 * time.Second)
			return adapter.Receipt{Failure: &adapter.Failure{Code: "500"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, slow, func(w *world) {
		w.register(45, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(time.Second)
		w.publish(message(2, alert.TypeCancel, time.Hour))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		var lastAlert, firstCancel time.Duration
		for i := range 45 {
			id := fmt.Sprintf("r%03d", i)
			cancels := w.channel.times(2, id)
			if len(cancels) != 1 {
				t.Fatalf("%s got the withdrawal %d times, want once", id, len(cancels))
			}
			if firstCancel == 0 || cancels[0] < firstCancel {
				firstCancel = cancels[0]
			}
			lastAlert = max(lastAlert, append(w.channel.times(1, id), 0)[0])
		}
		if lastAlert > time.Second || firstCancel < lastAlert+5*time.Second {
			t.Errorf("last alert began at %v and took 5 s, first withdrawal began at %v", lastAlert, firstCancel)
		}
	})
}

// TestStalledRecipientHoldsOnlyHimself: one attempt of the alert hangs; the
// withdrawal reaches everybody else of the same destination at once, and him
// as soon as his older attempt has ended.
func TestStalledRecipientHoldsOnlyHimself(t *testing.T) {
	stall := func(_ context.Context, m *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if m.Revision == 1 && r.ID == "r009" { // the last of his batch
			time.Sleep(9 * time.Second)
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, stall, func(w *world) {
		w.register(20, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(time.Second)
		w.publish(message(2, alert.TypeCancel, time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		for i := range 20 {
			id := fmt.Sprintf("r%03d", i)
			got := w.channel.times(2, id)
			if len(got) != 1 {
				t.Fatalf("%s got the withdrawal %d times, want once", id, len(got))
			}
			if id == "r009" && (got[0] < 9*time.Second || got[0] > 10*time.Second) {
				t.Errorf("the stalled one got the withdrawal after %v, want right after his alert ended at 9 s", got[0])
			}
			if id != "r009" && got[0] > 2*time.Second {
				t.Errorf("%s waited %v for somebody else", id, got[0])
			}
		}
	})
}

// TestUpdateReplaces: the second revision knows the first one's id, and who
// moved out of the area still gets it.
func TestUpdateReplaces(t *testing.T) {
	withRef := func(_ context.Context, m *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		return adapter.Receipt{State: adapter.Accepted, Ref: fmt.Sprintf("%s-%d", r.ID, m.Revision)}
	}
	bubble(t, withRef, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		synctest.Wait()
		moved, _ := w.registry.Get("fake", "r000")
		moved.Areas = []string{"FR"}
		if err := w.registry.Put(w.t.Context(), moved); err != nil {
			t.Fatal(err)
		}
		w.publish(message(2, alert.TypeUpdate, time.Hour))
		synctest.Wait()
		last := w.channel.calls[len(w.channel.calls)-1]
		if last.revision != 2 || !slices.Equal(last.priors, []string{"r000-1"}) {
			t.Errorf("last call = %+v, want revision 2 with the first one's id", last)
		}
	})
}

// TestCrashTriesOnlyTheUnsettled stops the world in the middle and starts it
// again on the same logs: the queue hands the jobs out anew, the ledger says who is settled.
func TestCrashTriesOnlyTheUnsettled(t *testing.T) {
	half := func(_ context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if r.Destination == "down" {
			return adapter.Receipt{Failure: &adapter.Failure{Code: "503"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, half)
		w.run()
		w.register(50, func(i int) string { return []string{"down", "up"}[i%2] })
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(2 * time.Second)
		w.halt()

		w.channel.answer = accept
		w.queue = new(streamtest.MemoryQueue)
		w.run()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for i := range 50 {
			id := fmt.Sprintf("r%03d", i)
			n := len(w.channel.times(1, id))
			if i%2 == 1 && n != 1 {
				t.Errorf("%s had it before the crash and was tried %d times", id, n)
			}
		}
		if got := w.totals(1); got.Accepted != 50 {
			t.Errorf("totals = %+v, want all 50", got)
		}
		w.halt()
	})
}

func TestPanicIsOneFailedAttempt(t *testing.T) {
	boom := func(_ context.Context, _ *alert.Message, _ adapter.Recipient, n int) adapter.Receipt {
		if n == 1 {
			panic("adapter bug")
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, boom, func(w *world) {
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 1 {
			t.Errorf("totals = %+v, want accepted at the second attempt", got)
		}
	})
}

// TestSentUntilConfirmed: a Sent receipt is repeated every ConfirmWithin until the recipient's own word comes.
func TestSentUntilConfirmed(t *testing.T) {
	sent := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
		return adapter.Receipt{State: adapter.Sent}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sent)
		w.limits.ConfirmWithin = 15 * time.Second
		w.run()
		w.register(1, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Hour))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		r := adapter.Report{Channel: "fake", Recipient: "r000", Identifier: "T-CASE-1", Revision: 1, State: adapter.Received}
		if err := w.ledger.Report(w.t.Context(), r); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want := []time.Duration{0, 15 * time.Second, 30 * time.Second}
		if got := w.channel.times(1, "r000"); !slices.Equal(got, want) {
			t.Errorf("sent at %v, want %v", got, want)
		}
		w.halt()
	})
}

// TestJobHandedOutTwice: the queue lost sight of a job for a while and hands it
// out again while the first hand is still at work: nobody is told twice.
func TestJobHandedOutTwice(t *testing.T) {
	slow := func(context.Context, *alert.Message, adapter.Recipient, int) adapter.Receipt {
		time.Sleep(time.Second)
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, slow, func(w *world) {
		w.register(5, oneDest)
		m := message(1, alert.TypeAlert, time.Hour)
		w.publish(m)
		time.Sleep(2 * time.Second)
		again := load{channel: Channel{Driver: adapter.Driver{Name: "fake", Limits: w.limits}}, all: 5}.jobs(m, 1)
		again[0].ID = "again"
		if err := w.queue.Enqueue(w.t.Context(), again); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i := range 5 {
			if n := len(w.channel.times(1, fmt.Sprintf("r%03d", i))); n != 1 {
				t.Errorf("recipient %d was told %d times", i, n)
			}
		}
	})
}

func TestUnreadableJobIsBuried(t *testing.T) {
	bubble(t, accept, func(w *world) {
		bad := stream.Job{Subject: "jobs.fake.p1.CASE.0", ID: "x", Data: []byte("{")}
		if err := w.queue.Enqueue(w.t.Context(), []stream.Job{bad}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(w.queue.Buried) != 1 {
			t.Errorf("buried = %v, want one", w.queue.Buried)
		}
	})
}

// TestExpiryNamesOnlyTheUnreached: whoever has it keeps that word when the alert ends.
func TestExpiryNamesOnlyTheUnreached(t *testing.T) {
	oneDown := func(_ context.Context, _ *alert.Message, r adapter.Recipient, _ int) adapter.Receipt {
		if r.ID == "r001" {
			return adapter.Receipt{Failure: &adapter.Failure{Code: "503"}}
		}
		return adapter.Receipt{State: adapter.Accepted}
	}
	bubble(t, oneDown, func(w *world) {
		w.register(2, oneDest)
		w.publish(message(1, alert.TypeAlert, time.Minute))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := w.totals(1); got.Accepted != 1 || got.Failed != 1 {
			t.Errorf("totals after expiry = %+v, want one accepted and one not reached", got)
		}
	})
}
