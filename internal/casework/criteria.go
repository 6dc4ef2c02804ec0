package casework

import (
	"encoding/json"
	"sync"

	"tocsin/internal/alert"
	"tocsin/internal/criteria"
)

// Asks is the set of criteria that new cases are asked; nil = nothing.
func (s *Service) Asks() *criteria.Set { return s.d.Criteria }

// answered is what an edit makes of the answers: a draft that has none leaves
// them as they are, so that a program that knows nothing of criteria cannot lose them.
func (st *state) answered(a *criteria.Answers) (*criteria.Answers, error) {
	if a == nil {
		return st.c.Criteria.Clone(), nil
	}
	fit, faults := st.c.Asked.Fit(a)
	return fit, faults.Err()
}

// criteriaFaults stop a first alert. An update or a withdrawal is never stopped:
// what is public must be kept right, whatever was answered.
func (st *state) criteriaFaults() alert.Invalid {
	if len(st.sent) > 0 {
		return nil
	}
	return st.c.Asked.Faults(st.c.Criteria)
}

// overridden is the approver's reason for a first alert although not every
// criterion is fulfilled; "" where none is needed.
func (st *state) overridden(reason string) (string, error) {
	if len(st.sent) > 0 || len(st.c.Asked.Unmet(st.c.Criteria)) == 0 {
		return "", nil
	}
	reason, err := checkReason(reason)
	if err != nil {
		return "", alert.Invalid{{Field: "override", Code: "required", Text: "Not every criterion is fulfilled. Say in 3 to 500 characters why you release the alert all the same."}}
	}
	return reason, nil
}

// askedSets keeps each set of criteria once: ten thousand cases were begun under
// a handful of them, and each event brings its own copy.
type askedSets struct {
	mu   sync.Mutex
	sets map[string]*criteria.Set
}

// one is the copy of s that all cases share.
func (a *askedSets) one(s *criteria.Set) *criteria.Set {
	if s == nil {
		return nil
	}
	raw, err := json.Marshal(s)
	if err != nil { // impossible: it came from JSON
		return s
	}
	key := hashOf(raw)
	a.mu.Lock()
	defer a.mu.Unlock()
	if have := a.sets[key]; have != nil {
		return have
	}
	if a.sets == nil {
		a.sets = map[string]*criteria.Set{}
	}
	a.sets[key] = s
	return s
}
