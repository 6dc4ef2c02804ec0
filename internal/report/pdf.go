package report

import (
	"image/color"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/kit"
	"tocsin/internal/ledger"
)

// The colours of the sheet: dark on white, for any printer.
var (
	ink   = color.NRGBA{20, 28, 40, 255}
	soft  = color.NRGBA{84, 94, 110, 255}
	rule  = color.NRGBA{196, 204, 214, 255}
	shade = color.NRGBA{238, 241, 245, 255}
	drill = color.NRGBA{92, 38, 140, 255}
	white = color.NRGBA{255, 255, 255, 255}
)

// The page in points: margins, and where a table must break.
const (
	marginX = 42.0
	top     = 42.0
	bottom  = 790.0
	width   = 595 - 2*marginX
	pad     = 4.0
)

// maxPDFRows bounds the recipients on paper: worst first, the table has more.
const maxPDFRows = 200

// sheet is a document being written from top to bottom.
type sheet struct {
	*kit.Document
	Tongue
	r     *Report
	y     float64
	pages int
}

// PDF is the report on paper in t's language. fonts is kit.FontDir, or "" where there is none.
func (r *Report) PDF(t Tongue, fonts string) ([]byte, error) {
	title := t.Say("Report on alert {case}", "case", r.Case)
	doc, err := kit.NewDocument(fonts, title, t.Lang, r.Made)
	if err != nil {
		return nil, err
	}
	s := &sheet{Document: doc, Tongue: t, r: r}
	s.page()
	s.text(title, kit.Type{Size: 20, Bold: true, Colour: ink}, 8)
	s.head()
	s.measures()
	s.moments()
	for i := range r.Boards {
		s.board(&r.Boards[i])
	}
	return s.Bytes()
}

// page begins one; an exercise says so on each.
func (s *sheet) page() {
	s.AddPage()
	s.pages++
	s.y = top
	if s.r.Drill {
		s.Box(0, 0, 595, 22, drill)
		s.Write(s.Break(s.Say("EXERCISE"), kit.Type{Size: 12, Bold: true, Colour: white}, width), marginX, 4)
	}
	foot := s.Say("Report on alert {case}", "case", s.r.Case) + " · " + s.Stamp(s.r.Made.In(s.r.Zone)) + " · " + s.Say("page {n}", "n", s.pages)
	s.Write(s.Break(foot, kit.Type{Size: 8, Colour: soft}, width), marginX, 810)
}

// room begins a new page unless h points are left, and says whether it did.
func (s *sheet) room(h float64) bool {
	if s.y+h <= bottom {
		return false
	}
	s.page()
	return true
}

func (s *sheet) text(text string, t kit.Type, after float64) {
	b := s.Break(text, t, width)
	s.room(b.Height())
	s.Write(b, marginX, s.y)
	s.y += b.Height() + after
}

func (s *sheet) heading(text string) {
	s.room(70) // never alone at the foot of a page
	s.y += 10
	s.text(text, kit.Type{Size: 13, Bold: true, Colour: ink}, 4)
}

// head is what the report is about; of a case that has ended number and area alone.
func (s *sheet) head() {
	rows := [][]string{{s.Say("Case"), s.r.Case}}
	if len(s.r.Names) > 0 {
		rows = append(rows, []string{s.Say("Children"), strings.Join(s.r.Names, ", ")})
	}
	rows = append(rows, []string{s.Say("Area"), s.r.Areas}, []string{s.Say("Written"), s.Stamp(s.r.Made.In(s.r.Zone)) + " (" + s.r.Zone.String() + ")"})
	s.table([]float64{110, width - 110}, nil, rows)
	if s.r.Ended {
		s.y += 4
		s.text(s.Say("The case has ended: the report holds no child's name, no photo and nothing that was written freely."), kit.Type{Size: 9, Colour: soft}, 2)
	}
}

func (s *sheet) measures() {
	all := s.r.Measures()
	if len(all) == 0 {
		return
	}
	s.heading(s.Say("Measured times"))
	var rows [][]string
	for _, m := range all {
		rows = append(rows, []string{s.Say(m.Text), s.Say("revision {n}", "n", m.Revision), s.After(m.Took)})
	}
	s.table([]float64{width - 180, 90, 90}, []string{s.Say("What was measured"), s.Say("Revision"), s.Say("Took")}, rows)
}

func (s *sheet) moments() {
	s.heading(s.Say("From the report to the end"))
	var rows [][]string
	for _, m := range s.r.Moment {
		rows = append(rows, []string{
			s.clock(m.At), s.What(m) + "\x00" + strings.Join(s.Beside(m), " · "), s.After(m.SinceReport), s.After(m.SinceRelease),
		})
	}
	s.table([]float64{96, width - 246, 75, 75}, []string{
		s.Say("Time"), s.Say("What happened"), s.Say("Since the report"), s.Say("Since the release"),
	}, rows)
}

func (s *sheet) clock(at time.Time) string { return s.Stamp(at.In(s.r.Zone)) }

// board is one revision: its channels, its services, and who by name.
func (s *sheet) board(b *ledger.Board) {
	title := s.Say("Revision {n}: who has got it", "n", b.Revision)
	if b.MsgType == alert.TypeCancel {
		title = s.Say("Withdrawal: who was told")
	}
	s.heading(title)
	rows := [][]string{}
	for _, t := range b.Channels {
		rows = append(rows, []string{
			s.Retell(t.Title), s.of(t.Accepted, t.Recipients), s.num(t.Seen), s.num(t.OnAir), s.num(t.Removed),
			s.num(t.Failed + t.Retrying), s.span(t.FirstMS, t.LastMS),
		})
	}
	s.table([]float64{115, 86, 52, 52, 62, 52, width - 419}, []string{
		s.Say("Channel"), s.Say("Has it"), s.Say("Seen"), s.Say("On air"), s.Say("Removed"), s.Say("Failed"), s.Say("First, last"),
	}, rows)
	if len(b.Services) > 0 {
		rows = nil
		for _, v := range b.Services {
			rows = append(rows, []string{v.Name, s.num(v.Accepted), s.num(v.Failed + v.Retrying), s.causes(v.Reasons)})
		}
		s.y += 8
		s.table([]float64{180, 60, 60, width - 300}, []string{s.Say("Service or gateway"), s.Say("Has it"), s.Say("Failed"), s.Say("Why")}, rows)
	}
	s.recipients(b)
}

func (s *sheet) recipients(b *ledger.Board) {
	list := named(b)
	if len(list) == 0 {
		return
	}
	var rows [][]string
	for _, row := range list[:min(len(list), maxPDFRows)] {
		took := int64(-1)
		if took = row.Millis; row.Story != nil && row.Story.ReceivedMS >= 0 {
			took = row.Story.ReceivedMS
		}
		rows = append(rows, []string{row.Name, s.State(row.State), s.Took(took), s.cause(row.Code, row.Reason)})
	}
	s.y += 8
	s.table([]float64{160, 110, 70, width - 340}, []string{s.Say("Station or site"), s.Say("State"), s.Say("Has it after"), s.Say("Why")}, rows)
	if n := len(list) - maxPDFRows; n > 0 {
		s.text(s.Count(n, "{n} more recipient in better state.", "{n} more recipients in better state."), kit.Type{Size: 9, Colour: soft}, 0)
	}
	var part []string
	for _, t := range b.Channels {
		if n := listed(b, t.Channel); n > 0 && n < t.Recipients {
			part = append(part, s.Retell(t.Title)+" "+s.of(n, t.Recipients))
		}
	}
	if len(part) > 0 {
		s.text(s.Say("Known by name: {list}.", "list", strings.Join(part, ", ")), kit.Type{Size: 9, Colour: soft}, 0)
	}
}

func (s *sheet) num(n int) string {
	if n == 0 {
		return "–"
	}
	return s.Number(n)
}

func (s *sheet) of(n, all int) string {
	return s.Say("{n} of {of}", "n", s.Number(n), "of", s.Number(all))
}

func (s *sheet) span(first, last int64) string {
	if first < 0 {
		return "–"
	}
	return s.Took(first) + ", " + s.Took(last)
}

func (s *sheet) causes(all []ledger.Reason) string {
	var parts []string
	for _, r := range all {
		parts = append(parts, s.num(r.Count)+" × "+s.cause(r.Code, r.Reason))
	}
	return strings.Join(parts, "; ")
}

func (s *sheet) cause(code, reason string) string {
	return strings.TrimSpace(s.Retell(reason) + " " + code)
}

// table writes rows of cells; a cell may have a second, softer text after a NUL.
// A row is never broken, and the head is said again on each page.
func (s *sheet) table(cols []float64, head []string, rows [][]string) {
	if head != nil {
		s.row(cols, head, true, nil)
	}
	for _, cells := range rows {
		s.row(cols, cells, false, head)
	}
}

func (s *sheet) row(cols []float64, cells []string, isHead bool, head []string) {
	main := kit.Type{Size: 9, Colour: ink, Bold: isHead}
	type cell struct{ first, second kit.Block }
	set := make([]cell, len(cells))
	h := 0.0
	for i, c := range cells {
		text, more, _ := strings.Cut(c, "\x00")
		set[i] = cell{s.Break(text, main, cols[i]-2*pad), s.Break(more, kit.Type{Size: 8, Colour: soft}, cols[i]-2*pad)}
		h = max(h, set[i].first.Height()+set[i].second.Height())
	}
	h += 2 * pad
	if s.room(h) && head != nil {
		s.row(cols, head, true, nil)
	}
	if isHead {
		s.Box(marginX, s.y, width, h, shade)
	}
	x := marginX
	for i, c := range set {
		s.Write(c.first, x+pad, s.y+pad)
		s.Write(c.second, x+pad, s.y+pad+c.first.Height())
		x += cols[i]
	}
	s.y += h
	s.Box(marginX, s.y-0.5, width, 0.5, rule)
}
