package smpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Address: "host:2775", Bind: Bind{SystemID: "x"}}
	for field, change := range map[string]func(*Options){
		"address":   func(o *Options) { o.Address = "host" },
		"mode":      func(o *Options) { o.Mode = SubmitSM },
		"window":    func(o *Options) { o.Window = -1 },
		"rate":      func(o *Options) { o.Rate = -1 },
		"system_id": func(o *Options) { o.Bind.SystemID = strings.Repeat("x", 16) },
	} {
		o := good
		change(&o)
		if _, err := Open(o); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestWindowBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Window = 3 })
		l := c.bound(t)
		synctest.Wait()
		var sent []<-chan error
		for range 5 {
			sent = append(sent, submit(t.Context(), client))
		}
		first := []PDU{l.next(t), l.next(t), l.next(t)}
		seen := map[uint32]bool{}
		for _, p := range first {
			if p.Command != SubmitSM || seen[p.Seq] {
				t.Fatalf("%+v", p)
			}
			seen[p.Seq] = true
		}
		arrived := make(chan PDU, 2)
		go func() {
			for range 2 {
				p, _ := Read(l.r)
				arrived <- p
			}
		}()
		time.Sleep(5 * time.Second) // under the response time
		if len(arrived) > 0 {
			t.Fatal("a fourth message went out before the first was answered")
		}
		// Answers in the wrong order, with ids, to the right callers.
		for _, p := range []PDU{first[2], first[0], first[1]} {
			l.put(t, p.Reply(OK, AppendID(nil, "x")))
		}
		for range 2 {
			p := <-arrived
			l.put(t, p.Reply(OK, nil)) // a centre that gives no id
		}
		for _, s := range sent {
			if err := <-s; err != nil {
				t.Error(err)
			}
		}
		go l.serve(always(OK))
		end(t, client)
	})
}

func TestUnansweredFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Window, o.Response = 1, 3*time.Second })
		l := c.bound(t)
		synctest.Wait()
		began := time.Now()
		err1 := submit(t.Context(), client)
		old := l.next(t)
		wants(t, "no answer", <-err1, ErrUnanswered)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("gave up after %v", took)
		}
		err2 := submit(t.Context(), client)
		p := l.next(t)
		if p.Seq == old.Seq {
			t.Error("the sequence number was used again")
		}
		l.put(t, old.Reply(InvDestAddr, nil)) // late: belongs to nobody
		l.put(t, p.Reply(OK, nil))
		if err := <-err2; err != nil {
			t.Errorf("a late answer hit another message: %v", err)
		}
		go l.serve(always(OK))
		end(t, client)
	})
}

func TestSubmitSaysWhetherItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c, func(o *Options) { o.Window = 1 })
		_, err := client.Submit(t.Context(), note(1))
		wants(t, "before the bind", err, ErrNotSent)
		l := c.bound(t)
		synctest.Wait()
		_, err = client.Submit(t.Context(), &Message{Short: make([]byte, 300)})
		wants(t, "a message that cannot be written", err, ErrNotSent)

		first := submit(t.Context(), client)
		l.next(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wants(t, "time up at the window", <-submit(ctx, client), ErrNotSent)

		second := submit(t.Context(), client)
		synctest.Wait()
		_ = l.Close()
		wants(t, "socket lost after sending", <-first, ErrUnanswered)
		wants(t, "socket lost at the window", <-second, ErrNotSent)
		end(t, client)
	})
}

func TestRefusalsAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		client := open(t, c)
		l := c.bound(t)
		synctest.Wait()
		for _, tc := range []struct {
			reply func(PDU) PDU
			want  Status
		}{
			{func(p PDU) PDU { return p.Reply(InvDestAddr, nil) }, InvDestAddr},
			{func(p PDU) PDU { return PDU{Command: GenericNack, Status: InvCmdLen, Seq: p.Seq} }, InvCmdLen},
			{func(p PDU) PDU { return PDU{Command: GenericNack, Seq: p.Seq} }, InvCmdID},
			{func(p PDU) PDU { return p.Reply(0x400, nil) }, 0x400},
		} {
			sent := submit(t.Context(), client)
			l.put(t, tc.reply(l.next(t)))
			err := <-sent
			if e, ok := errors.AsType[*StatusError](err); !ok || e.Status != tc.want {
				t.Errorf("%v, want %v", err, tc.want)
			}
		}
		go l.serve(always(OK))
		end(t, client)
	})
}

func TestRequestsOfTheCentre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		stored := make(chan Status)
		client := open(t, c, func(o *Options) {
			o.Deliver = func(_ context.Context, m *Message) Status { return <-stored }
		})
		l := c.bound(t)
		l.put(t, PDU{Command: EnquireLink, Seq: 77})
		if p := l.next(t); p.Command != EnquireLink.Response() || p.Seq != 77 {
			t.Errorf("enquire_link was answered by %+v", p)
		}
		l.put(t, PDU{Command: 0x0109, Seq: 78})
		if p := l.next(t); p.Command != GenericNack || p.Status != InvCmdID || p.Seq != 78 {
			t.Errorf("an unknown command was answered by %+v", p)
		}
		l.put(t, PDU{Command: DeliverSM, Seq: 79, Body: []byte("torn")})
		if p := l.next(t); p.Command != DeliverSM.Response() || p.Status == OK || p.Seq != 79 {
			t.Errorf("a torn deliver_sm was answered by %+v", p)
		}
		body, _ := note(1).Append(nil)
		l.put(t, PDU{Command: DeliverSM, Seq: 80, Body: body})
		answer := make(chan PDU, 1)
		go func() { answer <- l.next(t) }()
		time.Sleep(time.Second)
		if len(answer) > 0 {
			t.Fatal("deliver_sm was acknowledged before it was stored")
		}
		stored <- TempAppError
		if p := <-answer; p.Status != TempAppError || p.Seq != 80 {
			t.Errorf("deliver_sm was answered by %+v", p)
		}
		l.put(t, PDU{Command: Unbind, Seq: 81})
		if p := l.next(t); p.Command != Unbind.Response() {
			t.Errorf("unbind was answered by %+v", p)
		}
		end(t, client)
	})
}

func TestDeliveriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre()
		hold := make(chan struct{})
		client := open(t, c, func(o *Options) {
			o.Deliver = func(context.Context, *Message) Status { <-hold; return OK }
		})
		l := c.bound(t)
		body, _ := note(1).Append(nil)
		for i := range maxDeliveries {
			l.put(t, PDU{Command: DeliverSM, Seq: uint32(i + 1), Body: body})
		}
		l.put(t, PDU{Command: DeliverSM, Seq: 9999, Body: body})
		if p := l.next(t); p.Seq != 9999 || p.Status != TempAppError {
			t.Errorf("one too many was answered by %+v", p)
		}
		close(hold)
		for range maxDeliveries {
			if p := l.next(t); p.Status != OK {
				t.Errorf("answered by %+v", p)
			}
		}
		go l.serve(always(OK))
		end(t, client)
	})
}
