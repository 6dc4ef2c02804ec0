package region

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

func TestGroups(t *testing.T) {
	groups, err := Groups()
	if err != nil {
		t.Fatal(err)
	}
	if faults := atlas(t).CheckGroups("groups", groups); len(faults) > 0 {
		t.Error(faults)
	}
	names := map[string]string{}
	for _, g := range groups {
		for _, lang := range alert.Langs {
			name := g.Names[lang]
			if name == "" || name != strings.TrimSpace(name) {
				t.Errorf("%s has the name %q in %s", g.Code, name, lang)
			}
			if other := names[string(lang)+name]; other != "" {
				t.Errorf("%s and %s are both %q in %s", other, g.Code, name, lang)
			}
			names[string(lang)+name] = g.Code
		}
	}
}

// The members of a parent unit are those that Debian's list gives it.
func TestGroupsAreISO(t *testing.T) {
	const path = "/usr/share/iso-codes/json/iso_3166-2.json"
	data, err := os.ReadFile(path)
	if err != nil {
		peertest.Missing(t, path, "apt-get install iso-codes")
	}
	var list map[string][]struct{ Code, Parent string }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	members := map[string][]string{}
	for _, e := range list["3166-2"] {
		if parent := e.Parent; parent != "" {
			if !strings.Contains(parent, "-") {
				parent = e.Code[:3] + parent
			}
			members[parent] = append(members[parent], e.Code)
		}
	}
	groups, err := Groups()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, g := range groups {
		if !alert.AreaCode(g.Code) {
			continue
		}
		checked++
		want := members[g.Code]
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(g.Areas)); !slices.Equal(got, want) {
			t.Errorf("%s is %v, ISO 3166-2 has %v", g.Code, got, want)
		}
	}
	if checked < 50 {
		t.Errorf("only %d parent units", checked)
	}
}

func TestCheckGroups(t *testing.T) {
	named := map[alert.Lang]string{alert.French: "Zone"}
	for _, c := range []struct {
		name  string
		group Group
		field string
	}{
		{"good", Group{"zone-5340", named, []string{"BE-BRU", "BE-VBR"}}, ""},
		{"no code", Group{"", named, []string{"BE-BRU"}}, "g[1].code"},
		{"a code of words", Group{"a zone", named, []string{"BE-BRU"}}, "g[1].code"},
		{"an area's code", Group{"BE-BRU", named, []string{"BE-BRU"}}, "g[1].code"},
		{"twice", Group{"first", named, []string{"BE-BRU"}}, "g[1].code"},
		{"no name", Group{"zone", nil, []string{"BE-BRU"}}, "g[1].names"},
		{"no areas", Group{"zone", named, nil}, "g[1].areas"},
		{"too many", Group{"zone", named, slices.Repeat([]string{"BE-BRU"}, 61)}, "g[1].areas"},
		{"an unknown area", Group{"zone", named, []string{"BE-BRU", "BE-XXX"}}, "g[1].areas[1]"},
	} {
		faults := atlas(t).CheckGroups("g", []Group{{"first", named, []string{"BE"}}, c.group})
		if c.field == "" && len(faults) > 0 || c.field != "" && (len(faults) != 1 || faults[0].Field != c.field) {
			t.Errorf("%s: %v, want %q", c.name, faults, c.field)
		}
	}
}

// Each reviewed place is where the table says, and nowhere else.
func TestDisputes(t *testing.T) {
	a := atlas(t)
	all, err := Disputes()
	if err != nil || len(all) < 12 {
		t.Fatalf("%d: %v", len(all), err)
	}
	for _, d := range all {
		for _, code := range codes(a.At(d.Point)) {
			if code != d.Code {
				t.Errorf("%s is in %s, the table says %q", d.Place, code, d.Code)
			}
		}
		if d.Code != "" && !slices.Contains(codes(a.Units(d.Code[:2])), d.Code) {
			t.Errorf("%s: %s is not among the units of %s", d.Place, d.Code, d.Code[:2])
		}
		if len(a.At(d.Point)) == 0 && d.Code != "" && d.Code[:2] != "CY" {
			t.Errorf("%s is in no drawn unit", d.Place)
		}
		if d.Reason == "" || d.Reviewed.Year() < 2026 {
			t.Errorf("%s has no reason or no date", d.Place)
		}
	}
	if _, known := a.Area("XK"); known {
		t.Error("XK is known")
	}
	for _, bad := range []string{"a\tb", "A\t1\tUA-43\t2026-11-22\twhy", "A\t1,1\tUA-43\tnow\twhy", "A\t1,1\tX\t2026-11-22\twhy"} {
		if _, err := readDisputes(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
