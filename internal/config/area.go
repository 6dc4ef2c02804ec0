package config

import (
	"fmt"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/growth"
	"tocsin/internal/region"
)

// GrowthStep is one rule of how an alert's area grows: {"after": "1h", "km": 100}.
type GrowthStep struct {
	After Duration `json:"after"` // since the child was last seen
	KM    int      `json:"km"`    // radius, 1 to 1000
}

// maxGrowth bounds the steps and the groups: more are nobody's policy.
const (
	maxGrowth     = 20
	maxAreaGroups = 500
)

// GrowthSteps are the steps as configured; the default ones where none are. An
// empty list in the file means that no growth is ever proposed.
func (c Config) GrowthSteps() []growth.Step {
	if c.Growth == nil {
		return growth.Default()
	}
	steps := make([]growth.Step, len(c.Growth))
	for i, s := range c.Growth {
		steps[i] = growth.Step{After: time.Duration(s.After), KM: s.KM}
	}
	return steps
}

// Groups are the groups that every server knows, and the server's own after
// them. The atlas judges the latter's areas: region.Atlas.CheckGroups.
func (c Config) Groups() ([]region.Group, error) {
	all, err := region.Groups()
	return append(all[:len(all):len(all)], c.AreaGroups...), err
}

// checkArea finds the faults in how areas grow and are grouped.
func (c *Config) checkArea(bad *alert.Invalid) {
	if len(c.Growth) > maxGrowth {
		bad.Add("growth", "too_many", "Give at most 20 steps.")
	}
	for i, s := range c.Growth {
		at := fmt.Sprintf("growth[%d]", i)
		if s.KM < 1 || s.KM > 1000 {
			bad.Add(at+".km", "range", "Give the radius in kilometres, 1 to 1000.")
		}
		if s.After <= 0 {
			bad.Add(at+".after", "range", `Write how long after the child was last seen, such as "1h".`)
		}
		if i > 0 && (s.After <= c.Growth[i-1].After || s.KM <= c.Growth[i-1].KM) {
			bad.Add(at, "order", "Each step is later and larger than the one before it; put them in order.")
		}
	}
	if len(c.AreaGroups) > maxAreaGroups {
		bad.Add("area_groups", "too_many", "Give at most 500 groups.")
	}
}
