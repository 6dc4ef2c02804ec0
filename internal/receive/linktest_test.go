package receive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// linkTestOf is a signed test of the line.
func linkTestOf(caseID string) map[string]any {
	frame := alertOf(caseID, 1, "Alert")
	return change(frame, map[string]any{
		"status": "Test", "cap": strings.Replace(frame["cap"].(string), "<status>Actual", "<status>Test", 1),
	})
}

// A test of the line is stored, acknowledged and given to the command as a
// test; it is in no list of alerts, and "the live alert" never means it.
func TestLinkTestIsConfirmedAndNeverShownAsAlert(t *testing.T) {
	f := newFeed(t)
	dir := t.TempDir()
	ran := filepath.Join(t.TempDir(), "ran")
	x := start(t, dir, func(o *Options) {
		o.Exec = []string{"/bin/sh", "-c", `echo "$TOCSIN_CASE $TOCSIN_STATUS" >> ` + ran}
	}, f)
	f.put(linkTestOf("LINKTEST1"))
	f.put(alertOf("zoe", 1, "Alert"))
	x.until("both confirmed and run", func() bool {
		data, _ := os.ReadFile(ran)
		return count(f.states(), "LINKTEST1.1 received") == 1 && count(f.states(), "zoe.1 received") == 1 && strings.Count(string(data), "\n") == 2
	})
	data, err := os.ReadFile(ran)
	if err != nil || !slices.Equal(strings.Fields(string(data)), []string{"LINKTEST1", "Test", "zoe", "Actual"}) {
		t.Errorf("the command ran for %q, %v", data, err)
	}
	if m := readManifest(t, dir, "LINKTEST1-1"); m.Status != "Test" {
		t.Errorf("manifest %+v", m)
	}
	s := x.Status()
	if len(s.Alerts) != 1 || s.Alerts[0].Case != "zoe" || s.LinkTest == nil || s.LinkTest.Case != "LINKTEST1" {
		t.Errorf("the status shows alerts %+v and test %+v", s.Alerts, s.LinkTest)
	}
	if rec, err := Note(dir, Receipt{State: "seen", By: "Eva"}); err != nil || rec.Identifier != "zoe.1" {
		t.Errorf("the only live alert is %+v, %v", rec, err)
	}
}
