package sms

import (
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// persist is what the runner does: it tries the unaccepted again until everybody
// is reached. It returns the references and how the failures were called.
func (f fixture) persist(t *testing.T, d adapter.Delivery, people []adapter.Recipient) (refs map[string]string, codes map[string]int) {
	t.Helper()
	refs, codes = make(map[string]string), make(map[string]int)
	for end := time.Now().Add(30 * time.Second); len(people) > 0; {
		if time.Now().After(end) {
			t.Fatalf("%d recipients were not reached; failures %v", len(people), codes)
		}
		var left []adapter.Recipient
		for i, r := range f.send(t, d, people) {
			switch {
			case r.Failure == nil:
				if r.State != adapter.Accepted || r.Ref == "" {
					t.Fatalf("receipt %+v", r)
				}
				refs[people[i].ID] = r.Ref
			case r.Failure.Class == adapter.Rejected || r.Failure.Class == adapter.Gone:
				codes[r.Failure.Code]++
				t.Fatalf("a recipient was given up: %v", r.Failure)
			default:
				codes[r.Failure.Code]++
				left = append(left, people[i])
			}
		}
		if people = left; len(people) > 0 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return refs, codes
}

// TestNobodyIsLostToAFaultyCentre runs every fault of the centre: each number
// must get the whole text, and there must never be two connections.
func TestNobodyIsLostToAFaultyCentre(t *testing.T) {
	const n = 60
	for _, tc := range []struct {
		name  string
		modes modes
		gate  func(map[string]any)
		lang  alert.Lang
		codes []string // failures that must have been seen
		once  bool     // and nobody gets the text twice
	}{
		{"none", nil, nil, alert.English, nil, true},
		{"long texts", nil, nil, alert.Russian, nil, true},
		{"throttles", modes{"throttle": 30}, nil, alert.English, []string{"ESME_RTHROTTLED"}, true},
		{"drops the socket mid-window", modes{"drop_every": 25, "drops": 3}, nil, alert.English, []string{"unanswered"}, false},
		{"drops it in long texts", modes{"drop_every": 40, "drops": 2}, nil, alert.Russian, []string{"unanswered"}, false},
		{"answers with garbage", modes{"garbage": 1}, nil, alert.English, []string{"unanswered"}, false},
		{"closes at bind", modes{"close_at_bind": 2}, nil, alert.English, []string{"unbound"}, true},
		{"receipts before answers", modes{"early": true}, nil, alert.Russian, nil, true},
		{"hexadecimal ids", modes{"hex": true}, with("hex_ids", true), alert.Russian, nil, true},
		{"receipts in parameters", modes{"tlv": true}, nil, alert.English, nil, true},
		{"hexadecimal ids in parameters", modes{"tlv": true, "hex": true}, with("hex_ids", true), alert.English, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			centre := startNPM(t, tc.modes)
			change := []func(map[string]any){with("window", 20)}
			if tc.gate != nil {
				change = append(change, tc.gate)
			}
			f := start(t, gate(t, centre.addr, change...))
			m := message()
			refs, codes := f.persist(t, f.delivery(t, m), f.people(t, n, tc.lang))
			for _, want := range tc.codes {
				if codes[want] == 0 {
					t.Errorf("no failure %s: %v", want, codes)
				}
			}
			st := centre.stats(t)
			if st.MostOpen != 1 || st.MostConnections != 1 || st.Refused != 0 {
				t.Errorf("%d binds and %d connections at once, %d binds refused", st.MostOpen, st.MostConnections, st.Refused)
			}
			if st.Validity != "set" {
				t.Error("the centre may deliver after the alert has expired")
			}
			twice := 0
			for i := range n {
				texts := st.Texts[number(i)[1:]]
				if len(texts) == 0 || texts[0] != m.Texts[tc.lang].SMS {
					t.Fatalf("telephone %d shows %q", i, texts)
				}
				twice += len(texts) - 1
			}
			if tc.once && twice > 0 {
				t.Errorf("%d texts arrived twice", twice)
			}
			f.allDelivered(t, refs)
		})
	}
}

// allDelivered waits until each reference is reported delivered.
func (f fixture) allDelivered(t *testing.T, refs map[string]string) {
	t.Helper()
	open := make(map[string]bool)
	for _, ref := range refs {
		open[ref] = true
	}
	if len(open) != len(refs) {
		t.Errorf("%d references for %d recipients", len(open), len(refs))
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		for _, r := range f.inbox.reports() {
			if r.State != adapter.Delivered {
				t.Fatalf("report %+v", r)
			}
			delete(open, r.Ref)
		}
		if len(open) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d texts were never reported delivered", len(open))
		}
	}
}
