package console

import (
	"net/http"

	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// asked is what a program reads to answer a set, and to see how a case stands.
type asked struct {
	Set       *criteria.Set     `json:"set"` // null: nothing is asked
	Answers   *criteria.Answers `json:"answers,omitempty"`
	Fulfilled bool              `json:"fulfilled"` // every criterion; true where nothing is asked
	Unmet     []string          `json:"unmet"`     // ids of those that are not fulfilled
	// OverrideReason is the approver's, after a release in spite of that.
	OverrideReason string `json:"override_reason,omitempty"`
}

// askedOf is how a case stands.
func askedOf(k casework.Case) asked {
	a := asked{Set: k.Asked, Answers: k.Criteria, Unmet: []string{}, OverrideReason: k.OverrideReason}
	for _, c := range k.Asked.Unmet(k.Criteria) {
		a.Unmet = append(a.Unmet, c.ID)
	}
	a.Fulfilled = len(a.Unmet) == 0
	return a
}

// apiAsks is the set that a new case is asked.
func (c *console) apiAsks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, askedOf(casework.Case{Asked: c.Casework.Asks()}))
}

// apiCriteria is the set that the case was begun under, and its answers.
func (c *console) apiCriteria(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	w.Header().Set("ETag", etag(k))
	writeJSON(w, http.StatusOK, askedOf(k))
}
