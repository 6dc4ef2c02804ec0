package alert

import (
	"strings"
	"testing"
)

func TestNewCaseID(t *testing.T) {
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 20_000 {
		id := NewCaseID()
		if len(id) != 12 || strings.Trim(id, caseAlphabet) != "" || strings.ContainsAny(id, "AEIOUYaeiouy01") {
			t.Fatalf("%q is no case id", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
		for _, r := range id {
			letters[r]++
		}
	}
	// 240,000 letters over 23: 10,435 each, deviation 100. Taking every byte would
	// make the first three letters likelier by 8 %; 6 % is six deviations.
	for _, r := range caseAlphabet {
		if n, want := letters[r], 240_000/len(caseAlphabet); n < want*94/100 || n > want*106/100 {
			t.Errorf("%q came %d times, want about %d: the letters are not equally likely", r, n, want)
		}
	}
}

func TestIdentifierThereAndBack(t *testing.T) {
	if got, want := Identifier("BEPOL", Drill, "7GQ2XKPB4MNT", 1), "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-1"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	for _, rev := range []int{1, 2, 31} {
		id := Identifier("FR75", Live, NewCaseID(), rev)
		agency, realm, caseID, got, err := ParseIdentifier(id)
		if err != nil || agency != "FR75" || realm != Live || got != rev || !strings.Contains(id, caseID) || len(caseID) != 12 {
			t.Errorf("%s: %s %s %s %d %v", id, agency, realm, caseID, got, err)
		}
		var c checker
		if c.capWord("identifier", id); len(c.faults) > 0 {
			t.Errorf("%s is no CAP identifier: %v", id, c.faults)
		}
	}
}

func TestParseIdentifierRefuses(t *testing.T) {
	for _, s := range []string{
		"", "TOCSIN", "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT", "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-0",
		"TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT--1", "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-01", "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-+1",
		"TOCSIN-BEPOL-drill-7GQ2XKPB4MNT-1", "TOCSIN-BEPOL-TEST-7GQ2XKPB4MNT-1", "TOCSIN-bepol-DRILL-7GQ2XKPB4MNT-1",
		"OTHER-BEPOL-DRILL-7GQ2XKPB4MNT-1", "TOCSIN-BE.POL-DRILL-7GQ2XKPB4MNT-1", "TOCSIN-BEPOL-DRILL->-1",
		"TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-1\n", "TOCSIN-BEPOL-DRILL-7GQ2XKPB4MNT-" + strings.Repeat("9", 200),
	} {
		if a, r, c, n, err := ParseIdentifier(s); err == nil {
			t.Errorf("%q is taken: %s %s %s %d", s, a, r, c, n)
		}
	}
}

func TestAgencyName(t *testing.T) {
	for s, want := range map[string]bool{"BEPOL": true, "FR75": true, "B": false, "": false, "bepol": false, "BE.POL": false, "BE>": false, "ÉPOL": false, strings.Repeat("A", 25): false} {
		if AgencyName(s) != want {
			t.Errorf("%q: want %v", s, want)
		}
	}
}
