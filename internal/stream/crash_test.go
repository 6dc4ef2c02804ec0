package stream

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

const crashDir = "TOCSIN_TEST_CRASH_DIR"

// TestMain makes this test binary its own victim: with crashDir set it appends,
// erases and deletes, says so line by line, and is killed in the middle of it.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func victim(dir string) error {
	ctx := context.Background()
	e, err := Open(ctx, Options{Dir: dir, Realm: alert.Live})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := strconv.Itoa(i)
		secret := fmt.Appendf(nil, "secret-%06d-", i)
		if _, err := e.Cases().Append(ctx, Entry{Subject: "cases." + id, ID: id}); err != nil {
			return err
		}
		fmt.Println("case", id)
		if _, err := e.Subscribers().Append(ctx, Entry{Subject: "subscribers.sms." + id, ID: id, Data: secret}); err != nil {
			return err
		}
		if err := e.Subscribers().Erase(ctx, "subscribers.sms."+id); err != nil {
			return err
		}
		fmt.Println("left", id)
		if _, err := e.Alerts().Append(ctx, Entry{Subject: "alerts.P." + id, ID: "alert" + id, Data: secret}); err != nil {
			return err
		}
		fmt.Println("alert", id)
		if _, err := e.Alerts().Append(ctx, Entry{Subject: "alerts.P." + id, ID: "cancel" + id, Rollup: true}); err != nil {
			return err
		}
		fmt.Println("cancel", id)
	}
}

// runVictim starts a victim on dir, kills it with kill -9 after that many lines,
// and returns all that it had said.
func runVictim(t *testing.T, dir string, lines int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for s := bufio.NewScanner(out); s.Scan(); {
		said = append(said, s.Text())
		if len(said) == lines {
			// Not at a line's end: a moment later, wherever it is then.
			time.AfterFunc(time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	if len(said) < lines {
		t.Fatalf("the victim ended by itself after %d lines", len(said))
	}
	return said
}

// What was acknowledged before kill -9 is there afterwards, and what was erased
// does not come back, in no index and in no file.
func TestKill9(t *testing.T) {
	for round, lines := range []int{40, 401, 802} {
		dir := t.TempDir()
		said := runVictim(t, dir, lines)
		e := openIn(t, dir)
		cases := ids(t, e.Cases(), "cases.>", 0)
		alerts := ids(t, e.Alerts(), "alerts.>", 0)
		for _, line := range said {
			what, id, _ := strings.Cut(line, " ")
			n, err := strconv.Atoi(id)
			if err != nil {
				t.Fatalf("the victim said %q", line)
			}
			switch what {
			case "case":
				if !slices.Contains(cases, id) {
					t.Errorf("round %d: case %s was acknowledged and is lost", round, id)
				}
			case "alert":
				if !slices.Contains(alerts, "alert"+id) && !slices.Contains(alerts, "cancel"+id) {
					t.Errorf("round %d: alert %s was acknowledged and is lost", round, id)
				}
			case "left":
				if _, err := e.Subscribers().Last(t.Context(), "subscribers.sms."+id); err == nil {
					t.Errorf("round %d: subscriber %s came back", round, id)
				}
			case "cancel":
				if !slices.Contains(alerts, "cancel"+id) || slices.Contains(alerts, "alert"+id) {
					t.Errorf("round %d: the withdrawal of alert %s did not last", round, id)
				}
				if files := onDisk(t, dir, fmt.Sprintf("secret-%06d-", n)); len(files) > 0 {
					t.Errorf("round %d: what was erased of %s is in %v", round, id, files)
				}
			}
		}
		shutDown(t, e)
	}
}
