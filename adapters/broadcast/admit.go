package broadcast

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Tokens are of bounded length, so that an attacker cannot make us hash megabytes.
const maxToken = 200

// admit finds the station behind a request: by its bearer token, else by its
// client certificate.
func (f *Feed) admit(r *http.Request) (*station, error) {
	header := r.Header.Get("Authorization")
	if header == "" && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return f.admitCertificate(r.TLS.PeerCertificates[0], time.Now())
	}
	text, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return nil, &problem{http.StatusUnauthorized, "send the station's token as \"Authorization: Bearer TOKEN\", or use its client certificate; a token is never taken from the address", "Authorization"}
	}
	return f.admitToken(text, time.Now())
}

// admitToken answers the same for an unknown station and a wrong secret.
func (f *Feed) admitToken(text string, now time.Time) (*station, error) {
	wrong := &problem{http.StatusUnauthorized, "the token is not valid; ask the operator for a new one", "Authorization"}
	id, _, ok := strings.Cut(text, ".")
	if !ok || len(text) > maxToken {
		return nil, wrong
	}
	sum := sha256.Sum256([]byte(text))
	s := f.lookup(id)
	entered, found := s.find(token, sum)
	if !found {
		f.stats.refused.Add(1)
		return nil, wrong
	}
	if entered.ended(now) {
		f.stats.refused.Add(1)
		return nil, &problem{http.StatusUnauthorized, "the token has expired; ask the operator for a new one", "Authorization"}
	}
	return s.with(entered, time.Time{}), nil
}

// admitCertificate takes a certificate that the listener has verified against
// the authorities it trusts. That alone lets nobody in: it must be pinned for a station.
func (f *Feed) admitCertificate(cert *x509.Certificate, now time.Time) (*station, error) {
	for _, sum := range [][sha256.Size]byte{sha256.Sum256(cert.RawSubjectPublicKeyInfo), sha256.Sum256(cert.Raw)} {
		id, ok := f.certs.station(f, sum)
		if !ok {
			continue
		}
		s := f.lookup(id)
		entered, found := s.find(certificate, sum)
		if !found {
			continue // withdrawn since the index was made
		}
		if entered.ended(now) {
			f.stats.refused.Add(1)
			return nil, &problem{http.StatusUnauthorized, "the certificate has expired; ask the operator to register a new one", "certificate"}
		}
		return s.with(entered, cert.NotAfter), nil
	}
	f.stats.refused.Add(1)
	return nil, &problem{http.StatusUnauthorized, "the certificate is registered for no station; ask the operator to add it", "certificate"}
}

// lookup is the station of that id, or nil.
func (f *Feed) lookup(id string) *station {
	rec, ok := f.env.Recipients.Get(Name, id)
	if !ok {
		return nil
	}
	s, err := newStation(rec)
	if err != nil {
		f.env.Log.Error("station cannot sign in", "station", id, "err", err)
		return nil
	}
	return s
}

// find is the station's credential of that digest. It takes as long for a nil
// station as for one with a single wrong one.
func (s *station) find(k kind, sum [sha256.Size]byte) (entered key, found bool) {
	keys := []key{{kind: k}}
	if s != nil {
		keys = s.keys
	}
	for _, have := range keys {
		if have.kind == k && subtle.ConstantTimeCompare(have.sum[:], sum[:]) == 1 && s != nil {
			entered, found = have, true
		}
	}
	return entered, found
}

// ended says whether the credential is no longer good.
func (k key) ended(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// certIndex finds stations by the digests of their certificates: a certificate
// does not name its station as a token does.
type certIndex struct {
	mu    sync.Mutex
	fresh bool // what the registry says now
	by    map[[sha256.Size]byte]string
}

// station is the one for whom the digest is registered. Whoever asks after a
// change of the registry pays for the new index.
func (c *certIndex) station(f *Feed, sum [sha256.Size]byte) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fresh {
		c.by = map[[sha256.Size]byte]string{}
		for _, r := range f.env.Recipients.All(Name) {
			s, err := newStation(r)
			if err != nil {
				continue // told when it signs in
			}
			for _, k := range s.keys {
				if k.kind == certificate {
					c.by[k.sum] = r.ID
				}
			}
		}
		_, c.fresh = f.env.Recipients.(Watcher)
	}
	id, ok := c.by[sum]
	return id, ok
}

// changed says that the registry is not what it was.
func (c *certIndex) changed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh = false
}
