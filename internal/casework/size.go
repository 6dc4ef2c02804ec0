package casework

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/alert"
)

// maxRelease bounds the parts of a release that texts make long: the message, its
// CAP document and what the approver saw. A record of the log is 1 MiB with its
// headers; the rest is for the signature, the answers to the criteria and the
// approver's passkey. A release must never be refused for its length, after the
// second officer has confirmed it: so the draft is.
const maxRelease = 960_000

// signatureBytes is more than the XML signature with its certificate takes.
const signatureBytes = 16_000

// tooLong is the fault of an alert whose release would not fit the log; nil without Deps.Measure.
func (s *Service) tooLong(p Preview, now time.Time) (alert.Invalid, error) {
	if s.d.Measure == nil {
		return nil, nil
	}
	m := *p.Message
	m.Sent = now.UTC().Truncate(time.Second)
	document, err := s.d.Measure(&m)
	if err != nil { // it could not be signed either
		return faultsOf(err, "cap", "CAP: "), nil
	}
	message, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("measuring the alert: %w", err)
	}
	shown, err := json.Marshal(p.shown())
	if err != nil {
		return nil, fmt.Errorf("measuring the alert: %w", err)
	}
	if len(message)+len(shown)+base64.StdEncoding.EncodedLen(document+signatureBytes) <= maxRelease {
		return nil, nil
	}
	longest := m.Languages[0]
	for _, lang := range m.Languages {
		if len(m.Texts[lang].Description) > len(m.Texts[longest].Description) {
			longest = lang
		}
	}
	var v alert.Invalid
	v.Add("texts."+string(longest)+".description", "too_long", "All texts, languages and drawn areas together are too long for one alert. Shorten the descriptions, or draw fewer areas.")
	return v, nil
}
