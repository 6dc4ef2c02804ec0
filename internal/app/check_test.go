package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/region"
)

// A configuration that is called sound starts, and what the start refuses is told
// beforehand, beside the other faults.
func TestCheckAgreesWithTheStart(t *testing.T) {
	group := func(area string) []region.Group {
		return []region.Group{{Code: "zone-1", Names: map[alert.Lang]string{alert.French: "Zone"}, Areas: []string{area}}}
	}
	for name, tt := range map[string]struct {
		change func(c *config.Config)
		want   []string // fields at fault
	}{
		"sound":           {func(c *config.Config) { c.AreaGroups, c.ReleasePasskey = group("BE-VAN"), "required" }, nil},
		"an unknown area": {func(c *config.Config) { c.AreaGroups = group("BE-XXX") }, []string{"area_groups[0].areas[0]"}},
		"passkeys without https": {func(c *config.Config) {
			c.ReleasePasskey, c.PublicURL = "required", "http://192.0.2.7"
		}, []string{"release_passkey"}},
		"parts of stations": {func(c *config.Config) {
			c.Channels = map[string]json.RawMessage{"broadcast": nil}
			c.Parts = map[string]int{"broadcast": 2}
		}, []string{"parts.broadcast"}},
		"all at once": {func(c *config.Config) {
			c.ReleasePasskey, c.PublicURL, c.Agency, c.AreaGroups = "required", "http://192.0.2.7", "x", group("BE-XXX")
		}, []string{"agency", "area_groups[0].areas[0]", "release_passkey"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := testConfig(t)
			tt.change(&c)
			bad, _ := errors.AsType[alert.Invalid](Check(c))
			var fields []string
			for _, f := range bad {
				fields = append(fields, f.Field)
			}
			if !slices.Equal(fields, tt.want) {
				t.Errorf("faults %v, want %v", fields, tt.want)
			}
			if name == "all at once" {
				return // the agency is nothing that the start looks at
			}
			a, err := Start(t.Context(), c, slog.New(slog.DiscardHandler))
			if (err == nil) != (tt.want == nil) {
				t.Errorf("the start: %v", err)
			}
			if err == nil {
				_ = a.Stop(t.Context())
			}
		})
	}
}
