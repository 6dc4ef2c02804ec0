package broadcast

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func TestReceipts(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station("BE")
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	w.putRead(msg("far", 1, alert.TypeAlert, "FR-75"))
	c, _ := w.join(token, nil)
	c.next("alert")
	c.next("live")
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	good := func(state string, more map[string]any) map[string]any {
		r := map[string]any{"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": state}
		maps.Copy(r, more)
		return r
	}
	tests := []struct {
		name  string
		frame map[string]any
		code  string // of the refusal; "" = stored
		field string
		want  adapter.Report
	}{
		{"received", good("received", map[string]any{"at": at}), "", "", adapter.Report{State: adapter.Received, At: at}},
		{"seen", good("seen", map[string]any{"by": "Anna"}), "", "", adapter.Report{State: adapter.Seen, By: "Anna"}},
		{"queued for air", good("queued", nil), "", "", adapter.Report{State: adapter.Seen, Reason: "queued for air"}},
		{"on air", good("on_air", map[string]any{"by": "Anna", "channel": "La Une"}), "", "", adapter.Report{State: adapter.OnAir, By: "Anna", Outlet: "La Une"}},
		{"declined", good("declined", map[string]any{"reason": "football"}), "", "", adapter.Report{State: adapter.Declined, Reason: "football"}},
		{"failed", good("failed", map[string]any{"reason": "no sound"}), "", "", adapter.Report{State: adapter.Failed, Reason: "no sound"}},
		{"removed", good("removed", nil), "", "", adapter.Report{State: adapter.Removed}},
		{"from the future", good("seen", map[string]any{"at": "2099-01-01T00:00:00Z"}), "", "", adapter.Report{State: adapter.Seen}},
		{"declined without a reason", good("declined", nil), "bad", "reason", adapter.Report{}},
		{"failed without a reason", good("failed", nil), "bad", "reason", adapter.Report{}},
		{"no such state", good("aired", nil), "bad", "state", adapter.Report{}},
		{"no state", good("", nil), "bad", "state", adapter.Report{}},
		{"revision as text", good("seen", map[string]any{"revision": "1"}), "bad", "receipt", adapter.Report{}},
		{"endless reason", good("declined", map[string]any{"reason": strings.Repeat("é", maxReason+1)}), "bad", "reason", adapter.Report{}},
		{"endless name", good("seen", map[string]any{"by": strings.Repeat("é", maxName+1)}), "bad", "by", adapter.Report{}},
		{"endless programme", good("seen", map[string]any{"channel": strings.Repeat("é", maxName+1)}), "bad", "channel", adapter.Report{}},
		{"unknown identifier", good("seen", map[string]any{"identifier": "x"}), "unknown", "identifier", adapter.Report{}},
		{"revision that never was", good("seen", map[string]any{"revision": 2}), "unknown", "identifier", adapter.Report{}},
		{"another region's", good("seen", map[string]any{"identifier": "be.police.far.1"}), "unknown", "identifier", adapter.Report{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(w.inbox.all())
			c.send(tt.frame)
			f := c.next("receipt_ok", "receipt_refused")
			if f.Code != tt.code || f.Field != tt.field || (tt.code == "") != (f.Type == "receipt_ok") || f.Retry {
				t.Fatalf("answer %s", f.raw)
			}
			got := w.inbox.all()[before:]
			if tt.code != "" {
				if len(got) != 0 {
					t.Errorf("stored %+v", got)
				}
				return
			}
			want := tt.want
			want.Channel, want.Recipient, want.Identifier, want.Revision = Name, id, "be.police.zoe.1", 1
			if len(got) != 1 || got[0] != want {
				t.Errorf("stored %+v, want %+v", got, want)
			}
			c.send(tt.frame) // the answer was lost: once more
			if f := c.next("receipt_ok", "receipt_refused"); f.Type != "receipt_ok" || f.State != tt.frame["state"] {
				t.Errorf("second answer %s", f.raw)
			}
			if n := len(w.inbox.all()) - before; n != 1 {
				t.Errorf("stored %d times", n)
			}
		})
	}
}

func TestReceiptIsAnsweredOnlyWhenStored(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	c, _ := w.join(token, map[string]any{"start": "new"})
	c.next("live")
	w.inbox.mu.Lock()
	w.inbox.down = true
	w.inbox.mu.Unlock()
	r := map[string]any{"type": "receipt", "identifier": "be.police.zoe.1", "revision": 1, "state": "received"}
	c.send(r)
	if f := c.next("receipt_ok", "receipt_refused"); f.Type != "receipt_refused" || f.Code != "unavailable" || !f.Retry {
		t.Errorf("answer %s", f.raw)
	}
	w.inbox.mu.Lock()
	w.inbox.down = false
	w.inbox.mu.Unlock()
	c.send(r)
	c.next("receipt_ok")
	if n := len(w.inbox.all()); n != 1 {
		t.Errorf("stored %d times", n)
	}
}

func TestReceiptByPost(t *testing.T) {
	w := newWorld(t, nil)
	_, token := w.station()
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	tests := []struct {
		name, token, body string
		want              int
		says              string
	}{
		{"stored", token, `{"identifier":"be.police.zoe.1","revision":1,"state":"on_air"}`, 200, "receipt_ok"},
		{"again", token, `{"identifier":"be.police.zoe.1","revision":1,"state":"on_air"}`, 200, "receipt_ok"},
		{"no token", "", `{}`, 401, "Authorization"},
		{"not JSON", token, `{`, 400, "receipt"},
		{"bad state", token, `{"identifier":"be.police.zoe.1","revision":1}`, 422, "state"},
		{"unknown", token, `{"identifier":"x","revision":1,"state":"seen"}`, 404, "identifier"},
		{"too large", token, `{"pad":"` + strings.Repeat("x", readLimit) + `"}`, 413, "16 KB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", w.srv.URL+"/v1/feed/receipts", strings.NewReader(tt.body))
			req.Header.Set("Authorization", "Bearer "+tt.token)
			resp, body := fetch(t, req)
			if resp.StatusCode != tt.want || !strings.Contains(body, tt.says) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
		})
	}
	if n := len(w.inbox.all()); n != 1 {
		t.Errorf("stored %d times", n)
	}
	w.inbox.mu.Lock()
	w.inbox.down = true
	w.inbox.mu.Unlock()
	req, _ := http.NewRequest("POST", w.srv.URL+"/v1/feed/receipts", strings.NewReader(`{"identifier":"be.police.zoe.1","revision":1,"state":"seen"}`))
	req.Header.Set("Authorization", "Bearer "+token)
	if resp, body := fetch(t, req); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || strings.Contains(body, "ledger") {
		t.Errorf("ledger down: %d %s", resp.StatusCode, body)
	}
}

func TestDeskForgetsTheOldest(t *testing.T) {
	d := newDesk()
	for i := range deskSize + 10 {
		d.add(receiptKey(strconv.Itoa(i)))
	}
	if len(d.set) != deskSize || d.contains(receiptKey("9")) || !d.contains(receiptKey("10")) || !d.contains(receiptKey(strconv.Itoa(deskSize+9))) {
		t.Errorf("%d keys", len(d.set))
	}
}
