package cap

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// sent is the time of all test messages.
var sent = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("", 3600))

// good is an alert that breaks no rule; each test makes its own and spoils it.
func good() *Alert {
	return &Alert{
		Identifier: "BEFED-4f7k2m9xw1bq-1", Sender: "alerts@police.example", Sent: sent,
		Status: "Actual", MsgType: "Alert", Scope: "Public", Incidents: "4f7k2m9xw1bq",
		Info: []Info{goodInfo("fr"), goodInfo("de")},
	}
}

func goodInfo(language string) Info {
	return Info{
		Language: language, Category: []string{"Rescue"}, Event: "Alerte", ResponseType: []string{"Monitor"},
		Urgency: "Immediate", Severity: "Severe", Certainty: "Observed",
		EventCode: []Value{{"SAME", "CAE"}}, Expires: sent.Add(12 * time.Hour),
		SenderName: "Police fédérale", Headline: "Alerte <enlèvement> & plus", Description: "Une\nfille\t…",
		Web: "https://alerts.example/fr/alerts/x", Contact: "+3225544000",
		Parameter: []Value{{"CMAMtext", "Anna, 7"}},
		Resource: []Resource{{
			ResourceDesc: "Photo", MimeType: "image/jpeg", Size: 1234, URI: "https://alerts.example/photos/p.jpg",
			Digest: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		}},
		Area: []Area{{
			AreaDesc: "Bruxelles", Polygon: []string{"50,4 51,4 51,5 50,4"}, Circle: []string{"50.85,4.35 20"},
			Geocode: []Value{{"ISO3166-2", "BE-BRU"}},
		}},
	}
}

// message is a released revision as casework hands it over.
func message(mt alert.MsgType, status alert.Status, langs ...alert.Lang) *alert.Message {
	m := &alert.Message{
		Identifier: "BEFED-4f7k2m9xw1bq-1", Sender: "alerts@police.example", Agency: "BEFED", Case: "4f7k2m9xw1bq",
		Revision: 1, MsgType: mt, Status: status, Languages: langs, Sent: sent, Expires: sent.Add(12 * time.Hour),
		Areas: []alert.Area{
			{Code: "BE-BRU", Names: map[alert.Lang]string{"en": "Brussels", "fr": "Bruxelles", "ru": "Брюссель"}},
			{Code: "LU", Names: map[alert.Lang]string{"en": "Luxembourg"}},
		},
		Polygons: []alert.Polygon{{{Lat: 50, Lon: 4}, {Lat: 51, Lon: 4}, {Lat: 51, Lon: 5}, {Lat: 50, Lon: 4}}},
		Texts:    map[alert.Lang]alert.Texts{},
		Page:     "https://alerts.example/*/alerts/4f7k2m9xw1bq",
		Repeat:   &alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour},
		Facts: &alert.Facts{
			Circumstances: alert.AbductionStranger, Authority: "Police fédérale",
			Contact: alert.Contact{Phone: "+3225544000"},
		},
		Media: []alert.Media{{
			Kind: "photo", Name: "Photo of Anna", URL: "https://alerts.example/photos/8d2f.jpg",
			MIME: "image/jpeg", Bytes: 52344, SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		}},
	}
	for _, l := range langs {
		m.Texts[l] = alert.Texts{
			Headline: "Anna " + string(l), Description: "Anna <7> & \"ours\"\nNoël, Щука", Instruction: "Call.",
			Spoken: "Anna, seven", SpokenSeconds: 40, Crawl: "Anna crawl", RadioText: "Anna radio", PushTitle: "Anna push",
			PushBody: "Anna body", SMS: "Anna sms", Short90: "Anna 90", Long360: "Anna 360",
		}
	}
	if mt == alert.TypeCancel || status == alert.StatusTest {
		m.Repeat = nil
	}
	if mt != alert.TypeAlert {
		m.Identifier, m.Revision = "BEFED-4f7k2m9xw1bq-2", 2
		m.References = []alert.Ref{{Sender: m.Sender, Identifier: "BEFED-4f7k2m9xw1bq-1", Sent: sent.Add(-time.Hour)}}
	}
	if mt == alert.TypeCancel {
		m.Facts, m.Media, m.Outcome = nil, nil, alert.OutcomeFound
		for l, t := range m.Texts {
			m.Texts[l] = alert.Texts{Headline: "Ended", Description: "The alert has ended.", Spoken: t.Spoken[:0] + "Ended", SpokenSeconds: 5}
		}
	}
	return m
}

// xmllint judges documents by the official schema: the names of those it refuses, and its words.
func xmllint(t *testing.T, docs map[string][]byte) (refused map[string]bool, words string) {
	t.Helper()
	tool := peertest.Tool(t, "xmllint", "libxml2-utils")
	args := []string{"--noout", "--nonet", "--schema", peertest.Data(t, "CAP-v1.2.xsd")}
	dir := t.TempDir()
	for name, doc := range docs {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, _ := exec.Command(tool, args...).CombinedOutput()
	refused = map[string]bool{}
	for name := range docs {
		refused[name] = !strings.Contains(string(out), filepath.Join(dir, name)+" validates")
	}
	return refused, string(out)
}

// wantSchema fails t for each document that the official schema refuses.
func wantSchema(t *testing.T, docs map[string][]byte) {
	t.Helper()
	refused, words := xmllint(t, docs)
	for name := range docs {
		if refused[name] {
			t.Errorf("xmllint refuses %s:\n%s\n%s", name, words, docs[name])
		}
	}
}

func mustEncode(t testing.TB, a *Alert) []byte {
	t.Helper()
	doc, err := Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
