package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/smpp"
)

func TestClassOfEveryFailure(t *testing.T) {
	status := func(s smpp.Status) error { return &smpp.StatusError{Command: smpp.SubmitSM, Status: s} }
	for _, tc := range []struct {
		err   error
		class adapter.Class
		code  string
	}{
		{status(smpp.Throttled), adapter.Throttled, "ESME_RTHROTTLED"},
		{status(smpp.QueueFull), adapter.Throttled, "ESME_RMSGQFUL"},
		{status(smpp.InvDestAddr), adapter.Rejected, "ESME_RINVDSTADR"},
		{status(0x0A), adapter.Misconfigured, "ESME_RINVSRCADR"},
		{status(smpp.InvExpiry), adapter.Misconfigured, "ESME_RINVEXPIRY"},
		{status(smpp.InvPassword), adapter.Misconfigured, "ESME_RINVPASWD"},
		{status(smpp.SystemError), adapter.Temporary, "ESME_RSYSERR"},
		{status(smpp.InvBindStatus), adapter.Temporary, "ESME_RINVBNDSTS"},
		{status(0x45), adapter.Temporary, "ESME_RSUBMITFAIL"},
		{status(0x4242), adapter.Temporary, "0x00004242"},
		{fmt.Errorf("%w: reset", smpp.ErrUnanswered), adapter.Temporary, "unanswered"},
		{fmt.Errorf("%w: lost", smpp.ErrNotSent), adapter.Temporary, "unsent"},
		{errors.New("dial tcp 10.0.0.1: secret"), adapter.Temporary, "unsent"},
	} {
		f := classify(tc.err)
		if f.Class != tc.class || f.Code != tc.code || f.Reason == "" || strings.Contains(f.Reason, "10.0.0.1") {
			t.Errorf("%v: %+v", tc.err, f)
		}
		if (f.After > 0) != (tc.class == adapter.Throttled) {
			t.Errorf("%v: after %v", tc.err, f.After)
		}
	}
}

func TestUnusableCentres(t *testing.T) {
	for _, tc := range []struct {
		name  string
		o     smsc.Options
		class adapter.Class
		code  string
	}{
		{"wrong password", smsc.Options{Password: "other"}, adapter.Misconfigured, "ESME_RINVPASWD"},
		{"unknown name", smsc.Options{SystemID: "other"}, adapter.Misconfigured, "ESME_RINVSYSID"},
		{"bound elsewhere", smsc.Options{Faults: smsc.Faults{RefuseBind: smpp.AlreadyBound}}, adapter.Temporary, "ESME_RALYBND"},
		{"never answers", smsc.Options{Faults: smsc.Faults{Silent: true}}, adapter.Temporary, "unanswered"},
		{"throttles all", smsc.Options{Faults: smsc.Faults{Throttle: 1e6}}, adapter.Throttled, "ESME_RTHROTTLED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			centre := startCentre(t, tc.o)
			f := start(t, gate(t, centre.Addr(), with("window", 100), with("response_s", 1)))
			for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 30, alert.English)) {
				if r.Failure == nil || r.Failure.Class != tc.class || r.Failure.Code != tc.code {
					t.Fatalf("recipient %d: %+v", i, r)
				}
			}
			if tc.class == adapter.Misconfigured && f.Check(t.Context()) == nil {
				t.Error("the check finds nothing")
			}
		})
	}
}

func TestUnreachableCentreFailsSoon(t *testing.T) {
	f := start(t, gate(t, "127.0.0.1:1"))
	for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 3, alert.English)) {
		if r.Failure == nil || r.Failure.Class != adapter.Temporary || strings.Contains(r.Failure.Reason, "127.0.0.1") {
			t.Errorf("recipient %d: %+v", i, r)
		}
	}
}

func TestUnknownNumberIsRejectedAlone(t *testing.T) {
	centre := startNPM(t, modes{"unknown": "000001"})
	f := start(t, gate(t, centre.addr))
	for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 3, alert.English)) {
		if rejected := r.Failure != nil && r.Failure.Class == adapter.Rejected; rejected != (i == 1) {
			t.Errorf("recipient %d: %+v", i, r)
		}
	}
}

func TestUndeliveredIsReported(t *testing.T) {
	centre := startNPM(t, modes{"undelivered": "000001"})
	f := start(t, gate(t, centre.addr))
	f.send(t, f.delivery(t, message()), f.people(t, 3, alert.English))
	f.inbox.wait(t, 3)
	failed := 0
	for _, r := range f.inbox.reports() {
		if r.State == adapter.Failed && r.Reason == "the network reports UNDELIV" {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("reports %+v", f.inbox.reports())
	}
}

// TestSendEndsWithItsContext: a centre that takes everything and answers nothing
// must not hold the runner.
func TestSendEndsWithItsContext(t *testing.T) {
	centre := startCentre(t, smsc.Options{Faults: smsc.Faults{Silent: true}})
	f := start(t, gate(t, centre.Addr(), with("window", 2), with("response_s", 60)))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	receipts, err := f.Send(ctx, f.delivery(t, message()), f.people(t, 20, alert.English))
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]int)
	for _, r := range receipts {
		codes[r.Failure.Code]++
	}
	if codes["unanswered"] != 2 || codes["busy"] != 18 {
		t.Errorf("failures %v", codes)
	}
}
