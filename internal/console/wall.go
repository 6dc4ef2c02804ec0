package console

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
)

// wallRows is how many lines a wall screen of 1080 lines shows without scrolling.
const wallRows = 20

// wallRow is one line of the wall screen: who, how far, and since when nothing is heard.
type wallRow struct {
	Class, Who, Channel string
	State, Why          string
	Took                string    // how long after the release it was there; "" = it is not
	Since               time.Time // what is waited for, since then; zero = nothing
	rank                int
}

// worst lists stations, sites, services and the rest in one order, worst first.
func (c *console) worst(b ledger.Board, titles map[string]string) []wallRow {
	var all []wallRow
	for _, row := range b.Rows {
		all = append(all, c.wallRowOf(row, titles, b.Released))
	}
	for _, s := range c.serviceRows(b, "", titles) {
		w := wallRow{Class: string(s.Lamp), Who: s.Who, Channel: s.Via, State: s.State, Why: strings.Join(s.Why, "; "), Took: s.Last, rank: lampRank[s.Lamp]}
		if s.Lamp == ledger.Red { // thousands hang on it: as bad as a silent station
			w.Since, w.rank = b.Released, 0
		}
		all = append(all, w)
	}
	for _, t := range b.Channels { // a channel that reaches nobody has no row of its own
		if t.Silent {
			all = append(all, wallRow{Class: string(ledger.Red), Who: titles[t.Channel], State: c.say("Nobody has it yet"), Since: b.Released, rank: -1})
		}
	}
	slices.SortStableFunc(all, func(x, y wallRow) int { return x.rank - y.rank })
	return all[:min(len(all), wallRows)]
}

var lampRank = map[ledger.Lamp]int{ledger.Red: 1, ledger.Amber: 2, ledger.Green: 3, ledger.Grey: 4}

func (c *console) wallRowOf(row ledger.Row, titles map[string]string, released time.Time) wallRow {
	plain := c.boardRowOf(row, titles)
	w := wallRow{Class: plain.Class, Who: plain.Who, Channel: plain.Channel, State: plain.State, Why: plain.Reason, rank: lampRank[row.Lamp]}
	if row.Incident != nil {
		w.State, w.Since, w.rank = c.say(incidentWords[row.Incident.Kind]), row.Incident.Since, 0
		if w.Why == "" {
			w.Why = plain.State
		}
	}
	if s := row.Story; s != nil {
		if n := len(s.Words); n > 0 && s.Words[n-1].Reason != "" {
			w.Why = c.retell(s.Words[n-1].Reason)
		}
		switch {
		case !s.SilentSince.IsZero():
			w.Since = s.SilentSince
			return w // what it said before is not what is waited for
		case s.ReceivedMS >= 0:
			w.Took = c.seconds(s.ReceivedMS)
		}
	}
	switch row.State {
	case adapter.Queued, adapter.Sent:
		if w.Since.IsZero() {
			w.Since = released
		}
	case adapter.Failed, adapter.Expired, adapter.Superseded:
	default:
		if w.Took == "" {
			w.Took = plain.Took
		}
	}
	return w
}
