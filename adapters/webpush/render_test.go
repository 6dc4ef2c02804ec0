package webpush

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

var updateGolden = flag.Bool("update", false, "write testdata/*.golden anew")

func TestRenderGolden(t *testing.T) {
	expires := time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)
	for name, m := range map[string]*alert.Message{
		"alert":    issue(alert.Live, alert.StatusActual, alert.TypeAlert, 1, expires),
		"update":   issue(alert.Live, alert.StatusActual, alert.TypeUpdate, 2, expires),
		"cancel":   issue(alert.Live, alert.StatusActual, alert.TypeCancel, 3, expires),
		"exercise": issue(alert.Drill, alert.StatusExercise, alert.TypeAlert, 1, expires),
	} {
		a := drill(t, nil)
		a.env.Realm = m.Realm
		var all bytes.Buffer // one file for each kind, all languages in it
		for _, lang := range alert.Langs {
			p, err := a.Render(m, lang)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Indent(&all, p.Body, "", "  "); err != nil {
				t.Fatal(err)
			}
			all.WriteByte('\n')
			if len(p.Body) > wantPlain {
				t.Errorf("%s in %s: %d bytes", name, lang, len(p.Body))
			}
			if m.MsgType == alert.TypeCancel && (bytes.Contains(p.Body, []byte("Anna")) || bytes.Contains(p.Body, []byte("/photos/"))) {
				t.Errorf("the withdrawal in %s names the child: %s", lang, p.Body)
			}
		}
		path := filepath.Join("testdata", name+".golden")
		if *updateGolden {
			if err := os.WriteFile(path, all.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(all.Bytes(), want) {
			t.Errorf("%s differs (go test -update writes it anew):\n%s", path, all.Bytes())
		}
	}
}

func TestRenderParts(t *testing.T) {
	m := message(alert.TypeAlert, 1)
	m.Texts[alert.French] = alert.Texts{PushTitle: "EXERCICE. é🙂", PushBody: "EXERCICE"}
	p, err := drill(t, nil).Render(m, alert.French)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Parts[0]; got.Count != 12 || got.Limit != 50 || got.Unit != "characters" {
		t.Errorf("title: %+v", got)
	}
	if got := p.Parts[1]; got.Count != 8 || got.Limit != 180 {
		t.Errorf("body: %+v", got)
	}
}

func TestRenderRefuses(t *testing.T) {
	set := func(change func(*alert.Texts)) func(*alert.Message) {
		return func(m *alert.Message) {
			texts := m.Texts[alert.English]
			change(&texts)
			m.Texts[alert.English] = texts
		}
	}
	for name, c := range map[string]struct {
		change func(*alert.Message)
		want   string // field
	}{
		"no text":           {func(m *alert.Message) { delete(m.Texts, alert.English) }, "texts.en"},
		"empty title":       {set(func(x *alert.Texts) { x.PushTitle = " \n" }), "texts.en.push_title"},
		"long title":        {set(func(x *alert.Texts) { x.PushTitle = "EXERCISE" + strings.Repeat("é", 43) }), "texts.en.push_title"},
		"long body":         {set(func(x *alert.Texts) { x.PushBody = "EXERCISE" + strings.Repeat("é", 173) }), "texts.en.push_body"},
		"broken UTF-8":      {set(func(x *alert.Texts) { x.PushBody = "EXERCISE \xff" }), "texts.en.push_body"},
		"not said in title": {set(func(x *alert.Texts) { x.PushTitle = "Missing: Anna" }), "texts.en.push_title"},
		"not said in body":  {set(func(x *alert.Texts) { x.PushBody = "Missing: Anna" }), "texts.en.push_body"},
		"another's word":    {set(func(x *alert.Texts) { x.PushTitle = "EXERCICE : Anna" }), "texts.en.push_title"},
		"live message":      {func(m *alert.Message) { m.Realm = alert.Live }, "realm"},
		"actual in a drill": {func(m *alert.Message) { m.Status = alert.StatusActual }, "status"},
		"no page":           {func(m *alert.Message) { m.Page = "" }, "page"},
		"relative page":     {func(m *alert.Message) { m.Page = "/*/alerts/1" }, "page"},
		"page of a script":  {func(m *alert.Message) { m.Page = "javascript://x/alert(1)" }, "page"},
		"page without end":  {func(m *alert.Message) { m.Page = "https://alerts.example/" + strings.Repeat("a", 4000) }, "push message"},
		"an id of a novel":  {func(m *alert.Message) { m.Identifier = strings.Repeat("a", 4000) }, "push message"},
	} {
		m := message(alert.TypeAlert, 1)
		c.change(m)
		if _, err := drill(t, nil).Render(m, alert.English); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to name %s", name, err, c.want)
		}
	}
}

func TestRenderExerciseNeverInLive(t *testing.T) {
	a := drill(t, nil)
	a.env.Realm = alert.Live
	m := message(alert.TypeAlert, 1)
	m.Realm = alert.Live
	if _, err := a.Render(m, alert.English); err == nil || !strings.HasPrefix(err.Error(), "status") {
		t.Errorf("an exercise in the live realm: %v", err)
	}
	m.Status = alert.StatusActual
	if _, err := a.Render(m, alert.English); err != nil {
		t.Error(err)
	}
}

// Text is text: nothing of a case can leave the string it stands in.
func TestRenderMarkupAndSize(t *testing.T) {
	m := message(alert.TypeAlert, 1)
	nasty := `EXERCISE "},"web_push":1,{<img onerror=x>\u202e` + "\u202e&"
	m.Texts[alert.English] = alert.Texts{PushTitle: nasty, PushBody: nasty}
	m.Media[0].URL = "https://alerts.example/" + strings.Repeat("p", 1700)
	p, err := drill(t, nil).Render(m, alert.English)
	if err != nil {
		t.Fatal(err)
	}
	var d declared
	if err := json.Unmarshal(p.Body, &d); err != nil {
		t.Fatal(err)
	}
	if d.Notification.Title != nasty || d.WebPush != 8030 {
		t.Errorf("title came back as %q", d.Notification.Title)
	}
	if len(p.Body) > wantPlain || d.Notification.Image != "" {
		t.Errorf("%d bytes: a picture's address should have gone first", len(p.Body))
	}
	if bytes.Contains(p.Body, []byte(`\u0026`)) {
		t.Error("HTML escapes waste bytes")
	}
}

func TestTopic(t *testing.T) {
	m := message(alert.TypeAlert, 1)
	first := Topic(m)
	if len(first) != 32 || strings.Contains(first, m.Case) {
		t.Errorf("topic %q: want 32 characters that tell nothing", first)
	}
	if Topic(message(alert.TypeCancel, 3)) != first {
		t.Error("a withdrawal has another topic than its alert")
	}
	for _, change := range []func(*alert.Message){
		func(m *alert.Message) { m.Case = "case-0043" },
		func(m *alert.Message) { m.Realm = alert.Live },
		func(m *alert.Message) { m.Agency = "NLPOL" },
	} {
		other := message(alert.TypeAlert, 1)
		change(other)
		if Topic(other) == first {
			t.Error("two cases share a topic")
		}
	}
}
