package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

func TestArea(t *testing.T) {
	for _, c := range []struct {
		name, text, field string // field at fault; "" = none
		steps, groups     int    // steps, and groups beyond those every server knows
	}{
		{"nothing said", `{}`, "", 4, 0},
		{"no growth", `{"growth": []}`, "", 0, 0},
		{"own steps", `{"growth": [{"after": "30m", "km": 40}, {"after": "2h", "km": 150}]}`, "", 2, 0},
		{"a radius too large", `{"growth": [{"after": "1h", "km": 1001}]}`, "growth[0].km", 1, 0},
		{"no time", `{"growth": [{"after": "0s", "km": 100}]}`, "growth[0].after", 1, 0},
		{"later and smaller", `{"growth": [{"after": "1h", "km": 100}, {"after": "2h", "km": 90}]}`, "growth[1]", 2, 0},
		{"a group", `{"area_groups": [{"code": "zone-5340", "names": {"fr": "Zone Nord"}, "areas": ["BE-BRU"]}]}`, "", 4, 1},
	} {
		path := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var conf Config
		if err := conf.Load(path); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var bad alert.Invalid
		conf.checkArea(&bad)
		if c.field == "" && len(bad) > 0 || c.field != "" && (len(bad) != 1 || bad[0].Field != c.field) {
			t.Errorf("%s: %v, want %q", c.name, bad, c.field)
		}
		steps := conf.GrowthSteps()
		if len(steps) != c.steps {
			t.Errorf("%s: %d steps", c.name, len(steps))
		}
		var none Config
		known, err := none.Groups()
		all, err2 := conf.Groups()
		if err != nil || err2 != nil || len(all)-len(known) != c.groups {
			t.Errorf("%s: %d groups of our own, %v %v", c.name, len(all)-len(known), err, err2)
		}
	}
	if steps := (Config{}).GrowthSteps(); steps[0].After != time.Hour || steps[3].KM != 500 {
		t.Errorf("%v", steps)
	}
	c := Config{Growth: []GrowthStep{{KM: 5000}}}
	if err := c.Check(nil); err == nil || !strings.Contains(err.Error(), "growth") {
		t.Errorf("Check does not look at growth: %v", err)
	}
}
