package console

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// A program words a text as an officer does: of the version it saw, within the channel's limits.
func TestAPITexts(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	send := func(method, path, match, body string, o auth.Officer) (*http.Response, string) {
		headers := []string{"If-Match", match}
		if match == "" {
			headers = nil
		}
		return w.call(t, o, method, "/v1/cases/"+k.ID+"/texts/"+path, jsonType, strings.NewReader(body), headers...)
	}
	now := `"` + version(k) + `"`
	for name, c := range map[string]struct {
		method, path, match, body string
		as                        auth.Officer
		status                    int
		want                      string
	}{
		"no version":        {"PUT", "fr/sms", "", `{"text":"x"}`, anna, 428, "If-Match"},
		"an old version":    {"PUT", "fr/sms", `"1"`, `{"text":"x"}`, anna, 412, ""},
		"nobody's version":  {"PUT", "fr/sms", `W/"x"`, `{"text":"x"}`, anna, 412, ""},
		"no such text":      {"PUT", "fr/fax", now, `{"text":"x"}`, anna, 404, ""},
		"no such language":  {"PUT", "de/sms", now, `{"text":"x"}`, anna, 404, ""},
		"too long":          {"PUT", "fr/radiotext", now, `{"text":"` + strings.Repeat("x", 65) + `"}`, anna, 422, `"field":"texts.fr.radiotext"`},
		"a misspelt field":  {"PUT", "fr/sms", now, `{"txt":"x"}`, anna, 422, "txt"},
		"no author":         {"PUT", "fr/sms", now, `{"text":"x"}`, bram, 403, ""},
		"drop, no version":  {"DELETE", "fr/sms", "", "", anna, 428, ""},
		"drop, not there":   {"DELETE", "fr/sms", now, "", anna, 200, k.ID},
		"drop by no author": {"DELETE", "fr/sms", now, "", bram, 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if res, body := send(c.method, c.path, c.match, c.body, c.as); res.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s, want %d with %q: %s", res.Status, c.status, c.want, body)
			}
		})
	}
	res, body := send("PUT", "fr/sms", now, `{"text":"`+ownWords+`"}`, anna)
	var got casework.Case
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Edits[alert.French]["sms"].Text != ownWords || res.Header.Get("ETag") != `"`+version(got)+`"` {
		t.Fatalf("%s %v: %s", res.Status, err, body)
	}
	if res, body = send("DELETE", "fr/sms", res.Header.Get("ETag"), "", anna); res.StatusCode != http.StatusOK || strings.Contains(body, `"edits"`) {
		t.Errorf("%s: %s", res.Status, body)
	}
}
