package casework

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/criteria"
	"tocsin/internal/wording"
)

// Preview is exactly what would go out now, with every fault that stands in the way.
func (s *Service) Preview(ctx context.Context, id string) (Preview, error) {
	_, st, err := s.find(id)
	if err != nil {
		return Preview{}, err
	}
	if err := open(st.c.Stage); err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, st, time.Now())
}

// preview builds the message, has its texts written and every channel rendered.
// An error is a preview that could not be made at all.
func (s *Service) preview(ctx context.Context, st *state, now time.Time) (Preview, error) {
	m, faults := s.message(st, now)
	p := Preview{Message: m, Faults: append(faults, st.criteriaFaults()...), Criteria: st.c.Criteria.Clone()}
	media, missing, err := s.media(ctx, st)
	if err != nil {
		return Preview{}, err
	}
	m.Media = media
	p.Faults = append(p.Faults, missing...)
	unwritten := s.write(m)
	if unwritten != nil {
		p.Faults = append(p.Faults, faultsOf(unwritten, "texts", "")...)
	} else {
		edited, wrong := alert.Reword(m, st.c.Edits)
		p.Edited, p.Faults = edited, append(p.Faults, wrong...)
	}
	p.Warnings = wording.Check(m, p.Edited, s.words())
	kit, lost, err := s.kitOf(ctx, st, m)
	if err != nil {
		return Preview{}, err
	}
	if p.Faults = append(p.Faults, lost...); kit != nil {
		p.Kit = kit
		m.Media = append(m.Media, kit.Media...)
	}
	for _, ch := range s.d.Channels {
		recipients := s.d.Audience.Count(ch.Name, m.AreaCodes())
		for _, lang := range m.Languages {
			cp := ChannelPreview{Channel: ch.Name, Title: ch.Title, Lang: lang, Recipients: recipients}
			payload, err := render(ch, m, lang)
			if err != nil && unwritten == nil { // without texts every channel complains of the same
				p.Faults = append(p.Faults, faultsOf(err, "channels."+ch.Name+"."+string(lang), ch.Title+" ("+string(lang)+"): ")...)
			}
			cp.Parts = payload.Parts
			p.Channels = append(p.Channels, cp)
		}
	}
	p.Faults = distinct(p.Faults)
	if len(p.Faults) == 0 {
		// What the signer will ask of the whole, asked while it can still be mended.
		p.Faults = m.Validate(now)
	}
	if len(p.Faults) == 0 {
		if p.Faults, err = s.tooLong(p, now); err != nil {
			return Preview{}, err
		}
	}
	p.Digest, err = digest(p.Message, p.shown(), p.Criteria)
	return p, err
}

// message is the next revision without texts and media, and the faults of its facts.
func (s *Service) message(st *state, now time.Time) (*alert.Message, alert.Invalid) {
	c, pol := st.c, s.d.Policy
	facts := cloneFacts(c.Facts)
	faults := facts.Validate(now)
	faults = append(faults, s.policyFaults(&facts, now)...)
	areas, unknown := s.d.Areas.Areas(facts.Areas)
	m := &alert.Message{
		Schema: alert.Schema, Realm: pol.Realm, Status: pol.Status, Sender: pol.Sender, Agency: pol.Agency,
		Identifier: alert.Identifier(pol.Agency, pol.Realm, c.ID, c.Revision), Case: c.ID, Revision: c.Revision,
		MsgType: alert.TypeAlert, References: st.references(asOf(c, now)),
		Languages: facts.Languages, Areas: areas, Polygons: facts.Polygons, Circle: facts.Circle,
		Expires: facts.Expires, Facts: &facts, Texts: map[alert.Lang]alert.Texts{},
		Page: page(pol.PublicURL, c.ID), Repeat: pol.Repeat,
	}
	if c.Revision > 1 {
		m.MsgType = alert.TypeUpdate
	}
	return m, append(faults, unknown...)
}

// asOf is the time that decides which earlier messages are still worth naming.
// It stands still from submission on, so that waiting for an approver never
// changes what he is shown.
func asOf(c Case, now time.Time) time.Time {
	if c.Stage == StageSubmitted {
		return c.Submitted
	}
	return now
}

// maxReferences is what a message may carry at most; a case with more revisions names the newest.
const maxReferences = 100

// references are the earlier messages of the case that had not expired at now,
// and always the newest: an update or withdrawal must name what it replaces.
func (st *state) references(now time.Time) []alert.Ref {
	var refs []alert.Ref
	for i, r := range st.sent {
		if i == len(st.sent)-1 || now.Before(r.expires) {
			refs = append(refs, r.ref)
		}
	}
	return refs[max(0, len(refs)-maxReferences):]
}

// page is the address of the public page; the star stands for the language.
func page(publicURL, id string) string { return publicURL + "/*/alerts/" + id }

// policyFaults is what the agency's policy says against facts that are valid in themselves.
func (s *Service) policyFaults(f *alert.Facts, now time.Time) alert.Invalid {
	var v alert.Invalid
	if most := s.d.Policy.MaxExpiry; most > 0 && f.Expires.Sub(now) > most {
		v.Add("expires", "range", fmt.Sprintf("An alert may live for %s at most; choose an earlier end. It can be extended by an update.", most))
	}
	if s.d.Policy.SurnameAllowed {
		return v
	}
	for _, group := range []struct {
		name    string
		persons []alert.Person
	}{{"children", f.Children}, {"suspects", f.Suspects}} {
		for i, p := range group.persons {
			if p.FamilyName != "" {
				v.Add(fmt.Sprintf("%s[%d].family_name", group.name, i), "policy",
					"This agency does not publish family names; move it to the internal notes.")
			}
		}
	}
	return v
}

// write fills the texts. A writer that panics on half-written facts is a fault of the draft, not the end of the page.
func (s *Service) write(m *alert.Message) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the texts cannot be written yet; complete the facts")
		}
	}()
	return s.d.Write(m)
}

// render asks one channel for one language; a panic is the channel's fault alone.
func render(ch Channel, m *alert.Message, lang alert.Lang) (p adapter.Payload, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("this text cannot be made yet; complete the facts")
		}
	}()
	return ch.Render(m, lang)
}

// faultsOf turns the error of a text into faults: its own when it names fields, else one named field.
func faultsOf(err error, field, prefix string) alert.Invalid {
	if own, ok := errors.AsType[alert.Invalid](err); ok && len(own) > 0 {
		return own
	}
	return alert.Invalid{{Field: field, Code: "text", Text: prefix + err.Error()}}
}

// distinct keeps the first of faults that say the same of the same field.
func distinct(all alert.Invalid) alert.Invalid {
	var v alert.Invalid
	for _, f := range all {
		if !slices.ContainsFunc(v, func(have alert.Fault) bool { return have.Field == f.Field && have.Code == f.Code }) {
			v = append(v, f)
		}
	}
	return v
}

// shown is what the approver sees of every channel.
func (p Preview) shown() []Shown {
	var all []Shown
	for _, c := range p.Channels {
		all = append(all, Shown{c.Channel, c.Lang, c.Parts})
	}
	return all
}

// digest is over everything that the approver sees of the content: the message
// without sent and signature, every part of every channel, and the answers to
// the criteria. The recipients are not in it; they come and go by themselves.
func digest(message *alert.Message, shown []Shown, answers *criteria.Answers) (string, error) {
	m := *message
	m.Sent, m.CAP = time.Time{}, nil
	whole := struct {
		Message *alert.Message `json:"message"`
		Parts   []Shown        `json:"parts"`
		// Absent where nothing is asked, as in records from before there were criteria.
		Criteria *criteria.Answers `json:"criteria,omitempty"`
	}{&m, shown, answers}
	// encoding/json is canonical for these types: fields in order, map keys sorted.
	raw, err := json.Marshal(whole)
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// Reach counts who is in areas, channel by channel, all languages: what a preview
// of an alert for them would say, before there is one.
func (s *Service) Reach(areas []string) []ChannelPreview {
	list := make([]ChannelPreview, len(s.d.Channels))
	for i, ch := range s.d.Channels {
		list[i] = ChannelPreview{Channel: ch.Name, Title: ch.Title, Recipients: s.d.Audience.Count(ch.Name, areas)}
	}
	return list
}
