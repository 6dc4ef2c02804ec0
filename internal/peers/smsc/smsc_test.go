package smsc

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/smpp"
)

func start(t *testing.T, o Options) *SMSC {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// bind opens a client on s that takes receipts by deliver.
func bind(t *testing.T, s *SMSC, deliver func(context.Context, *smpp.Message) smpp.Status) *smpp.Client {
	t.Helper()
	c, err := smpp.Open(smpp.Options{
		Address: s.Addr(), Bind: smpp.Bind{SystemID: "x", Password: "y"}, Rate: 10_000, Response: time.Second, Deliver: deliver,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	for {
		st, changed := c.State()
		if st.Bound || !st.Trying {
			return c
		}
		<-changed
	}
}

func send(t *testing.T, c *smpp.Client, number, text string) (errs []error) {
	t.Helper()
	e, err := smpp.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Messages(7) {
		m.Source, m.Dest, m.Registered = smpp.Address{Number: "T"}, smpp.Address{Number: number}, 1
		_, err := c.Submit(t.Context(), &m)
		errs = append(errs, err)
	}
	return errs
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s never happened", what)
		}
	}
}

func TestLongTextsAreJoined(t *testing.T) {
	s := start(t, Options{NoReceipts: true})
	c := bind(t, s, nil)
	long := strings.Repeat("длинный текст 😀 ", 20)
	for _, text := range []string{"short", long, strings.Repeat("€", 200)} {
		for _, err := range send(t, c, "32470000001", text) {
			if err != nil {
				t.Fatal(err)
			}
		}
		got := s.Texts("+32470000001")
		if len(got) == 0 || got[len(got)-1].Body != text || got[len(got)-1].At.IsZero() {
			t.Errorf("%q arrived as %+v", text, got)
		}
	}
	if got := s.Texts("+32470000002"); len(got) != 0 {
		t.Errorf("another telephone shows %+v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	p := newPhones()
	for i := range 2 * maxOpen {
		m := &smpp.Message{Dest: smpp.Address{Number: fmt.Sprint(i)}, ESMClass: smpp.ESMHeader, Short: []byte("\x05\x00\x03\x01\x02\x01x")}
		p.take(m, time.Now())
	}
	for range 2 * maxTexts {
		p.take(&smpp.Message{Dest: smpp.Address{Number: "1"}, Short: []byte("x")}, time.Now())
	}
	if len(p.open) > maxOpen || len(p.texts["1"]) != maxTexts {
		t.Errorf("%d texts open, %d on one telephone", len(p.open), len(p.texts["1"]))
	}
}

func TestReceiptsComeAgainUntilTaken(t *testing.T) {
	s := start(t, Options{ReceiptAfter: 10 * time.Millisecond, Faults: Faults{Undelivered: "9", HexIDs: true}})
	var calls atomic.Int32
	states := make(chan string, 10)
	c := bind(t, s, func(_ context.Context, m *smpp.Message) smpp.Status {
		if calls.Add(1) == 1 {
			return smpp.TempAppError
		}
		r, ok := smpp.ReadReceipt(m)
		if !ok {
			t.Errorf("no receipt: %+v", m)
		}
		states <- m.Source.Number + " " + r.State
		return smpp.OK
	})
	send(t, c, "1", "text")
	if got := <-states; got != "1 DELIVRD" {
		t.Errorf("receipt %q", got)
	}
	send(t, c, "19", "text")
	if got := <-states; got != "19 UNDELIV" {
		t.Errorf("receipt %q", got)
	}
	eventually(t, "the acknowledgement", func() bool { return s.Stats().Receipts == 2 })
}

func TestFaultsAsTold(t *testing.T) {
	status := func(err error) string {
		if err == nil {
			return "ok"
		}
		return err.Error()
	}
	for name, tc := range map[string]struct {
		f    Faults
		want []string // what the messages come to, in order
	}{
		"throttle": {Faults{Throttle: 2}, []string{"RTHROTTLED", "RTHROTTLED", "ok"}},
		"drop":     {Faults{DropAfter: 1}, []string{"ok", "no answer", "not sent"}},
		"silent":   {Faults{Silent: true}, []string{"no answer"}},
		"garbage":  {Faults{Garbage: true}, []string{"no answer", "not sent"}},
		"refuse":   {Faults{RefuseBind: smpp.InvSystemID}, []string{"ESME_RINVSYSID"}},
	} {
		s := start(t, Options{Faults: tc.f, NoReceipts: true})
		c := bind(t, s, nil)
		for i, want := range tc.want {
			if got := status(send(t, c, "1", "x")[0]); !strings.Contains(got, want) {
				t.Errorf("%s: message %d: %s, want %s", name, i, got, want)
			}
		}
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	s := start(t, Options{SystemID: "x", Password: "right"})
	c := bind(t, s, nil)
	if st, _ := c.State(); st.Bound || !smpp.Refused(st.Err) {
		t.Errorf("a wrong password: %+v", st)
	}
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	body, _ := (&smpp.Message{Dest: smpp.Address{Number: "1"}, Short: []byte("x")}).Append(nil)
	_, _ = raw.Write(smpp.PDU{Command: smpp.SubmitSM, Seq: 1, Body: body}.Append(nil))
	if p, err := smpp.Read(raw); err != nil || p.Status != smpp.InvBindStatus {
		t.Errorf("a message without a bind: %+v, %v", p, err)
	}
	_, _ = io.WriteString(raw, "GET / HTTP/1.1\r\n\r\n")
	if _, err := smpp.Read(raw); err == nil {
		t.Error("garbage was answered")
	}
	if len(s.Texts("1")) > 0 || s.Stats().Binds > 0 {
		t.Errorf("%+v", s.Stats())
	}
}
