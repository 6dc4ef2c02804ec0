package broadcast

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSend: the job's process asks the ledger and the nodes, and carries nothing itself.
func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		on, line := b.station()
		off, _, _ := NewStation("Off", nil, alert.French)
		_ = b.reg.Put(t.Context(), off)
		far, _, _ := NewStation("Far", nil, alert.French)
		_ = b.reg.Put(t.Context(), far)
		b.far.they = []adapter.Attendance{
			{Recipient: far.ID, Sessions: 1, Since: time.Now().Add(-time.Hour), Node: "b"},
			{Recipient: off.ID, Since: time.Now().Add(-time.Minute), Node: "b"},
		}
		m := msg("zoe", 1, alert.TypeAlert)
		b.log.put(m)
		if got := line.take(t, "alert"); len(got) != 1 {
			t.Fatalf("the log brought %d alerts", len(got))
		}
		expect := func(when string, want ...string) {
			t.Helper()
			for i, r := range b.send(m, on, off.ID, far.ID) {
				got := string(r.State)
				if r.Failure != nil {
					got = r.Failure.Class.String() + ": " + r.Failure.Reason
				} else if r.Ref != m.Identifier {
					t.Errorf("%s: ref %q", when, r.Ref)
				}
				if got != want[i] {
					t.Errorf("%s: station %d is %q, want %q", when, i, got, want[i])
				}
			}
		}
		const silent, away = "temporary: no received within 30 s", "temporary: not connected"
		expect("at once", "sent", away, "sent")
		time.Sleep(29 * time.Second)
		expect("before the time is up", "sent", away, "sent")
		time.Sleep(2 * time.Second)
		expect("after half a minute", silent, away, silent)
		b.connect(off.ID, resumeFrame{})
		expect("one that has just come back", silent, "sent", silent)
		// The far one tells its own node; the ledger is everybody's.
		_ = b.book.Report(t.Context(), adapter.Report{Recipient: far.ID, Identifier: m.Identifier, State: adapter.Seen})
		expect("confirmed elsewhere", silent, "sent", "received")
		b.far.they = nil
		expect("and then it left", silent, "sent", "received")
		b.log.put(msg("zoe", 2, alert.TypeCancel))
		synctest.Wait()
		expect("withdrawn", "rejected: no longer live", "rejected: no longer live", "received")
	})
}

// TestUnconfirmedIsSentAgain: after 15 seconds and then ever more rarely, by the
// node that holds the session, until the station's word is on the ledger, whoever put it there.
func TestUnconfirmedIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		id, line := b.station()
		m := msg("zoe", 1, alert.TypeAlert)
		m.Expires = time.Now().Add(40 * time.Minute)
		b.log.put(m)
		first := line.take(t, "alert")
		var at []time.Duration
		start := time.Now()
		for range 31 * 60 {
			time.Sleep(time.Second)
			for _, f := range line.take(t, "alert") {
				at = append(at, time.Since(start))
				if f.Seq != first[0].Seq || !f.Replay || f.Prev != first[0].Seq || f.CAP != first[0].CAP {
					t.Fatalf("sent again as %s", f.raw)
				}
			}
		}
		want := []time.Duration{15, 45, 105, 225, 465, 765, 1065, 1365, 1665}
		if len(at) != len(want) {
			t.Fatalf("sent again after %v", at)
		}
		for i, d := range want {
			if late := at[i] - d*time.Second; late < 0 || late > 10*time.Second {
				t.Errorf("sent again after %v, want about %v", at, want)
				break
			}
		}
		_ = b.book.Report(t.Context(), adapter.Report{Recipient: id, Identifier: m.Identifier, State: adapter.Received})
		time.Sleep(6 * time.Minute)
		if n := len(line.take(t, "alert")); n != 0 {
			t.Errorf("sent %d times more after it was confirmed on another node", n)
		}
		_, other := b.station() // comes late, and confirms nothing
		if n := len(other.take(t, "alert")); n != 1 {
			t.Errorf("it was sent %d alerts", n)
		}
		time.Sleep(17 * time.Second)
		if n := len(other.take(t, "alert")); n != 1 {
			t.Errorf("sent %d times more within 17 seconds, want once", n)
		}
		time.Sleep(time.Hour)
		other.take(t, "")
		time.Sleep(time.Hour)
		if n := len(other.take(t, "alert")); n != 0 {
			t.Errorf("sent %d times more after its end", n)
		}
	})
}

// TestAckedComesFromTheLedger: what a station has confirmed is not sent on "acked" by a
// node that has heard nothing of it itself, be it new or another.
func TestAckedComesFromTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		id, line := b.station()
		confirmed, open := msg("zoe", 1, alert.TypeAlert), msg("leo", 1, alert.TypeAlert)
		b.log.put(confirmed)
		b.log.put(open)
		b.book.has[id+" "+confirmed.Identifier] = true
		line.take(t, "")
		got := b.connect(id, resumeFrame{Start: "acked"}).take(t, "alert")
		if len(got) != 1 || got[0].Identifier != open.Identifier {
			t.Errorf("acked gave %+v, want only what was not confirmed", got)
		}
	})
}

func TestStations(t *testing.T) {
	w := newWorld(t, nil)
	on, token := w.station()
	off, _ := w.station()
	c, _ := w.join(token, nil)
	w.join(token, nil)
	w.until("both sessions are seen", func() bool { return w.feed.Stats().Sessions == 2 })
	for _, p := range w.feed.Stations() {
		switch p.ID {
		case on:
			if !p.Connected || p.Sessions != 2 || p.Since.IsZero() || p.Name != "Radio Test" {
				t.Errorf("%+v", p)
			}
		case off:
			if p.Connected || p.Sessions != 0 || !p.Since.IsZero() {
				t.Errorf("%+v", p)
			}
		}
	}
	c.Close()
	w.until("one is gone", func() bool { return w.feed.Stats().Sessions == 1 && w.feed.Stats().Stations == 1 })
}

func TestRender(t *testing.T) {
	f := &Feed{settings: defaults(), env: adapter.Env{Realm: alert.Live}}
	for _, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeCancel} {
		m := msg("zoe", 1, typ)
		p, err := f.Render(m, alert.French)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.MarshalIndent(struct {
			Body  json.RawMessage
			Parts []adapter.Part
		}{p.Body, p.Parts}, "", "\t")
		path := filepath.Join("testdata", strings.ToLower(string(typ))+"-fr.golden")
		if *update {
			_ = os.MkdirAll("testdata", 0o755)
			if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || strings.TrimSpace(string(want)) != string(got) {
			t.Errorf("%s differs (%v); run with -update and read it:\n%s", path, err, got)
		}
	}
	tests := []struct {
		field  string
		break_ func(*alert.Texts)
	}{
		{"texts.fr.headline", func(x *alert.Texts) { x.Headline = strings.Repeat("é", 161) }},
		{"texts.fr.spoken", func(x *alert.Texts) { x.SpokenSeconds = 91 }},
		{"texts.fr.crawl", func(x *alert.Texts) { x.Crawl = strings.Repeat("é", 201) }},
		{"texts.fr.radiotext", func(x *alert.Texts) { x.RadioText = strings.Repeat("é", 65) }},
		{"texts.fr.radiotext", func(x *alert.Texts) { x.RadioText = "" }},
	}
	for _, tt := range tests {
		m := msg("zoe", 1, alert.TypeAlert)
		x := m.Texts[alert.French]
		tt.break_(&x)
		m.Texts[alert.French] = x
		if _, err := f.Render(m, alert.French); err == nil || !strings.HasPrefix(err.Error(), tt.field+":") {
			t.Errorf("want a fault of %s, got %v", tt.field, err)
		}
	}
	if _, err := f.Render(msg("zoe", 1, alert.TypeAlert), alert.German); err == nil {
		t.Error("a language that the alert does not speak was rendered")
	}
}

func TestSettings(t *testing.T) {
	w := newWorld(t, nil)
	for raw, want := range map[string]string{
		`{"heartbeat_s":11}`:           "heartbeat_s",
		`{"heartbeat_s":0}`:            "heartbeat_s",
		`{"node":""}`:                  "node",
		`{"heartbeat":5}`:              "heartbeat",
		`{"heartbeat_s":5,"node":"b"}`: "",
		``:                             "",
	} {
		_, closeFeed, err := Driver().Open(t.Context(), json.RawMessage(raw), w.feed.env)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", raw, err)
			} else if err := closeFeed(t.Context()); err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not name %s", raw, err, want)
		}
	}
	if _, _, err := Driver().Open(t.Context(), nil, adapter.Env{}); err == nil {
		t.Error("a feed without a log was opened")
	}
}

// TestRepeat: the feed asks for the pace that the message was signed with, and never past its end.
func TestRepeat(t *testing.T) {
	m := msg("zoe", 1, alert.TypeAlert)
	if r := repeatOf(m); r != nil {
		t.Errorf("repeat %+v of a message that asks for none", r)
	}
	m.Repeat = &alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour}
	m.Expires = m.Sent.Add(time.Hour)
	if r := repeatOf(m); r == nil || r.EverySeconds != 900 || !r.Until.Equal(m.Expires) {
		t.Errorf("repeat %+v, want every 15 minutes until the alert ends", r)
	}
}
