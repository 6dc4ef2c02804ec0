package cap

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

var types = []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel}

func mustFrom(t testing.TB, m *alert.Message) *Alert {
	t.Helper()
	a, err := FromMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Every type, status and language is valid by the schema and by our rules.
func TestMessagesOfEveryTypeAreValid(t *testing.T) {
	docs := map[string][]byte{}
	check := func(name string, m *alert.Message) {
		a := mustFrom(t, m)
		for _, p := range Validate(a, sent) {
			t.Errorf("%s: %s: %s", name, p.Field, p.Text)
		}
		docs[name+".xml"] = mustEncode(t, a)
	}
	for _, mt := range types {
		for _, status := range []alert.Status{alert.StatusActual, alert.StatusExercise, alert.StatusTest} {
			check(string(mt)+"-"+string(status)+"-all", message(mt, status, alert.Langs...))
			for _, lang := range alert.Langs {
				check(string(mt)+"-"+string(status)+"-"+string(lang), message(mt, status, lang))
			}
		}
	}
	link := message(alert.TypeAlert, alert.StatusTest, "en")
	link.Facts, link.Media = nil, nil
	check("link-test", link)
	wantSchema(t, docs)
}

func TestFromMessageProfile(t *testing.T) {
	a := mustFrom(t, message(alert.TypeUpdate, alert.StatusActual, "fr", "en", "de"))
	if a.Scope != "Public" || a.Incidents != "4f7k2m9xw1bq" || a.Source != "BEFED" || len(a.Info) != 3 ||
		a.References != "alerts@police.example,BEFED-4f7k2m9xw1bq-1,2026-11-22T01:00:00-00:00" || FormatTime(a.Sent) != "2026-11-22T02:00:00-00:00" {
		t.Errorf("head: %+v", a)
	}
	fr, en := a.Info[0], a.Info[1]
	for _, c := range []struct{ what, got, want string }{
		{"language", fr.Language, "fr"},
		{"event", fr.Event, "Alerte enfant disparu"},
		{"event", en.Event, "Missing child alert"},
		{"senderName", fr.SenderName, "Police fédérale"},
		{"contact", fr.Contact, "+3225544000"},
		{"web", fr.Web, "https://alerts.example/fr/alerts/4f7k2m9xw1bq"},
		{"web", en.Web, "https://alerts.example/en/alerts/4f7k2m9xw1bq"},
		{"areaDesc", fr.Area[0].AreaDesc, "Bruxelles"},
		{"areaDesc", en.Area[0].AreaDesc, "Brussels"},
		{"geocode", fr.Area[0].Geocode[0].Name + "=" + fr.Area[0].Geocode[0].Value, "ISO3166-2=BE-BRU"},
		{"geocode", fr.Area[1].Geocode[0].Name + "=" + fr.Area[1].Geocode[0].Value, "ISO3166-1=LU"},
		{"polygon", fr.Area[2].Polygon[0], "50,4 51,4 51,5 50,4"},
		{"severity", fr.Severity, "Extreme"},
		{"urgency", fr.Urgency, "Immediate"},
		{"CMAMtext", param(fr, "CMAMtext"), "Anna 90"},
		{"CMAMlongtext", param(fr, "CMAMlongtext"), "Anna 360"},
		{"EASText", param(fr, "EASText"), "Anna crawl"},
		{"spoken", param(fr, "layer:tocsin:1.0:spoken"), "Anna, seven"},
		{"radiotext", param(fr, "layer:tocsin:1.0:radiotext"), "Anna radio"},
		{"revision", param(fr, "layer:tocsin:1.0:revision"), "2"},
		{"repeat", param(fr, "layer:tocsin:1.0:repeat"), "R12/PT15M"},
		{"EU-Alert", param(fr, "EU-Alert") + param(en, "EU-Alert"), "43794392"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
}

func param(i Info, name string) string {
	for _, p := range i.Parameter {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func TestFilesGoToTheirLanguage(t *testing.T) {
	m := message(alert.TypeAlert, alert.StatusActual, "fr", "de")
	m.Media = append(m.Media, alert.Media{
		Kind: "audio", Lang: "de", URL: "https://alerts.example/a.mp3", MIME: "audio/mpeg", Bytes: 9,
		SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	})
	a := mustFrom(t, m)
	if len(a.Info[0].Resource) != 1 || len(a.Info[1].Resource) != 2 || a.Info[1].Resource[1].ResourceDesc != "audio" {
		t.Errorf("resources: %+v, %+v", a.Info[0].Resource, a.Info[1].Resource)
	}
}

// A withdrawal says that it is over and names nobody.
func TestCancelNamesNobody(t *testing.T) {
	for outcome, response := range map[alert.Outcome]string{
		alert.OutcomeFound: "AllClear", alert.OutcomeError: "AllClear", alert.OutcomeExpired: "None", alert.OutcomeOther: "None",
	} {
		m := message(alert.TypeCancel, alert.StatusActual, alert.Langs...)
		m.Outcome = outcome
		a := mustFrom(t, m)
		doc := mustEncode(t, a)
		for _, word := range []string{"Anna", "photo", "+32", "resource", "R12/"} {
			if bytes.Contains(doc, []byte(word)) {
				t.Errorf("%s: the withdrawal holds %q", outcome, word)
			}
		}
		i := a.Info[0]
		if i.Urgency != "Past" || i.ResponseType[0] != response || i.SenderName != "BEFED" || param(i, "layer:tocsin:1.0:outcome") != string(outcome) {
			t.Errorf("%s: %+v", outcome, i)
		}
	}
}

// Invariant 6: an exercise says so even where the event alone is shown, and
// asks phones for the exercise channel.
func TestExerciseIsMarked(t *testing.T) {
	for _, lang := range alert.Langs {
		live := mustFrom(t, message(alert.TypeAlert, alert.StatusActual, lang)).Info[0]
		drill := mustFrom(t, message(alert.TypeAlert, alert.StatusExercise, lang)).Info[0]
		test := mustFrom(t, message(alert.TypeAlert, alert.StatusTest, lang)).Info[0]
		if drill.Event == live.Event || !strings.HasSuffix(drill.Event, live.Event) || test.Event == live.Event || test.Event == drill.Event {
			t.Errorf("%s: %q, %q, %q", lang, live.Event, drill.Event, test.Event)
		}
		if got := param(drill, "EU-Alert") + param(test, "EU-Alert"); got != "43814380" {
			t.Errorf("%s: EU-Alert %s", lang, got)
		}
		if param(test, "layer:tocsin:1.0:repeat") != "" {
			t.Errorf("%s: a link test asks to be repeated", lang)
		}
	}
}

// TestRepeatParameter: the document asks for the pace that policy set at release, in ISO 8601.
func TestRepeatParameter(t *testing.T) {
	for want, c := range map[string]*alert.Cadence{
		"":          nil,
		"R12/PT15M": {Every: 15 * time.Minute, For: 3 * time.Hour},
		"R16/PT15M": {Every: 15 * time.Minute, For: 4*time.Hour + time.Minute},
		"R2/PT90S":  {Every: 90 * time.Second, For: 3 * time.Minute},
	} {
		m := message(alert.TypeAlert, alert.StatusActual, alert.English)
		m.Repeat = c
		if got := param(mustFrom(t, m).Info[0], ParamRepeat); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

func TestFromMessageRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*alert.Message)
		want  string
	}{
		"no facts":          {func(m *alert.Message) { m.Facts = nil }, "facts"},
		"cancel with facts": {func(m *alert.Message) { m.MsgType = alert.TypeCancel; m.Media = nil }, "withdrawal carries no name"},
		"cancel with photo": {func(m *alert.Message) { m.MsgType = alert.TypeCancel; m.Facts = nil }, "withdrawal carries no name"},
		"unknown type":      {func(m *alert.Message) { m.MsgType = "Ack" }, "msg_type"},
		"unknown status":    {func(m *alert.Message) { m.Status = "Draft" }, "status"},
		"no language":       {func(m *alert.Message) { m.Languages = nil }, "languages"},
		"strange language":  {func(m *alert.Message) { m.Languages = []alert.Lang{"nl"} }, "languages[0]"},
		"texts missing":     {func(m *alert.Message) { m.Languages = []alert.Lang{"fr", "it"} }, "texts"},
		"file of another":   {func(m *alert.Message) { m.Media[0].Lang = "it" }, "media[0].lang"},
	} {
		m := message(alert.TypeAlert, alert.StatusActual, "fr")
		c.spoil(m)
		if _, err := FromMessage(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The feed's bound for one document is 100 KB: six languages, full texts, thirty areas.
func TestSixLanguagesStaySmall(t *testing.T) {
	m := message(alert.TypeAlert, alert.StatusActual, alert.Langs...)
	for l, x := range m.Texts {
		x.Description, x.Spoken = strings.Repeat("Щ", 1500), strings.Repeat("Щ", 800)
		x.Long360, x.SMS, x.Crawl = strings.Repeat("Щ", 360), strings.Repeat("Щ", 201), strings.Repeat("Щ", 200)
		m.Texts[l] = x
	}
	for len(m.Areas) < 30 {
		m.Areas = append(m.Areas, m.Areas[0])
	}
	m.Expires = sent.Add(time.Hour)
	doc, err := newSigner(t, ecKey(t, curve)).Sign(mustFrom(t, m))
	if err != nil || len(doc) > 100_000 {
		t.Errorf("%d bytes, %v", len(doc), err)
	}
	t.Logf("%d bytes", len(doc))
}
