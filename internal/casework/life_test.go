package casework

import (
	"encoding/json"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func message(t testing.TB, data []byte) *alert.Message {
	t.Helper()
	m := new(alert.Message)
	if err := json.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLife(t *testing.T) {
	w := newWorld()
	s := w.boot(t)
	ctx := t.Context()

	c, token := withPhoto(t, s)
	if c.Stage != StageSubmitted || c.Submitter != "anna" || c.Revision != 1 || c.Digest == "" {
		t.Fatalf("submitted case: %+v", c)
	}
	p := must[Preview](t)(s.Preview(ctx, c.ID))
	if p.Digest != c.Digest || len(p.Channels) != 4 || p.Channels[0].Recipients != 600 || len(p.Faults) != 0 {
		t.Fatalf("preview %+v", p)
	}
	if want := "https://alert.example/photos/" + token + ".jpg"; p.Message.Media[0].URL != want || p.Message.Media[0].Name != "Photo de Lina" {
		t.Errorf("media %+v, want %s", p.Message.Media[0], want)
	}
	if p.Message.Page != "https://alert.example/*/alerts/"+c.ID {
		t.Errorf("page %s", p.Message.Page)
	}
	if !p.Message.Sent.IsZero() || p.Message.CAP != nil {
		t.Error("a preview must have neither sent nor a signature")
	}

	c = must[Case](t)(s.Release(ctx, cleo, c.ID, p.Digest))
	if c.Stage != StageReleased || c.Live == nil || c.Live.Revision != 1 || c.Pending || len(c.Live.Media) != 2 {
		t.Fatalf("released case: %+v", c)
	}
	// Once more is no fault, and nothing goes out again.
	must[Case](t)(s.Release(ctx, cleo, c.ID, p.Digest))

	d := draft()
	d.Facts.Children[0].Photo = token
	d.Facts.Areas = []string{"BE-VAN", "BE-LIM"}
	d.Facts.LastSeen.Place = "Antwerp"
	c = must[Case](t)(s.Edit(ctx, erik, c.ID, c.Version, d))
	if c.Stage != StageDraft || c.Revision != 2 || c.Live == nil || c.Live.Revision != 1 || len(c.Editors) != 1 || c.Editors[0] != "erik" {
		t.Fatalf("update under way: %+v", c)
	}
	c = must[Case](t)(s.Submit(ctx, erik, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	if c.Live.Revision != 2 || !c.Released.Before(c.Changed) {
		t.Fatalf("updated case: %+v", c)
	}

	c = must[Case](t)(s.Withdraw(ctx, anna, c.ID, alert.OutcomeFound, alert.Localized{alert.English: "She is well. Thank you."}))
	if c.Stage != StageWithdrawn || c.Live != nil || c.Outcome != alert.OutcomeFound || c.Revision != 3 || c.Pending || len(c.Photos) != 0 {
		t.Fatalf("withdrawn case: %+v", c)
	}
	if held := w.objects.held(); len(held) != 0 {
		t.Errorf("objects after the withdrawal: %v", held)
	}

	all := w.published(t, c.ID)
	if len(all) != 3 {
		t.Fatalf("%d messages published, want 3", len(all))
	}
	for i, want := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel} {
		m := all[i]
		if m.MsgType != want || m.Revision != i+1 || len(m.References) != i || string(m.CAP) != "<alert>"+m.Identifier+"</alert>" {
			t.Errorf("message %d: %s, revision %d, references %v, CAP %s", i, m.MsgType, m.Revision, m.References, m.CAP)
		}
		if i > 0 && !m.Sent.After(all[i-1].Sent) {
			t.Errorf("revision %d was sent at %v, not after %v", m.Revision, m.Sent, all[i-1].Sent)
		}
	}
	cancel := all[2]
	if got := strings.Join(cancel.AreaCodes(), " "); got != "BE-VAN BE-LIM BE-BRU" {
		t.Errorf("the withdrawal reaches %s, want every area of every revision", got)
	}
	if cancel.Facts != nil || cancel.Media != nil || cancel.Outcome != alert.OutcomeFound {
		t.Errorf("withdrawal: %+v", cancel)
	}
	if d := cancel.Texts[alert.English].Description; !strings.HasSuffix(d, "\nShe is well. Thank you.") {
		t.Errorf("description %q lacks the officer's words", d)
	}
	if d := cancel.Texts[alert.French].Description; strings.Contains(d, "well") {
		t.Errorf("English words in the French description %q", d)
	}
	if len(w.alerts.records) != 1 {
		t.Errorf("%d messages on ALERTS after the withdrawal, want the withdrawal alone", len(w.alerts.records))
	}

	var kinds []string
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		kinds = append(kinds, ev.Kind)
	}
	want := "drafted photo_added edited submitted released published edited submitted released published withdrawn published purged"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("record\n%s, want\n%s", got, want)
	}
	if strings.Contains(w.log.String(), "Lina") || strings.Contains(w.log.String(), "Petit") {
		t.Errorf("personal data in the log: %s", w.log.String())
	}

	// Another process that starts on the same log sees the same.
	again := must[Case](t)(w.boot(t).Get(c.ID))
	if a, b := string(must[[]byte](t)(json.Marshal(c))), string(must[[]byte](t)(json.Marshal(again))); a != b {
		t.Errorf("after a restart\n%s, before\n%s", b, a)
	}
}
