package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// pulse is news so long after a round.
type pulse struct {
	at   time.Duration
	what string // came, alert or draft
}

// typing is an officer who writes for an hour, with an edit a second.
func typing() (all []pulse) {
	for at := time.Second; at < time.Hour; at += time.Second {
		all = append(all, pulse{at, "draft"})
	}
	return all
}

// A round of arming goes over every device of a country. What begins the next one, and
// when, counted from the end of the last: an officer's edits alone never do.
func TestNextRoundOfArming(t *testing.T) {
	for name, tt := range map[string]struct {
		pulses []pulse
		want   time.Duration // 0 = none within the hour
	}{
		"nothing":                           {nil, 0},
		"somebody came at once":             {[]pulse{{0, "came"}}, armEvery},
		"somebody came late":                {[]pulse{{3 * armEvery, "came"}}, 3 * armEvery},
		"an alert used them up":             {[]pulse{{time.Second, "alert"}}, armEvery},
		"an officer writes for an hour":     {typing(), 0},
		"an officer writes, somebody comes": {append(typing(), pulse{20*time.Second + 1, "came"}), 21 * time.Second},
		"somebody came, an officer begins":  {[]pulse{{0, "came"}, {30 * time.Second, "draft"}}, 30 * time.Second},
		"both in the round before":          {[]pulse{{0, "draft"}, {0, "came"}}, armSoonest},
		"an alert and an edit in it":        {[]pulse{{0, "draft"}, {0, "alert"}}, armSoonest},
		"an officer wrote before":           {[]pulse{{0, "draft"}, {20 * time.Second, "came"}}, armEvery},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// A watcher's channel keeps one pulse, as here.
				of := map[string]chan struct{}{"came": make(chan struct{}, 1), "alert": make(chan struct{}, 1), "draft": make(chan struct{}, 1)}
				for _, p := range tt.pulses {
					time.AfterFunc(p.at, func() {
						select {
						case of[p.what] <- struct{}{}:
						default:
						}
					})
				}
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				begun := time.Now()
				err := untilDue(ctx, of["came"], of["alert"], of["draft"])
				if took := time.Since(begun); tt.want == 0 && err == nil || tt.want != 0 && (err != nil || took != tt.want) {
					t.Errorf("after %v, %v; want %v", took, err, tt.want)
				}
			})
		})
	}
}
