package newsroom

import (
	"net/http"
	"sync"

	"tocsin/internal/alert"
)

// maxChecked bounds the memory of what was checked: identifiers of a State's alerts of years.
const maxChecked = 4096

// genuine remembers which documents carry the issuer's signature. A message's
// bytes never change under its identifier, so each is checked once.
type genuine struct {
	mu      sync.Mutex
	checked map[string]bool
}

func (g *genuine) is(m *alert.Message, verify func([]byte) error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	good, known := g.checked[m.Identifier]
	if known {
		return good
	}
	good = len(m.CAP) > 0 && verify(m.CAP) == nil
	if len(g.checked) >= maxChecked {
		clear(g.checked)
	}
	g.checked[m.Identifier] = good
	return good
}

// certificate is the issuer's, to check a document by one's own means.
func (n *newsroom) certificate(w http.ResponseWriter, _ *http.Request, _ alert.Lang, _ person) {
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Content-Disposition", `attachment; filename="issuer.pem"`)
	_, _ = w.Write([]byte(n.Certificate)) // the browser left: nothing to mend
}
