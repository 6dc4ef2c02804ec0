package region

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
)

//go:embed disputed.tsv
var disputedTSV string

// Dispute is one reviewed decision about a place that maps file differently.
type Dispute struct {
	Place    string
	Point    alert.Point
	Code     string    // ISO 3166-2; "" = no area takes it in
	Reviewed time.Time // day
	Reason   string
}

// Disputes is the reviewed table, in its order.
var Disputes = sync.OnceValues(func() ([]Dispute, error) { return readDisputes(disputedTSV) })

func readDisputes(table string) ([]Dispute, error) {
	var all []Dispute
	for n, f := range rows(table, 5) {
		if len(f) != 5 {
			return nil, fmt.Errorf("disputed.tsv: line %d has %d columns", n, len(f))
		}
		at, err := parseCentre(f[1])
		if err != nil || at == nil {
			return nil, fmt.Errorf("disputed.tsv: line %d: %q is no point: %w", n, f[1], err)
		}
		day, err := time.Parse(time.DateOnly, f[3])
		if err != nil {
			return nil, fmt.Errorf("disputed.tsv: line %d: %w", n, err)
		}
		d := Dispute{Place: f[0], Point: *at, Code: f[2], Reviewed: day, Reason: f[4]}
		if d.Code == "-" {
			d.Code = ""
		} else if !alert.AreaCode(d.Code) {
			return nil, fmt.Errorf("disputed.tsv: line %d: %q is no area code", n, d.Code)
		}
		all = append(all, d)
	}
	return all, nil
}

// rows are the lines of a table with their numbers, split at tabs; comments and empty lines are left out.
func rows(table string, most int) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		for i, line := range slices.Collect(strings.Lines(table)) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(i+1, strings.SplitN(line, "\t", most)) {
				return
			}
		}
	}
}
