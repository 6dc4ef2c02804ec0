package casework

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// bootReal is a process with the real texts.
func bootReal(t *testing.T, w *world) *Service {
	t.Helper()
	return w.boot(t, func(d *Deps) { d.Write = alert.WriteAll })
}

const ownSMS = "EXERCICE. Lina, 9 ans, cherchée depuis la gare. Appelez le +3225544000."

func TestRewordedTextGoesOut(t *testing.T) {
	w := newWorld()
	s := bootReal(t, w)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	machine := must[Preview](t)(s.Preview(ctx, c.ID))
	c = must[Case](t)(s.Reword(ctx, ben, c.ID, c.Version, alert.French, "sms", ownSMS))
	p := must[Preview](t)(s.Preview(ctx, c.ID))
	if len(p.Faults) > 0 || len(p.Edited) != 1 || p.Digest == machine.Digest || p.Edited[0].Machine != machine.Message.Texts[alert.French].SMS {
		t.Fatalf("%v %+v, digest changed: %v", p.Faults, p.Edited, p.Digest != machine.Digest)
	}
	if got := p.Channels[0].Parts[0].Text; got != ownSMS {
		t.Errorf("the channel renders %q", got)
	}
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	_, err := s.Release(ctx, ben, c.ID, c.Digest) // who words a text has written in the alert
	wantErr(t, err, ErrForbidden)
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	got := w.published(t, c.ID)[0].Texts
	want := machine.Message.Texts
	x := want[alert.French]
	x.SMS = ownSMS
	if got[alert.French] != x || got[alert.English] != want[alert.English] {
		t.Errorf("published:\n%+v\nwant\n%+v", got, x)
	}
	if err := verifyAll(t, s, c.ID); err != nil {
		t.Error(err)
	}
}

func verifyAll(t *testing.T, s *Service, id string) error {
	t.Helper()
	_, err := Examine(must[[][]byte](t)(s.RawRecord(t.Context(), id)))
	return err
}

// Another process folds the same.
func TestWordingsAreOnTheRecord(t *testing.T) {
	w := newWorld()
	s := bootReal(t, w)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	c = must[Case](t)(s.Reword(ctx, ben, c.ID, c.Version, alert.French, "sms", "  "+ownSMS+"\r\n"))
	for range 2 { // the same again is no act
		c = must[Case](t)(s.Reword(ctx, ben, c.ID, c.Version, alert.French, "sms", ownSMS))
	}
	c = must[Case](t)(s.Unword(ctx, anna, c.ID, c.Version, alert.French, "sms"))
	c = must[Case](t)(s.Unword(ctx, anna, c.ID, c.Version, alert.French, "sms"))
	if c.Edits != nil || c.LastEditor != "anna" {
		t.Errorf("%v, last editor %s", c.Edits, c.LastEditor)
	}
	var kinds []string
	for _, ev := range must[[]Event](t)(s.Record(ctx, c.ID)) {
		kinds = append(kinds, ev.Kind)
		if ev.Kind == KindWorded && ev.Wording.Edit != nil && (ev.Officer != "ben" || ev.Wording.Edit.Text != ownSMS || ev.Wording.Edit.Machine == "") {
			t.Errorf("%+v by %s", ev.Wording, ev.Officer)
		}
	}
	if got := strings.Join(kinds, " "); got != "drafted worded worded" {
		t.Errorf("the record: %s", got)
	}
	other := bootReal(t, w)
	if a, b := must[Case](t)(s.Get(c.ID)), must[Case](t)(other.Get(c.ID)); !equalJSON(t, a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return string(must[[]byte](t)(json.Marshal(a))) == string(must[[]byte](t)(json.Marshal(b)))
}

func TestStaleWordsHoldUpTheSubmission(t *testing.T) {
	s := bootReal(t, newWorld())
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	c = must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	d := c.Draft
	d.Facts.LastSeen.Place = "Gare du Midi, Brussels"
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
	if c.Stage != StageDraft || len(c.Edits) != 1 {
		t.Fatalf("stage %s, edits %v", c.Stage, c.Edits)
	}
	_, err := s.Submit(ctx, anna, c.ID)
	wantFaults(t, err, "texts.fr.sms")
	confirmed := must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS))
	if confirmed.Version == c.Version {
		t.Error("the confirmation is not on the record")
	}
	must[Case](t)(s.Submit(ctx, anna, c.ID))
}

func TestAnUpdateBeginsWithTheMachinesWords(t *testing.T) {
	w := newWorld()
	s := bootReal(t, w)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	c = must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, c.Draft))
	if c.Edits != nil || c.LiveEdits[alert.French]["sms"].Text != ownSMS {
		t.Fatalf("edits %v, live %v", c.Edits, c.LiveEdits)
	}
	p := must[Preview](t)(s.Preview(ctx, c.ID))
	if sms := p.Message.Texts[alert.French].SMS; len(p.Edited) > 0 || sms == ownSMS {
		t.Errorf("the update says %q", sms)
	}
	c = must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", c.LiveEdits[alert.French]["sms"].Text))
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	c = must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	if got := w.published(t, c.ID)[1]; got.Texts[alert.French].SMS != ownSMS || c.LiveEdits != nil {
		t.Errorf("%q, live edits %v", got.Texts[alert.French].SMS, c.LiveEdits)
	}
	// Wording a live alert's text is the beginning of an update.
	c = must[Case](t)(s.Reword(ctx, ben, c.ID, c.Version, alert.English, "sms", "EXERCISE. Lina, 9, call +3225544000."))
	if c.Stage != StageDraft || c.Revision != 3 || c.LiveEdits[alert.French]["sms"].Text != ownSMS || len(c.Edits) != 1 {
		t.Errorf("stage %s, revision %d, edits %v, live %v", c.Stage, c.Revision, c.Edits, c.LiveEdits)
	}
}

func TestRewordRefuses(t *testing.T) {
	s := bootReal(t, newWorld())
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	_, err := s.Reword(ctx, cleo, c.ID, c.Version, alert.French, "sms", ownSMS)
	wantErr(t, err, ErrForbidden)
	_, err = s.Unword(ctx, cleo, c.ID, c.Version, alert.French, "sms")
	wantErr(t, err, ErrForbidden)
	_, err = s.Reword(ctx, anna, c.ID, c.Version+1, alert.French, "sms", ownSMS)
	wantErr(t, err, ErrConflict)
	for _, x := range [][2]string{{"fr", "fax"}, {"de", "sms"}, {"", ""}} {
		_, err = s.Reword(ctx, anna, c.ID, c.Version, alert.Lang(x[0]), x[1], ownSMS)
		wantErr(t, err, ErrNotFound)
	}
	for _, text := range []string{"", "Lina", "EXERCICE. https://x.example/a", "EXERCICE. \u202e", strings.Repeat("EXERCICE. ", 40)} {
		_, err = s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", text)
		wantFaults(t, err, "texts.fr.sms")
	}
	d := c.Draft
	d.Facts.LastSeen.Place = ""
	c = must[Case](t)(s.Edit(ctx, anna, c.ID, c.Version, d))
	_, err = s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS)
	wantErr(t, err, ErrStage)
	_, err = s.Reword(ctx, anna, "NOSUCHCASE", 1, alert.French, "sms", ownSMS)
	wantErr(t, err, ErrNotFound)
	c = must[Case](t)(s.Reject(ctx, cleo, c.ID, "no criteria"))
	_, err = s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS)
	wantErr(t, err, ErrStage)
}

// Whatever wording comes to lie on the log, by an older version with other
// limits or by a fault: what is over its limit, or not fit to be seen, is not submitted.
func TestNoUnfitTextIsSubmitted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	w := newWorld()
	s := bootReal(t, w)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	letters := []rune("a é\n€漢<&я\u202e")
	refused := 0
	for range 150 {
		lang, name := []alert.Lang{alert.French, alert.English}[r.IntN(2)], alert.TextNames[r.IntN(len(alert.TextNames))]
		var text strings.Builder
		text.WriteString(alert.StatusWord(alert.StatusExercise, lang) + ". ")
		some := letters[:1+r.IntN(len(letters))]
		for range r.IntN(200) {
			text.WriteRune(some[r.IntN(len(some))])
		}
		m, _ := s.message(mustState(t, s, c.ID), time.Now())
		if err := alert.WriteAll(m); err != nil {
			t.Fatal(err)
		}
		edit := alert.Edit{Text: text.String(), Machine: m.Texts[lang].Named(name)}
		c = must[Case](t)(s.act(ctx, anna, c.ID, func(*state) (*Event, error) {
			return &Event{Kind: KindWorded, Wording: &Wording{lang, name, &edit}}, nil
		}))
		kept, _ := alert.CheckEdit(m, lang, name, edit.Text)
		over := alert.Measure(name, kept, lang).Over() || strings.ContainsRune(edit.Text, '\u202e')
		_, err := s.Submit(ctx, anna, c.ID)
		if over && err == nil {
			t.Fatalf("%s.%s: submitted with %q", lang, name, edit.Text)
		}
		if err != nil {
			refused++
			if !strings.Contains(err.Error(), "texts."+string(lang)+"."+name) {
				t.Fatalf("%v does not name the text %s.%s", err, lang, name)
			}
		}
		c = must[Case](t)(s.Get(c.ID))
		c = must[Case](t)(s.Unword(ctx, anna, c.ID, c.Version, lang, name))
	}
	if refused < 20 || refused > 140 {
		t.Errorf("%d of 150 refused: the test tests little", refused)
	}
}

func mustState(t *testing.T, s *Service, id string) *state {
	t.Helper()
	_, st, err := s.find(id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSketchKeepsNothing(t *testing.T) {
	w := newWorld()
	s := bootReal(t, w)
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	c = must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.French, "sms", ownSMS))
	before, record := must[Case](t)(s.Get(c.ID)), len(w.cases.history)
	d := c.clone().Draft
	d.Facts.LastSeen.Place = ""
	k := must[Sketch](t)(s.Sketch(c.ID, &d))
	if k.Whole || !strings.Contains(k.Message.Texts[alert.French].Headline+k.Message.Texts[alert.French].Description, "[lieu]") {
		t.Errorf("whole %v: %+v", k.Whole, k.Message.Texts[alert.French])
	}
	if len(k.Edited) != 1 || !k.Edited[0].Stale || k.Message.Texts[alert.French].SMS != ownSMS || k.Machine[alert.French].SMS == ownSMS {
		t.Errorf("%+v", k.Edited)
	}
	k = must[Sketch](t)(s.Sketch(c.ID, nil))
	if !k.Whole || len(k.Faults) > 0 || len(k.Edited) != 1 || k.Edited[0].Stale {
		t.Errorf("as kept: %+v", k)
	}
	fresh := must[Sketch](t)(s.Sketch("", &Draft{Facts: alert.Facts{Languages: []alert.Lang{alert.English}}}))
	if fresh.Whole || !strings.Contains(fresh.Message.Texts[alert.English].SMS, "[name]") {
		t.Errorf("a new case: %+v", fresh.Message.Texts)
	}
	if after := must[Case](t)(s.Get(c.ID)); !equalJSON(t, before, after) || len(w.cases.history) != record {
		t.Error("the sketch left something behind")
	}
	_, err := s.Sketch("NOSUCHCASE", nil)
	wantErr(t, err, ErrNotFound)
}
