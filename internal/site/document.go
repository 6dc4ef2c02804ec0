package site

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// document serves a signed CAP document, byte for byte. The withdrawal's own
// stays for ever; every other one of its case is gone with it.
func (s *site) document(w http.ResponseWriter, r *http.Request) {
	rev, isOver, ok := s.lookup(chi.URLParam(r, "identifier"))
	switch {
	case !ok || len(rev.Message.CAP) == 0:
		noSuch("document").write(w, r)
	case isOver:
		ended := s.ended(rev.Message)
		removed("This document named a child and is no longer published.", &ended).write(w, r)
	default:
		// Not immutable for caches although the bytes never change: the address can end.
		a := newReply("application/cap+xml", rev.Message.CAP)
		a.hidden = true
		a.write(w, r)
	}
}
