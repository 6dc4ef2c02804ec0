package receive

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// spooled is what lies in the outbox.
func spooled(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, outbox))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return entries
}

func TestPeoplesWordsGoOutWithAndWithoutTheReceiver(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	if _, err := Note(dir, Receipt{State: "seen"}); err == nil || !strings.Contains(err.Error(), "no receiver has written here yet") {
		t.Errorf("before the first start: %v", err)
	}
	x := start(t, dir, nil, f)
	x.until("stored", func() bool { return len(f.states()) == 1 })
	if !Running(dir) {
		t.Error("the receiver runs, and Running says no")
	}
	began := time.Now()
	if _, err := Note(dir, Receipt{State: "seen", By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	x.until("seen is sent", func() bool { return count(f.states(), "zoe.1 seen") == 1 })
	if took := time.Since(began); took > 3*time.Second { // far above the 250 ms: it is the way that counts
		t.Errorf("it took %v", took)
	}
	x.stop()
	if Running(dir) {
		t.Error("the receiver has ended, and Running says yes")
	}
	for _, r := range []Receipt{{Identifier: "zoe", State: "on_air", Channel: "La Une"}, {Identifier: "zoe.1", State: "declined", Reason: "football"}} {
		if _, err := Note(dir, r); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(spooled(t, dir)); n != 2 {
		t.Fatalf("%d files wait", n)
	}
	x = start(t, dir, nil, f)
	x.until("both are confirmed", func() bool {
		s := x.Status()
		return len(s.Alerts) == 1 && len(s.Alerts[0].Said) == 4 && s.Owed == 0
	})
	if got := strings.Join(f.states(), ", "); !strings.HasSuffix(got, "zoe.1 seen, zoe.1 on_air, zoe.1 declined") {
		t.Errorf("sent %s", got)
	}
	for _, said := range x.Status().Alerts[0].Said {
		if said.Confirmed.IsZero() {
			t.Errorf("%s is not confirmed", said.State)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "log.jsonl"))
	if err != nil || strings.Contains(string(data), "Anna") {
		t.Errorf("the log names a person: %v", err)
	}
}

// kill -9 between the state and the file: the receipt is owed once.
func TestOutboxAfterACrashOwesOnce(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	x := start(t, dir, nil, f)
	x.until("stored, and that answered", func() bool { return len(f.states()) == 1 && x.Status().Owed == 0 })
	x.stop()
	f.mu.Lock()
	f.token = "closed for now" // so that nothing is answered
	f.mu.Unlock()
	rec, err := Note(dir, Receipt{State: "on_air"})
	if err != nil {
		t.Fatal(err)
	}
	name := spooled(t, dir)[0].Name()
	data, err := os.ReadFile(filepath.Join(dir, outbox, name))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		x = start(t, dir, nil, f)
		x.until("it is owed", func() bool { return x.Status().Owed == 1 && len(spooled(t, dir)) == 0 })
		x.stop()
		if err := os.WriteFile(filepath.Join(dir, outbox, name), data, 0o600); err != nil { // as if the deletion was lost
			t.Fatal(err)
		}
	}
	s, err := loadState(dir)
	if err != nil || len(s.Owed) != 1 || s.Owed[0].ID != rec.ID {
		t.Errorf("owed %+v, %v", s.Owed, err)
	}
}

func TestNoteRefuses(t *testing.T) {
	dir := t.TempDir()
	soon := time.Now().Add(time.Hour)
	s := &state{Positions: map[string]position{}, Cases: map[string]*held{
		"zoe": {Identifier: "zoe.2", Revision: 2, MsgType: "Update", Expires: soon, Earlier: []string{"zoe.1"}},
		"leo": {Identifier: "leo.1", Revision: 1, MsgType: "Alert", Expires: soon},
		"old": {Identifier: "old.2", Revision: 2, MsgType: "Cancel", Expires: soon, Ended: time.Now()},
	}}
	if err := s.save(dir); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		rec  Receipt
		want string
	}{
		"no reason":            {Receipt{Identifier: "zoe", State: "declined"}, "reason: declined needs one"},
		"a blank reason":       {Receipt{Identifier: "zoe", State: "failed", Reason: "  "}, "reason: failed needs one"},
		"a novel":              {Receipt{Identifier: "zoe", State: "declined", Reason: strings.Repeat("ü", 501)}, "reason: at most 500"},
		"a long name":          {Receipt{Identifier: "zoe", State: "seen", By: strings.Repeat("ü", 101)}, "by: at most 100"},
		"a long programme":     {Receipt{Identifier: "zoe", State: "seen", Channel: strings.Repeat("ü", 101)}, "channel: at most 100"},
		"a state of no person": {Receipt{Identifier: "zoe", State: "received"}, `state "received"`},
		"nobody's alert":       {Receipt{Identifier: "eva.1", State: "seen"}, "no such revision here"},
		"an old revision":      {Receipt{Identifier: "zoe.1", State: "seen"}, "use zoe.2"},
		"which of two":         {Receipt{State: "seen"}, "2 alerts are live; name one of leo.1, zoe.2"},
	} {
		if _, err := Note(dir, tt.rec); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if n := len(spooled(t, dir)); n != 0 {
		t.Errorf("%d refused receipts lie in the outbox", n)
	}
	for name, want := range map[string]string{"zoe": "zoe.2", "leo.1": "leo.1", "old": "old.2"} {
		if rec, err := Note(dir, Receipt{Identifier: name, State: "removed"}); err != nil || rec.Identifier != want || rec.Revision == 0 {
			t.Errorf("%s: %+v, %v", name, rec, err)
		}
	}
}

// What another program left in the outbox stops nothing and is not sent.
func TestOutboxDropsJunk(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	f.log = []map[string]any{alertOf("zoe", 1, "Alert")}
	box := filepath.Join(dir, outbox)
	if err := os.MkdirAll(box, 0o700); err != nil {
		t.Fatal(err)
	}
	unknown, err := json.Marshal(Receipt{Identifier: "eva.1", Revision: 1, State: "seen"})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"1.json": "{", "2.json": string(unknown), "3.json": `{"state":"aired"}`, "half.json.new": "x"} {
		if err := os.WriteFile(filepath.Join(box, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x := start(t, dir, nil, f)
	x.until("stored, and the junk is gone", func() bool { return len(f.states()) == 1 && len(spooled(t, dir)) == 1 })
	if !x.alarmed(AlarmRefused) {
		t.Error("no alarm")
	}
	if got := f.states(); len(got) != 1 {
		t.Errorf("sent %v", got)
	}
}
