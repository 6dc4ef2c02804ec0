package console

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/ledger"
	"tocsin/web"
)

// TestBoardIsDescribed: web/openapi.yaml names each field of the board's JSON,
// and none that is not there.
func TestBoardIsDescribed(t *testing.T) {
	data, err := web.File("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, schemas, found := strings.Cut(string(data), "\n  schemas:\n")
	if !found {
		t.Fatal("openapi.yaml has no schemas")
	}
	for _, v := range []any{
		ledger.Board{}, ledger.Totals{}, ledger.Row{}, ledger.Incident{}, ledger.Story{}, ledger.Word{}, ledger.Removal{}, ledger.Airing{}, ledger.Service{}, ledger.Reason{},
	} {
		typ := reflect.TypeOf(v)
		want := jsonFields(typ)
		got := properties(schemas, typ.Name())
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is described with %v, and has %v", typ.Name(), got, want)
		}
	}
}

func jsonFields(t reflect.Type) (names []string) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

var property = regexp.MustCompile(`^        ([a-z_]+):`)

// properties are those of one schema, as the file's indents show them.
func properties(schemas, name string) (names []string) {
	inside := false
	for line := range strings.Lines(schemas) {
		if len(line) > 4 && line[:4] == "    " && line[4] != ' ' {
			inside = strings.HasPrefix(line, "    "+name+":")
		}
		if m := property.FindStringSubmatch(line); inside && m != nil {
			names = append(names, m[1])
		}
	}
	return names
}
