package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tocsin/internal/receive/feedcheck"
)

// is says whether a frame is of that type.
func is(frame, kind string) bool { return strings.Contains(frame, `"type":"`+kind+`"`) }

// swap replaces by pattern in frames of one type.
func swap(kind, pattern, by string) func(*tally, string) []string {
	re := regexp.MustCompile(pattern)
	return func(_ *tally, frame string) []string {
		if is(frame, kind) {
			frame = re.ReplaceAllString(frame, by)
		}
		return []string{frame}
	}
}

// forge changes a letter of the signed document, and makes the frame's digest right again.
func forge(_ *tally, frame string) []string {
	var doc struct {
		CAP string `json:"cap"`
		Sum string `json:"cap_sha256"`
	}
	if !is(frame, "alert") || json.Unmarshal([]byte(frame), &doc) != nil {
		return []string{frame}
	}
	sum := sha256.Sum256([]byte(strings.Replace(doc.CAP, "<areaDesc>B", "<areaDesc>P", 1)))
	frame = strings.Replace(frame, "<areaDesc>B", "<areaDesc>P", 1)
	return []string{strings.Replace(frame, doc.Sum, hex.EncodeToString(sum[:]), 1)}
}

// drop leaves out the frames that which accepts.
func drop(which func(*tally, string) bool) func(*tally, string) []string {
	return func(n *tally, frame string) []string {
		if which(n, frame) {
			return nil
		}
		return []string{frame}
	}
}

// wish replaces a resume that has a cursor.
func wish(by string) func(*tally, string) (string, string) {
	return func(_ *tally, frame string) (string, string) {
		if is(frame, "resume") && strings.Contains(frame, `"cursor"`) {
			return by, ""
		}
		return frame, ""
	}
}

// ok answers a receipt with receipt_ok, whatever it says.
func ok(receipt string) string {
	return strings.Replace(receipt, `"type":"receipt"`, `"type":"receipt_ok"`, 1)
}

// broken is a feed with a fault, and what the names of the checks hold that must see it.
type broken struct {
	relay *relay
	sees  []string
}

func brokenFeeds() map[string]broken {
	var count atomic.Int64
	return map[string]broken{
		"one letter of the document":   {&relay{down: forge}, []string{"signed"}},
		"another headline":             {&relay{down: swap("alert", `"headline":"`, `"headline":"Not `)}, []string{"signed"}},
		"another digest":               {&relay{down: swap("alert", `"cap_sha256":"..`, `"cap_sha256":"zz`)}, []string{"signed"}},
		"a picture that is not signed": {&relay{down: swap("alert", `"sha256":"........`, `"sha256":"00000000`)}, []string{"digests"}},
		"a frame lost":                 {&relay{down: drop(func(n *tally, f string) bool { return is(f, "alert") && n.alerts == 2 })}, []string{"live", "missing"}},
		"a frame twice": {&relay{down: func(n *tally, f string) []string {
			if is(f, "alert") && n.alerts == 1 {
				return []string{f, f}
			}
			return []string{f}
		}}, []string{"live"}},
		"live before the replay": {&relay{down: func(n *tally, f string) []string {
			switch {
			case is(f, "alert"):
				n.held = append(n.held, f)
				return nil
			case is(f, "live"):
				out := append([]string{f}, n.held...)
				n.held = nil
				return out
			}
			return []string{f}
		}}, []string{"live says so"}},
		"no chain":                           {&relay{down: swap("alert", `"prev":[0-9]+`, `"prev":0`)}, []string{"missing"}},
		"a heartbeat each minute":            {&relay{down: swap("hello", `"heartbeat_s":[0-9.]+`, `"heartbeat_s":60`)}, []string{"hello"}},
		"one heartbeat alone":                {&relay{down: drop(func(n *tally, f string) bool { return is(f, "heartbeat") && n.beats > 1 })}, []string{"heartbeats"}},
		"a heartbeat of nothing":             {&relay{down: swap("heartbeat", `"live":\[.*\],"origin"`, `"live":[],"origin"`)}, []string{"heartbeats"}},
		"cut off from the log":               {&relay{down: swap("heartbeat", `"degraded":false`, `"degraded":true`)}, []string{"heartbeats"}},
		"the cursor is not looked at":        {&relay{up: wish(`{"type":"resume","start":"live"}`)}, []string{"after a cut", "gap", "unknown cursor"}},
		"a lost cursor in silence":           {&relay{up: wish(`{"type":"resume","start":"new"}`)}, []string{"unknown cursor", "another epoch", "future"}},
		"a lost cursor, and nothing follows": {&relay{down: drop(func(n *tally, f string) bool { return is(f, "alert") && n.lost })}, []string{"unknown cursor"}},
		"bytes of its own for each": {&relay{down: func(_ *tally, f string) []string {
			return []string{strings.Replace(f, `"epoch":`, fmt.Sprintf(`"n":%d,"epoch":`, count.Add(1)), 1)}
		}}, []string{"two lines", "Server-Sent", "long poll"}},
		"events without their cursor": {&relay{event: func(l string) (string, bool) { return l, !strings.HasPrefix(l, "id:") }}, []string{"Server-Sent"}},
		"an event changed": {&relay{event: func(l string) (string, bool) {
			return strings.Replace(l, `"msg_type":"Alert"`, `"msg_type":"Alert","x":1`, 1), true
		}}, []string{"Server-Sent"}},
		"a poll that stands still": {&relay{requests: func(r *http.Request) {
			if r.URL.Path == "/v1/feed/poll" && r.URL.Query().Get("cursor") != "" {
				r.URL.RawQuery = "start=live&wait=0"
			}
		}}, []string{"long poll"}},
		"everybody is let in":      {&relay{open: true}, []string{"stranger is refused"}},
		"the token in the address": {&relay{address: true}, []string{"stranger is refused"}},
		"another protocol":         {&relay{noProto: true}, []string{"WebSocket speaks"}},
		"receipts without a look": {&relay{up: func(_ *tally, f string) (string, string) {
			if is(f, "receipt") {
				return "", ok(f)
			}
			return f, ""
		}}, []string{"need a reason", "stranger's alert"}},
		"the same receipt refused": {&relay{up: func(n *tally, f string) (string, string) {
			if is(f, "receipt") {
				if n.receipts++; n.receipts > 1 {
					return "", strings.Replace(f, `"type":"receipt"`, `"type":"receipt_refused"`, 1)
				}
			}
			return f, ""
		}}, []string{"receipt is confirmed"}},
		"a newer client is cut off": {&relay{up: func(_ *tally, f string) (string, string) {
			if is(f, "of-a-newer-protocol") {
				return "", ""
			}
			return f, ""
		}}, []string{"unknown type"}},
		"errors as plain text": {&relay{plain: func(_ string, status int, body string) (int, string) {
			if status >= http.StatusBadRequest {
				return http.StatusInternalServerError, "oops"
			}
			return status, body
		}}, []string{"problem document", "stranger is refused"}},
	}
}

// The check is worth nothing if a bad feed passes: each fault is seen, by the
// check that is about it. The relay alone changes nothing.
func TestFeedCheckSeesBrokenFeeds(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick)
	s.start()
	author, approver := s.officer("author", "author"), s.officer("approver", "approver")
	for range 3 {
		withPhoto(t, author, approver)
	}
	all := brokenFeeds()
	all["nothing"] = broken{&relay{}, nil}
	t.Run("all", func(t *testing.T) { // the server stays until the last of them
		for name, b := range all {
			token := s.station("Station of " + name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b.relay.upstream, b.relay.token = s.url(""), token
				rep := s.checked(t, b.relay.start(t), token)
				if name == "nothing" && rep.Failed+rep.Skipped > 0 {
					t.Errorf("the relay itself breaks:\n%s", told(rep))
				}
				for _, want := range b.sees {
					if !slices.ContainsFunc(rep.Results, func(r feedcheck.Result) bool {
						return strings.Contains(r.Name, want) && r.Outcome == feedcheck.Fail && r.Reason != ""
					}) {
						t.Errorf("%q does not fail:\n%s", want, told(rep))
					}
				}
				if name != "nothing" {
					t.Logf("seen as\n%s", told(rep))
				}
			})
		}
	})
}
