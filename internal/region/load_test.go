package region

import (
	"strings"
	"testing"
)

const line = "BE\tBelgium\tBelgique\tBelgien\tBelgio\tБельгия\tBélgica\t50.50,4.50\t25000,2000 0,500 500,0\n"

func TestParse(t *testing.T) {
	a, err := parse(line)
	if err != nil {
		t.Fatal(err)
	}
	ring := a.Outline("BE")[0]
	if len(ring) != 4 || ring[2].Lat != 51 || ring[2].Lon != 5 || ring[3] != ring[0] {
		t.Errorf("ring %v", ring)
	}
}

func TestParseRefusesADamagedTable(t *testing.T) {
	for name, table := range map[string]string{
		"columns":      strings.Replace(line, "\tBelgio", "", 1),
		"order":        line + line,
		"centre":       strings.Replace(line, "50.50", "x", 1),
		"centre's lon": strings.Replace(line, "4.50", "x", 1),
		"outline":      strings.Replace(line, "25000,", "x,", 1),
		"outline's x":  strings.Replace(line, "500,0", "500", 1),
	} {
		if _, err := parse(table); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzSearch(f *testing.F) {
	a := atlas(f)
	for _, q := range []string{"anvers", "BE-VAN", "É", "\xff", "ł-'"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		if n := len(a.Search(q, "fr", 5)); n > 5 {
			t.Fatalf("%d results", n)
		}
	})
}
