package casework

import "iter"

// Scan goes over every case, in no order, without a copy: a list of ten
// thousand of which twenty are shown needs no ten thousand copies. What it
// gives is read only, and stays as it is while others act.
func (s *Service) Scan() iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		s.mu.RLock()
		all := make([]*state, 0, len(s.cases))
		for _, e := range s.cases {
			if e.st.c.ID != "" {
				all = append(all, e.st)
			}
		}
		s.mu.RUnlock()
		for _, st := range all {
			if !yield(&st.c) {
				return
			}
		}
	}
}
