package site

import (
	"slices"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/current"
)

// live are the alerts that citizens see: a link test has no child and belongs to the stations alone.
func (s *site) live() []current.Revision {
	return slices.DeleteFunc(s.Current.Live(), func(r current.Revision) bool { return r.Message.Facts == nil })
}

// over says whether m names nobody any more: it was withdrawn, or its time is up.
func over(m *alert.Message) bool { return m.MsgType == alert.TypeCancel || m.Expired(time.Now()) }

// ended is what the public may know of an alert that is over. An expired one
// still has its facts: they are left out here, as if it had been withdrawn.
func (s *site) ended(m *alert.Message) alert.Public {
	if m.MsgType != alert.TypeCancel {
		m = &alert.Message{
			Identifier: m.Identifier, Case: m.Case, Revision: m.Revision, MsgType: m.MsgType, Status: m.Status,
			Outcome: alert.OutcomeExpired, Languages: m.Languages, Areas: m.Areas, Sent: m.Sent, Expires: m.Expires,
			Texts: s.expiredTexts(m.Languages), Page: m.Page,
		}
	}
	p := m.Public(s.PublicURL)
	p.Ended = true
	return p
}

func (s *site) expiredTexts(langs []alert.Lang) map[alert.Lang]alert.Texts {
	texts := make(map[alert.Lang]alert.Texts, len(langs))
	for _, l := range langs {
		texts[l] = alert.Texts{Headline: s.words[l]["ended.title"], Description: s.words[l]["ended.expired"] + "\n" + s.words[l]["ended.delete"]}
	}
	return texts
}

// lookup finds a revision by its CAP identifier: published, or over. Unlike the
// set it also knows revisions that a withdrawal no longer names because they
// had expired before it: their identifier tells the case.
func (s *site) lookup(identifier string) (r current.Revision, isOver, ok bool) {
	r, gone, ok := s.Current.Identifier(identifier)
	if gone {
		return r, true, true
	}
	if ok {
		newest, _ := s.Current.Case(r.Message.Case)
		if r.Message.MsgType != alert.TypeCancel && over(newest.Message) {
			return newest, true, true
		}
		return r, false, true // an older revision of a live case stays readable, expired or not
	}
	_, _, id, revision, err := alert.ParseIdentifier(identifier)
	if err != nil {
		return r, false, false
	}
	r, ok = s.Current.Case(id)
	if !ok || r.Message.Revision <= revision || !over(r.Message) {
		return current.Revision{}, false, false
	}
	return r, true, true
}
