package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
)

// kept are objects that cannot be deleted now.
type kept struct{ casework.Objects }

func (kept) Delete(context.Context, string) error { return errors.New("the store is away") }

// While the deletion of its photos fails, an ended case shows neither face nor
// name: a child that was found is not on every officer's screen.
func TestEndedCaseShowsNobody(t *testing.T) {
	w := newWorld(t, alert.Live, cutting, func(d *casework.Deps) { d.Objects = kept{d.Objects} })
	withdrawn, rejected := w.live(t), w.submitted(t)
	b := w.browser(t, anna)
	for name, c := range map[string]struct {
		k   casework.Case
		end func(casework.Case) (casework.Case, error)
	}{
		"withdrawn": {withdrawn, func(k casework.Case) (casework.Case, error) {
			return w.casework.Withdraw(t.Context(), bram, k.ID, alert.OutcomeFound, nil)
		}},
		"rejected": {rejected, func(k casework.Case) (casework.Case, error) {
			return w.casework.Reject(t.Context(), bram, k.ID, "The child came home.")
		}},
	} {
		at := "/console/cases/" + c.k.ID
		photo := at + "/photos/" + c.k.Photos[0].Token
		for _, path := range []string{photo, photo + "?small", photo + "/try"} {
			if res, _ := b.get(path); res.StatusCode != http.StatusOK {
				t.Errorf("%s, before: %s", path, res.Status)
			}
		}
		after := must(c.end(c.k))(t)
		if len(after.Photos) != 1 {
			t.Fatalf("%s: the photos are deleted: the test shows nothing", name)
		}
		for _, path := range []string{photo, photo + "?small", photo + "/try"} {
			if res, body := b.get(path); res.StatusCode != http.StatusGone || strings.Contains(body, "Lina") {
				t.Errorf("%s, %s: %s", name, path, res.Status)
			}
		}
		for _, page := range []string{at, at + "/board", "/console/cases?tab=ended"} {
			_, body := b.get(page)
			title, _, _ := strings.Cut(body, "</title>")
			if strings.Contains(title, "Lina") || strings.Contains(body, `<span class="of">Lina`) || strings.Contains(body, ">Lina, 9</a>") || strings.Contains(body, "/photos/") {
				t.Errorf("%s, %s shows the child:\n%s", name, page, body)
			}
		}
		if _, body := b.get("/console/cases?tab=ended"); !strings.Contains(body, "Case "+c.k.ID) {
			t.Errorf("%s: the list has no number", name)
		}
	}
}

// The clock stands still once a case has ended, and says what it stands at.
func TestClockStandsStill(t *testing.T) {
	report := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	end := report.Add(90 * time.Minute)
	reported := casework.Draft{Internal: casework.Internal{ReportedAt: report}}
	for name, c := range map[string]struct {
		k    casework.Case
		text string
	}{
		"withdrawn":           {casework.Case{Stage: casework.StageWithdrawn, Draft: reported, Withdrawn: end, Changed: end.Add(time.Hour)}, "From the report to the withdrawal:"},
		"rejected":            {casework.Case{Stage: casework.StageRejected, Draft: reported, Changed: end}, "From the report to the end:"},
		"rejected, no report": {casework.Case{Stage: casework.StageRejected, Created: report, Changed: end}, "From the draft to the end:"},
		"practised":           {casework.Case{Stage: casework.StagePractised, Draft: reported, Changed: end.Add(time.Hour), Practice: &casework.Practice{Done: end}}, "From the report to the end:"},
	} {
		row := formConsole(t).row(c.k, auth.Officer{})
		if row.Clock.Took != english.ago(90*time.Minute) || row.Clock.Text != c.text || !row.Clock.Since.IsZero() {
			t.Errorf("%s: %+v", name, row.Clock)
		}
	}
	if got := english.clock(casework.Case{Stage: casework.StageReleased, Draft: reported}); !got.Since.Equal(report) || got.Took != "" {
		t.Errorf("live: %+v", got)
	}
}

// Neither a child's nor a suspect's picture is shown of a case that has ended: it would be a broken one.
func TestShownFacts(t *testing.T) {
	facts := func() alert.Facts {
		return alert.Facts{Children: []alert.Person{{Photo: "a"}}, Suspects: []alert.Person{{Photo: "b"}, {Photo: "deleted"}}}
	}
	photos := []casework.Photo{{Token: "a"}, {Token: "b"}}
	for stage, want := range map[casework.Stage]int{
		casework.StageSubmitted: 2, casework.StageReleased: 2, casework.StagePractised: 0, casework.StageRejected: 0, casework.StageWithdrawn: 0,
	} {
		f := shownFacts(casework.Case{Stage: stage, Draft: casework.Draft{Facts: facts()}, Photos: photos})
		if got := photosOf(&f); len(got) != want {
			t.Errorf("%s: %v", stage, got)
		}
	}
}
