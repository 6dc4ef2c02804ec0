// Package measure is what the benches share: parts in processes of their own,
// what a part used, medians, and the line that says whether a figure is good.
//
// A bench compares the product with its peers in one run, in turn, so that a
// neighbour's load meets all alike. Each sender and each far side is a process:
// its CPU time is then its own, and no garbage collector serves two masters.
package measure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Used is what one round took of the process that ran it.
type Used struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"`     // microseconds, in the system and outside
	PeakMB  float64 `json:"peak_mb"` // most memory the process has held so far
	Failed  int     `json:"failed"`  // of what was to be sent
	Why     string  `json:"why"`     // the first failure
}

// Round runs f, which says what failed, and measures it.
func Round(f func() (failed int, why string)) Used {
	begun, before := time.Now(), CPU()
	failed, why := f()
	took, used := time.Since(begun), CPU()-before
	return Used{Seconds: took.Seconds(), CPU: float64(used.Microseconds()), PeakMB: peakMB(), Failed: failed, Why: why}
}

// CPU is the time that this process has had on all cores.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func peakMB() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Maxrss) / 1024
}

// Median of v; the lower one of two in the middle, 0 of none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// Seconds is how long the round took.
func Seconds(u Used) float64 { return u.Seconds }

// CPUTime is the round's CPU in microseconds.
func CPUTime(u Used) float64 { return u.CPU }

// Peak is the process's memory in MB.
func Peak(u Used) float64 { return u.PeakMB }

// Typical is the median of one thing over the rounds.
func Typical(rounds []Used, of func(Used) float64) float64 {
	v := make([]float64, len(rounds))
	for i, u := range rounds {
		v[i] = of(u)
	}
	return Median(v)
}

// Ratio is how many times as much a takes as b: the median over the rounds,
// each beside its neighbour in time. a and b have as many rounds.
func Ratio(a, b []Used, of func(Used) float64) float64 {
	v := make([]float64, 0, len(a))
	for i := range min(len(a), len(b)) {
		v = append(v, of(a[i])/max(of(b[i]), 1e-9))
	}
	return Median(v)
}

// Bar is a figure that somebody asked for, and how good it has to be.
type Bar struct {
	Name   string
	Limit  float64
	Least  bool // the figure must reach the limit; otherwise it must stay within
	Digits int  // after the point
}

// Print writes the bar's line. The figure is rounded to its bad side, so that
// the line never says one thing in numbers and another in words.
func (b Bar) Print(w io.Writer, value float64) {
	scale := math.Pow10(b.Digits)
	rounded, good := math.Ceil(value*scale)/scale, false
	if b.Least {
		rounded = math.Floor(value*scale) / scale
		good = rounded >= b.Limit
	} else {
		good = rounded <= b.Limit
	}
	verdict := "short"
	if good {
		verdict = "pass"
	}
	fmt.Fprintf(w, "bar %s %.*f %.*f %s\n", b.Name, b.Digits, rounded, b.Digits, b.Limit, verdict)
}

// Missing writes the bar's line for a figure that could not be had, under the reason.
func (b Bar) Missing(w io.Writer, reason string) {
	fmt.Fprintf(w, "%s: not measured: %s\n", b.Name, strings.ReplaceAll(reason, "\n", "; "))
	fmt.Fprintf(w, "bar %s - %.*f short\n", b.Name, b.Digits, b.Limit)
}
