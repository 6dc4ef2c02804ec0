package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCriteria(t *testing.T) {
	own := filepath.Join(t.TempDir(), "criteria.json")
	for _, tt := range []struct{ name, file, value, want string }{
		{"none", "", "", ""},
		{"an embedded set", "", "osce", ""},
		{"an older version of one", "", "pl@1", ""},
		{"no such set", "", "atlantis", "criteria: there is no such set; name one of be, fr, osce, pl, us-amber"},
		{"no such file", "", filepath.Join(t.TempDir(), "x.json"), "criteria: open "},
		{"our own", `{"id":"xx","version":3,"title":{"en":"Ours"},"criteria":[{"id":"minor","question":{"en":"Under 18?"}}]}`, own, ""},
		{"our own with a fault", `{"id":"xx","version":3,"title":{"en":"Ours"},"criteria":[{"id":"minor","question":{"fr":"Mineur ?"}}]}`, own, "criteria[0].question.en"},
	} {
		if tt.file != "" {
			if err := os.WriteFile(own, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		value, err := json.Marshal(tt.value)
		if err != nil {
			t.Fatal(err)
		}
		c, err := load(t, `{"criteria":`+string(value)+`}`)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if set, _ := c.CriteriaSet(); (set == nil) != (tt.value == "" || tt.want != "") {
			t.Errorf("%s: the set is %v", tt.name, set)
		}
	}
}
