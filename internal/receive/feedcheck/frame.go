package feedcheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// frame is one frame as it came.
type frame struct {
	raw []byte
	has map[string]json.RawMessage // its fields, to see what is missing

	Type       string          `json:"type"`
	Epoch      string          `json:"epoch"`
	Head       uint64          `json:"head"`
	CursorOK   bool            `json:"cursor_ok"`
	Reason     string          `json:"reason"`
	HeartbeatS float64         `json:"heartbeat_s"`
	Seq        uint64          `json:"seq"`
	Prev       uint64          `json:"prev"`
	Identifier string          `json:"identifier"`
	Revision   int             `json:"revision"`
	Status     string          `json:"status"`
	Media      []media         `json:"media"`
	State      string          `json:"state"`
	Code       string          `json:"code"`
	Detail     string          `json:"detail"`
	Retry      bool            `json:"retry"`
	Degraded   bool            `json:"degraded"`
	At         time.Time       `json:"at"`
	RawLive    json.RawMessage `json:"live"`
	Cursor     string          `json:"cursor"`
	SSEID      string          `json:"-"` // of Server-Sent Events
	cameAt     time.Time
}

type media struct {
	Kind   string `json:"kind"`
	URL    string `json:"url"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// decode reads a frame; every field must have the type of the protocol.
func decode(data []byte) (frame, error) {
	f := frame{raw: slices.Clone(data), cameAt: time.Now()}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("a frame is not as the protocol says: %w: %.100s", err, data)
	}
	if err := json.Unmarshal(data, &f.has); err != nil {
		return f, err
	}
	if f.Type == "" {
		return f, fmt.Errorf("a frame without a type: %.100s", data)
	}
	return f, nil
}

// want says which of the fields a frame lacks.
func (f frame) want(fields ...string) error {
	var missing []string
	for _, name := range fields {
		if _, ok := f.has[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s lacks %s", f.Type, strings.Join(missing, ", "))
	}
	return nil
}

// key is what receivers deduplicate by.
func (f frame) key() string { return fmt.Sprintf("%s revision %d", f.Identifier, f.Revision) }

// liveList reads the heartbeat's [identifier, revision, seq] triples.
func (f frame) liveList() (map[string]uint64, error) {
	var triples [][]json.RawMessage
	if err := json.Unmarshal(f.RawLive, &triples); err != nil {
		return nil, fmt.Errorf("heartbeat: live is no list: %w", err)
	}
	out := map[string]uint64{}
	for _, t := range triples {
		var ref struct {
			id       string
			revision int
			seq      uint64
		}
		if len(t) < 3 {
			return nil, fmt.Errorf("heartbeat: live holds %s, want [identifier, revision, seq]", t)
		}
		for i, to := range []any{&ref.id, &ref.revision, &ref.seq} {
			if err := json.Unmarshal(t[i], to); err != nil {
				return nil, fmt.Errorf("heartbeat: live: %w", err)
			}
		}
		out[fmt.Sprintf("%s revision %d", ref.id, ref.revision)] = ref.seq
	}
	return out, nil
}

// Each connection has its own prev and replay; the rest is the same bytes for all.
// Within a JSON string the quotation marks would be escaped, so the first match is the field.
var own = []*regexp.Regexp{regexp.MustCompile(`"prev":[0-9]+`), regexp.MustCompile(`"replay":(true|false)`)}

// shared is the frame without what belongs to the connection.
func (f frame) shared() []byte {
	out := f.raw
	for _, re := range own {
		if at := re.FindIndex(out); at != nil {
			out = slices.Concat(out[:at[0]], out[at[1]:])
		}
	}
	return out
}

// same compares what two connections were sent.
func same(what string, want, got []frame) error {
	for i, w := range want {
		switch {
		case i >= len(got):
			return fmt.Errorf("%s: %s is missing", what, w.key())
		case got[i].key() != w.key() || got[i].Seq != w.Seq:
			return fmt.Errorf("%s: %s (seq %d) came where %s (seq %d) was due", what, got[i].key(), got[i].Seq, w.key(), w.Seq)
		case !bytes.Equal(got[i].shared(), w.shared()):
			return fmt.Errorf("%s: the bytes of %s differ", what, w.key())
		}
	}
	if len(got) > len(want) {
		return fmt.Errorf("%s: %s came and was not due", what, got[len(want)].key())
	}
	return nil
}

// chained checks prev from the place where the chain begins, and that seq grows.
func chained(from uint64, alerts []frame) error {
	last := from
	for _, a := range alerts {
		if a.Prev != last {
			return fmt.Errorf("%s has prev %d, the frame before it was %d: a client would see a gap", a.key(), a.Prev, last)
		}
		if a.Seq <= last {
			return fmt.Errorf("%s has seq %d after %d: out of order", a.key(), a.Seq, last)
		}
		last = a.Seq
	}
	return nil
}
