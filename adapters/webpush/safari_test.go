package webpush

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"tocsin/internal/alert"
)

// What Safari wants of a declarative push message, by the Push API's text and
// WebKit's notes: it shows nothing at all when one of these is broken, and no
// script of ours is asked.
func safariFaults(body []byte) (faults []string) {
	say := func(text string) { faults = append(faults, text) }
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return []string{"not an object"}
	}
	if string(m["web_push"]) != "8030" {
		say("web_push is not the number 8030")
	}
	var n map[string]any
	if err := json.Unmarshal(m["notification"], &n); err != nil {
		return append(faults, "notification is not an object")
	}
	address := func(where string, v any) {
		text, ok := v.(string)
		u, err := url.Parse(text)
		if !ok || err != nil || !u.IsAbs() || u.Host == "" && u.Opaque == "" {
			say(where + " is not an absolute address")
		}
	}
	if title, ok := n["title"].(string); !ok || title == "" {
		say("title is not a text")
	}
	address("navigate", n["navigate"])
	for _, key := range []string{"lang", "body", "tag", "image", "icon", "badge"} {
		if v, given := n[key]; given {
			if _, ok := v.(string); !ok {
				say(key + " is not a text")
			}
		}
	}
	for _, key := range []string{"image", "icon", "badge"} {
		if v, given := n[key]; given {
			address(key, v)
		}
	}
	if v, given := n["dir"]; given && !slices.Contains([]any{"auto", "ltr", "rtl"}, v) {
		say("dir is none of auto, ltr, rtl")
	}
	for _, key := range []string{"silent", "renotify", "requireInteraction"} {
		if v, given := n[key]; given {
			if _, ok := v.(bool); !ok {
				say(key + " is not true or false")
			}
		}
	}
	if n["renotify"] == true && (n["tag"] == nil || n["tag"] == "") {
		say("renotify without a tag")
	}
	if n["renotify"] == true && n["silent"] == true {
		say("renotify and silent at once")
	}
	if v, given := n["actions"]; given {
		all, ok := v.([]any)
		if !ok {
			say("actions is not a list")
		}
		for _, one := range all {
			a, _ := one.(map[string]any)
			name, _ := a["action"].(string)
			title, _ := a["title"].(string)
			if name == "" || title == "" {
				say("an action without name or title")
			}
			address("an action's navigate", a["navigate"])
		}
	}
	return faults
}

func TestSafariTakesWhatWeSend(t *testing.T) {
	a := drill(t, nil)
	for _, lang := range alert.Langs {
		for i, typ := range []alert.MsgType{alert.TypeAlert, alert.TypeUpdate, alert.TypeCancel} {
			p, err := a.Render(message(typ, i+1), lang)
			if err != nil {
				t.Fatal(err)
			}
			for name, body := range map[string][]byte{"aloud": p.Body, "quiet": hushed(p.Body)} {
				for _, fault := range safariFaults(body) {
					t.Errorf("%s %s %s: %s", lang, typ, name, fault)
				}
			}
		}
		body, err := a.testBody(httptest.NewRequest("POST", "https://alerts.example/", nil), lang, "token")
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range safariFaults(body) {
			t.Errorf("%s test: %s", lang, fault)
		}
	}
	// The rules themselves find what is broken.
	for _, broken := range []string{
		`[]`, `{}`, `{"web_push":"8030","notification":{"title":"x","navigate":"https://a.b/"}}`,
		`{"web_push":8030,"notification":{"navigate":"https://a.b/"}}`, `{"web_push":8030,"notification":{"title":"x","navigate":"/x"}}`,
		`{"web_push":8030,"notification":{"title":"x","navigate":"https://a.b/","silent":"no"}}`,
		`{"web_push":8030,"notification":{"title":"x","navigate":"https://a.b/","dir":""}}`,
		`{"web_push":8030,"notification":{"title":"x","navigate":"https://a.b/","renotify":true,"tag":""}}`,
		`{"web_push":8030,"notification":{"title":"x","navigate":"https://a.b/","actions":[{"action":"call","title":"Call"}]}}`,
	} {
		if len(safariFaults([]byte(broken))) == 0 {
			t.Errorf("%s passed", broken)
		}
	}
}
