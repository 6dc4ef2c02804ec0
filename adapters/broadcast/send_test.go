package broadcast

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestSend(t *testing.T) {
	w := newWorld(t, func(f *Feed) { f.limits.settled = 0 })
	on, token := w.station()
	off, _ := w.station()
	m := msg("zoe", 1, alert.TypeAlert)
	send := func(m *alert.Message) []adapter.Receipt {
		t.Helper()
		got, err := w.feed.Send(t.Context(), adapter.Delivery{Message: m}, []adapter.Recipient{{ID: on}, {ID: off}})
		if err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		if f := got[1].Failure; f == nil || f.Class != adapter.Temporary || f.Reason != "not connected" {
			t.Errorf("station that is away: %+v", got[1])
		}
		return got
	}
	c, _ := w.join(token, nil)
	c.next("live")
	if got := send(m); got[0].State != adapter.Sent || got[0].Failure != nil {
		t.Errorf("before the log brought it: %+v", got[0])
	}
	w.putRead(m)
	first := c.next("alert")
	if got := send(m); got[0].State != adapter.Sent || got[0].Ref != m.Identifier {
		t.Errorf("not confirmed: %+v", got[0])
	}
	again := c.next("alert")
	if again.Seq != first.Seq || !again.Replay || again.Prev != first.Seq || again.CAP != first.CAP {
		t.Errorf("sent again as %s", again.raw)
	}
	c.send(map[string]any{"type": "receipt", "identifier": m.Identifier, "revision": 1, "state": "received"})
	c.next("receipt_ok")
	if got := send(m); got[0].State != adapter.Received {
		t.Errorf("confirmed: %+v", got[0])
	}
	w.putRead(msg("zoe", 2, alert.TypeCancel))
	if f := c.next("alert"); f.MsgType != "Cancel" || f.Prev != first.Seq {
		t.Errorf("after the confirmation came %s", f.raw)
	}
	gone := msg("late", 1, alert.TypeAlert)
	w.putRead(gone)
	w.putRead(msg("late", 2, alert.TypeCancel))
	got, _ := w.feed.Send(t.Context(), adapter.Delivery{Message: gone}, []adapter.Recipient{{ID: on}})
	if f := got[0].Failure; f == nil || f.Class != adapter.Rejected {
		t.Errorf("withdrawn meanwhile: %+v", got[0])
	}
}

func TestSendTrustsTheLogForAWhile(t *testing.T) {
	w := newWorld(t, nil)
	id, token := w.station()
	c, _ := w.join(token, nil)
	c.next("live")
	m := msg("zoe", 1, alert.TypeAlert)
	w.putRead(m)
	if got, _ := w.feed.Send(t.Context(), adapter.Delivery{Message: m}, []adapter.Recipient{{ID: id}}); got[0].State != adapter.Sent {
		t.Errorf("%+v", got)
	}
	w.putRead(msg("b", 1, alert.TypeAlert))
	if a, b := c.next("alert"), c.next("alert"); a.Case != "zoe" || b.Case != "b" {
		t.Errorf("sent twice: %s %s", a.raw, b.raw)
	}
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
