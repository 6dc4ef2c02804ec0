package receive

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// outbox is the folder below Dir where receipts of people wait for the receiver:
// the command that writes one ends at once, and neither it nor the receiver
// needs the other to run.
const outbox = "outbox"

// spoolEvery is how often the running receiver looks into its outbox.
const spoolEvery = 250 * time.Millisecond

// maxSpooled bounds what one look takes, and what a program in a loop can make us hold.
const maxSpooled = 1000

// States that people report.
var peopleStates = []string{"seen", "queued", "on_air", "declined", "failed", "removed"}

// Bounds of the words, as the feed has them: a reason is a sentence or two on the officer's board.
const (
	maxReason = 500
	maxName   = 100
)

// check refuses what the feed would refuse.
func (rec *Receipt) check() error {
	switch {
	case !slices.Contains(peopleStates, rec.State):
		return fmt.Errorf("state %q: use %s", rec.State, strings.Join(peopleStates, ", "))
	case (rec.State == "declined" || rec.State == "failed") && strings.TrimSpace(rec.Reason) == "":
		return fmt.Errorf("reason: %s needs one, so that the police know why", rec.State)
	case utf8.RuneCountInString(rec.Reason) > maxReason:
		return fmt.Errorf("reason: at most %d characters", maxReason)
	case utf8.RuneCountInString(rec.By) > maxName:
		return fmt.Errorf("by: at most %d characters", maxName)
	case utf8.RuneCountInString(rec.Channel) > maxName:
		return fmt.Errorf("channel: at most %d characters", maxName)
	}
	return nil
}

// Note puts the word of a person into the outbox of the receiver's folder dir,
// whether it runs or not, and returns it with what it was completed by. It is
// on the disk when Note returns nil. rec.Identifier is an identifier or a case;
// empty means the one alert that is live. Errors name the field and the mend.
func Note(dir string, rec Receipt) (Receipt, error) {
	if err := rec.check(); err != nil {
		return rec, err
	}
	if _, err := os.Stat(filepath.Join(dir, "state.json")); err != nil {
		return rec, fmt.Errorf("dir %s: no receiver has written here yet: %w", dir, errors.Unwrap(err))
	}
	s, err := loadState(dir)
	if err != nil {
		return rec, fmt.Errorf("dir: %w", err)
	}
	_, h, err := s.find(rec.Identifier)
	if err != nil {
		return rec, err
	}
	rec.Identifier, rec.Revision, rec.Epoch = h.Identifier, h.Revision, h.Epoch
	rec.ID = rand.Text()
	if rec.At.IsZero() {
		rec.At = time.Now().UTC()
	}
	data, err := json.Marshal(rec)
	if err != nil {
		return rec, fmt.Errorf("receipt: %w", err)
	}
	box := filepath.Join(dir, outbox)
	if err := os.MkdirAll(box, 0o700); err != nil {
		return rec, fmt.Errorf("dir: %w", err)
	}
	// The name sorts by time, so that seen goes out before on air.
	name := fmt.Sprintf("%020d-%s.json", rec.At.UnixNano(), rec.ID)
	if err := writeFile(filepath.Join(box, name), data); err != nil {
		return rec, fmt.Errorf("the receipt was not stored: %w", err)
	}
	return rec, nil
}

// lockSoon is lock that outlasts somebody's look at whether a receiver runs.
func lockSoon(dir string) (unlock func(), err error) {
	for range 5 {
		if unlock, err = lock(dir); err == nil {
			return unlock, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, err
}

// Running says whether a receiver works on dir now.
func Running(dir string) bool {
	if _, err := os.Stat(dir); err != nil {
		return false
	}
	unlock, err := lock(dir)
	if err == nil {
		unlock()
	}
	return err != nil
}

// linkTest says whether h is a test of the line: nobody airs it, so nobody means it.
func (h *held) linkTest() bool { return h.Status == "Test" }

// find is the case of an identifier, or of a case id; of the only live alert when name is empty.
func (s *state) find(name string) (caseID string, h *held, err error) {
	if name == "" {
		var live []string
		for id, h := range s.Cases {
			if h.Ended.IsZero() && !h.linkTest() {
				live = append(live, h.Identifier)
				caseID = id
			}
		}
		slices.Sort(live)
		switch len(live) {
		case 0:
			return "", nil, errors.New("identifier: no alert is live here; name the one you mean")
		case 1:
			return caseID, s.Cases[caseID], nil
		}
		return "", nil, fmt.Errorf("identifier: %d alerts are live; name one of %s", len(live), strings.Join(live[:min(len(live), 10)], ", "))
	}
	for id, h := range s.Cases {
		if h.Identifier == name || id == name {
			return id, h, nil
		}
		if slices.Contains(h.Earlier, name) {
			return "", nil, fmt.Errorf("identifier %s: there is a newer revision of this case; use %s", name, h.Identifier)
		}
	}
	return "", nil, fmt.Errorf("identifier %.100s: %w; `status.json` and state.json list what is here", name, ErrUnknown)
}

// post takes receipts from the outbox until ctx ends.
func (r *Receiver) post(ctx context.Context) {
	t := time.NewTicker(spoolEvery)
	defer t.Stop()
	for {
		if err := r.collect(); err != nil {
			r.alarm("", AlarmDisk, "the outbox cannot be emptied: "+err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// collect moves what lies in the outbox into the state, and deletes it only
// then: after a crash in between it is found twice under one id and owed once.
func (r *Receiver) collect() error {
	box := filepath.Join(r.opt.Dir, outbox)
	entries, err := os.ReadDir(box) // sorted by name: by time
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries[:min(len(entries), maxSpooled)] {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue // being written
		}
		path := filepath.Join(box, e.Name())
		var rec Receipt
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err = json.Unmarshal(data, &rec); err == nil {
			err = r.Report(rec)
		}
		if onDisk(err) {
			return err // it stays for when there is room
		}
		if err != nil {
			r.alarm("", AlarmRefused, fmt.Sprintf("a receipt in the outbox cannot be sent and was dropped: %v", err))
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// onDisk says whether err is of the disk, and not of what was to be written.
func onDisk(err error) bool {
	_, path := errors.AsType[*fs.PathError](err)
	_, link := errors.AsType[*os.LinkError](err)
	return path || link
}
