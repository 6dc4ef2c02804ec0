package exercise

import (
	"cmp"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/ledger"
)

// maxLines bounds what a report lists by name; channels count the others. It
// keeps one report within what the log takes as one record.
const maxLines = 1000

// Report is what arrived where in a test, and who was silent. It is kept as it
// was when it was closed, because the ledger forgets recipients that leave.
type Report struct {
	Case     string    `json:"case"`
	Released time.Time `json:"released"`
	Closed   time.Time `json:"closed"`
	By       string    `json:"by"` // officer id, or "operator"
	Channels []Channel `json:"channels"`
	Lines    []Line    `json:"lines"` // stations, partners and gateways by name, the silent first
}

// Channel is one channel's account. Times are milliseconds from the release, -1 = never.
type Channel struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	Recipients int    `json:"recipients"`
	Reached    int    `json:"reached"`
	Silent     int    `json:"silent"`
	Failed     int    `json:"failed"`
	FirstMS    int64  `json:"first_ms"`
	LastMS     int64  `json:"last_ms"`
}

// Line is one recipient with a name. MS and RemovedMS are milliseconds from the
// release and from the withdrawal, -1 = never.
type Line struct {
	Channel   string        `json:"channel"`
	Recipient string        `json:"recipient"`
	Name      string        `json:"name"`
	State     adapter.State `json:"state"`
	MS        int64         `json:"ms"`
	RemovedMS int64         `json:"removed_ms"`
	Silent    bool          `json:"silent"` // nothing came back
	Reason    string        `json:"reason,omitempty"`
}

// Measure makes the report of a test from the boards of its alert's revisions,
// for the channels that take part. The first revision says what arrived, a
// withdrawal who confirmed removal.
func Measure(t Test, boards []ledger.Board, at time.Time, by string) Report {
	r := Report{Case: t.Case, Closed: at, By: by}
	var removed map[string]int64
	for _, b := range boards {
		switch {
		case b.MsgType == alert.TypeCancel:
			removed = map[string]int64{}
			for _, row := range b.Rows {
				if row.State == adapter.Removed {
					removed[row.Channel+" "+row.Recipient] = row.Millis
				}
			}
		case r.Released.IsZero():
			r.Released = b.Released
			r.arrivals(t, b)
		}
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		if ms, ok := removed[l.Channel+" "+l.Recipient]; ok {
			l.RemovedMS = ms
		}
	}
	slices.SortStableFunc(r.Lines, func(a, b Line) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(b.MS, a.MS), cmp.Compare(a.Name, b.Name))
	})
	r.Lines = r.Lines[:min(len(r.Lines), maxLines)]
	return r
}

// rank puts the silent first, then those that failed.
func rank(l Line) int {
	switch {
	case l.Silent:
		return 0
	case l.MS < 0:
		return 1
	}
	return 2
}

// arrivals takes the channels and the named recipients of one board.
func (r *Report) arrivals(t Test, b ledger.Board) {
	for _, c := range b.Channels {
		if slices.Contains(t.Channels, c.Channel) {
			r.Channels = append(r.Channels, Channel{
				Name: c.Channel, Title: c.Title, Recipients: c.Recipients, Reached: c.Accepted, Silent: c.Queued + c.Sent,
				Failed: c.Failed + c.Retrying, FirstMS: c.FirstMS, LastMS: c.LastMS,
			})
		}
	}
	for _, row := range b.Rows {
		if row.Name == "" || !slices.Contains(t.Channels, row.Channel) {
			continue // a citizen's phone is counted, never listed
		}
		l := Line{Channel: row.Channel, Recipient: row.Recipient, Name: row.Name, State: row.State, MS: row.Millis, RemovedMS: -1, Reason: row.Reason}
		switch row.State {
		case adapter.Queued, adapter.Sent:
			l.Silent, l.MS = true, -1
		case adapter.Failed, adapter.Expired, adapter.Superseded:
			l.MS = -1
		}
		r.Lines = append(r.Lines, l)
	}
}

// Last is the newest reported test before t, to compare with; false when there is none.
func Last(all []Test, t Test) (last Test, ok bool) {
	for _, o := range all {
		if o.Report != nil && o.ID < t.ID && o.ID > last.ID {
			last, ok = o, true
		}
	}
	return last, ok
}

// Before is what the recipient did in an earlier report: its milliseconds, -1 =
// it was silent; false when it took no part.
func (r *Report) Before(channel, recipient string) (ms int64, ok bool) {
	if r == nil {
		return 0, false
	}
	i := slices.IndexFunc(r.Lines, func(l Line) bool { return l.Channel == channel && l.Recipient == recipient })
	if i < 0 {
		return 0, false
	}
	return r.Lines[i].MS, true
}

// Channel is a channel's account; false when it took no part.
func (r *Report) Channel(name string) (Channel, bool) {
	if r == nil {
		return Channel{}, false
	}
	i := slices.IndexFunc(r.Channels, func(c Channel) bool { return c.Name == name })
	if i < 0 {
		return Channel{}, false
	}
	return r.Channels[i], true
}

// columns of the table, for programs: the same in every language.
var columns = []string{
	"part", "test", "channel", "recipient", "name", "state", "recipients", "reached", "silent", "failed",
	"first_ms", "last_ms", "removed_ms", "last_test_ms", "reason",
}

// CSV writes the report as one table: the channels, then the named recipients.
// last is the report to compare with, nil when there is none.
func (r *Report) CSV(w io.Writer, id string, last *Report) error {
	out := csv.NewWriter(w)
	_ = out.Write(columns) // kept by the writer, for Error
	for _, c := range r.Channels {
		before := ""
		if l, ok := last.Channel(c.Name); ok {
			before = millis(l.LastMS)
		}
		_ = out.Write([]string{
			"channel", id, c.Name, "", harmless(c.Title), "", strconv.Itoa(c.Recipients), strconv.Itoa(c.Reached),
			strconv.Itoa(c.Silent), strconv.Itoa(c.Failed), millis(c.FirstMS), millis(c.LastMS), "", before, "",
		})
	}
	for _, l := range r.Lines {
		before := ""
		if ms, ok := last.Before(l.Channel, l.Recipient); ok {
			before = millis(ms)
		}
		_ = out.Write([]string{
			"recipient", id, l.Channel, l.Recipient, harmless(l.Name), string(l.State), "", "", yes(l.Silent), "",
			millis(l.MS), millis(l.MS), millis(l.RemovedMS), before, harmless(l.Reason),
		})
	}
	out.Flush()
	return out.Error()
}

func millis(ms int64) string {
	if ms < 0 {
		return ""
	}
	return strconv.FormatInt(ms, 10)
}

func yes(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// harmless keeps a spreadsheet from running a name that a stranger chose as a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}
