package newsroom

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// say sends one answer of Radio Nord's Eva about m; form is key and value in turn.
func (b browser) say(m *alert.Message, form ...string) (*http.Response, string) {
	b.t.Helper()
	v := url.Values{"identifier": {m.Identifier}}
	for i := 0; i+1 < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	return b.post("/newsroom/fr/receipts", v)
}

// Each button's way to the ledger, and each fault's way back to the form.
func TestAnswers(t *testing.T) {
	brussels := must(time.LoadLocation("Europe/Brussels"))(t)
	now := time.Now().In(brussels)
	clock := func(d time.Duration) string { return now.Add(d).Format("15:04") }
	for _, tt := range []struct {
		name   string
		form   []string
		status int
		want   string // on the ledger; empty = nothing
		says   string // on the page, or in the address that follows
	}{
		{"seen", []string{"state", "seen"}, 303, "seen Eva Maes|", "done=seen#7GQ2XKPB4MNT"},
		{"on air now", []string{"state", "on_air", "when", "now"}, 303, "on_air Eva Maes|", "done=on_air"},
		{"on air a while ago, on a channel", []string{"state", "on_air", "when", "at", "at", clock(-20 * time.Minute), "programme", "La Une"}, 303, "on_air Eva Maes||La Une", "done=on_air"},
		{"planned", []string{"state", "on_air", "when", "at", "at", clock(40 * time.Minute)}, 303, "seen Eva Maes|queued for air at " + clock(40*time.Minute), "done=planned"},
		{"on air before it was released", []string{"state", "on_air", "when", "at", "at", clock(-2 * time.Hour)}, 422, "", "avant l’émission"},
		{"no time", []string{"state", "on_air", "when", "at", "at", ""}, 422, "", `id="on_air-at"`},
		{"an impossible time", []string{"state", "on_air", "when", "at", "at", "25:00"}, 422, "", "Donnez une heure"},
		{"a channel of a novel", []string{"state", "on_air", "when", "now", "programme", strings.Repeat("é", 81)}, 422, "", "Au plus 80"},
		{"declined", []string{"state", "declined", "reason", "slot"}, 303, "declined Eva Maes|No airtime now", "done=declined"},
		{"declined in own words", []string{"state", "declined", "reason", "editorial", "words", " trop\r\n tard "}, 303, "declined Eva Maes|Editorial decision: trop tard", "done=declined"},
		{"declined for another reason", []string{"state", "declined", "reason", "other", "words", "grève"}, 303, "declined Eva Maes|grève", "done=declined"},
		{"declined without a reason", []string{"state", "declined"}, 422, "", `href="#declined-reason"`},
		{"declined with a strange reason", []string{"state", "declined", "reason", "playout"}, 422, "", "Choisissez une raison"},
		{"another reason and no words", []string{"state", "declined", "reason", "other"}, 422, "", `href="#declined-words"`},
		{"a novel", []string{"state", "declined", "reason", "slot", "words", strings.Repeat("é", 301)}, 422, "", "Au plus 300"},
		{"hidden characters", []string{"state", "declined", "reason", "slot", "words", "a\u202eb"}, 422, "", "Au plus 300"},
		{"failed", []string{"state", "failed", "reason", "playout"}, 303, "failed Eva Maes|Fault in playout", "done=failed"},
		{"failed without a reason", []string{"state", "failed"}, 422, "", `href="#failed-reason"`},
		{"removed, of a live alert", []string{"state", "removed"}, 400, "", "formulaire"},
		{"received, by a person", []string{"state", "received"}, 400, "", "formulaire"},
		{"no state", nil, 400, "", "formulaire"},
		{"a state in markup", []string{"state", "<b>"}, 400, "", "formulaire"},
		{"no alert", []string{"identifier", "", "state", "seen"}, 404, "", "alerte"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, alert.Live)
			m := w.publish(w.story(func(m *alert.Message) { m.Sent = m.Sent.Add(-time.Hour) }))
			b := w.browser("eva")
			for range 2 { // pressed twice, or sent again by the browser
				res, body := b.say(m, tt.form...)
				if res.StatusCode != tt.status || !strings.Contains(body+res.Header.Get("Location"), tt.says) {
					t.Fatalf("%s, want %d and %q\n%s", res.Status, tt.status, tt.says, body)
				}
			}
			said := slices.DeleteFunc(w.acts(nord), func(act string) bool { return act == "received |" })
			if got := strings.Join(said, "\n"); got != tt.want {
				t.Errorf("the ledger has\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// What was typed comes back with the mend, and a chosen reason in the reader's language.
func TestFormsRemember(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	_, body := b.say(m, "state", "declined", "words", `"><img src=x>`)
	if !strings.Contains(body, `value="&#34;&gt;&lt;img src=x&gt;"`) {
		t.Error("the words typed are gone, or are markup")
	}
	b.say(m, "state", "declined", "reason", "slot", "words", "ce soir non")
	b.say(m, "state", "on_air", "when", "at", "at", time.Now().Add(30*time.Minute).In(must(time.LoadLocation("Europe/Brussels"))(t)).Format("15:04"))
	for lang, says := range map[string][]string{
		"fr": {"Pas d’antenne disponible maintenant: ce soir non", "prévue à"},
		"de": {"Zurzeit keine Sendezeit: ce soir non", "geplant für"},
		"ru": {"Сейчас нет эфирного времени: ce soir non", "запланировано на"},
	} {
		_, body := b.get("/newsroom/" + lang + "/")
		for _, s := range says {
			if !strings.Contains(body, s) {
				t.Errorf("%s: the page does not say %q", lang, s)
			}
		}
	}
}

// Second thoughts are kept beside the first, and two people of a station are two.
func TestSecondThoughts(t *testing.T) {
	w := newWorld(t, alert.Live)
	m := w.publish(w.story(nil))
	w.editor("ivo", "Ivo Claes", nord)
	eva, ivo := w.browser("eva"), w.browser("ivo")
	eva.say(m, "state", "declined", "reason", "doubt")
	ivo.say(m, "state", "on_air", "when", "now")
	eva.say(m, "state", "on_air", "when", "now")
	eva.say(m, "state", "failed", "reason", "playout")
	want := "received |\ndeclined Eva Maes|We could not confirm it\non_air Ivo Claes|\non_air Eva Maes|\nfailed Eva Maes|Fault in playout"
	if got := strings.Join(w.acts(nord), "\n"); got != want {
		t.Errorf("the ledger has\n%s\nwant\n%s", got, want)
	}
	board := must(w.ledger.Board(m.Case))(t)
	if row := board.Rows[0]; row.Recipient != nord || row.State != adapter.OnAir {
		t.Errorf("the officer's board says %+v", row)
	}
	if _, body := eva.get("/newsroom/fr/"); !strings.Contains(body, `<span class="tag red">Échec</span>`) {
		t.Error("the page does not say what the station said last")
	}
}

// Airing an older revision is still an airing of that one; of a withdrawn alert, only its removal is asked.
func TestAnswersToOtherRevisions(t *testing.T) {
	w := newWorld(t, alert.Live)
	first := w.publish(w.story(nil))
	w.publish(w.story(func(m *alert.Message) {
		m.Revision, m.MsgType = 2, alert.TypeUpdate
		m.References = []alert.Ref{{Sender: first.Sender, Identifier: first.Identifier, Sent: first.Sent}}
	}))
	b := w.browser("eva")
	if res, _ := b.say(first, "state", "on_air", "when", "now"); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the older revision: %s", res.Status)
	}
	acts := w.ledger.Acts(first.Case, "broadcast", nord)
	if last := acts[len(acts)-1]; last.Revision != 1 || last.State != adapter.OnAir {
		t.Errorf("the ledger ends with %+v", last)
	}
	_, body := b.get("/newsroom/fr/")
	if !strings.Contains(body, "Sans réponse") || !strings.Contains(body, "révision 2") {
		t.Error("an answer to revision 1 answers revision 2")
	}

	end := w.withdraw(w.set.Live()[0].Message, alert.OutcomeFound)
	if res, _ := b.say(first, "state", "on_air", "when", "at", "at", time.Now().In(must(time.LoadLocation("Europe/Brussels"))(t)).Format("15:04")); res.StatusCode != http.StatusSeeOther {
		t.Errorf("an airing before the withdrawal: %s", res.Status)
	}
	if res, _ := b.say(end, "state", "on_air", "when", "now"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("airing a withdrawal: %s", res.Status)
	}
	if res, _ := b.say(end, "state", "removed"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("removed: %s", res.Status)
	}
	_, body = b.get("/newsroom/fr/")
	if !strings.Contains(body, "Retrait confirmé") || !strings.Contains(body, "(Eva Maes)") || strings.Contains(body, "over open") {
		t.Errorf("the removal is not shown as confirmed:\n%s", body)
	}
}

// failing is a ledger that cannot store while err is set.
type failing struct {
	Ledger
	err *error
}

func (l *failing) Report(ctx context.Context, r adapter.Report) error {
	if *l.err != nil {
		return *l.err
	}
	return l.Ledger.Report(ctx, r)
}

// A press that was not stored is never thanked for.
func TestLedgerInTrouble(t *testing.T) {
	fail := new(error)
	w := newWorld(t, alert.Live, func(d *Deps) { d.Ledger = &failing{Ledger: d.Ledger, err: fail} })
	m := w.publish(w.story(nil))
	b := w.browser("eva")
	for _, tt := range []struct {
		err    error
		status int
	}{{errors.New("disk full"), 503}, {adapter.ErrUnknown, 404}, {nil, 303}} {
		*fail = tt.err
		if res, body := b.say(m, "state", "seen"); res.StatusCode != tt.status || strings.Contains(body, "disk") {
			t.Errorf("%v: %s, want %d", tt.err, res.Status, tt.status)
		}
	}
}

func TestNearest(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	for _, tt := range []struct {
		hour, minute int
		now, want    time.Time
	}{
		{14, 5, at(22, 14, 30), at(22, 14, 5)},
		{15, 0, at(22, 14, 30), at(22, 15, 0)},
		{23, 50, at(22, 0, 10), at(21, 23, 50)},
		{0, 10, at(22, 23, 50), at(23, 0, 10)},
		{2, 0, at(22, 13, 0), at(22, 2, 0)},
		{2, 0, at(22, 15, 0), at(23, 2, 0)},
	} {
		if got := nearest(tt.hour, tt.minute, tt.now); !got.Equal(tt.want) {
			t.Errorf("%02d:%02d at %v is %v, want %v", tt.hour, tt.minute, tt.now, got, tt.want)
		}
	}
}
