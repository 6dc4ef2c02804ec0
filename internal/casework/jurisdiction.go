package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/region"
)

// Consent is what was asked about one area outside the submitter's jurisdiction.
// It holds for the case: an update that alerts the same area asks nobody again.
type Consent struct {
	Area    string    `json:"area"` // ISO 3166 code
	AskedBy string    `json:"asked_by"`
	AskedAt time.Time `json:"asked_at"`
	// By is who agreed; "" = nobody yet. Reason is an approver's who agreed in the
	// neighbour's place; "" where the area's own police did.
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// OpenAreas are the areas that the submitted case waits for somebody to agree to.
func (c Case) OpenAreas() []string {
	var open []string
	for _, a := range c.Consents {
		if a.By == "" {
			open = append(open, a.Area)
		}
	}
	return open
}

// asked is the list after an act on the draft or the stage: a submission asks,
// and whatever makes it a draft again takes back what nobody has answered.
func asked(list []Consent, ev Event) []Consent {
	switch ev.Kind {
	case KindDrafted, KindEdited, KindWorded, KindSubmitted, KindReturned, KindRejected, KindWithdrawn:
		list = slices.DeleteFunc(slices.Clone(list), func(a Consent) bool { return a.By == "" })
	}
	for _, code := range ev.AskedAreas {
		list = append(slices.Clip(list), Consent{Area: code, AskedBy: ev.Officer, AskedAt: ev.At})
	}
	return list
}

// agreed is the list with somebody's word.
func agreed(list []Consent, ev Event) []Consent {
	list = slices.Clone(list)
	for i := range list {
		if list[i].By == "" && slices.Contains(ev.Areas, list[i].Area) {
			list[i].By, list[i].At, list[i].Reason = ev.Officer, ev.At, ev.Reason
		}
	}
	return list
}

// May says whether by's jurisdiction takes in the area: who has none set may alert everywhere.
func May(by auth.Officer, area string) bool {
	return len(by.Areas) == 0 || slices.ContainsFunc(by.Areas, func(own string) bool { return region.Covers(own, area) })
}

// Outside are the areas of c that by may not alert alone and that nobody has
// agreed to: listed ones, and units that a circle or a drawing reaches into.
func (s *Service) Outside(c Case, by auth.Officer) []string {
	if len(by.Areas) == 0 {
		return nil
	}
	codes := slices.Clone(c.Facts.Areas)
	if s.d.Reached != nil {
		for _, code := range s.d.Reached(&c.Facts) {
			if !slices.ContainsFunc(c.Facts.Areas, func(listed string) bool { return region.Covers(listed, code) }) {
				codes = append(codes, code)
			}
		}
	}
	return slices.DeleteFunc(codes, func(code string) bool {
		return May(by, code) || slices.ContainsFunc(c.Consents, func(a Consent) bool {
			return a.By != "" && region.Covers(a.Area, code)
		})
	})
}

// agreed refuses the release while somebody is still asked. A withdrawal asks nobody.
func (s *Service) agreed(c Case) error {
	open := c.OpenAreas()
	if len(open) == 0 {
		return nil
	}
	return wrongStage(fmt.Sprintf("Outside the author's jurisdiction, and nobody there has agreed yet: %s. An officer of that area agrees on the case's page, or you do there with a reason.", strings.Join(open, ", ")))
}

// Agree says yes to areas that the submitter may not alert alone: an author or
// approver does it for what is in his jurisdiction, and an approver who could
// release the alert for everything that is open, with a reason that stays on
// the record. reason may be empty for the former. digest is that of the content he
// was shown: a word given to one submission never holds for another, which may
// alert more. ErrDigest when it is not the submitted content's.
func (s *Service) Agree(ctx context.Context, by auth.Officer, id, digest, reason string) (Case, error) {
	if reason = strings.TrimSpace(reason); reason != "" {
		var err error
		if reason, err = checkReason(reason); err != nil {
			return Case{}, err
		}
	}
	return s.act(ctx, by, id, func(st *state) (*Event, error) {
		open := st.c.OpenAreas()
		if st.c.Stage != StageSubmitted || len(open) == 0 {
			return nil, wrongStage("Nothing is asked of other areas in this case now.")
		}
		if by.ID == "" || !by.Has(auth.Author) && !by.Has(auth.Approver) {
			return nil, forbidden("Your account may not agree to alerts. An author or approver of the area must do it.")
		}
		if digest == "" || digest != st.c.Digest {
			return nil, ErrDigest
		}
		ev := &Event{Kind: KindAgreed, Areas: slices.DeleteFunc(slices.Clone(open), func(code string) bool { return !May(by, code) })}
		if len(ev.Areas) == len(open) {
			return ev, nil // all his own: no reason is asked for
		}
		switch err := mayRelease(st.c, by); {
		case reason != "" && err == nil:
			ev.Areas, ev.Reason = open, reason
		case len(ev.Areas) > 0:
		case err != nil:
			return nil, forbidden("These areas are outside your jurisdiction. An officer of one of them must agree, or an approver with a reason.")
		default:
			return nil, alert.Invalid{{Field: "reason", Code: "required", Text: "These areas are outside your jurisdiction too: say why they are alerted without their police."}}
		}
		return ev, nil
	})
}

// DeclineGrowth notes that the area of a live alert need not grow to a circle of
// km kilometres: the proposal comes back with the next step. Authors and approvers may.
func (s *Service) DeclineGrowth(ctx context.Context, by auth.Officer, id string, km int) (Case, error) {
	if by.ID == "" || !by.Has(auth.Author) && !by.Has(auth.Approver) {
		return Case{}, forbidden("Your account may not decide on the area. An author or approver must do it.")
	}
	return s.act(ctx, by, id, func(st *state) (*Event, error) {
		switch {
		case st.c.Live == nil:
			return nil, wrongStage("Only the area of a live alert grows.")
		case km < 1 || km > maxGrowthKM:
			return nil, alert.Invalid{{Field: "km", Code: "range", Text: "Give the radius that was proposed, 1 to 1000 kilometres."}}
		case km <= st.c.GrowthDeclined:
			return nil, nil // said already
		}
		return &Event{Kind: KindDeclined, KM: km}, nil
	})
}

// maxGrowthKM is the largest circle that an alert takes.
const maxGrowthKM = 1000
