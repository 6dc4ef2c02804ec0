package app

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
)

// operatorID is who the operator's commands plan and report as.
const operatorID = "operator"

var errNoExercises = alert.Invalid{{Field: "realm", Code: "live", Text: "Planned tests belong to the exercise system; ask the drill server."}}

// startExercises opens the planned tests of the exercise system; the live realm has none.
func (a *App) startExercises() {
	if a.Config.Realm != alert.Drill {
		return
	}
	var names []string
	for _, c := range a.channels {
		names = append(names, c.Driver.Name)
	}
	a.Exercises = exercise.NewBook(a.Stream.Cases(), a.Cases, names)
}

// exerciseAt is where the example of a test plays: the first of the country's areas.
func (a *App) exerciseAt() exercise.Where {
	c := a.Config
	at := exercise.Where{TimeZone: c.TimeZone, Authority: c.Authority, Languages: c.Languages, Area: alert.Area{Code: c.Country}, Criteria: a.Cases.Asks()}
	if units := a.Atlas.Units(c.Country); len(units) > 0 {
		at.Area = units[0]
	}
	return at
}

// ExerciseDraft is what `tocsin exercise run` begins a test with.
type ExerciseDraft struct {
	Draft  casework.Draft `json:"draft"`
	Server string         `json:"server"` // where officers reach the API, unless told otherwise
}

// ExerciseReport is a test with its report, of this moment when none is kept, and the last one's.
type ExerciseReport struct {
	Test   exercise.Test    `json:"test"`
	Report *exercise.Report `json:"report"`
	Last   *exercise.Report `json:"last,omitempty"`
}

func (a *App) exerciseRoutes(mux adminMux) {
	route := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, reply(func(r *http.Request) (any, error) {
			if a.Exercises == nil {
				return nil, errNoExercises
			}
			v, err := f(r)
			if errors.Is(err, exercise.ErrNone) {
				err = alert.Invalid{{Field: "day", Code: "unknown", Text: "There is no test on this day; `tocsin exercise list` shows them."}}
			}
			return v, err
		}))
	}
	route("GET /exercises", func(r *http.Request) (any, error) { return a.Exercises.All(r.Context()) })
	route("POST /exercises", func(r *http.Request) (any, error) {
		var p exercise.Plan
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			return nil, alert.Invalid{{Field: "body", Code: "format", Text: "This is not the JSON of a plan."}}
		}
		if p.By = operatorID; len(p.Channels) == 0 {
			p.Channels = a.Exercises.Channels()
		}
		return a.Exercises.Plan(r.Context(), p)
	})
	route("GET /exercises/{day}/draft", func(r *http.Request) (any, error) {
		at := a.exerciseAt()
		at.Phone = r.URL.Query().Get("phone")
		t, err := a.Exercises.Get(r.Context(), r.PathValue("day"))
		return ExerciseDraft{t.Draft(at, time.Now()), a.Config.PublicURL}, err
	})
	route("GET /exercises/{day}/report", a.exerciseReport)
	route("POST /exercises/{day}/report", func(r *http.Request) (any, error) {
		t, err := a.Exercises.Get(r.Context(), r.PathValue("day"))
		if err != nil {
			return nil, err
		}
		report, err := a.measure(t)
		if err != nil {
			return nil, err
		}
		if _, err := a.Exercises.Close(r.Context(), t.ID, report); err != nil {
			return nil, err
		}
		return a.exerciseReport(r)
	})
}

func (a *App) exerciseReport(r *http.Request) (any, error) {
	t, err := a.Exercises.Get(r.Context(), r.PathValue("day"))
	if err != nil {
		return nil, err
	}
	all, err := a.Exercises.All(r.Context())
	if err != nil {
		return nil, err
	}
	out := ExerciseReport{Test: t, Report: t.Report}
	if before, ok := exercise.Last(all, t); ok {
		out.Last = before.Report
	}
	if out.Report == nil {
		now, err := a.measure(t)
		if err != nil {
			return nil, err
		}
		out.Report = &now
	}
	return out, nil
}

// measure is the test's report as the ledger has it now.
func (a *App) measure(t exercise.Test) (exercise.Report, error) {
	boards, err := Board{app: a}.Boards(t.Case)
	if err != nil {
		return exercise.Report{}, err
	}
	return exercise.Measure(t, boards, time.Now(), operatorID), nil
}
