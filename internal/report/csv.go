package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/ledger"
)

// columns of the table. They and all that stands under them but names and
// reasons are for programs, and the same in every language.
var columns = []string{
	"part", "kind", "revision", "channel", "name", "state", "at",
	"since_report_s", "since_release_ms", "count", "of", "reason",
}

// CSV writes the whole report as one table: the moments, then for each revision its
// channels, each with how many of its recipients are listed, its services, and the
// named recipients.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	line := func(cells ...string) {
		for i, c := range cells {
			cells[i] = harmless(c)
		}
		_ = out.Write(cells) // kept by the writer, for Error
	}
	line(columns...)
	line("case", "", "", "", r.Case, "", stamp(r.Made), "", "", "", "", r.Areas)
	for _, name := range r.Names {
		line("child", "", "", "", name, "", "", "", "", "", "", "")
	}
	for _, m := range r.Moment {
		line("moment", string(m.Kind), number(m.Revision), m.Channel, m.Who, "", stamp(m.At),
			seconds(m.SinceReport), millis(m.SinceRelease), number(m.Count), number(m.Of), m.Detail)
	}
	for i := range r.Boards {
		b := &r.Boards[i]
		rev := number(b.Revision)
		for _, t := range b.Channels {
			for _, x := range stages(t) {
				line("channel", string(b.MsgType), rev, t.Title, "", x.state, stamp(b.Released), "", x.ms, strconv.Itoa(x.n), strconv.Itoa(t.Recipients), "")
			}
			// Who reads the lines of recipients can see whether they are all.
			line("channel", string(b.MsgType), rev, t.Title, "", "listed", stamp(b.Released), "", "", strconv.Itoa(listed(b, t.Channel)), strconv.Itoa(t.Recipients), "")
		}
		for _, s := range b.Services {
			line("service", string(b.MsgType), rev, s.Channel, s.Name, "accepted", stamp(b.Released), "", ms(s.LastMS), strconv.Itoa(s.Accepted), "", "")
			line("service", string(b.MsgType), rev, s.Channel, s.Name, "failed", stamp(b.Released), "", "", strconv.Itoa(s.Failed+s.Retrying), "", reasons(s.Reasons))
		}
		for _, row := range named(b) {
			line("recipient", string(b.MsgType), rev, row.Channel, row.Name, string(row.State), stamp(row.At), "", ms(row.Millis), "", "", why(row))
		}
	}
	out.Flush()
	return out.Error()
}

// stage is one figure of a channel.
type stage struct {
	state string
	n     int
	ms    string // of the last, where it is known
}

func stages(t ledger.Totals) []stage {
	return []stage{
		{"queued", t.Queued, ""},
		{"sent", t.Sent, ""},
		{"accepted", t.Accepted, ms(t.LastMS)},
		{"delivered", t.Delivered, ""},
		{"seen", t.Seen, ""},
		{"on_air", t.OnAir, ""},
		{"declined", t.Declined, ""},
		{"removed", t.Removed, ms(t.LastRemovedMS)},
		{"retrying", t.Retrying, ""},
		{"failed", t.Failed, ""},
	}
}

// named are the rows of stations and partners; citizens are counted and never listed.
func named(b *ledger.Board) (rows []ledger.Row) {
	for _, row := range b.Rows {
		if row.Name != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// listed is how many of a channel have a line of their own.
func listed(b *ledger.Board, channel string) (n int) {
	for _, row := range named(b) {
		if row.Channel == channel {
			n++
		}
	}
	return n
}

// why is a failure in one cell.
func why(row ledger.Row) string {
	return strings.TrimSpace(strings.Join([]string{row.Class, row.Code, row.Reason}, " "))
}

func reasons(all []ledger.Reason) string {
	parts := make([]string, len(all))
	for i, r := range all {
		parts[i] = strings.TrimSpace(strconv.Itoa(r.Count) + " " + r.Class + " " + r.Code + " " + r.Reason)
	}
	return strings.Join(parts, "; ")
}

// harmless keeps a spreadsheet from reading a name as a formula: a station
// called "=cmd" must be text there too.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ms(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func millis(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

func seconds(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}
