package broadcast

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
)

// Subprotocol is the WebSocket subprotocol of the feed.
const Subprotocol = "tocsin.feed.v1"

// Close codes of the feed, beside those of RFC 6455.
const (
	CloseBadMessage      = 4400
	CloseAuthentication  = 4401
	CloseNotAllowed      = 4403
	CloseSlow            = 4408
	CloseTooManySessions = 4409
	CloseDraining        = 4410
	CloseRate            = 4429
)

// resumeFrame is the client's wish where to begin.
type resumeFrame struct {
	Client string `json:"client"` // program and version, for the operator; not kept
	Cursor string `json:"cursor"`
	Start  string `json:"start"` // live, new, all, acked; live when there is no cursor either
}

// helloFrame answers every resume.
type helloFrame struct {
	Type      string   `json:"type"`
	Session   string   `json:"session"`
	Node      string   `json:"node"`
	Nodes     []string `json:"nodes"`
	Epoch     string   `json:"epoch"`
	Head      uint64   `json:"head"`
	CursorOK  bool     `json:"cursor_ok"`
	Reason    string   `json:"reason,omitempty"`
	Heartbeat float64  `json:"heartbeat_s"`
	CredDays  *int     `json:"cred_days"`         // null: the credential does not end by itself
	Warning   string   `json:"warning,omitempty"` // it ends within a month
}

// liveFrame says that the replay has ended.
type liveFrame struct {
	Type string `json:"type"`
	Head uint64 `json:"head"`
}

// heartbeatFrame proves that the line works and that nothing is missing.
type heartbeatFrame struct {
	Type     string    `json:"type"`
	Node     string    `json:"node"`
	At       time.Time `json:"at"`
	Epoch    string    `json:"epoch"`
	Head     uint64    `json:"head"`
	Live     []liveRef `json:"live"`
	Origin   origin    `json:"origin"`
	Degraded bool      `json:"degraded"`
	CredDays *int      `json:"cred_days"`
}

// liveRef is [identifier, revision, seq].
type liveRef struct {
	identifier string
	revision   int
	seq        uint64
}

// MarshalJSON writes the triple of the protocol.
func (r liveRef) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]any{r.identifier, r.revision, r.seq})
}

// origin is a counter that went through the log.
type origin struct {
	N  uint64    `json:"n"`
	At time.Time `json:"at,omitzero"`
}

// byeFrame is the last word before the close frame.
type byeFrame struct {
	Type    string `json:"type"`
	Reason  string `json:"reason"` // drain, slow, auth, rate, bad
	RetryMS int64  `json:"retry_ms"`
	Cursor  string `json:"cursor"`
	Detail  string `json:"detail,omitempty"` // for a person
}

// alertFrame is what all clients share of an alert: everything but type, seq,
// prev and replay, which belong to the connection and are written before it.
type alertFrame struct {
	Epoch      string                   `json:"epoch"`
	Identifier string                   `json:"identifier"`
	Case       string                   `json:"case"`
	Revision   int                      `json:"revision"`
	MsgType    alert.MsgType            `json:"msg_type"`
	Status     alert.Status             `json:"status"`
	Outcome    alert.Outcome            `json:"outcome,omitempty"`
	Sent       time.Time                `json:"sent"`
	Expires    time.Time                `json:"expires"`
	Areas      []alert.Area             `json:"areas"`
	Languages  []alert.Lang             `json:"languages"`
	Texts      map[alert.Lang]feedTexts `json:"texts"`
	Media      []feedMedia              `json:"media"`
	CAP        string                   `json:"cap"`
	CAPSHA256  string                   `json:"cap_sha256"`
	Repeat     *repeat                  `json:"repeat,omitempty"`
}

// feedTexts are the words a station needs.
type feedTexts struct {
	Headline      string `json:"headline"`
	Spoken        string `json:"spoken"`
	SpokenSeconds int    `json:"spoken_seconds"`
	Crawl         string `json:"crawl"`
	RadioText     string `json:"radiotext"`
}

// feedMedia is a picture or sound, by address and digest.
type feedMedia struct {
	Kind   string     `json:"kind"`
	Lang   alert.Lang `json:"lang,omitempty"`
	URL    string     `json:"url"`
	MIME   string     `json:"mime"`
	Bytes  int        `json:"bytes"`
	SHA256 string     `json:"sha256"`
}

// repeat asks the station to air the alert again at this pace.
type repeat struct {
	EverySeconds int       `json:"every_s"`
	Until        time.Time `json:"until"`
}

// texts are the words of t that a station uses.
func texts(t alert.Texts) feedTexts {
	return feedTexts{t.Headline, t.Spoken, t.SpokenSeconds, t.Crawl, t.RadioText}
}

// encodeAlert writes the shared part of m's frame: a JSON object whose opening
// brace is a comma, so that each connection can put its own fields before it.
func encodeAlert(m *alert.Message, epoch string, rep *repeat) ([]byte, error) {
	if !utf8.Valid(m.CAP) {
		// JSON would replace the bad bytes silently, and signed bytes are never changed.
		return nil, errors.New("cap: not UTF-8, so it cannot travel unchanged in JSON")
	}
	sum := sha256.Sum256(m.CAP)
	f := alertFrame{
		Epoch: epoch, Identifier: m.Identifier, Case: m.Case, Revision: m.Revision,
		MsgType: m.MsgType, Status: m.Status, Outcome: m.Outcome, Sent: m.Sent, Expires: m.Expires,
		Areas: m.Areas, Languages: m.Languages, Texts: make(map[alert.Lang]feedTexts, len(m.Texts)),
		Media: make([]feedMedia, len(m.Media)), CAP: string(m.CAP), CAPSHA256: hex.EncodeToString(sum[:]), Repeat: rep,
	}
	for lang, t := range m.Texts {
		f.Texts[lang] = texts(t)
	}
	for i, md := range m.Media {
		f.Media[i] = feedMedia{md.Kind, md.Lang, md.URL, md.MIME, md.Bytes, md.SHA256}
	}
	body, err := encode(f)
	if err != nil {
		return nil, fmt.Errorf("alert frame: %w", err)
	}
	body[0] = ','
	return body, nil
}

// encode is JSON without the escapes that only matter inside HTML: they would
// make the XML of the CAP a third longer.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// mustEncode is encode for our own small frames, whose types cannot fail.
func mustEncode(v any) []byte {
	b, err := encode(v)
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return b
}

// appendHead writes the connection's own fields of an alert frame.
func appendHead(b []byte, seq, prev uint64, replay bool) []byte {
	b = append(b, `{"type":"alert","seq":`...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"prev":`...)
	b = strconv.AppendUint(b, prev, 10)
	b = append(b, `,"replay":`...)
	return strconv.AppendBool(b, replay)
}

// cursor is a place in the log as clients write it: EPOCH-SEQ.
func cursor(epoch string, seq uint64) string {
	return epoch + "-" + strconv.FormatUint(seq, 10)
}

// parseCursor takes a cursor apart; ok is false for anything that is none.
func parseCursor(s string) (epoch string, seq uint64, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i <= 0 {
		return "", 0, false
	}
	seq, err := strconv.ParseUint(s[i+1:], 10, 64)
	return s[:i], seq, err == nil
}
