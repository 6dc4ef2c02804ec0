package broadcast

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
)

const day = 24 * time.Hour

func TestWarnedOf(t *testing.T) {
	for left, want := range map[time.Duration]string{
		400 * day: "none", 30*day + 1: "none", 30 * day: "30", 15 * day: "30", 14 * day: "14", 7*day + 1: "14",
		7 * day: "7", 1*day + 1: "7", 1 * day: "1", time.Second: "1", 0: "0", -day: "0",
	} {
		got := "none"
		if days, due := warnedOf(left); due {
			got = fmt.Sprint(days)
		}
		if got != want {
			t.Errorf("with %v left: %s, want %s", left, got, want)
		}
	}
}

// TestWarnings: two nodes live through forty days with three stations; each
// warning is said once, in time, and outlives the start of another node.
func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rarely := func(f *Feed) { f.limits.tick = day } // forty days of a sweeper's seconds are long
		a := newBubble(t, rarely)
		another := func() {
			newBubble(t, func(f *Feed) {
				rarely(f)
				f.env.Recipients, f.env.Nodes = a.reg, a.far
				f.env.Log = a.feed.env.Log
			})
		}
		another()
		start := time.Now()
		lives := map[string]time.Duration{"long": 40 * day, "short": 5 * day, "never": 0}
		for name, life := range lives {
			r, _, err := NewStation(name, nil, alert.French)
			if err == nil && life > 0 {
				r, err = Limit(r, start.Add(life))
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = a.reg.Put(t.Context(), r)
		}
		said := map[string][]string{}
		for d := range 42 {
			time.Sleep(day)
			synctest.Wait()
			lines := bufio.NewScanner(strings.NewReader(a.out.take()))
			for lines.Scan() {
				var name, days string
				for f := range strings.FieldsSeq(lines.Text()) {
					if v, ok := strings.CutPrefix(f, "name="); ok {
						name = v
					}
					if v, ok := strings.CutPrefix(f, "days="); ok {
						days = v
					}
				}
				said[name] = append(said[name], fmt.Sprintf("%s on day %d", days, d+1))
			}
			if d == 20 { // one more starts, and remembers nothing itself
				another()
			}
		}
		want := map[string][]string{
			"long":  {"30 on day 10", "14 on day 26", "7 on day 33", "1 on day 39", "0 on day 40"},
			"short": {"7 on day 1", "1 on day 4", "0 on day 5"},
		}
		for name := range lives {
			if !slices.Equal(said[name], want[name]) {
				t.Errorf("%s: %q, want %q", name, said[name], want[name])
			}
		}
	})
}
