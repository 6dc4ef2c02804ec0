package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// load is the default configuration with the file's fields over it, and its faults.
func load(t *testing.T, file string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin.json")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Data, c.PublicURL = t.TempDir(), "http://127.0.0.1:8080"
	if err := c.Load(path); err != nil {
		return c, err
	}
	return c, c.Check(nil)
}

func TestStationPolicy(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{`{}`, ""},
		{`{"repeat":{"every":"20m","for":"4h"},"removal_within":"5m","link_test":{"weekday":"monday","time":"07:45","time_zone":"Europe/Brussels"}}`, ""},
		{`{"repeat":{"every":"0s","for":"0s"}}`, ""},
		{`{"link_test":{"off":true,"weekday":"","time":""}}`, ""},
		{`{"repeat":{"every":"10s","for":"1h"}}`, "repeat.every"},
		{`{"repeat":{"every":"1h","for":"10m"}}`, "repeat.for"},
		{`{"repeat":{"every":900}}`, `text such as "15m"`},
		{`{"repeat":{"every":"15"}}`, "no length of time"},
		{`{"repeat":{"each":"15m"}}`, "unknown field"},
		{`{"removal_within":"10s"}`, "removal_within"},
		{`{"removal_within":"48h"}`, "removal_within"},
		{`{"link_test":{"weekday":"mercredi"}}`, "link_test.weekday"},
		{`{"link_test":{"time":"25:00"}}`, "link_test.time"},
		{`{"link_test":{"time_zone":"Europe/Nowhere"}}`, "link_test.time_zone"},
	} {
		_, err := load(t, tt.file)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
		}
	}
}

func TestParts(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{`{"channels":{"webpush":{}},"parts":{"webpush":2}}`, ""},
		{`{"channels":{"webpush":{}},"parts":{"webpush":16}}`, ""},
		{`{"channels":{"webpush":{}},"parts":{"webpush":1}}`, "parts.webpush"},
		{`{"channels":{"webpush":{}},"parts":{"webpush":17}}`, "parts.webpush"},
		{`{"channels":{"webpush":{}},"parts":{"webpush":-2}}`, "parts.webpush"},
		{`{"parts":{"webpush":2}}`, "parts.webpush"},
		{`{"part":2}`, "unknown field"},
	} {
		c, err := load(t, tt.file)
		if err != nil && len(c.Channels) > 0 { // load knows of no channel
			err = c.Check([]string{"webpush"})
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
		}
	}
}

// TestDefaults: the French pace, Wednesday morning, and a file may change one of them alone.
func TestDefaults(t *testing.T) {
	c, err := load(t, `{"time_zone":"Europe/Brussels","link_test":{"time":"11:30"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Repeat.Cadence(); r == nil || *r != (alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour}) {
		t.Errorf("the cadence is %+v", r)
	}
	if day, hour, minute, zone := c.Slot(); day != time.Wednesday || hour != 11 || minute != 30 || zone.String() != "Europe/Brussels" {
		t.Errorf("the link test is on %s at %d:%d %s", day, hour, minute, zone)
	}
	// What is written is read back: tests and the demo hand a server its configuration as a file.
	data, err := json.Marshal(c)
	var back Config
	if err != nil || json.Unmarshal(data, &back) != nil || back.Repeat != c.Repeat || back.RemovalWithin != c.RemovalWithin {
		t.Errorf("%s, %v: %+v", data, err, back)
	}
	c.Repeat = Repeat{}
	if c.Repeat.Cadence() != nil {
		t.Error("a cadence of nothing is asked")
	}
}

// TestPractiseAlone: one person plays both roles in a drill alone.
func TestPractiseAlone(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{`{"practise_alone":"always"}`, ""},
		{`{"practise_alone":"tour"}`, ""},
		{`{"practise_alone":"off"}`, ""},
		{`{"practise_alone":"yes"}`, "practise_alone"},
		{`{"practise_alone":true}`, "practise_alone"},
		{`{"realm":"live","practise_alone":"tour"}`, "a second person releases every alert"},
		{`{"realm":"live","practise_alone":"always"}`, "a second person releases every alert"},
	} {
		_, err := load(t, tt.file)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
		}
	}
	if _, err := load(t, `{"realm":"live","practise_alone":"off"}`); err == nil || strings.Contains(err.Error(), "practise_alone") {
		t.Errorf("off in the live realm: %v", err)
	}
}
