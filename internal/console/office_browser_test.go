package console

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/peertest/chromium"
)

// Two administrators in two browsers, on a desk, on a phone and without script:
// one asks for an officer, the other sees exactly that and confirms; then one
// takes a right away alone, which ends the officer's own tab.
func TestAdministrationThroughTheBrowser(t *testing.T) {
	parent := chromium.Start(t)
	for _, c := range []struct {
		name          string
		realm         alert.Realm
		width, height int64
		phone, script bool
	}{
		{"office-desk", alert.Live, 1280, 900, false, true},
		{"office-phone", alert.Drill, 360, 740, true, true},
		{"office-noscript", alert.Live, 320, 640, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.realm)
			w.stations.set(Station{ID: "st-1", Name: "La Première", Connected: true})
			one, two := w.tab(t, parent, c.name, c.width, c.height, c.phone), w.tab(t, parent, c.name, c.width, c.height, c.phone)
			theirs := w.tab(t, parent, c.name, c.width, c.height, c.phone)
			if !c.script {
				for _, b := range []*tabOf{one, two, theirs} {
					b.run(chromedp.Func(noScript))
				}
			}
			one.signIn("ada")
			one.look("01-cases", c.script)
			one.asksForOfficer(c.script)
			two.signIn("boris")
			two.confirms(c.script)
			theirs.signIn("carla")
			one.takesAway(theirs, c.script)
			one.resetsAndRevokes(two, c.script)
			two.open("/console/audit?kind=officers")
			two.look("20-audit", c.script)
			if got := two.text(".acts"); !strings.Contains(got, "Account revoked") || !strings.Contains(got, "Request made") || !strings.Contains(got, "Ada Lind") {
				t.Errorf("the record: %s", got)
			}
			two.open("/console/officers/keys")
			two.look("21-keys", c.script)
		})
	}
}

func (b *tabOf) asksForOfficer(script bool) {
	b.t.Helper()
	b.open("/console/officers")
	b.look("02-officers", script)
	b.press(".title-row a.button")
	b.look("03-officer-new", script)
	b.value("id", "nils")
	b.value("name", "Nils Holm")
	b.value("unit", "Namur")
	b.value("areas", "Atlantis, Namur")
	b.tick("label[for=role-author]")
	b.tick("label[for=role-approver]")
	b.value("reason", "Starts on Monday, second team")
	b.press("main form .actions button")
	b.look("04-officer-new-fault", script)
	if got := b.text(".errors"); !strings.Contains(got, "Atlantis") {
		b.t.Errorf("the fault: %s", got)
	}
	b.value("areas", "Namur, BE-BRU")
	b.press("main form .actions button")
	b.look("05-requests-asked", script)
	if got := b.text("main"); !strings.Contains(got, "Another administrator must confirm it") {
		b.t.Errorf("the asker is not told that he cannot confirm: %s", got)
	}
}

func (b *tabOf) confirms(script bool) {
	b.t.Helper()
	b.look("06-cases-count", script)
	b.open("/console/officers/requests")
	b.look("07-requests", script)
	b.press(".request form button")
	b.look("08-admission", script)
	shown := secretShown.FindStringSubmatch(b.text(".secret"))
	if shown == nil {
		b.t.Fatalf("no invitation: %s", b.text("main"))
	}
	if o, _, err := b.w.book.Invited(shown[1]); err != nil || o.ID != "nils" || !slices.Equal(o.Areas, []string{"BE-WNA", "BE-BRU"}) {
		b.t.Errorf("the invitation leads to %+v, %v", o, err)
	}
	b.open("/console/officers")
	b.look("09-officers-more", script)
}

func (b *tabOf) takesAway(theirs *tabOf, script bool) {
	b.t.Helper()
	b.open("/console/officers/account/carla")
	b.look("10-officer", script)
	b.tick("label[for=role-approver]")
	b.value("reason", "No longer approves")
	b.press(".actions button")
	b.look("11-officer-narrowed", script)
	if s, _ := b.w.book.Standing("carla"); s.Has(auth.Approver) || !s.Has(auth.Author) {
		b.t.Errorf("her rights are %v", s.Roles)
	}
	theirs.open("/console/cases")
	if theirs.path() != "/console/sign-in" {
		b.t.Errorf("her tab goes on at %s", theirs.path())
	}
}

func (b *tabOf) resetsAndRevokes(second *tabOf, script bool) {
	b.t.Helper()
	b.open("/console/officers/account/anna")
	b.tick("details:nth-of-type(2) summary")
	b.value("reset-reason", "Her phone was stolen")
	b.look("12-officer-reset", script)
	b.press("details:nth-of-type(2) button")
	second.open("/console/officers/requests")
	second.look("13-requests-reset", script)
	second.tick(".request details summary")
	second.run(chromedp.SetValue(chromedp.CSS(".request details input"), "She has it back"))
	second.look("14-requests-decline", script)
	second.press(".request details button")
	second.look("15-requests-none", script)
	b.open("/console/officers/account/anna")
	b.tick("details:nth-of-type(1) summary")
	b.look("16-officer-revoke", script)
	b.press("details:nth-of-type(1) button.danger")
	b.look("17-officer-revoked", script)
	if s, _ := b.w.book.Standing("anna"); s.Active {
		b.t.Error("she is active still")
	}
	b.open("/console/officers")
	b.look("18-officers-revoked", script)
}

// officePages are the pages of administration; a request about nils is waiting.
func officePages() []struct{ name, path string } {
	return []struct{ name, path string }{
		{"officers", "/console/officers"},
		{"officer-new", "/console/officers/new"},
		{"officer", "/console/officers/account/carla"},
		{"requests", "/console/officers/requests"},
		{"keys", "/console/officers/keys"},
		{"audit", "/console/audit"},
	}
}

// asksForNils has a request waiting, about an officer with a jurisdiction.
func (w *world) asksForNils(t testing.TB) {
	t.Helper()
	nils := auth.Officer{ID: "nils", Name: "Nils Holm", Unit: "Namur", Roles: []auth.Role{auth.Author, auth.Approver}, Areas: []string{"BE-WNA", "BE-BRU"}}
	if _, err := w.book.Ask(t.Context(), boris, auth.AskNew, nils, "Lundi, deuxième équipe"); err != nil {
		t.Fatal(err)
	}
}

// TestOfficePagesInEachLanguage holds the pages of administration to what
// TestPagesInEachLanguage asks of the others.
func TestOfficePagesInEachLanguage(t *testing.T) {
	parent := chromium.Start(t)
	w := newWorld(t, alert.Live)
	w.live(t)
	w.asksForNils(t)
	for _, c := range []struct {
		lang  alert.Lang
		width int64
	}{{alert.French, 1280}, {alert.German, 320}, {alert.Italian, 1280}, {alert.Russian, 320}, {alert.Spanish, 1280}} {
		t.Run(string(c.lang), func(t *testing.T) {
			b := w.tab(t, parent, "office-"+string(c.lang), c.width, 800, c.width == 320)
			b.open("/console/sign-in")
			b.press("footer button[value=" + string(c.lang) + "]")
			b.run(chromedp.SendKeys(chromedp.CSS("#id"), "ada"), chromedp.SendKeys(chromedp.CSS("#password"), password))
			b.press(`form[action="/console/sign-in"] button`)
			for _, p := range officePages() {
				b.open(p.path)
				b.speaks(c.lang, p.name)
			}
		})
	}
}
