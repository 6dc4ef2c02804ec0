package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/smpp"
)

// quiet is a channel without gateways, for what comes in.
func quiet() (*SMS, *inbox, *registry) {
	in, reg := newInbox(), &registry{removed: make(chan string, 10)}
	return &SMS{parts: newTracker(), salt: make([]byte, saltSize), env: adapter.Env{Inbox: in, Recipients: reg}}, in, reg
}

func receiptFor(id, stat string) *smpp.Message {
	return &smpp.Message{ESMClass: smpp.ESMReceipt, Short: fmt.Appendf(nil, "id:%s stat:%s err:042", id, stat)}
}

func TestPartsAreReportedAsOne(t *testing.T) {
	type step struct {
		id, stat string
		want     adapter.State // empty: nothing is reported
	}
	for name, steps := range map[string][]step{
		"in order":              {{"1", "DELIVRD", ""}, {"2", "DELIVRD", ""}, {"3", "DELIVRD", adapter.Delivered}},
		"last first":            {{"3", "DELIVRD", ""}, {"1", "DELIVRD", ""}, {"2", "DELIVRD", adapter.Delivered}},
		"said twice":            {{"1", "DELIVRD", ""}, {"1", "DELIVRD", ""}, {"1", "DELIVRD", ""}},
		"one fails":             {{"1", "DELIVRD", ""}, {"2", "UNDELIV", adapter.Failed}},
		"under way":             {{"1", "ENROUTE", ""}, {"2", "ACCEPTD", ""}, {"3", "UNKNOWN", ""}},
		"expired":               {{"2", "EXPIRED", adapter.Failed}},
		"padded":                {{"0001", "DELIVRD", ""}, {"0000000002", "DELIVRD", ""}, {"03", "DELIVRD", adapter.Delivered}},
		"of a failed attempt":   {{"9", "DELIVRD", ""}},
		"failure of a failure":  {{"9", "REJECTD", ""}},
		"of the only part":      {{"5", "DELIVRD", adapter.Delivered}},
		"twice of the only one": {{"5", "DELIVRD", adapter.Delivered}, {"5", "DELIVRD", adapter.Delivered}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, in, _ := quiet()
			b := &bind{SMPP: SMPP{Name: "one"}}
			three, failed, alone := newParcel(3), newParcel(2), newParcel(1)
			for i := range 3 {
				s.parts.add(fmt.Sprint("one/", i+1), three)
			}
			s.parts.add("one/9", failed)
			s.parts.add("one/5", alone)
			s.parts.settle(three, "one/3")
			s.parts.settle(failed, "")
			s.parts.settle(alone, "one/5")
			for i, st := range steps {
				before := len(in.reports())
				if got := s.incoming(t.Context(), b, receiptFor(st.id, st.stat)); got != smpp.OK {
					t.Errorf("%s: step %d was answered by %v", name, i, got)
				}
				got := in.reports()[before:]
				switch {
				case st.want == "" && len(got) > 0, st.want != "" && len(got) != 1:
					t.Errorf("%s: step %d reported %+v", name, i, got)
				case st.want == adapter.Failed && !strings.Contains(got[0].Reason, "error 042"):
					t.Errorf("%s: reason %q", name, got[0].Reason)
				case st.want != "" && (got[0].State != st.want || got[0].Ref != "one/3" && got[0].Ref != "one/5"):
					t.Errorf("%s: step %d reported %+v", name, i, got[0])
				}
			}
		})
	}
}

// TestReceiptIsAcknowledgedOnlyWhenStored: what the ledger does not take comes again.
func TestReceiptIsAcknowledgedOnlyWhenStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in, _ := quiet()
		b := &bind{SMPP: SMPP{Name: "one"}}
		p := newParcel(1)
		s.parts.add("one/7", p)
		in.fail = 1
		if got := s.incoming(t.Context(), b, receiptFor("7", "DELIVRD")); got != smpp.TempAppError {
			t.Errorf("a batch still being sent: %v", got)
		}
		s.parts.settle(p, "one/7")
		if got := s.incoming(t.Context(), b, receiptFor("7", "DELIVRD")); got != smpp.TempAppError {
			t.Errorf("the ledger is away: %v", got)
		}
		if got := s.incoming(t.Context(), b, receiptFor("7", "DELIVRD")); got != smpp.OK || len(in.reports()) != 1 {
			t.Errorf("the ledger is back: %v, %v", got, in.reports())
		}
		// From before a restart: the reference alone speaks.
		if got := s.incoming(t.Context(), b, receiptFor("8", "UNDELIV")); got != smpp.OK || in.reports()[1].Ref != "one/8" {
			t.Errorf("a receipt from before: %v, %v", got, in.reports())
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("the connection is lost"))
		if got := s.incoming(ctx, b, receiptFor("6", "DELIVRD")); got != smpp.OK && got != smpp.TempAppError {
			t.Errorf("a lost connection: %v", got)
		}
	})
}

// TestEarlyReceiptWaitsForItsAnswer: some centres are faster with the receipt.
func TestEarlyReceiptWaitsForItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in, _ := quiet()
		b := &bind{SMPP: SMPP{Name: "one"}}
		p := newParcel(2)
		got := make(chan smpp.Status, 3)
		for _, id := range []string{"1", "2", "2"} {
			go func() { got <- s.incoming(t.Context(), b, receiptFor(id, "DELIVRD")) }()
		}
		synctest.Wait()
		s.parts.add("one/1", p)
		s.parts.add("one/2", p)
		s.parts.settle(p, "one/2")
		for range 3 {
			if st := <-got; st != smpp.OK {
				t.Errorf("answered by %v", st)
			}
		}
		for _, r := range in.reports() {
			if r.Ref != "one/2" || r.State != adapter.Delivered {
				t.Errorf("report %+v", r)
			}
		}
		if len(in.reports()) == 0 || len(s.parts.waiting) != 0 {
			t.Errorf("%d reports, %d still waiting", len(in.reports()), len(s.parts.waiting))
		}
	})
}

func TestTrackerForgetsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTracker()
		p := newParcel(1)
		for i := range 3*generation + 1 {
			tr.add(fmt.Sprint(i), p)
		}
		if n := len(tr.young) + len(tr.old); n > 2*generation {
			t.Errorf("%d parts are remembered", n)
		}
		if tr.find(t.Context(), []string{fmt.Sprint(3 * generation)}) == nil {
			t.Error("the newest is forgotten")
		}
		if tr.find(t.Context(), []string{"0"}) != nil || len(tr.waiting) != 0 {
			t.Error("the oldest is remembered, or somebody waits for it")
		}
	})
}

func TestIDsOfAnswersAndReceiptsMeet(t *testing.T) {
	for _, tc := range []struct {
		hex    bool
		answer string
		r      smpp.Receipt
		meet   bool
	}{
		{false, "123", smpp.Receipt{ID: "123"}, true},
		{false, "123", smpp.Receipt{ID: "0000000123"}, true},
		{false, "00ab", smpp.Receipt{ID: "00ab"}, true},
		{false, "000", smpp.Receipt{ID: "000"}, true},
		{false, "4a2f", smpp.Receipt{TLV: "4a2f"}, true},
		{false, "123", smpp.Receipt{ID: "291"}, false},
		{true, "123", smpp.Receipt{ID: "0000000291"}, true},
		{true, "4A2F", smpp.Receipt{ID: "18991"}, true},
		{true, "4A2F", smpp.Receipt{ID: "18991", TLV: "4a2f"}, true},
		{true, "4A2F", smpp.Receipt{TLV: "4a2f"}, true},
		{true, "4A2F", smpp.Receipt{TLV: "18991"}, true},
		{true, "uuid-1", smpp.Receipt{ID: "uuid-1"}, true},
	} {
		b := &bind{SMPP: SMPP{Name: "n", HexIDs: tc.hex}}
		want, met := "n/"+b.answered(tc.answer), false
		for _, got := range b.receipted(tc.r) {
			met = met || got == want
		}
		if met != tc.meet {
			t.Errorf("%+v: %s and %v", tc, want, b.receipted(tc.r))
		}
	}
}

func TestWordsThatTakeOffTheList(t *testing.T) {
	s, _, reg := quiet()
	b := &bind{}
	for text, leave := range map[string]bool{
		"STOP": true, "stop.": true, " Stop please": true, "Arrêt": true, "ARRET": true, "stopp!": true, "Alto": true,
		"СТОП": true, "стоп": true, "\"STOP\"": true,
		"": false, "don't stop": false, "stopwatch": false, "I saw her at STOP 4": false, "116000": false,
		strings.Repeat("x", 100_000) + " STOP": false,
	} {
		m := &smpp.Message{Source: smpp.Address{Number: "32470112233"}, DataCoding: smpp.CodingUCS2}
		m.Optional = []smpp.TLV{{Tag: smpp.TagMessagePayload, Value: smpp.EncodeUCS2(text)}}
		if got := s.incoming(t.Context(), b, m); got != smpp.OK {
			t.Errorf("%.20q was answered by %v", text, got)
		}
		if left := len(reg.removed) == 1; left != leave {
			t.Errorf("%.20q: left the list: %v", text, left)
		}
		if len(reg.removed) > 0 {
			r, err := NewRecipient("+32470112233", "", []string{"*"}, alert.French, s.salt)
			if got := <-reg.removed; err != nil || got != "sms/"+r.ID {
				t.Errorf("removed %s", got)
			}
		}
	}
	// What has no meaning for us is taken: it must not come again for ever.
	for _, m := range []*smpp.Message{
		{ESMClass: smpp.ESMReceipt, Short: []byte("no id")}, {ESMClass: 0x20, Short: []byte("STOP")},
	} {
		if got := s.incoming(t.Context(), b, m); got != smpp.OK || len(reg.removed) > 0 {
			t.Errorf("%+v was answered by %v", m, got)
		}
	}
}

func TestStopOverTheAir(t *testing.T) {
	centre := startCentre(t, smsc.Options{})
	f := start(t, gate(t, centre.Addr()))
	people := f.people(t, 1, alert.English)
	f.send(t, f.delivery(t, message()), people)
	if err := centre.Send(number(0), "TOCSIN", "Arrêt"); err != nil {
		t.Fatal(err)
	}
	if got := <-f.registry.removed; got != "sms/"+people[0].ID {
		t.Errorf("removed %s", got)
	}
	peer := startNPM(t, nil)
	g := start(t, gate(t, peer.addr))
	g.send(t, g.delivery(t, message()), g.people(t, 1, alert.English))
	if st := peer.say(t, number(0)[1:], "STOPP"); st != 0 {
		t.Errorf("status %d", st)
	}
	<-g.registry.removed
}
