package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

type boardView struct {
	page
	Case     casework.Case
	Row      caseRow
	Board    ledger.Board
	Ended    bool   // the board is of the withdrawal
	Shown    string // what a screen that anybody can see calls the case
	Tiles    []tile
	Stations []stationRow // who is asked to speak for himself
	Rows     []boardRow   // everybody else
	Services []serviceRow // push services and gateways
	Worst    []wallRow    // for the wall: all kinds in one list
	MayAgain bool         // the officer may have one tried again
	MayFix   bool         // the alert can be corrected
	Wall     string       // address of the wall screen
	Gone     string       // how long until the last removal was confirmed
	Sentence string
	Airing   []string
	Removal  string
	Missing  string // who has not confirmed removal
	Filter   string
	Filters  []tab
	Stream   string // address of the live events
	Part     string // address of the part to fetch anew
	Empty    bool
	Off      []Station
	HideRows int
	HideMore int // stations that are not listed
}

// tile is one channel's figures.
type tile struct {
	Title            string
	Done, Of         int
	Word             string // what Done counts: "have it", "removal confirmed"
	Failed, Retrying int
	Waiting          int
	First, Last      string
	Silent           bool // nobody has it for too long
	Extra            []string
	Why              []string
	Good, Bad        float64 // shares, for the bar
	BadFrom          float64
}

type boardRow struct {
	ledger.Row
	Who, State, Class, Channel string
	Took                       string
}

// maxBoardRows bounds what one page draws of each list: the worst come first,
// and the totals count everybody. The report's table has them all.
const maxBoardRows = 60

func (c *console) boardPage(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	b, err := c.board(k.ID)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	view := c.boardView(r, k, b)
	part, wall := r.URL.Query().Get("part") != "", r.URL.Query().Get("wall") != ""
	switch {
	case wall && part:
		c.renderPart(w, r, http.StatusOK, "wall", "wall-fresh", view)
	case wall:
		c.renderPart(w, r, http.StatusOK, "wall", "wall.html", view)
	case part:
		c.renderPart(w, r, http.StatusOK, "board", "board-fresh", view)
	default:
		c.render(w, r, http.StatusOK, "board", view)
	}
}

// board is the case's newest revision; an empty one before the first release.
func (c *console) board(id string) (ledger.Board, error) {
	b, err := c.Ledger.Board(id)
	if errors.Is(err, stream.ErrNone) || errors.Is(err, casework.ErrNotFound) {
		return ledger.Board{Case: id}, nil
	}
	return b, err
}

func (c *console) boardView(r *http.Request, k casework.Case, b ledger.Board) boardView {
	at := "/console/cases/" + k.ID + "/board"
	view := boardView{
		Case: k, Shown: c.caseName(k), Row: c.row(k, c.officer(r)), Board: b,
		Ended: b.MsgType == alert.TypeCancel, Empty: b.Revision == 0, Filter: r.URL.Query().Get("channel"),
		Stream: "/v1/cases/" + k.ID + "/deliveries?rows=0",
	}
	if view.Ended || k.Stage == casework.StageWithdrawn {
		view.Shown = c.say("Case {id}", "id", k.ID) // the name is to be seen nowhere any more
	}
	view.page = c.page(r, c.say("Board: {case}", "case", view.Shown))
	view.Scripts, view.Wide, view.Back = []string{"clock.js", "board.js"}, true, "/console/cases/"+k.ID
	view.Filters = append(view.Filters, tab{Slug: at, Text: c.say("All channels"), Current: view.Filter == ""})
	known := view.Filter == ""
	titles := map[string]string{}
	for _, t := range b.Channels {
		titles[t.Channel] = c.retell(t.Title)
		view.Tiles = append(view.Tiles, c.tile(t, view.Ended))
		current := t.Channel == view.Filter
		known = known || current
		view.Filters = append(view.Filters, tab{Slug: at + "?channel=" + t.Channel, Text: titles[t.Channel], Current: current, Count: t.Failed + t.Retrying + t.Declined})
	}
	if !known {
		view.Filter, view.Filters[0].Current = "", true
	}
	zone := c.zoneOf(&k.Draft)
	view.Part, view.Wall = at+"?part=1&channel="+view.Filter, at+"?wall=1"
	o := c.officer(r)
	view.MayAgain = c.Resend != nil && !view.Empty && (o.Has(auth.Author) || o.Has(auth.Approver))
	view.MayFix = k.Live != nil && (mayEdit(k, o) || mayWithdraw(k, o))
	c.listRows(&view, titles, zone)
	view.Services = c.serviceRows(b, view.Filter, titles)
	if r.URL.Query().Get("wall") != "" {
		view.Part = view.Wall + "&part=1"
		view.Worst = c.worst(b, titles)
	}
	view.Sentence, view.Airing = c.boardSentence(b, view.Ended), c.airing(b, zone)
	view.Gone = c.goneAfter(b)
	view.Removal, view.Missing = c.removal(b)
	if c.Stations != nil {
		view.Off = slices.DeleteFunc(slices.Clone(c.Stations.Stations()), func(s Station) bool {
			return s.Connected || hasIncident(b, s.ID)
		})
	}
	return view
}

// listRows fills in stations and others, the worst first, as many as a page draws.
func (c *console) listRows(view *boardView, titles map[string]string, zone *time.Location) {
	for _, row := range view.Board.Rows {
		if view.Filter != "" && row.Channel != view.Filter {
			continue
		}
		switch {
		case row.Story != nil && len(view.Stations) == maxBoardRows:
			view.HideMore++
		case row.Story != nil:
			view.Stations = append(view.Stations, c.stationRowOf(row, titles, zone))
		case len(view.Rows) == maxBoardRows:
			view.HideRows++
		default:
			view.Rows = append(view.Rows, c.boardRowOf(row, titles))
		}
	}
}

func (c *console) tile(t ledger.Totals, ended bool) tile {
	tl := tile{
		Title: c.retell(t.Title), Done: t.Accepted, Of: t.Recipients, Word: c.say("have it"), Failed: t.Failed, Retrying: t.Retrying,
		First: c.seconds(t.FirstMS), Last: c.seconds(t.LastMS), Waiting: t.Queued + t.Sent, Silent: t.Silent,
	}
	tl.Why = c.reasons(t.Reasons)
	if t.FirstMS < 0 {
		tl.First, tl.Last = "", ""
	}
	if ended {
		tl.Word = c.say("told")
		// Phones confirm nothing: only who holds copies is asked, and shown until all have answered.
		if look := looks[t.Channel]; t.Removed > 0 || look == "radio" || look == "web" {
			tl.Extra = append(tl.Extra, c.say("{n} of {of} confirmed removal", "n", c.thousands(t.Removed), "of", c.thousands(t.Recipients)))
		}
	}
	for _, x := range []struct {
		n    int
		word string
	}{{t.Delivered, tr("{n} delivered")}, {t.Seen, tr("{n} seen")}, {t.OnAir, tr("{n} on air")}, {t.Declined, tr("{n} declined")}} {
		if x.n > 0 && !ended {
			tl.Extra = append(tl.Extra, c.say(x.word, "n", c.thousands(x.n)))
		}
	}
	tl.Good, tl.Bad = percent(tl.Done, t.Recipients), percent(t.Failed+t.Retrying, t.Recipients)
	tl.BadFrom = 100 - tl.Bad
	return tl
}

func (t *tongue) boardRowOf(row ledger.Row, titles map[string]string) boardRow {
	br := boardRow{Row: row, Who: row.Name, State: t.say(stateWords[row.State]), Channel: titles[row.Channel], Took: t.seconds(row.Millis), Class: string(row.Lamp)}
	br.Reason = t.retell(row.Reason)
	if br.Who == "" {
		br.Who = shortRecipient(row.Recipient)
	}
	if br.State == "" {
		br.State = string(row.State)
	}
	return br
}

// hasIncident says whether the board shows the recipient in red already.
func hasIncident(b ledger.Board, recipient string) bool {
	return slices.ContainsFunc(b.Rows, func(r ledger.Row) bool { return r.Recipient == recipient && r.Incident != nil })
}

// shortRecipient is enough of an opaque id to tell two apart.
func shortRecipient(id string) string {
	if len(id) > 12 {
		return id[:12] + "…"
	}
	return id
}

// boardSentence sums the board up for somebody who reads one line only.
func (t *tongue) boardSentence(b ledger.Board, ended bool) string {
	var have, of, removed, failed, trying int
	last := int64(-1)
	for _, c := range b.Channels {
		have, of, removed = have+c.Accepted, of+c.Recipients, removed+c.Removed
		failed, trying = failed+c.Failed, trying+c.Retrying
		last = max(last, c.LastMS)
	}
	if b.Revision == 0 {
		return t.say("Nothing has gone out for this case.")
	}
	parts := []string{t.count(of, "{have} of {n} recipient has it.", "{have} of {n} recipients have it.", "have", t.thousands(have))}
	if ended {
		parts[0] = t.count(of, "{have} of {n} recipient was told.", "{have} of {n} recipients were told.", "have", t.thousands(have))
		if removed > 0 {
			parts = append(parts, t.count(removed, "{n} confirmed removal.", "{n} confirmed removal."))
		}
	}
	if last >= 0 {
		parts = append(parts, t.say("The last came {time} after release.", "time", t.seconds(last)))
	}
	if trying > 0 {
		parts = append(parts, t.count(trying, "{n} is being tried again.", "{n} are being tried again."))
	}
	if failed > 0 {
		parts = append(parts, t.count(failed, "{n} failed.", "{n} failed."))
	}
	return strings.Join(parts, " ")
}

// since is how long ago the board's revision went out, for the clock.
func (v boardView) Since() time.Time { return v.Board.Released }
