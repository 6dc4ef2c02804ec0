package scenario

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tocsin/internal/receive"
)

// Server and receiver are killed at random, again and again, while officers
// release, update and withdraw. Afterwards the folder holds every revision that
// it must, once and in order, nothing of what was withdrawn, and nothing that is
// not signed; and the officer's board says no more than is true.
// Guards invariants 3, 4, 5 and 7.
func TestCrashOfServerAndReceiver(t *testing.T) {
	t.Parallel()
	alerts, every := 24, 4
	if os.Getenv("TOCSIN_CHAOS") != "" {
		alerts, every = 200, 6
	}
	s := newServer(t, quick)
	s.start()
	st := &storm{t: t, author: s.officer("author", "author"), approver: s.officer("approver", "approver")}
	n := newNewsroom(t, s)
	n.start()
	over, failed := st.start(t.Context(), alerts, func() {})
	kills := map[string]int{}
	for st.moment(every, 300*time.Millisecond, over) { // the moments are what is tried
		switch rand.N(3) {
		case 0:
			n.kill()
			n.start()
			kills["receiver"]++
		case 1:
			s.kill()
			s.start()
			kills["server"]++
		case 2:
			n.kill()
			s.kill()
			s.start()
			n.start()
			kills["both"]++
		}
	}
	if err := failed(); err != nil {
		t.Fatal(err)
	}
	took := n.settle(st)
	n.examine(st)
	t.Logf("%d alerts, %d revisions made public, kills %v; complete %s after the last", alerts, len(st.public), kills, took.Round(time.Millisecond))
}

// settle waits until the folder is as it must be, and says how long that took.
func (n *newsroom) settle(st *storm) time.Duration {
	n.t.Helper()
	began := time.Now()
	newest, _ := st.truth()
	eventually(n.t, 2*time.Minute, "the folder as it must be", func() error {
		faults := judgeFolder(filepath.Join(n.dir, "alerts"), newest, n.verify)
		if len(faults) > 0 {
			return fmt.Errorf("%d faults: %q; the receiver says %s", len(faults), faults[:min(3, len(faults))], tail(n.said.String(), 600))
		}
		return nil
	})
	return time.Since(began)
}

// examine judges the log.
func (n *newsroom) examine(st *storm) {
	n.t.Helper()
	_, order := st.truth()
	data, err := os.ReadFile(filepath.Join(n.dir, "log.jsonl"))
	if err != nil {
		n.t.Fatal(err)
	}
	for _, fault := range judgeLog(data, order) {
		n.t.Error(fault)
	}
}

// judgeFolder says what is wrong with the revisions in dir: all of a live case
// must be there, the withdrawal alone of an ended one, and all signed.
func judgeFolder(dir string, newest map[string]publicRevision, verify receive.Verifier) (faults []string) {
	want := map[string]bool{}
	for id, x := range newest {
		first := 1
		if x.cancel {
			first = x.revision
		}
		for rev := first; rev <= x.revision; rev++ {
			want[fmt.Sprintf("%s-%d", id, rev)] = true
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		if !want[e.Name()] {
			faults = append(faults, e.Name()+" is in the folder and should not be")
			continue
		}
		delete(want, e.Name())
		doc, err := os.ReadFile(filepath.Join(dir, e.Name(), "cap.xml"))
		if err == nil {
			err = verify(doc)
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s is not genuine: %v", e.Name(), err))
		}
	}
	for name := range want {
		faults = append(faults, name+" is missing")
	}
	return faults
}

// judgeLog wants each revision stored once, in the order of the releases. A kill
// between the folder and the state writes one line again, right after the first.
func judgeLog(data []byte, order map[string]int) (faults []string) {
	last, lastName := -1, ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var l struct {
			Act, Case string
			Revision  int
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			faults = append(faults, fmt.Sprintf("log.jsonl: %v: %s", err, lines.Bytes()))
		}
		if l.Act != "stored" && l.Act != "withdrawn" {
			continue
		}
		name := fmt.Sprintf("%s-%d", l.Case, l.Revision)
		at, known := order[name]
		if !known || at < last {
			faults = append(faults, fmt.Sprintf("%s (number %d) was stored after %s (number %d)", name, at, lastName, last))
		}
		last, lastName = at, name
	}
	return faults
}

// A judge that never finds anything proves nothing.
func TestJudgesSeeWhatIsWrong(t *testing.T) {
	order := map[string]int{"a-1": 0, "b-1": 1, "a-2": 2}
	line := func(act, id string, rev int) string {
		return fmt.Sprintf(`{"act":%q,"case":%q,"revision":%d}`, act, id, rev) + "\n"
	}
	good := line("stored", "a", 1) + line("stored", "a", 1) + line("command", "a", 1) + line("stored", "b", 1) + line("withdrawn", "a", 2)
	for name, tt := range map[string]struct {
		log    string
		faults int
	}{
		"good":         {good, 0},
		"twice":        {good + line("stored", "a", 1), 1},
		"out of order": {line("stored", "b", 1) + line("stored", "a", 1), 1},
		"from nowhere": {line("stored", "x", 1), 0 + 1},
		"half a line":  {good + "{", 1},
	} {
		order := order
		if name == "from nowhere" {
			order = map[string]int{}
		}
		if got := judgeLog([]byte(tt.log), order); len(got) != tt.faults {
			t.Errorf("%s: %q, want %d faults", name, got, tt.faults)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"a-1", "b-1", "c-1"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "cap.xml"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newest := map[string]publicRevision{"a": {"a", 2, true}, "b": {"b", 2, false}, "c": {"c", 1, false}}
	got := judgeFolder(dir, newest, func(doc []byte) error {
		if string(doc) == "c-1" {
			return errors.New("not signed")
		}
		return nil
	})
	slices.Sort(got)
	want := []string{"a-1 is in the folder and should not be", "a-2 is missing", "b-2 is missing", "c-1 is not genuine: not signed"}
	if !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
}
