package console

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/kit"
	"tocsin/internal/ledger"
	"tocsin/internal/report"
)

// reportOf is the account of a case from its record and its boards.
func (c *console) reportOf(k casework.Case, record []casework.Event, boards []ledger.Board) *report.Report {
	names := c.namesOfOfficers()
	return report.Build(report.Source{
		Case: k, Events: record, Boards: boards, Name: func(id string) string {
			if n := names[id]; n != "" {
				return n
			}
			return id
		},
		Areas: c.areaNames(k.Facts.Areas, c.lang), Drill: c.Realm == alert.Drill, Zone: c.zoneOf(&k.Draft), Now: time.Now(),
	})
}

// namesOfOfficers are the officers' names by their ids; the server itself is Tocsin.
func (c *console) namesOfOfficers() map[string]string {
	names := map[string]string{casework.System: "Tocsin"}
	for _, o := range c.Accounts.List() {
		names[o.ID] = o.Name
	}
	return names
}

// readReport reads all that a case's report is made of.
func (c *console) readReport(ctx context.Context, k casework.Case) (*report.Report, error) {
	record, err := c.Casework.Record(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	boards, err := c.Ledger.Boards(k.ID)
	if err != nil {
		return nil, err
	}
	return c.reportOf(k, record, boards), nil
}

// reportFile answers with the report: report.pdf in the reader's language, or report.csv.
func (c *console) reportFile(w http.ResponseWriter, r *http.Request) {
	k, ok := c.find(w, r)
	if !ok {
		return
	}
	format := chi.URLParam(r, "format")
	if format != "pdf" && format != "csv" {
		c.notFound(w, r)
		return
	}
	rep, err := c.readReport(r.Context(), k)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	data, kind, err := c.written(rep, format)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if !c.exported(w, r, k.ID, "report") {
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="tocsin-`+k.ID+"."+format+`"`)
	_, _ = w.Write(data) // the browser left: nothing to mend
}

// written is a report as a file, and the file's kind.
func (c *console) written(rep *report.Report, format string) (data []byte, kind string, err error) {
	if format == "pdf" {
		data, err = rep.PDF(c.reporter(), kit.FontDir)
		return data, "application/pdf", err
	}
	var out bytes.Buffer
	err = rep.CSV(&out)
	return out.Bytes(), "text/csv; charset=utf-8", err
}

// WriteReport is the report on a case for the operator's command: format is
// "pdf" or "csv", lang the language of the PDF. casework.ErrNotFound as of Get.
func WriteReport(ctx context.Context, d Deps, id, format string, lang alert.Lang) ([]byte, error) {
	if format != "pdf" && format != "csv" {
		return nil, alert.Invalid{{Field: "format", Code: "unknown", Text: "Write pdf or csv."}}
	}
	if !slices.Contains(alert.Langs, lang) {
		return nil, alert.Invalid{{Field: "lang", Code: "unknown", Text: "Write en, fr, de, it, ru or es."}}
	}
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		return nil, err
	}
	t, err := loadTongue(lang)
	if err != nil {
		return nil, err
	}
	c := &console{Deps: d, tongue: t, zone: zone}
	k, err := d.Casework.Get(id)
	if err != nil {
		return nil, err
	}
	rep, err := c.readReport(ctx, k)
	if err != nil {
		return nil, err
	}
	data, _, err := c.written(rep, format)
	return data, err
}
