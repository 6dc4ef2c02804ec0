package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// Each text in an officer's own words arrives at the far end of its channel, and
// the update says again what the machine writes. Guards invariant 2.
func TestEditedTextsGoOut(t *testing.T) {
	w := newWorld(t)
	w.open(1, 1)
	ctx := t.Context()
	c, err := w.author.Draft(ctx, missing())
	if err != nil {
		t.Fatal(err)
	}
	const mark = "Merkzeichen" // in no word of the machine
	fr, en := alert.StatusWord(alert.StatusExercise, alert.French), alert.StatusWord(alert.StatusExercise, alert.English)
	edits := []struct {
		lang alert.Lang
		name string
	}{
		{alert.French, "push_title"},
		{alert.French, "push_body"},
		{alert.English, "sms"},
		{alert.French, "spoken"},
		{alert.French, "crawl"},
		{alert.French, "radiotext"},
		{alert.French, "headline"},
		{alert.English, "headline"},
		{alert.French, "description"},
		{alert.French, "instruction"},
		{alert.French, "short90"},
		{alert.French, "long360"},
	}
	words := func(lang alert.Lang, name string) string {
		word := fr
		if lang == alert.English {
			word = en
		}
		return word + ". " + mark + " " + name
	}
	for _, e := range edits {
		if err := w.author.Reword(ctx, c.ID, e.lang, e.name, words(e.lang, e.name)); err != nil {
			t.Fatal(err)
		}
	}
	w.revise(c.ID, func(*casework.Draft) {})
	w.everybody(c.ID, 1, 30*time.Second)

	wants := func(where, text string, names ...string) {
		t.Helper()
		for _, name := range names {
			if !strings.Contains(text, mark+" "+name) {
				t.Errorf("%s does not say the edited %s: %.400q", where, name, text)
			}
		}
	}
	wants("the SMS", w.smsc.Texts(w.phones[0])[0].Body, "sms")
	plain, err := w.citizens[0].Decrypt(w.citizens[0].Messages()[0])
	if err != nil {
		t.Fatal(err)
	}
	wants("the push", string(plain), "push_title", "push_body")
	folders, err := filepath.Glob(filepath.Join(w.stationDir, "alerts", "*-1"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	var heard []string
	texts, _ := filepath.Glob(filepath.Join(folders[0], "*.txt"))
	for _, file := range texts {
		heard = append(heard, string(read(t, file)))
	}
	wants("the station's files", strings.Join(heard, "\n"), "spoken", "crawl", "radiotext", "headline")
	wants("the CAP document", string(read(t, filepath.Join(folders[0], "cap.xml"))),
		"push_title", "push_body", "sms", "spoken", "crawl", "radiotext", "headline", "description", "instruction", "short90", "long360")
	wants("the partner's document", string(ask(t, request{url: w.url("/v1/alerts/" + c.ID)}).body), "headline", "description", "instruction")
	for _, page := range []string{"/fr/", "/fr/alerts/" + c.ID, "/feed.atom", "/feed.json", "/embed/v1/alerts.json?lang=fr"} {
		wants(page, string(ask(t, request{url: w.url(page)}).body), "headline")
	}

	w.revise(c.ID, func(d *casework.Draft) { d.Facts.LastSeen.Towards = "Gent" })
	w.everybody(c.ID, 2, 30*time.Second)
	if sms := w.smsc.Texts(w.phones[0])[1].Body; strings.Contains(sms, mark) {
		t.Errorf("the update says the old edit: %q", sms)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
