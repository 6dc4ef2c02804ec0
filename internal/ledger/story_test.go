package ledger

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
)

// says is a station's report about revision 1 of case C.
func says(state adapter.State, at time.Time, by, outlet, reason string) adapter.Report {
	return adapter.Report{
		Channel: "broadcast", Recipient: "st", Identifier: "T-C-1", Revision: 1,
		State: state, At: at, By: by, Outlet: outlet, Reason: reason,
	}
}

func report(t *testing.T, l *Ledger, all ...adapter.Report) {
	t.Helper()
	for _, r := range all {
		if err := l.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingIsOverwritten: all that a station says stays with its time, in
// whatever order it comes, and the row shows the furthest.
func TestNothingIsOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := newLedger()
		released := time.Now()
		b := batch("broadcast", 1)
		b.Released, b.Planned = released, &Plan{Recipients: 1, Named: []string{"st"}}
		record(t, l, b)
		at := func(d time.Duration) time.Time { return released.Add(d) }
		time.Sleep(time.Hour)
		report(t, l,
			says(adapter.OnAir, at(20*time.Minute), "Tom", "La Une", ""),
			says(adapter.OnAir, at(20*time.Minute+30*time.Second), "Tom", "La Une", ""), // the second receiver saw the same airing
			says(adapter.OnAir, at(35*time.Minute), "Tom", "La Une", ""),
			says(adapter.OnAir, at(20*time.Minute), "Tom", "La Deux", ""),
			says(adapter.Received, at(40*time.Millisecond), "", "", ""),
			says(adapter.Seen, at(9*time.Second), "Eva", "", ""),
			says(adapter.Seen, at(12*time.Second), "Eva", "", ""), // a person sees it once
			says(adapter.Seen, at(15*time.Second), "Tom", "", ""),
			says(adapter.Declined, at(19*time.Minute), "Eva", "", "football"),
			says(adapter.Declined, at(19*time.Minute), "Eva", "", "football"),
		)
		want := "received 40, seen 9000 Eva, seen 15000 Tom, declined 1140000 Eva football, " +
			"on_air 1200000 Tom La Une, on_air 1200000 Tom La Deux, on_air 2100000 Tom La Une"
		check := func(l *Ledger, when string) {
			t.Helper()
			board, err := l.Board("C")
			if err != nil {
				t.Fatal(err)
			}
			row := board.Rows[0]
			if row.State != adapter.OnAir || row.Story == nil {
				t.Fatalf("%s: the row is %+v, want on air with its story", when, row)
			}
			if got := told(row.Story); got != want {
				t.Errorf("%s:\n got %s\nwant %s", when, got, want)
			}
			s := row.Story
			if s.ReceivedMS != 40 || s.Airings != 3 || !s.OnAir.Equal(at(20*time.Minute)) || !s.LastAired.Equal(at(35*time.Minute)) ||
				fmt.Sprint(s.SeenBy, s.Outlets) != "[Eva Tom] [La Une La Deux]" {
				t.Errorf("%s: %+v", when, s)
			}
		}
		check(l, "at once")
		again, _ := newLedger()
		again.stream = log
		up := make(chan struct{})
		go func() { _ = again.Run(t.Context(), func() { close(up) }) }()
		<-up
		check(again, "after a restart")
	})
}

func told(s *Story) string {
	var out strings.Builder
	for i, w := range s.Words {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(fmt.Sprintf("%s %d", w.State, w.Millis))
		for _, x := range []string{w.By, w.Outlet, w.Reason} {
			if x != "" {
				out.WriteString(" " + x)
			}
		}
	}
	return out.String()
}

// TestWordsAreBounded: a receiver gone mad fills neither disk nor memory, and its last word still counts.
func TestWordsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, log := newLedger()
		b := batch("broadcast", 1)
		b.Released = time.Now()
		record(t, l, b)
		for n := range 3 * maxWords {
			time.Sleep(2 * time.Minute)
			report(t, l, says(adapter.OnAir, time.Time{}, fmt.Sprint("robot ", n), "", ""))
		}
		report(t, l, says(adapter.Removed, time.Time{}, "Eva", "", ""))
		board, _ := l.Board("C")
		if row := board.Rows[0]; row.State != adapter.Removed || len(row.Story.Words) != maxWords {
			t.Errorf("%s with %d words, want removed with %d", row.State, len(row.Story.Words), maxWords)
		}
		if n := len(log.Records()); n > maxWords+3 {
			t.Errorf("%d records on the stream", n)
		}
	})
}

// TestStationsStayOnTheBoard: ten thousand failed phones do not push a silent station off it.
func TestStationsStayOnTheBoard(t *testing.T) {
	l, _ := newLedger()
	b := batch("broadcast", 1)
	b.Planned = &Plan{Recipients: 1, Named: []string{"st"}}
	record(t, l, b)
	phones := batch("sms", 1)
	for n := range 10_000 {
		phones.Entries = append(phones.Entries, Entry{Recipient: fmt.Sprint("p", n), State: adapter.Failed, Final: true, At: time.Now()})
	}
	record(t, l, phones)
	board, err := l.Board("C")
	if err != nil || len(board.Rows) != maxRows {
		t.Fatalf("%d rows, %v", len(board.Rows), err)
	}
	for _, r := range board.Rows {
		if r.Recipient == "st" {
			return
		}
	}
	t.Error("the station is not on the board")
}

// TestReportListsAllWhoAreNamed: a board has the worst 500, a report everybody whom the plan names.
func TestReportListsAllWhoAreNamed(t *testing.T) {
	l, _ := newLedger()
	for _, channel := range []string{"broadcast", "website"} {
		b := batch(channel, 1)
		b.Planned = &Plan{Recipients: MaxNamed}
		for n := range MaxNamed {
			b.Planned.Named = append(b.Planned.Named, fmt.Sprint(channel, n))
		}
		record(t, l, b)
	}
	board, err := l.BoardOf("C", 1)
	report, err2 := l.ReportOf("C", 1)
	if err != nil || err2 != nil || len(board.Rows) != maxRows || len(report.Rows) != 2*MaxNamed {
		t.Errorf("%d rows on the board, %d in the report; %v, %v", len(board.Rows), len(report.Rows), err, err2)
	}
}
