package console

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/ledger"
	"tocsin/internal/linktest"
)

// stationRow is one station or partner on the board: how far it is, and all that it has said.
type stationRow struct {
	ID           string // of the element, so that a detail stays open when the board is drawn anew
	Who, Channel string
	Class, State string
	Incident     string
	Since        time.Time // of the incident; zero = none to show
	Has, HasAt   string    // after how long it had it, and when
	Done         []string  // seen by, on air, declined why, failed why
	Silent       time.Time // since when it says nothing, though it is asked
	Words        []wordRow
	Channel0, To string // the channel's and the recipient's ids, for trying again; "" = it is over
}

// wordRow is one thing that a station has said.
type wordRow struct {
	At           time.Time
	Clock, State string
	Detail       string
}

var incidentWords = map[ledger.IncidentKind]string{
	ledger.NotConnected: tr("Not connected"), ledger.NotReceived: tr("Has not confirmed"),
	ledger.NotRemoved: tr("Removal not confirmed"), ledger.CannotAir: tr("Cannot air it"),
	ledger.Misconfigured: tr("Wrong credentials or settings of ours"),
}

// stationRowOf tells a row's story; i makes its element's id.
func (c *console) stationRowOf(row ledger.Row, titles map[string]string, zone *time.Location) stationRow {
	plain := c.boardRowOf(row, titles)
	s := stationRow{ID: "said-" + row.Channel + "-" + row.Recipient, Who: plain.Who, Channel: plain.Channel, Class: plain.Class, State: plain.State}
	story := row.Story
	if row.State != adapter.Removed {
		s.Channel0, s.To = row.Channel, row.Recipient
	}
	if row.Incident != nil {
		s.Incident, s.Since = c.say(incidentWords[row.Incident.Kind]), row.Incident.Since
	}
	switch {
	case story.ReceivedMS >= 0:
		s.Has, s.HasAt = c.seconds(story.ReceivedMS), story.Received.In(zone).Format("15:04:05")
	case row.State == adapter.Accepted || row.State == adapter.Delivered:
		s.Has, s.HasAt = plain.Took, row.At.In(zone).Format("15:04:05")
	}
	s.Done, s.Silent = c.doings(row, zone), story.SilentSince
	for _, w := range slices.Backward(story.Words) {
		s.Words = append(s.Words, wordRow{w.At, w.At.In(zone).Format("15:04:05"), c.say(stateWords[w.State]), c.wordDetail(w)})
	}
	return s
}

// doings is what the station did, in sentences.
func (c *console) doings(row ledger.Row, zone *time.Location) []string {
	var out []string
	story := row.Story
	if len(story.SeenBy) > 0 {
		out = append(out, c.say("Seen by {who}.", "who", c.sentence(story.SeenBy)))
	}
	if story.Airings > 0 {
		text := c.count(story.Airings, "On air once, at {first}.", "On air {n} times, first {first}, last {last}.",
			"first", story.OnAir.In(zone).Format("15:04"), "last", story.LastAired.In(zone).Format("15:04"))
		if len(story.Outlets) > 0 {
			text += " " + c.sentence(story.Outlets) + "."
		}
		out = append(out, text)
	}
	for _, w := range story.Words {
		switch w.State {
		case adapter.Declined:
			out = append(out, c.say("Declined: {reason}", "reason", c.retell(w.Reason))+c.by(w.By))
		case adapter.Failed:
			out = append(out, c.say("Failed: {reason}", "reason", c.retell(w.Reason))+c.by(w.By))
		}
	}
	if row.State == adapter.Failed && !slices.ContainsFunc(story.Words, func(w ledger.Word) bool { return w.State == adapter.Failed }) {
		out = append(out, c.retell(row.Reason))
	}
	if !story.Removed.IsZero() {
		out = append(out, c.say("Removal confirmed at {time}.", "time", story.Removed.In(zone).Format("15:04:05")))
	}
	return out
}

func (c *console) by(who string) string {
	if who == "" {
		return ""
	}
	return " (" + who + ")"
}

func (c *console) wordDetail(w ledger.Word) string {
	var text strings.Builder
	text.WriteString(c.seconds(w.Millis))
	for _, x := range []string{w.By, w.Outlet, c.retell(w.Reason)} {
		if x != "" {
			text.WriteString(" · " + x)
		}
	}
	return text.String()
}

// airing says when the stations are to air it next, and who did since it was last due.
func (c *console) airing(b ledger.Board, zone *time.Location) []string {
	a := b.Airing
	if a == nil {
		return nil
	}
	stations := 0
	for _, r := range b.Rows {
		if looks[r.Channel] == "radio" && r.Story != nil {
			stations++
		}
	}
	if stations == 0 {
		return nil
	}
	next := c.say("That was the last airing asked for.")
	if !a.Next.IsZero() {
		next = c.say("Next airing due at {time}.", "time", a.Next.In(zone).Format("15:04"))
	}
	return []string{next, c.count(stations, "{aired} of {n} station has aired it since {time}.", "{aired} of {n} stations have aired it since {time}.",
		"aired", c.thousands(a.AiredSince), "time", a.Due.In(zone).Format("15:04"))}
}

// removal says who has confirmed that its copies are gone, and who has not.
func (c *console) removal(b ledger.Board) (text, missing string) {
	if b.Removal == nil || b.Removal.Of == 0 {
		return "", ""
	}
	r := b.Removal
	text = c.count(r.Of, "{done} of {n} station or partner site has confirmed removal.", "{done} of {n} stations and partner sites have confirmed removal.",
		"done", c.thousands(r.Confirmed))
	if len(r.Missing) > 0 {
		missing = c.say("Not yet: {names}.", "names", c.sentence(r.Missing))
	}
	return text, missing
}

// lineRow is one station before a release: is it there, and does its line work?
type lineRow struct {
	Station
	Bad  bool // not connected, or its line is not proven
	Test string
}

// lineRows lists the stations, those in trouble first.
func (c *console) lineRows() []lineRow {
	if c.Stations == nil {
		return nil
	}
	var out []lineRow
	now := time.Now()
	for _, s := range c.Stations.Stations() {
		row := lineRow{Station: s, Bad: !s.Connected}
		if s.Test != nil {
			row.Test = c.testWords(*s.Test, now)
			row.Bad = row.Bad || !s.Test.Sound && s.Test.Newest != nil
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b lineRow) int { return order(a) - order(b) })
	return out
}

func order(l lineRow) int {
	switch {
	case !l.Connected:
		return 0
	case l.Bad:
		return 1
	}
	return 2
}

// testWords is a station's link tests in one sentence.
func (c *console) testWords(t linktest.Standing, now time.Time) string {
	good := c.say("never a good link test")
	if t.Good != nil {
		good = c.say("last good link test {time} ago, in {ms}", "time", c.ago(now.Sub(t.Good.Sent)), "ms", c.seconds(t.Good.Millis))
	}
	switch {
	case t.Newest == nil:
		return c.say("no link test yet")
	case t.Outcome == linktest.Failed:
		return c.say("the link test of {day} failed; {good}", "day", c.day(t.Newest.Sent.In(c.zone)), "good", good)
	case t.Outcome == linktest.Late:
		return c.say("the link test of {day} was confirmed only after {ms}; {good}", "day", c.day(t.Newest.Sent.In(c.zone)), "ms", c.seconds(t.Newest.Millis), "good", good)
	case t.Outcome == linktest.Waiting:
		return c.say("a link test is under way; {good}", "good", good)
	default:
		return good
	}
}

// offLines counts who is not connected.
func offLines(all []lineRow) int {
	n := 0
	for _, l := range all {
		if !l.Connected {
			n++
		}
	}
	return n
}
