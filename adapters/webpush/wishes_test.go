package webpush

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

func TestWishesSurvivePacking(t *testing.T) {
	sub := subscription{fcm + "x", goodPoint, goodSecret}
	for name, s := range map[string]stored{
		"none":    {subscription: sub},
		"all":     {sub, wishes{&hours{22 * 60, 7*60 + 30, "Europe/Brussels"}, true}, "2026-11-22"},
		"another": {sub, wishes{Quiet: &hours{0, 1439, "America/St_Johns"}}, ""},
		"UTC":     {sub, wishes{Quiet: &hours{1, 2, "UTC"}}, "2030-01-01"},
	} {
		packed, err := pack(mustJSON(t, s))
		if err != nil {
			t.Fatal(name, err)
		}
		to, err := unpack(adapter.Recipient{Packed: packed})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := to.stored(); !reflect.DeepEqual(got, s) {
			t.Errorf("%s: came back as %+v", name, got)
		}
	}
	// A record from before there were wishes, and one with a zone that is gone, are told aloud.
	for name, raw := range map[string]string{
		"old":  `{"endpoint":"` + fcm + `x","p256dh":"` + goodPoint + `","auth":"` + goodSecret + `"}`,
		"zone": `{"endpoint":"` + fcm + `x","p256dh":"` + goodPoint + `","auth":"` + goodSecret + `","quiet":{"from":"00:00","to":"23:59","zone":"Mars/Olympus"}}`,
	} {
		to, err := unpack(adapter.Recipient{Address: json.RawMessage(raw)})
		if err != nil || to.silent(time.Now(), false) {
			t.Errorf("%s: %v, or silent", name, err)
		}
	}
}

func TestSilent(t *testing.T) {
	at := func(text string) time.Time {
		zone, err := time.LoadLocation("Europe/Brussels")
		if err != nil {
			t.Fatal(err)
		}
		v, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	night, noon := &hours{22 * 60, 7 * 60, "Europe/Brussels"}, &hours{12 * 60, 13 * 60, "Europe/Brussels"}
	for _, c := range []struct {
		name  string
		wish  wishes
		now   string
		grave bool
		want  bool
	}{
		{"no wish", wishes{}, "2026-11-22 03:00", false, false},
		{"before night", wishes{Quiet: night}, "2026-11-22 21:59", true, false},
		{"night begins", wishes{Quiet: night}, "2026-11-22 22:00", true, true},
		{"after midnight", wishes{Quiet: night}, "2026-11-23 03:00", true, true},
		{"night ends", wishes{Quiet: night}, "2026-11-23 07:00", true, false},
		{"in summer, by the clock on the wall", wishes{Quiet: night}, "2026-07-01 06:59", true, true},
		{"noon", wishes{Quiet: noon}, "2026-11-22 12:30", true, true},
		{"after noon", wishes{Quiet: noon}, "2026-11-22 13:00", true, false},
		{"calm", wishes{Calm: true}, "2026-11-22 13:00", false, true},
		{"calm and grave", wishes{Calm: true}, "2026-11-22 13:00", true, false},
	} {
		packed, err := pack(mustJSON(t, stored{subscription{fcm + "x", goodPoint, goodSecret}, c.wish, ""}))
		if err != nil {
			t.Fatal(err)
		}
		to, err := unpack(adapter.Recipient{Packed: packed})
		if err != nil {
			t.Fatal(err)
		}
		if got := to.silent(at(c.now), c.grave); got != c.want {
			t.Errorf("%s: silent %v", c.name, got)
		}
	}
}

// The citizen who wants calm gets the alert all the same, without its sound,
// and his neighbour in the same batch hears it.
func TestQuietIsStillTold(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	users, batch := subscribers(t, s, a, 2)
	to, err := unpack(batch[0])
	if err != nil {
		t.Fatal(err)
	}
	wish := to.stored()
	wish.Calm = true
	batch[0].Address = mustJSON(t, wish)
	for i, c := range []struct {
		typ           alert.MsgType
		circumstances alert.Circumstances
		silent        [2]bool
	}{
		{alert.TypeAlert, alert.AbductionStranger, [2]bool{false, false}},
		{alert.TypeAlert, alert.EndangeredRunaway, [2]bool{true, false}},
		{alert.TypeCancel, "", [2]bool{true, true}},
	} {
		m := message(c.typ, i+1)
		if m.Facts != nil {
			m.Facts.Circumstances = c.circumstances
		}
		if _, err := a.Send(t.Context(), delivery(t, a, m), batch); err != nil {
			t.Fatal(err)
		}
		for u := range users {
			got := users[u].Messages()
			plain, err := users[u].Decrypt(got[len(got)-1])
			if err != nil || len(got) != i+1 {
				t.Fatalf("user %d has %d messages, %v", u, len(got), err)
			}
			var d declared
			if err := json.Unmarshal(plain, &d); err != nil {
				t.Fatal(err)
			}
			if n := d.Notification; n.Silent != c.silent[u] || n.Silent && n.Renotify || n.Title != m.Texts[alert.English].PushTitle || d.WebPush != 8030 {
				t.Errorf("%s %s, user %d: %+v", c.typ, c.circumstances, u, n)
			}
		}
	}
}
