package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// askedView is what was asked of other areas' police, and what this officer may say.
type askedView struct {
	ID     string
	Digest string        // of the content that the page shows
	Here   string        // "release" where the answer leads back to the release page
	Answer []consentLine // given
	Open   string        // areas that wait, by name; "" = none
	Own    bool          // all of them are in his jurisdiction: one press
	Mine   string        // those that are, when not all
	Reason bool          // he may agree in the neighbours' place, with a reason
	Typed  string        // after a fault
	Fault  string
}

type consentLine struct{ Where, Who, When, Reason string }

// askedOf is the view of a case; nil when nothing was ever asked.
func (c *console) askedOf(k casework.Case, o auth.Officer) *askedView {
	if len(k.Consents) == 0 {
		return nil
	}
	v := &askedView{ID: k.ID, Digest: k.Digest}
	zone := c.zoneOf(&k.Draft)
	for _, a := range k.Consents {
		if a.By != "" {
			v.Answer = append(v.Answer, consentLine{c.areaNames([]string{a.Area}, c.lang), c.nameOf(a.By), c.stamp(a.At.In(zone)), a.Reason})
		}
	}
	open := k.OpenAreas()
	if len(open) == 0 {
		return v
	}
	v.Open = c.areaNames(open, c.lang)
	mine := mayAnswer(k, o)
	v.Own = len(mine) == len(open)
	if !v.Own && len(mine) > 0 {
		v.Mine = c.areaNames(mine, c.lang)
	}
	v.Reason = !v.Own && c.whyNotRelease(k, o) == ""
	return v
}

// mayAnswer are the open areas of a case in an officer's jurisdiction.
func mayAnswer(k casework.Case, o auth.Officer) []string {
	if k.Stage != casework.StageSubmitted || !o.Has(auth.Author) && !o.Has(auth.Approver) {
		return nil
	}
	return slices.DeleteFunc(k.OpenAreas(), func(code string) bool { return !casework.May(o, code) })
}

// whyNotAgreed says what a release waits for; "" when for nobody.
func (c *console) whyNotAgreed(k casework.Case) string {
	open := k.OpenAreas()
	if len(open) == 0 {
		return ""
	}
	return c.say("Nobody in {names} has agreed yet, and it is outside the author's jurisdiction. Agree above, or have an officer there agree.", "names", c.areaNames(open, c.lang))
}

// agree is the neighbour's word, or the approver's in his place.
func (c *console) agree(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	sent, ok := c.readForm(w, r)
	if !ok {
		return
	}
	reason := strings.TrimSpace(sent.Get("reason"))
	_, err := c.Casework.Agree(r.Context(), c.officer(r), k.ID, sent.Get("digest"), reason)
	if invalid, ok := errors.AsType[alert.Invalid](err); ok && len(invalid) > 0 && k.Stage == casework.StageSubmitted {
		c.renderRelease(w, r, http.StatusUnprocessableEntity, k, func(v *releaseView) {
			said := c.retell(invalid[0].Text)
			if v.Asked != nil {
				v.Asked.Typed, v.Asked.Fault = reason, said
			}
			v.Errors = []fault{{said, "#agree-reason"}}
		})
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	to := "/console/cases/" + k.ID
	if sent.Get("from") == "release" {
		to += "/release"
	}
	http.Redirect(w, r, to+"?done=agreed", http.StatusSeeOther)
}
