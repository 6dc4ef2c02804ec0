package console

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/delivery"
	"tocsin/internal/peertest"
)

// The report in every language says what it must, and of an ended case nothing of the child.
func TestReportFiles(t *testing.T) {
	w := newWorld(t, alert.Live)
	live, ended := w.live(t), w.live(t)
	w.ledger.set(crowded(board(live.ID, 1, alert.TypeAlert, 9_000), 12))
	must(w.casework.Withdraw(t.Context(), bram, ended.ID, alert.OutcomeFound, nil))(t)
	w.ledger.set(board(ended.ID, 2, alert.TypeCancel, 10_000))
	program := peertest.Tool(t, "pdftotext", "poppler-utils")
	b := w.browser(t, dirk)
	for lang, want := range map[alert.Lang][]string{
		alert.English: {"Report on alert " + live.ID, "From the report to the release", "Lina", "First on air", "Radio Vivacité"},
		alert.French:  {"Rapport sur l’alerte " + live.ID, "Du signalement à la diffusion", "À l'antenne"},
		alert.German:  {"Bericht über den Alarm " + live.ID, "Von der Meldung bis zur Freigabe"},
		alert.Italian: {"Rapporto sull’allerta " + live.ID, "Dalla segnalazione alla diffusione"},
		alert.Russian: {"Отчёт об оповещении " + live.ID, "От заявления до выпуска"},
		alert.Spanish: {"Informe sobre la alerta " + live.ID, "Del aviso a la difusión"},
	} {
		b.post("/console/language", url.Values{"lang": {string(lang)}, "next": {"/console/cases"}})
		text := pdfText(t, program, b, "/console/cases/"+live.ID+"/report.pdf")
		for _, x := range want {
			if !strings.Contains(strings.ReplaceAll(text, "'", "’"), strings.ReplaceAll(x, "'", "’")) {
				t.Errorf("%s: no %q in\n%s", lang, x, text)
			}
		}
	}
	res, table := b.get("/console/cases/" + live.ID + "/report.csv")
	if res.Header.Get("Content-Disposition") != `attachment; filename="tocsin-`+live.ID+`.csv"` || !strings.Contains(table, "moment,released,1,") || !strings.Contains(table, "service,Alert,1,webpush,https://web.push.apple.com,failed") {
		t.Errorf("%v\n%s", res.Header, table)
	}
	_, table = b.get("/console/cases/" + ended.ID + "/report.csv")
	for name, text := range map[string]string{"CSV": table, "PDF": pdfText(t, program, b, "/console/cases/"+ended.ID+"/report.pdf")} {
		if strings.Contains(text, "Lina") || strings.Contains(text, "Eva Claes") || !strings.Contains(text, ended.ID) {
			t.Errorf("the %s of an ended case:\n%s", name, text)
		}
	}
	if res, _ := b.get("/console/cases/" + live.ID + "/report.doc"); res.StatusCode != http.StatusNotFound {
		t.Errorf("report.doc: %s", res.Status)
	}
	if res, _ := w.browser(t, stranger).get("/console/cases/" + live.ID + "/report.csv"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", res.Status)
	}
}

// pdfText is what a reader of the PDF at path finds in it.
func pdfText(t *testing.T, program string, b browser, path string) string {
	t.Helper()
	res, body := b.get(path)
	if res.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("%s: %s\n%.300s", path, res.Status, body)
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What the operator's command asks for, and what it is refused.
func TestWriteReport(t *testing.T) {
	w := newWorld(t, alert.Drill)
	k := w.live(t)
	d := Deps{Casework: w.casework, Accounts: w.book, Ledger: w.ledger, Atlas: w.atlas, Realm: alert.Drill, TimeZone: "Europe/Brussels"}
	for _, tt := range []struct {
		name, id, format string
		lang             alert.Lang
		want             string // the beginning of the file, or of the error
	}{
		{"pdf", k.ID, "pdf", alert.French, "%PDF-"},
		{"csv", k.ID, "csv", alert.English, "part,kind,"},
		{"no such case", "NOSUCHCASE00", "csv", alert.English, "no such case"},
		{"no such format", k.ID, "doc", alert.English, "format: Write pdf or csv."},
		{"no such language", k.ID, "pdf", "xx", "lang: Write en"},
	} {
		data, err := WriteReport(t.Context(), d, tt.id, tt.format, tt.lang)
		got := string(data)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %.80q, want %q", tt.name, got, tt.want)
		}
	}
}

// Who may have one tried again, and whom.
func TestResendForm(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
	form := func(revision, channel, to string) url.Values {
		return url.Values{"revision": {revision}, "channel": {channel}, "recipient": {to}}
	}
	for _, c := range []struct {
		name   string
		as     auth.Officer
		form   url.Values
		fault  error
		status int
		want   string
	}{
		{"an auditor", dirk, form("1", "broadcast", "b-sud"), nil, 403, "You may not do this"},
		{"who is not on the board", bram, form("1", "broadcast", "b-nobody"), nil, 404, "no such recipient"},
		{"of another channel", bram, form("1", "sms", "b-sud"), nil, 404, "no such recipient"},
		{"an older revision", bram, form("0", "broadcast", "b-sud"), nil, 409, "A newer revision is out"},
		{"nonsense", bram, form("x", "broadcast", "b-sud"), nil, 409, "A newer revision is out"},
		{"an approver", bram, form("1", "broadcast", "b-sud"), nil, 303, "/board?done=resent"},
		{"at once again", anna, form("1", "broadcast", "b-sud"), nil, 429, "less than 30 seconds ago"},
		{"an author", anna, form("1", "website", "p-gazette"), nil, 303, "/board?done=resent"},
		{"the queue is away", anna, form("1", "broadcast", "b-klara"), delivery.ErrNobody, 500, "Something went wrong"},
	} {
		w.fault = c.fault
		res, body := w.browser(t, c.as).post("/console/cases/"+k.ID+"/resend", c.form)
		if got := body + res.Header.Get("Location"); res.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d, want %d with %q\n%s", c.name, res.StatusCode, c.status, c.want, got)
		}
	}
	w.fault = nil
	if got := strings.Join(w.again, "; "); got != k.ID+" 1 broadcast b-sud; "+k.ID+" 1 website p-gazette" {
		t.Errorf("sent again: %s", got)
	}
	if _, body := w.browser(t, anna).get("/console/cases/" + k.ID); !strings.Contains(body, "Sent again to one") || !strings.Contains(body, "Sud Radio") {
		t.Error("the case's page does not tell who was tried again")
	}
	if _, body := w.browser(t, dirk).get("/console/cases/" + k.ID + "/board"); strings.Contains(body, "Send again") {
		t.Error("an auditor is offered what he may not do")
	}
	// After its removal is confirmed a partner is offered nothing more.
	w.ledger.set(board(k.ID, 2, alert.TypeCancel, 10_000))
	_, body := w.browser(t, bram).get("/console/cases/" + k.ID + "/board")
	if strings.Contains(body, `value="p-gazette"`) || !strings.Contains(body, `value="b-contact"`) {
		t.Error("the board of a withdrawal offers the wrong ones")
	}
	if !strings.Contains(body, "The newest confirmation came 1.5\u00a0s after the withdrawal.") {
		t.Error("the board does not say how long the removal took")
	}
}

// A wrong alert is put right by whoever may write or withdraw it, and by nobody else.
func TestCorrect(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
	at := "/console/cases/" + k.ID
	for _, c := range []struct {
		as          auth.Officer
		want, wants string
	}{
		{anna, "Begin the correction", "Withdraw it as a mistake"},
		{bram, "Withdraw it as a mistake", "L&#39;alerte a été envoyée par erreur"},
		{dirk, "Call one now", ""},
	} {
		_, body := w.browser(t, c.as).get(at + "/correct")
		if !strings.Contains(body, c.want) || !strings.Contains(body, c.wants) {
			t.Errorf("%s does not read %q and %q:\n%s", c.as.Name, c.want, c.wants, body)
		}
		if c.as.ID == bram.ID && strings.Contains(body, "Begin the correction") {
			t.Error("an approver who writes nothing is offered an update")
		}
	}
	if res, body := w.browser(t, dirk).post(at+"/correct", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor begins one: %s\n%s", res.Status, body)
	}
	if res, _ := w.browser(t, anna).post(at+"/correct", nil); res.Header.Get("Location") != at+"/check?done=correcting" {
		t.Errorf("%s to %s", res.Status, res.Header.Get("Location"))
	}
	got := must(w.casework.Get(k.ID))(t)
	for _, l := range got.Facts.Languages {
		if got.Facts.Note[l] != alert.Correction(l) {
			t.Errorf("%s: the update begins with %q", l, got.Facts.Note[l])
		}
	}
	if _, body := w.browser(t, bram).get(at + "/withdraw?outcome=error"); !strings.Contains(body, `value="error" checked`) {
		t.Error("the withdrawal as a mistake does not begin as one")
	}
	draftCase := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	if res, _ := w.browser(t, anna).post("/console/cases/"+draftCase.ID+"/correct", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("correcting a draft: %s", res.Status)
	}
}

// Why somebody cannot be tried again is said in the officer's language.
func TestResendRefusedInGerman(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := w.live(t)
	w.ledger.set(board(k.ID, 1, alert.TypeAlert, 9_000))
	b := w.browser(t, bram)
	b.post("/console/language", url.Values{"lang": {"de"}, "next": {"/console/cases"}})
	w.fault = casework.NotNow("This recipient is not registered any more, or the alert is not for it.")
	res, body := b.post("/console/cases/"+k.ID+"/resend", url.Values{"revision": {"1"}, "channel": {"broadcast"}, "recipient": {"b-sud"}})
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "Dieser Empfänger ist nicht mehr registriert, oder der Alarm gilt ihm nicht.") {
		t.Errorf("%s\n%s", res.Status, body)
	}
}
