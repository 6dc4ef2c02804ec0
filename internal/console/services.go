package console

import (
	"strings"

	"tocsin/internal/ledger"
	"tocsin/internal/report"
)

// serviceRow is one push service or gateway on the board.
type serviceRow struct {
	ledger.Service
	Who, Via, State string
	Alive           string // devices known to be there, of all; "" where nobody counts
	First, Last     string
	Trouble         int
	Why             []string
}

// maxReasons bounds the reasons beside one figure; the report has them all.
const maxReasons = 3

// reasons says why some do not have it: "12 × the push service is in trouble (503)".
func (t *tongue) reasons(all []ledger.Reason) []string {
	var out []string
	for _, r := range all[:min(len(all), maxReasons)] {
		text := t.retell(r.Reason)
		if text == "" {
			text = t.say(stateWords[r.State])
		}
		if r.Code != "" {
			text += " (" + r.Code + ")"
		}
		out = append(out, t.thousands(r.Count)+" × "+text)
	}
	return out
}

func (c *console) serviceRows(b ledger.Board, filter string, titles map[string]string) []serviceRow {
	var list []serviceRow
	for _, s := range b.Services {
		if filter != "" && s.Channel != filter {
			continue
		}
		row := serviceRow{
			Service: s, Who: strings.TrimPrefix(s.Name, "https://"), Via: titles[s.Channel], State: c.serviceState(s),
			Trouble: s.Failed + s.Retrying, Why: c.reasons(s.Reasons),
		}
		if s.Name == s.Channel { // one gateway for the whole channel
			row.Who, row.Via = c.say("Gateway"), titles[s.Channel]
		}
		if s.Devices > 0 {
			row.Alive = c.say("{n} of {of}", "n", c.thousands(s.Alive), "of", c.thousands(s.Devices))
		}
		if s.FirstMS >= 0 {
			row.First, row.Last = c.seconds(s.FirstMS), c.seconds(s.LastMS)
		}
		list = append(list, row)
	}
	return list
}

// serviceState is a service's lamp in words: colour alone tells nobody anything.
func (t *tongue) serviceState(s ledger.Service) string {
	switch {
	case s.Lamp == ledger.Red && s.Accepted == 0:
		return t.say("Takes nothing")
	case s.Lamp == ledger.Red:
		return t.say("Wrong credentials or settings of ours")
	case s.Lamp == ledger.Amber:
		return t.say("In trouble")
	case s.Lamp == ledger.Green:
		return t.say("Accepted")
	}
	return t.say("Waiting")
}

// goneAfter says how long it took until the last who has confirmed removal did.
func (t *tongue) goneAfter(b ledger.Board) string {
	if b.Removal == nil {
		return ""
	}
	last := int64(-1)
	for _, c := range b.Channels {
		last = max(last, c.LastRemovedMS)
	}
	switch {
	case last < 0:
		return t.say("Nobody has confirmed removal yet.")
	case b.Removal.Confirmed >= b.Removal.Of:
		return t.say("All have confirmed removal, the last {time} after the withdrawal.", "time", t.took(last))
	}
	return t.say("The newest confirmation came {time} after the withdrawal.", "time", t.took(last))
}

// lastTold says how long the newest revision took to reach the last who has it.
func (t *tongue) lastTold(b ledger.Board) string {
	last := int64(-1)
	for _, c := range b.Channels {
		last = max(last, c.LastMS)
	}
	if last < 0 {
		return ""
	}
	return t.seconds(last)
}

// took is seconds for what is judged by it: "12 min 30 s" where that says "12 minutes".
func (t *tongue) took(ms int64) string {
	switch s := ms / 1000; {
	case s < 120:
		return t.seconds(ms)
	case s < 3600:
		return t.say("{m} min {s} s", "m", s/60, "s", s%60)
	default:
		return t.say("{h} h {m} min", "h", t.thousands(int(s/3600)), "m", s/60%60)
	}
}

// reporter is the tongue as a report needs it.
func (t *tongue) reporter() report.Tongue {
	return report.Tongue{
		Lang: t.lang, Say: t.say, Count: t.count, Retell: t.retell, State: t.stateWord, Outcome: t.outcomeWord,
		Number: t.thousands, Took: t.took, Stamp: t.stamp,
	}
}
