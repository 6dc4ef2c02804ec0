package report

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/kit"
	"tocsin/internal/ledger"
	"tocsin/internal/peertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var night = time.Date(2026, 11, 22, 2, 10, 0, 0, time.UTC)

// after is a time so long after the child was reported.
func after(d time.Duration) time.Time { return night.Add(d) }

// source is a case that was returned once, released, tried again at a partner and updated.
func source() Source {
	msg := func(rev int, kind alert.MsgType) *alert.Message { return &alert.Message{Revision: rev, MsgType: kind} }
	ev := func(kind, who string, at time.Duration, change func(*casework.Event)) casework.Event {
		e := casework.Event{Kind: kind, Officer: who, At: after(at)}
		if change != nil {
			change(&e)
		}
		return e
	}
	k := casework.Case{ID: "7GQ2XKPB4MNT", Stage: casework.StageReleased, Created: after(4 * time.Minute)}
	k.Internal.ReportedAt = night
	k.Facts.Children = []alert.Person{{GivenName: "Lina"}}
	released := after(19*time.Minute + 300*time.Millisecond)
	b := ledger.Board{Case: k.ID, Revision: 1, MsgType: alert.TypeAlert, Released: released}
	b.Channels = []ledger.Totals{
		{Channel: "broadcast", Title: "Broadcasters", Recipients: 2, Accepted: 1, Seen: 1, OnAir: 1, Sent: 1, FirstMS: 41, LastMS: 41, FirstSeenMS: 9_400, FirstOnAirMS: 95_000, FirstRemovedMS: -1, LastRemovedMS: -1},
		{Channel: "webpush", Title: "Web push", Recipients: 10_000, Accepted: 9_986, Failed: 2, Retrying: 12, FirstMS: 30, LastMS: 2_310, FirstSeenMS: -1, FirstOnAirMS: -1, FirstRemovedMS: -1, LastRemovedMS: -1},
	}
	b.Services = []ledger.Service{{
		Channel: "webpush", Name: "https://fcm.googleapis.com", Accepted: 9_986, Failed: 2, Retrying: 12, FirstMS: 30, LastMS: 2_310,
		Reasons: []ledger.Reason{{State: adapter.Failed, Class: "temporary", Code: "503", Reason: "the push service is in trouble", Count: 12}},
	}}
	b.Rows = []ledger.Row{
		{Channel: "broadcast", Recipient: "b-viva", Name: "=Radio Vivacité", State: adapter.Sent, Millis: 12, At: released},
		{
			Channel: "broadcast", Recipient: "b-rtbf", Name: "La Première", State: adapter.OnAir, By: "Eva Claes", Reason: "for Lina", Millis: 95_000, At: released.Add(95 * time.Second),
			Story: &ledger.Story{Received: released.Add(41 * time.Millisecond), ReceivedMS: 41, SeenBy: []string{"Eva Claes"}, Words: []ledger.Word{{State: adapter.OnAir, By: "Eva Claes", Reason: "for Lina"}}},
		},
		{Channel: "webpush", Recipient: "4f2kq", State: adapter.Failed, Class: "gone"},
	}
	return Source{
		Case: k, Boards: []ledger.Board{b}, Areas: "Brussels", Zone: time.UTC, Now: after(40 * time.Minute),
		Name: func(id string) string { return map[string]string{"anna": "Anna Peeters", "bram": "Bram Willems"}[id] },
		Events: []casework.Event{
			ev("drafted", "anna", 4*time.Minute, nil), ev("submitted", "anna", 12*time.Minute, nil),
			ev("returned", "bram", 14*time.Minute, func(e *casework.Event) { e.Reason = "Lina's coat is blue." }),
			ev("edited", "anna", 15*time.Minute, nil), ev("submitted", "anna", 16*time.Minute, nil),
			ev("released", "bram", 19*time.Minute, func(e *casework.Event) { e.Message = msg(1, alert.TypeAlert) }),
			ev("resent", "bram", 22*time.Minute, func(e *casework.Event) {
				e.Resent = &casework.Resent{Revision: 1, Channel: "broadcast", Name: "Radio Vivacité"}
			}),
			ev("edited", "anna", 25*time.Minute, nil), ev("edited", "anna", 26*time.Minute, nil), ev("submitted", "anna", 27*time.Minute, nil),
			ev("released", "bram", 28*time.Minute, func(e *casework.Event) { e.Message = msg(2, alert.TypeUpdate) }),
		},
	}
}

// ended is the same case after its withdrawal.
func ended() Source {
	s := source()
	s.Case.Stage, s.Case.Outcome = casework.StageWithdrawn, alert.OutcomeFound
	s.Events = append(s.Events, casework.Event{
		Kind: "withdrawn", Officer: "anna", At: after(33 * time.Minute), Outcome: alert.OutcomeFound,
		Message: &alert.Message{Revision: 3, MsgType: alert.TypeCancel},
	})
	b := s.Boards[0]
	b.Revision, b.MsgType, b.Released, b.Services = 3, alert.TypeCancel, after(33*time.Minute), nil
	b.Channels = []ledger.Totals{{Channel: "broadcast", Title: "Broadcasters", Recipients: 2, Accepted: 2, Removed: 1, FirstMS: 20, LastMS: 64, FirstSeenMS: -1, FirstOnAirMS: -1, FirstRemovedMS: 1_480, LastRemovedMS: 1_480}}
	b.Removal = &ledger.Removal{Confirmed: 1, Of: 2, Missing: []string{"Radio Vivacité"}}
	s.Boards = append(s.Boards, b)
	return s
}

func TestMoments(t *testing.T) {
	r := Build(ended())
	type want struct {
		kind                  Kind
		revision              int
		sinceReport, sinceRel time.Duration
	}
	for i, w := range []want{
		{Reported, 0, 0, Never},
		{Drafted, 0, 4 * time.Minute, Never},
		{Submitted, 0, 12 * time.Minute, Never},
		{Returned, 0, 14 * time.Minute, Never},
		{Submitted, 0, 16 * time.Minute, Never},
		{Released, 1, 19 * time.Minute, Never},
		{FirstAccepted, 1, 19*time.Minute + 330*time.Millisecond, 30 * time.Millisecond},
		{FirstAccepted, 1, 19*time.Minute + 341*time.Millisecond, 41 * time.Millisecond},
		{LastAccepted, 1, 19*time.Minute + 341*time.Millisecond, 41 * time.Millisecond},
		{LastAccepted, 1, 19*time.Minute + 2_610*time.Millisecond, 2_310 * time.Millisecond},
		{FirstSeen, 1, 19*time.Minute + 9_700*time.Millisecond, 9_400 * time.Millisecond},
		{FirstOnAir, 1, 20*time.Minute + 35_300*time.Millisecond, 95 * time.Second},
		{Resent, 1, 22 * time.Minute, 3*time.Minute - 300*time.Millisecond},
		{Submitted, 0, 27 * time.Minute, Never},
		{Released, 2, 28 * time.Minute, Never},
		{Withdrawn, 3, 33 * time.Minute, Never},
		{FirstAccepted, 3, 33*time.Minute + 20*time.Millisecond, 20 * time.Millisecond},
		{LastAccepted, 3, 33*time.Minute + 64*time.Millisecond, 64 * time.Millisecond},
		{FirstRemoved, 3, 33*time.Minute + 1_480*time.Millisecond, 1_480 * time.Millisecond},
		{LastRemoved, 3, 33*time.Minute + 1_480*time.Millisecond, 1_480 * time.Millisecond},
	} {
		if i >= len(r.Moment) {
			t.Fatalf("only %d moments", len(r.Moment))
		}
		if m := r.Moment[i]; (want{m.Kind, m.Revision, m.SinceReport, m.SinceRelease}) != w {
			t.Errorf("moment %d is %s of revision %d, %v and %v; want %+v", i, m.Kind, m.Revision, m.SinceReport, m.SinceRelease, w)
		}
	}
	if m := r.Moment[len(r.Moment)-1]; m.Count != 1 || m.Of != 2 {
		t.Errorf("the last removal is %d of %d", m.Count, m.Of)
	}
}

func TestMeasures(t *testing.T) {
	got := map[string]time.Duration{}
	for _, m := range Build(ended()).Measures() {
		got[m.Text+string(rune('0'+m.Revision))] = m.Took
	}
	for text, want := range map[string]time.Duration{
		"From the report to the release1":                     19 * time.Minute,
		"Of this, waiting for the approver1":                  3 * time.Minute,
		"From the release to the first who has it1":           30 * time.Millisecond,
		"From the release to the last who has it1":            2310 * time.Millisecond,
		"From the release to the first airing1":               95 * time.Second,
		"From the first change to the release of the update2": 3 * time.Minute,
		"Of this, waiting for the approver2":                  time.Minute,
		"From the first release to the withdrawal3":           14*time.Minute - 300*time.Millisecond,
		"From the withdrawal to the last who was told3":       64 * time.Millisecond,
		"From the withdrawal to the last confirmed removal3":  1480 * time.Millisecond,
	} {
		if took, ok := got[text]; !ok || took != want {
			t.Errorf("%q took %v, want %v", text, took, want)
		}
		delete(got, text)
	}
	if len(got) > 0 {
		t.Errorf("and %v", got)
	}
}

// A draft of a case that was never reported has no moment to measure from but itself.
func TestDraftAlone(t *testing.T) {
	s := source()
	s.Case.Internal.ReportedAt, s.Boards, s.Events = time.Time{}, nil, s.Events[:1]
	r := Build(s)
	if len(r.Moment) != 1 || r.Moment[0].SinceReport != 0 || len(r.Measures()) != 0 {
		t.Errorf("%+v %+v", r.Moment, r.Measures())
	}
}

func TestCSV(t *testing.T) {
	for name, s := range map[string]Source{"live": source(), "ended": ended()} {
		var out bytes.Buffer
		if err := Build(s).CSV(&out); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".csv")
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s is not as agreed (go test -run TestCSV -update writes it anew):\n%s", golden, out.String())
		}
	}
}

// english is the tongue that keys are written in.
var english = Tongue{
	Lang: alert.English,
	Say: func(text string, args ...any) string {
		for i := 0; i+1 < len(args); i += 2 {
			text = strings.ReplaceAll(text, "{"+args[i].(string)+"}", toText(args[i+1]))
		}
		return text
	},
	Count:   func(int, string, string, ...any) string { return "more" },
	Retell:  func(s string) string { return s },
	State:   func(s adapter.State) string { return string(s) },
	Outcome: func(o alert.Outcome) string { return string(o) },
	Number:  func(n int) string { return toText(n) },
	Took:    func(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() },
	Stamp:   func(at time.Time) string { return at.Format("15:04:05") },
}

func toText(v any) string {
	if n, ok := v.(int); ok {
		return number(n)
	}
	return v.(string)
}

// written is what a reader of the PDF finds in it.
func written(t *testing.T, r *Report) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		peertest.Missing(t, "pdftotext", "apt-get install poppler-utils")
	}
	data, err := r.PDF(english, kit.FontDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 300_000 {
		t.Errorf("the PDF has %d bytes", len(data))
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TOCSIN_SHOTS"); dir != "" {
		_ = exec.CommandContext(t.Context(), "pdftoppm", "-png", "-r", "70", file, filepath.Join(dir, "report-"+strings.ReplaceAll(t.Name(), "/", "-"))).Run()
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestPDF(t *testing.T) {
	s := source()
	s.Case.Facts.Children = append(s.Case.Facts.Children, alert.Person{GivenName: "ქეთევან"}) // no letter of ours
	s.Drill = true
	text := written(t, Build(s))
	for _, want := range []string{
		"Report on alert 7GQ2XKPB4MNT", "EXERCISE", "Lina", "ქეთევან", "Brussels", "From the report to the release", "19m0s",
		"First on air", "La Première", "https://fcm.googleapis.com", "the push service is in trouble 503", "page 1", "Lina's coat is blue.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// After the end nothing tells who it was about: neither the name nor what people wrote freely.
func TestEndedNamesNobody(t *testing.T) {
	r := Build(ended())
	var table bytes.Buffer
	if err := r.CSV(&table); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"PDF": written(t, r), "CSV": table.String()} {
		if strings.Contains(text, "Lina") || strings.Contains(text, "Eva Claes") {
			t.Errorf("the %s of an ended case says too much:\n%s", name, text)
		}
		if name == "PDF" && !strings.Contains(text, "holds no child's name") {
			t.Errorf("officers and stations are named, and it says:\n%s", text)
		}
		if !strings.Contains(text, "7GQ2XKPB4MNT") || !strings.Contains(text, "Brussels") {
			t.Errorf("the %s has no number or no area:\n%s", name, text)
		}
	}
}

// An alert is over when it expires, also in the minute before its withdrawal is written.
func TestExpiredNamesNobody(t *testing.T) {
	s := source()
	s.Case.Live = &casework.LiveRevision{Revision: 2, Expires: s.Now.Add(time.Second)}
	if r := Build(s); r.Ended || len(r.Names) != 1 {
		t.Errorf("a live one: ended %v, %v", r.Ended, r.Names)
	}
	s.Now = s.Case.Live.Expires
	r := Build(s)
	var table bytes.Buffer
	if err := r.CSV(&table); err != nil || !r.Ended || strings.Contains(table.String(), "Lina") {
		t.Errorf("ended %v, %v\n%s", r.Ended, err, table.String())
	}
}

// A long report goes over pages, and each row is on one of them.
func TestPDFOfManyPages(t *testing.T) {
	s := source()
	for i := range maxPDFRows + 7 {
		s.Boards[0].Rows = append(s.Boards[0].Rows, ledger.Row{Channel: "website", Name: "Partner " + number(i+1), State: adapter.Accepted, Millis: 120})
	}
	s.Boards[0].Channels = append(s.Boards[0].Channels, ledger.Totals{
		Channel: "website", Title: "Partner websites", Recipients: 1_200, Accepted: 1_200, FirstMS: 10, LastMS: 90, FirstSeenMS: -1, FirstOnAirMS: -1, FirstRemovedMS: -1, LastRemovedMS: -1,
	})
	text := written(t, Build(s))
	for _, want := range []string{"Partner 1 ", "Partner 150 ", "page 4", "more", "Known by name: Partner websites 207 of 1200."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(text, "Has it after"); n < 3 {
		t.Errorf("the table's head is said %d times on all pages", n)
	}
}
