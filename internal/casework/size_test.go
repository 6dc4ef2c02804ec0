package casework

import (
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// logTakes is what a record of the log may have: stream's bound on a message, less its headers.
const logTakes = 1<<20 - 4096

// The longest alert that can be submitted is released: its record fits the log.
// What is longer is refused while its author can still mend it, in the text that is longest.
func TestALongAlertIsRefusedBeforeItIsSubmitted(t *testing.T) {
	w := newWorld()
	document := 0 // bytes of the CAP document, without its signature
	s := w.boot(t, func(d *Deps) {
		d.Write = alert.WriteAll
		d.Measure = func(m *alert.Message) (int, error) { return document, nil }
		d.Sign = func(*alert.Message) ([]byte, error) {
			return []byte(strings.Repeat("<", document+signatureBytes)), nil
		}
	})
	ctx := t.Context()
	c := must[Case](t)(s.Draft(ctx, anna, draft()))
	// In JSON each takes six bytes.
	worst := alert.StatusWord(alert.StatusExercise, alert.English) + " " + strings.Repeat("<", 7900)
	c = must[Case](t)(s.Reword(ctx, anna, c.ID, c.Version, alert.English, "description", worst))
	least, most := 0, 1<<20
	for most-least > 1 { // the longest document that passes
		document = (least + most) / 2
		if p := must[Preview](t)(s.Preview(ctx, c.ID)); len(p.Faults) == 0 {
			least = document
		} else {
			most = document
		}
	}
	document = most
	_, err := s.Submit(ctx, anna, c.ID)
	wantFaults(t, err, "texts.en.description")
	document = least
	c = must[Case](t)(s.Submit(ctx, anna, c.ID))
	must[Case](t)(s.Release(ctx, cleo, c.ID, c.Digest))
	longest := 0
	for _, raw := range must[[][]byte](t)(s.RawRecord(ctx, c.ID)) {
		longest = max(longest, len(raw))
	}
	if longest > logTakes || longest < logTakes/2 {
		t.Errorf("the release takes %d bytes of the log's %d", longest, logTakes)
	}
}
