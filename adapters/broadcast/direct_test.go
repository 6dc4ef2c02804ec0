package broadcast

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// A receipt over NATS is the feed's: the same checks, ledger and answer.
func TestDirectReceipt(t *testing.T) {
	w := newWorld(t, nil)
	id, _ := w.station("*")
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	const good = `{"identifier":"be.police.zoe.1","revision":1,"state":"on_air","by":"Lea"}`
	for _, c := range []struct {
		name, id, say  string
		kind, code     string
		retry          bool
		stored         int
		change, undone func()
	}{
		{name: "on air", id: id, say: good, kind: "receipt_ok", stored: 1},
		{name: "the same again", id: id, say: good, kind: "receipt_ok", stored: 1},
		{name: "declined without a reason", id: id, say: `{"identifier":"be.police.zoe.1","revision":1,"state":"declined"}`, kind: "receipt_refused", code: "bad", stored: 1},
		{name: "an alert that never was", id: id, say: `{"identifier":"x","revision":1,"state":"seen"}`, kind: "receipt_refused", code: "unknown", stored: 1},
		{name: "not JSON", id: id, say: `x`, kind: "receipt_refused", code: "bad", stored: 1},
		{name: "nothing", id: id, say: ``, kind: "receipt_refused", code: "bad", stored: 1},
		{name: "too large", id: id, say: `{"pad":"` + strings.Repeat("x", readLimit) + `"}`, kind: "receipt_refused", code: "bad", stored: 1},
		{name: "a station that was removed", id: "st-gone", say: good, kind: "receipt_refused", code: "unknown", stored: 1},
		{
			name: "a feed that is starting", id: id, say: good, kind: "receipt_refused", code: "unavailable", retry: true, stored: 1,
			change: func() { w.feed.ready.Store(false) }, undone: func() { w.feed.ready.Store(true) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change()
				defer c.undone()
			}
			var a receiptAnswer
			if err := json.Unmarshal(w.feed.DirectReceipt(c.id, []byte(c.say)), &a); err != nil {
				t.Fatal(err)
			}
			if a.Type != c.kind || a.Code != c.code || a.Retry != c.retry || (a.Code != "") != (a.Detail != "") {
				t.Errorf("answered %+v", a)
			}
			if n := len(w.inbox.all()); n != c.stored {
				t.Errorf("%d receipts on the ledger, want %d", n, c.stored)
			}
		})
	}
	if r := w.inbox.all()[0]; r.Recipient != id || r.State != adapter.OnAir || r.By != "Lea" {
		t.Errorf("the ledger has %+v", r)
	}
}

// One station that floods is told so, and another one is not.
func TestDirectReceiptsKeepTheirPace(t *testing.T) {
	w := newWorld(t, nil)
	wild, _ := w.station("*")
	calm, _ := w.station("*")
	w.putRead(msg("zoe", 1, alert.TypeAlert))
	refused := 0
	for range frameBurst + 200 {
		if strings.Contains(string(w.feed.DirectReceipt(wild, []byte(`{}`))), `"code":"rate"`) {
			refused++
		}
	}
	if refused == 0 || refused > 200 {
		t.Errorf("%d of %d were too many", refused, frameBurst+200)
	}
	if got := string(w.feed.DirectReceipt(calm, []byte(`{"identifier":"be.police.zoe.1","revision":1,"state":"seen"}`))); !strings.Contains(got, "receipt_ok") {
		t.Errorf("the other one is answered with %s", got)
	}
}

func TestWithNATS(t *testing.T) {
	all, _, err := NewStation("Radio Nord", nil, alert.French)
	if err != nil {
		t.Fatal(err)
	}
	got, err := WithNATS(all, "ACCOUNT")
	if err != nil || NATSAccount(got) != "ACCOUNT" || NATSAccount(all) != "" {
		t.Errorf("account %q, before %q: %v", NATSAccount(got), NATSAccount(all), err)
	}
	some, _, err := NewStation("Radio Anvers", []string{"BE-VAN"}, alert.French)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WithNATS(some, "ACCOUNT"); err == nil || !strings.Contains(err.Error(), "areas") {
		t.Errorf("a station of one area: %v", err)
	}
	got.Areas = []string{"BE-VAN"} // limited afterwards
	if NATSAccount(got) != "" {
		t.Error("a station that was limited to one area keeps the whole log")
	}
}

// A station that follows over NATS is on the line, and is sent to by the log
// itself; when it has not asked for a while it is gone.
func TestDirectPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(adapter.Env{
			Realm: alert.Live, Log: slog.New(slog.DiscardHandler), Alerts: newLog(), Inbox: &memInbox{},
			Recipients: &memRegistry{by: map[string]adapter.Recipient{"st-a": {ID: "st-a", Channel: Name, Name: "A"}}},
		}, defaults())
		send := func() string {
			got, err := f.Send(t.Context(), adapter.Delivery{Message: msg("zoe", 1, alert.TypeAlert)}, []adapter.Recipient{{ID: "st-a"}})
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Failure != nil {
				return got[0].Failure.Reason
			}
			return string(got[0].State)
		}
		if p := f.Stations()[0]; p.Connected || send() != "not connected" {
			t.Errorf("before it came: %+v, %s", p, send())
		}
		came := time.Now()
		for range 10 {
			f.DirectPresence([]string{"st-a"})
			time.Sleep(5 * time.Second)
		}
		if p := f.Stations()[0]; !p.Connected || !p.Since.Equal(came) || p.Sessions != 1 || send() != "sent" {
			t.Errorf("on the line since %v: %+v, %s", came, p, send())
		}
		gone := time.Now().Add(-5 * time.Second)
		time.Sleep(directAway)
		if p := f.Stations()[0]; p.Connected || !p.Since.Equal(gone) || send() != "not connected" {
			t.Errorf("gone since %v: %+v, %s", gone, p, send())
		}
		f.DirectPresence([]string{"st-a"})
		if p := f.Stations()[0]; !p.Connected || !p.Since.Equal(time.Now()) {
			t.Errorf("back since %v: %+v", time.Now(), p)
		}
	})
}
