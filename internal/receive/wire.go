package receive

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// subprotocol is the feed's WebSocket subprotocol.
const subprotocol = "tocsin.feed.v1"

// What closes a connection for want of rights.
const (
	closeAuthentication = 4401
	closeNotAllowed     = 4403
)

// serverFrame is any frame of the feed; each type uses its own fields.
type serverFrame struct {
	Type string `json:"type"`
	// hello
	Epoch      string  `json:"epoch"`
	Head       uint64  `json:"head"`
	CursorOK   bool    `json:"cursor_ok"`
	Reason     string  `json:"reason"` // also of bye
	HeartbeatS float64 `json:"heartbeat_s"`
	// heartbeat
	Live     []liveRef `json:"-"`
	Degraded bool      `json:"degraded"`
	At       time.Time `json:"at,omitzero"`
	CredDays *int      `json:"cred_days"` // also of hello
	// receipt_ok, receipt_refused; Identifier and Revision as in an alert
	State  string `json:"state"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Retry  bool   `json:"retry"`
	// bye
	RetryMS int64 `json:"retry_ms"`
	alertFrame
}

// alertFrame is one revision on the wire.
type alertFrame struct {
	Seq        uint64           `json:"seq"`
	Prev       uint64           `json:"prev"`
	Replay     bool             `json:"replay"`
	Identifier string           `json:"identifier"`
	Case       string           `json:"case"`
	Revision   int              `json:"revision"`
	MsgType    string           `json:"msg_type"`
	Status     string           `json:"status"`
	Sent       time.Time        `json:"sent,omitzero"`
	Expires    time.Time        `json:"expires,omitzero"`
	Languages  []string         `json:"languages"`
	Texts      map[string]Words `json:"texts"`
	Media      []media          `json:"media"`
	CAP        string           `json:"cap"`
	CAPSHA256  string           `json:"cap_sha256"`
	Repeat     *repeat          `json:"repeat"`
}

// Words are a station's texts in one language.
type Words struct {
	Headline      string `json:"headline"`
	Spoken        string `json:"spoken"`
	SpokenSeconds int    `json:"spoken_seconds"`
	Crawl         string `json:"crawl"`
	RadioText     string `json:"radiotext"`
}

type media struct {
	Kind   string `json:"kind"`
	Lang   string `json:"lang"`
	URL    string `json:"url"`
	MIME   string `json:"mime"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

type repeat struct {
	EveryS int       `json:"every_s"`
	Until  time.Time `json:"until"`
}

// liveRef is [identifier, revision, seq].
type liveRef struct {
	identifier string
	revision   int
	seq        uint64
}

// UnmarshalJSON reads the triple of the protocol.
func (r *liveRef) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&r.identifier, &r.revision, &r.seq})
}

// decodeFrame reads a frame. live is a list in a heartbeat alone, so it is read on its own.
func decodeFrame(data []byte) (serverFrame, error) {
	var f serverFrame
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("frame: %w", err)
	}
	if f.Type == "heartbeat" {
		var hb struct {
			Live []liveRef `json:"live"`
		}
		if err := json.Unmarshal(data, &hb); err != nil {
			return f, fmt.Errorf("heartbeat: %w", err)
		}
		f.Live = hb.Live
	}
	return f, nil
}

// What becomes part of a path must not lead out of the folder.
var (
	safeCase = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	safeWord = regexp.MustCompile(`^[a-z]{1,16}$`)
	safeKind = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`) // photo, slide_tall, and what a newer feed may have
)

// check refuses a frame that could not be stored safely.
func (a *alertFrame) check() error {
	switch {
	case !safeCase.MatchString(a.Case):
		return fmt.Errorf("case %.80q is no case id", a.Case)
	case a.Identifier == "" || len(a.Identifier) > 256:
		return fmt.Errorf("identifier has %d bytes, want 1 to 256", len(a.Identifier))
	case a.Revision < 1 || a.Revision > 1<<20:
		return fmt.Errorf("revision %d is out of range", a.Revision)
	case a.MsgType != "Alert" && a.MsgType != "Update" && a.MsgType != "Cancel":
		return fmt.Errorf("msg_type %.40q is unknown", a.MsgType)
	case len(a.Texts) == 0 || len(a.Texts) > 32:
		return fmt.Errorf("texts in %d languages, want 1 to 32", len(a.Texts))
	case len(a.Media) > 64:
		return fmt.Errorf("%d media, want at most 64", len(a.Media))
	}
	for lang := range a.Texts {
		if !safeWord.MatchString(lang) {
			return fmt.Errorf("language %.40q is no language code", lang)
		}
	}
	for i, m := range a.Media {
		if !safeKind.MatchString(m.Kind) || m.Lang != "" && !safeWord.MatchString(m.Lang) {
			return fmt.Errorf("media[%d] has kind %.40q and language %.40q", i, m.Kind, m.Lang)
		}
		if m.Bytes < 1 || m.Bytes > maxMedia {
			return fmt.Errorf("media[%d] has %d bytes, want 1 to %d", i, m.Bytes, maxMedia)
		}
	}
	return nil
}
