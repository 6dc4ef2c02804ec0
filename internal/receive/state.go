package receive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// state is what a restart must know. It is written whole, to the disk, before
// anything is acknowledged.
type state struct {
	Positions map[string]position `json:"positions"` // by feed address
	Cases     map[string]*held    `json:"cases"`
	Owed      []*Receipt          `json:"owed"` // receipts without an answer
}

// position is a cursor of one feed.
type position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// String is the cursor as the feed writes it.
func (p position) String() string { return fmt.Sprintf("%s-%d", p.Epoch, p.Seq) }

// held is the newest revision of a case that we know.
type held struct {
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	MsgType    string    `json:"msg_type"`
	Status     string    `json:"status"`
	Epoch      string    `json:"epoch"`
	Seq        uint64    `json:"seq"`
	Expires    time.Time `json:"expires"`
	Ended      time.Time `json:"ended,omitzero"`    // withdrawn, or over: no files of it remain
	Run        bool      `json:"run,omitempty"`     // the command is still to be run
	Earlier    []string  `json:"earlier,omitempty"` // identifiers of the revisions before
	Said       []Said    `json:"said,omitempty"`    // our receipts for this revision

	wanted int // how often the command was wanted anew: a picture may come while it runs
}

// Said is one receipt of ours for a revision, as the state and the status page
// have it: without names or reasons, which are kept only until they are sent.
type Said struct {
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	Confirmed time.Time `json:"confirmed,omitzero"` // the feed has it on its ledger
	Refused   bool      `json:"refused,omitempty"`  // the feed does not want it
}

// maxSaid bounds Said: a person presses a button a few times.
const maxSaid = 32

// say notes that rec is owed for h.
func (h *held) say(rec *Receipt) {
	if len(h.Said) >= maxSaid {
		h.Said = h.Said[1:]
	}
	at := rec.At
	h.Said = append(h.Said, Said{State: rec.State, At: at})
}

// settled notes the feed's answer to what we said.
func (h *held) settled(state string, now time.Time, refused bool) {
	for i := range h.Said {
		if s := &h.Said[i]; s.State == state && s.Confirmed.IsZero() && !s.Refused {
			if refused {
				s.Refused = true
			} else {
				s.Confirmed = now.UTC()
			}
		}
	}
}

// maxEarlier bounds Earlier; a case has a handful of revisions.
const maxEarlier = 256

// follows notes the identifier of an earlier revision.
func (h *held) follows(identifier string) {
	if !slices.Contains(h.Earlier, identifier) && len(h.Earlier) < maxEarlier {
		h.Earlier = append(h.Earlier, identifier)
	}
}

// maxCases bounds the state. Ended cases go first, oldest first: a replayed
// document of theirs has long expired.
const maxCases = 4096

// maxOwed bounds receipts that wait for an answer.
const maxOwed = 16384

// loadState reads the state file; there is none at the first start.
func loadState(dir string) (*state, error) {
	s := &state{Positions: map[string]position{}, Cases: map[string]*held{}}
	data, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("state.json is damaged; move it away to start with what is live: %w", err)
	}
	if s.Positions == nil || s.Cases == nil {
		return nil, errors.New("state.json is damaged; move it away to start with what is live")
	}
	return s, nil
}

// save writes the state durably.
func (s *state) save(dir string) error {
	s.prune()
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "state.json"), data); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (s *state) prune() {
	for len(s.Cases) > maxCases {
		oldest := ""
		for id, h := range s.Cases {
			if !h.Ended.IsZero() && (oldest == "" || h.Ended.Before(s.Cases[oldest].Ended)) {
				oldest = id
			}
		}
		if oldest == "" {
			return
		}
		delete(s.Cases, oldest)
	}
}

// writeFile puts data at path so that after a crash there is the old file or the new one, whole.
func writeFile(path string, data []byte) error {
	tmp := path + ".new"
	if err := writeSynced(tmp, data); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
