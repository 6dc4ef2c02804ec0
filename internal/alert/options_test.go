package alert

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

func TestOptionsHaveEveryConstant(t *testing.T) {
	lists := map[string][]string{
		"Circumstances": words(AllCircumstances), "Instruction": words(AllInstructions), "Sex": words(AllSexes),
		"Build": words(AllBuilds), "HairColour": words(AllHairColours), "HairLength": words(AllHairLengths),
		"EyeColour": words(AllEyeColours), "Item": words(AllItems), "Colour": words(AllColours),
		"VehicleKind": words(AllVehicleKinds), "Transport": words(AllTransports),
		"Outcome": words(AllOutcomes), "Lang": words(Langs),
	}
	want := map[string][]string{}
	for _, file := range []string{"facts.go", "alert.go"} {
		constants(t, file, want)
	}
	for kind, values := range want {
		list, ok := lists[kind]
		if !ok {
			if kind != "Realm" && kind != "MsgType" && kind != "Status" {
				t.Errorf("the constants of type %s have no list in options.go", kind)
			}
			continue
		}
		if !slices.Equal(list, values) {
			t.Errorf("%s: the list is %q, the constants are %q", kind, list, values)
		}
	}
	if len(want) < len(lists) {
		t.Errorf("found %d types of constants, want at least %d: the reading of the source is broken", len(want), len(lists))
	}
}

// constants adds the non-empty typed string constants of file to into, in their order.
func constants(t *testing.T, file string, into map[string][]string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			kind, ok := v.Type.(*ast.Ident)
			if !ok || len(v.Values) != 1 {
				continue
			}
			lit, ok := v.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			if word, _ := strconv.Unquote(lit.Value); word != "" {
				into[kind.Name] = append(into[kind.Name], word)
			}
		}
	}
}
