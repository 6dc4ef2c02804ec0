package receive

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Status is how the receiver stands: what the status page shows.
type Status struct {
	At     time.Time    `json:"at"`     // as the feed has it
	Well   bool         `json:"well"`   // a feed is heard, and no alarm stands
	Feeds  []FeedStatus `json:"feeds"`  // in the order of the options
	Alerts []CaseStatus `json:"alerts"` // live ones first, the newest of each first
	// LinkTest is the last test of the line; nil before the first. It is no alert, and in no list of them.
	LinkTest *CaseStatus `json:"link_test,omitempty"`
	Alarms   []Standing  `json:"alarms"` // newest first
	Owed     int         `json:"owed"`   // receipts without an answer
}

// FeedStatus is one line.
type FeedStatus struct {
	Address   string    `json:"address"`
	Connected bool      `json:"connected"`
	Heard     time.Time `json:"heard,omitzero"`      // last heartbeat; zero: none since the start
	Head      uint64    `json:"head"`                // of the log, as the feed said last
	Cursor    string    `json:"cursor"`              // up to here all is stored; empty at the first start
	CredDays  *int      `json:"cred_days,omitempty"` // until the credential ends
	Problem   string    `json:"problem,omitempty"`   // why the last connection ended
}

// CaseStatus is the newest revision of a case.
type CaseStatus struct {
	Case       string    `json:"case"`
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	MsgType    string    `json:"msg_type"`
	Status     string    `json:"status"`
	Headline   string    `json:"headline,omitempty"` // in the first of its languages; live alerts only
	Lang       string    `json:"lang,omitempty"`     // of the headline
	Dir        string    `json:"dir,omitempty"`      // its folder; empty when that is gone
	Missing    int       `json:"missing,omitempty"`  // pictures and sounds that could not be had yet
	Expires    time.Time `json:"expires"`
	Ended      time.Time `json:"ended,omitzero"` // withdrawn, or over
	Said       []Said    `json:"said"`           // our receipts, oldest first
}

// Live says whether the alert is on.
func (c CaseStatus) Live() bool { return c.Ended.IsZero() }

// maxEnded bounds the ended cases of a status.
const maxEnded = 20

// Status is a snapshot.
func (r *Receiver) Status() Status {
	s := Status{Alarms: r.Alarms(), Feeds: []FeedStatus{}, Alerts: []CaseStatus{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.At, s.Owed = r.now().UTC(), len(r.state.Owed)
	heard := false
	for _, l := range r.lines {
		f := FeedStatus{Address: l.addr, Connected: l.connected, Head: l.head, CredDays: l.credDays}
		if l.beaten {
			f.Heard = l.heard.UTC()
		}
		if p := r.state.Positions[l.addr]; p.Epoch != "" {
			f.Cursor = p.String()
		}
		if !l.connected {
			f.Problem = l.problem
		}
		heard = heard || l.connected
		s.Feeds = append(s.Feeds, f)
	}
	s.Well = heard && len(s.Alarms) == 0
	for id, h := range r.state.Cases {
		c := r.caseStatus(id, h)
		switch {
		case !h.linkTest():
			s.Alerts = append(s.Alerts, c)
		case s.LinkTest == nil || c.Expires.After(s.LinkTest.Expires):
			s.LinkTest = &c
		}
	}
	slices.SortFunc(s.Alerts, func(a, b CaseStatus) int {
		if a.Live() != b.Live() {
			if a.Live() {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Ended.Compare(a.Ended), b.Expires.Compare(a.Expires), strings.Compare(a.Case, b.Case))
	})
	live := slices.IndexFunc(s.Alerts, func(c CaseStatus) bool { return !c.Live() })
	if live >= 0 {
		s.Alerts = s.Alerts[:min(len(s.Alerts), live+maxEnded)]
	}
	return s
}

// caseStatus is h as the page shows it. Under r.mu.
func (r *Receiver) caseStatus(id string, h *held) CaseStatus {
	c := CaseStatus{
		Case: id, Identifier: h.Identifier, Revision: h.Revision, MsgType: h.MsgType, Status: h.Status,
		Expires: h.Expires, Ended: h.Ended, Said: append([]Said{}, h.Said...),
	}
	if !c.Live() {
		return c
	}
	dir := filepath.Join(r.opt.Dir, "alerts", folder(id, h.Revision))
	m, err := loadManifest(dir)
	if err != nil {
		return c // the feed is asked for it again
	}
	c.Dir = dir
	for _, f := range m.Media {
		if f.File == "" {
			c.Missing++
		}
	}
	if langs := slices.Sorted(maps.Keys(m.Texts)); len(langs) > 0 {
		c.Lang = langs[0]
		c.Headline = m.Texts[c.Lang].Headline
	}
	return c
}
