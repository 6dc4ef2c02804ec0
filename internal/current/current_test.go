package current

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

func start(t *testing.T, log *streamtest.Memory) *Set {
	t.Helper()
	s := New(slog.New(slog.DiscardHandler))
	up := make(chan struct{})
	go func() { _ = s.Run(t.Context(), log, func() { close(up) }) }()
	<-up
	return s
}

func publish(t *testing.T, log *streamtest.Memory, caseID string, rev int, kind alert.MsgType, refs ...string) {
	t.Helper()
	m := alert.Message{
		Identifier: fmt.Sprintf("T-%s-%d", caseID, rev), Case: caseID, Revision: rev, MsgType: kind,
		Sent: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	for _, ref := range refs {
		m.References = append(m.References, alert.Ref{Identifier: ref})
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	en := stream.Entry{Subject: "alerts.T." + caseID, Data: data, Rollup: kind == alert.TypeCancel}
	if _, err := log.Append(t.Context(), en); err != nil {
		t.Fatal(err)
	}
}

// TestLinkTestIsNoAlert: a test of the lines is never live, and its workers find it all the same.
func TestLinkTestIsNoAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		s := start(t, log)
		m := alert.Message{
			Identifier: "T-LINKTEST1-1", Case: "LINKTEST1", Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusTest,
			Sent: time.Now(), Expires: time.Now().Add(10 * time.Minute),
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), stream.Entry{Subject: "alerts.T.LINKTEST1", Data: data}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if live := s.Live(); len(live) != 0 {
			t.Errorf("%d alerts are live", len(live))
		}
		if _, ok := s.Case("LINKTEST1"); !ok {
			t.Error("the test's own workers do not find it")
		}
	})
}

func TestLifeOfAnAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		s := start(t, log)
		pulse, stop := s.Watch()
		defer stop()
		v0 := s.Version()

		publish(t, log, "A", 1, alert.TypeAlert)
		publish(t, log, "B", 1, alert.TypeAlert)
		publish(t, log, "A", 2, alert.TypeUpdate, "T-A-1")
		synctest.Wait()
		<-pulse
		if live := s.Live(); len(live) != 2 || live[0].Message.Identifier != "T-A-2" {
			t.Errorf("live = %v, want the update of A first, then B", live)
		}
		if _, gone, ok := s.Identifier("T-A-1"); gone || !ok {
			t.Error("the superseded revision must stay readable while the alert lives")
		}
		if s.Version() == v0 {
			t.Error("the version did not change")
		}

		publish(t, log, "A", 3, alert.TypeCancel, "T-A-1", "T-A-2")
		synctest.Wait()
		if live := s.Live(); len(live) != 1 || live[0].Message.Case != "B" {
			t.Errorf("live after the withdrawal = %v, want B alone", live)
		}
		if _, gone, ok := s.Identifier("T-A-1"); !gone || ok {
			t.Error("a withdrawn revision must be known as gone")
		}
		if r, gone, ok := s.Identifier("T-A-3"); gone || !ok || r.Message.MsgType != alert.TypeCancel {
			t.Error("the withdrawal itself must stay readable")
		}
		if _, gone, ok := s.Identifier("T-X-1"); gone || ok {
			t.Error("an unknown identifier is neither there nor gone")
		}
		if len(s.Ended()) != 1 {
			t.Errorf("ended = %v, want A", s.Ended())
		}
		v1 := s.Version()
		time.Sleep(2 * time.Hour)
		if len(s.Live()) != 0 || s.Version() == v1 {
			t.Error("an expired alert is still live, or the version did not say so")
		}
	})
}

// TestBadRecordsBlindNobody: what cannot be read, comes twice or comes late changes nothing.
func TestBadRecordsBlindNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		publish(t, log, "A", 2, alert.TypeUpdate)
		for _, data := range []string{"", "{", `{"case":""}`} {
			if _, err := log.Append(t.Context(), stream.Entry{Subject: "alerts.T.A", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
		}
		publish(t, log, "A", 1, alert.TypeAlert)
		s := start(t, log)
		if r, ok := s.Case("A"); !ok || r.Message.Revision != 2 {
			t.Errorf("case A = %+v, %v; want revision 2", r, ok)
		}
		if err := s.Wait(t.Context(), 5); err != nil {
			t.Error(err)
		}
	})
}
