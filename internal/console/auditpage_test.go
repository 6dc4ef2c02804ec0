package console

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
)

// awayRecord is the audit record of a server whose stream has not answered for long.
type awayRecord struct{ Audit }

func (awayRecord) Must(context.Context, audit.Event) error { return audit.ErrNotRecorded }

func (r awayRecord) Look(f audit.Filter, limit int) audit.Page {
	p := r.Audit.Look(f, limit)
	p.Lost = 3
	return p
}

// What cannot be recorded is not handed out, and the page says what the record lacks.
func TestNothingTakenOutUnrecorded(t *testing.T) {
	w := newWorldWith(t, alert.Live, choices{console: func(d *Deps, _ string) { d.Audit = awayRecord{d.Audit} }})
	k := w.live(t)
	b := w.browser(t, dirk)
	for _, path := range []string{
		"/console/audit/export", "/v1/cases/" + k.ID + "/record", "/console/cases/" + k.ID + "/report.csv",
	} {
		if res, body := b.get(path); res.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "moment,") || strings.Contains(body, `"kind"`) {
			t.Errorf("%s: %s\n%s", path, res.Status, body)
		}
	}
	if _, body := b.get("/console/audit"); !strings.Contains(body, "3 acts could not be recorded") {
		t.Errorf("the page does not say that acts are lost:\n%s", body)
	}
}
