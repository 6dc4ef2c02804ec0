package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
)

// withdrawalLife is how long the all-clear is worth saying.
const withdrawalLife = 72 * time.Hour

// maxWords bounds an officer's own words at withdrawal, in each language.
const maxWords = 300

// Withdraw ends a live alert, and with it an update that is under way: by an
// approver, or by whoever wrote in the alert. When it returns nil the
// withdrawal is on ALERTS, and the alert is off it. ErrPending is as for
// Release. The photos are deleted then, and by Run until that succeeds. The
// same call again is no fault.
func (s *Service) Withdraw(ctx context.Context, by auth.Officer, id string, o alert.Outcome, words alert.Localized) (Case, error) {
	return s.withdraw(ctx, by, id, o, words, func(st *state) error {
		if err := mayWithdraw(st.writers, by); err != nil {
			return err
		}
		switch o {
		case alert.OutcomeFound, alert.OutcomeError, alert.OutcomeExpired, alert.OutcomeOther:
			return nil
		}
		return alert.Invalid{{Field: "outcome", Code: "unknown", Text: "Say how the alert ends: found, error, expired or other."}}
	})
}

// withdraw is Withdraw for whoever gate lets pass.
func (s *Service) withdraw(ctx context.Context, by auth.Officer, id string, o alert.Outcome, words alert.Localized, gate func(*state) error) (Case, error) {
	_, err := s.act(ctx, by, id, func(st *state) (*Event, error) {
		if err := gate(st); err != nil {
			return nil, err
		}
		switch {
		case st.c.Stage == StageWithdrawn && st.c.Outcome == o:
			return nil, nil
		case st.c.Stage == StageWithdrawn:
			return nil, wrongStage("The alert was withdrawn already, as: " + string(st.c.Outcome) + ".")
		case st.c.Live == nil:
			return nil, wrongStage("Only a live alert can be withdrawn; this case is " + string(st.c.Stage) + ".")
		}
		clean, err := st.checkWords(words)
		if err != nil {
			return nil, err
		}
		m, err := s.cancel(st, o, clean, time.Now())
		if err != nil {
			return nil, err
		}
		return &Event{Kind: KindWithdrawn, Outcome: o, Words: clean, Message: m}, nil
	})
	if err != nil {
		return Case{}, err
	}
	if err := s.publish(ctx, id); err != nil {
		return s.pendingCase(id, err)
	}
	return s.settled(ctx, id)
}

// cancel is the signed withdrawal. It goes to every area and in every language
// that any revision reached, and holds nothing that tells whom it was about.
func (s *Service) cancel(st *state, o alert.Outcome, words alert.Localized, now time.Time) (*alert.Message, error) {
	codes, langs := st.reached()
	areas, _ := s.d.Areas.Areas(codes)
	areas = nameless(codes, areas)
	pol, revision := s.d.Policy, st.c.Live.Revision+1
	m := &alert.Message{
		Schema: alert.Schema, Realm: pol.Realm, Status: pol.Status, Sender: pol.Sender, Agency: pol.Agency,
		Identifier: alert.Identifier(pol.Agency, pol.Realm, st.c.ID, revision), Case: st.c.ID, Revision: revision,
		MsgType: alert.TypeCancel, Outcome: o, References: st.references(now),
		Languages: langs, Areas: areas, Expires: now.UTC().Truncate(time.Second).Add(withdrawalLife),
		Texts: map[alert.Lang]alert.Texts{}, Page: page(pol.PublicURL, st.c.ID),
	}
	if err := s.write(m); err != nil {
		return nil, fmt.Errorf("the withdrawal could not be written: %w", err)
	}
	for l, w := range words {
		t := m.Texts[l]
		t.Description = strings.TrimSpace(t.Description + "\n" + w)
		m.Texts[l] = t
	}
	return s.signed(st, m, now)
}

// maxAreas is what a message may carry at most.
const maxAreas = 60

// reached is every area and language of any revision, the newest one's first.
func (st *state) reached() (codes []string, langs []alert.Lang) {
	for _, r := range slices.Backward(st.sent) {
		for _, code := range r.areas {
			codes = withName(codes, code)
		}
		for _, l := range r.languages {
			if !slices.Contains(langs, l) {
				langs = append(langs, l)
			}
		}
	}
	// One revision's country covers another's region, and a message names no area twice.
	all := codes
	codes = slices.DeleteFunc(slices.Clone(all), func(code string) bool {
		country, _, isRegion := strings.Cut(code, "-")
		return isRegion && slices.Contains(all, country)
	})
	if len(codes) <= maxAreas {
		return codes, langs
	}
	// More than one message can name: whole countries then. Too wide is a
	// nuisance; a withdrawal that misses somebody leaves a child's face up.
	var countries []string
	for _, code := range codes {
		country, _, _ := strings.Cut(code, "-")
		countries = withName(countries, country)
	}
	return countries[:min(len(countries), maxAreas)], langs
}

// nameless adds the areas that the gazetteer no longer knows by their codes: a
// withdrawal must reach whoever got the alert, whatever became of the names.
func nameless(codes []string, known []alert.Area) []alert.Area {
	for _, code := range codes {
		if !slices.ContainsFunc(known, func(a alert.Area) bool { return a.Code == code }) {
			known = append(known, alert.Area{Code: code, Names: map[alert.Lang]string{alert.English: code}})
		}
	}
	return known
}

// checkWords is the officer's words without empty ones, or their faults. Words
// that name the child would bring back what the withdrawal takes away.
func (st *state) checkWords(words alert.Localized) (alert.Localized, error) {
	var v alert.Invalid
	clean := alert.Localized{}
	var names []string
	for _, r := range st.sent {
		names = append(names, r.names...)
	}
	for _, lang := range slices.Sorted(maps.Keys(words)) {
		field, text := "words."+string(lang), strings.TrimSpace(words[lang])
		switch {
		case text == "":
			continue
		case !slices.ContainsFunc(st.sent, func(r sentRevision) bool { return slices.Contains(r.languages, lang) }):
			v.Add(field, "unknown", "The alert was not in this language; leave these words out.")
		case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }):
			v.Add(field, "characters", "Remove the invisible characters from these words.")
		case utf8.RuneCountInString(text) > maxWords:
			v.Add(field, "too_long", "Shorten these words to 300 characters.")
		case slices.ContainsFunc(names, func(n string) bool { return hasWord(text, n) }):
			v.Add(field, "names", "Leave the names out: a withdrawal must not tell whom it was about.")
		}
		clean[lang] = text
	}
	if len(clean) == 0 {
		clean = nil
	}
	return clean, v.Err()
}

// hasWord says whether text has word as a whole word, written alike: "Will" is a
// name, "will" is not.
func hasWord(text, word string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
	for rest := text; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(rest[:i])
		after, _ := utf8.DecodeRuneInString(rest[i+len(word):])
		if !letter(before) && !letter(after) {
			return true
		}
		_, n := utf8.DecodeRuneInString(rest[i:])
		rest = rest[i+n:]
	}
}
