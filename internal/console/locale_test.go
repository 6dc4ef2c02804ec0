package console

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"golang.org/x/text/feature/plural"

	"tocsin/internal/alert"
	"tocsin/web"
)

// spoken are the functions whose argument is a text that an officer reads, by
// the place of that argument. count's is the form for many: its forms hang on it.
var spoken = map[string]int{
	"say": 0, "tr": 0, "hint": 0, "count": 2, "text": 2, "pick": 2, "choose": 2, "number": 1, "moment": 1, "words": 1,
}

// told are the functions by which other rooms say whole sentences to an officer, likewise.
var told = map[string]int{"Add": 2, "add": 2, "forbidden": 0, "wrongStage": 0, "warn": 2, "checkWords": 4, "tooOften": 0}

// keysOf collects what the console's pages and code can say, and what other rooms tell it.
func keysOf(t *testing.T) (keys, counted map[string]bool) {
	keys, counted = map[string]bool{}, map[string]bool{}
	pages(t, keys, counted)
	inPackage(t, ".", spoken, keys, counted)
	inPackage(t, "../report", map[string]int{"Say": 0, "tr": 0, "Count": 2}, keys, counted)
	for _, room := range []string{"alert", "auth", "casework", "criteria", "exercise", "kit", "media", "wording"} {
		sentences := map[string]bool{}
		inPackage(t, filepath.Join("..", room), told, sentences, counted)
		for s := range sentences {
			if strings.Contains(s, " ") {
				keys[s] = true
			}
		}
	}
	return keys, counted
}

func pages(t *testing.T, keys, counted map[string]bool) {
	t.Helper()
	names, err := filepath.Glob("../../web/templates/console/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal("no templates", err)
	}
	for _, name := range names {
		data := must(os.ReadFile(name))(t)
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(data), "", "", trees); err != nil {
			t.Fatal(err)
		}
		for _, one := range trees {
			inNode(one.Root, keys, counted)
		}
		inNode(tree.Root, keys, counted)
	}
}

// inNode walks a template for {{t "text"}} and {{n count "one" "many"}}.
func inNode(n parse.Node, keys, counted map[string]bool) {
	switch n := n.(type) {
	case nil:
	case *parse.ListNode:
		if n != nil {
			for _, x := range n.Nodes {
				inNode(x, keys, counted)
			}
		}
	case *parse.ActionNode:
		inNode(n.Pipe, keys, counted)
	case *parse.TemplateNode:
		inNode(n.Pipe, keys, counted)
	case *parse.IfNode:
		branch(&n.BranchNode, keys, counted)
	case *parse.RangeNode:
		branch(&n.BranchNode, keys, counted)
	case *parse.WithNode:
		branch(&n.BranchNode, keys, counted)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				inNode(c, keys, counted)
			}
		}
	case *parse.CommandNode:
		for i, a := range n.Args {
			inNode(a, keys, counted)
			id, ok := a.(*parse.IdentifierNode)
			if !ok {
				continue
			}
			at := map[string]int{"t": i + 1, "n": i + 3}[id.Ident]
			if at == 0 || at >= len(n.Args) {
				continue
			}
			if s, ok := n.Args[at].(*parse.StringNode); ok {
				keys[s.Text] = true
				counted[s.Text] = counted[s.Text] || id.Ident == "n"
			}
		}
	}
}

func branch(n *parse.BranchNode, keys, counted map[string]bool) {
	inNode(n.Pipe, keys, counted)
	inNode(n.List, keys, counted)
	inNode(n.ElseList, keys, counted)
}

// inPackage walks a package's code for the functions that say, for lists of options and for faults.
func inPackage(t *testing.T, dir string, say map[string]int, keys, counted map[string]bool) {
	t.Helper()
	files := token.NewFileSet()
	noTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//lint:ignore SA1019 the syntax is all that is wanted; types would cost a build
	all, err := parser.ParseDir(files, dir, noTests, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range all {
		ast.Inspect(pkg, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := calledName(n)
				at, ok := say[name]
				if !ok || at >= len(n.Args) {
					break
				}
				if s, ok := sentenceOf(n.Args[at]); ok {
					keys[s] = true
					counted[s] = counted[s] || name == "count"
				}
			case *ast.CompositeLit:
				inLiteral(n, keys)
			}
			return true
		})
	}
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// inLiteral finds the texts of []option{{value, "Text"}} and of alert.Invalid{{Text: "..."}}.
func inLiteral(lit *ast.CompositeLit, keys map[string]bool) {
	if list, ok := lit.Type.(*ast.ArrayType); ok {
		if id, ok := list.Elt.(*ast.Ident); ok && id.Name == "option" {
			for _, e := range lit.Elts {
				if o, ok := e.(*ast.CompositeLit); ok && len(o.Elts) == 2 {
					if s, ok := sentenceOf(o.Elts[1]); ok {
						keys[s] = true
					}
				}
			}
		}
	}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "Text" {
			if s, ok := sentenceOf(kv.Value); ok && strings.Contains(s, " ") {
				keys[s] = true
			}
		}
	}
}

var verb = regexp.MustCompile(`%[0-9]*[dsqvX]`)

// sentenceOf is the text of an expression: a literal, a sum, or a Sprintf, with
// {1}, {2} for what is only known later. False: it is no text of our own.
func sentenceOf(e ast.Expr) (string, bool) {
	places := 0
	place := func() string { places++; return "{" + strconv.Itoa(places) + "}" }
	var build func(e ast.Expr) string
	own := false
	build = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, err := strconv.Unquote(e.Value)
			if err != nil || e.Kind != token.STRING {
				return place()
			}
			own = true
			return verb.ReplaceAllStringFunc(s, func(string) string { return place() })
		case *ast.BinaryExpr:
			return build(e.X) + build(e.Y)
		case *ast.CallExpr:
			switch calledName(e) {
			case "tr":
				return build(e.Args[0])
			case "Sprintf":
				return build(e.Args[0])
			}
		}
		return place()
	}
	s := build(e)
	return strings.ReplaceAll(s, "%%", "%"), own && strings.Trim(s, "{}0123456789 :.–") != ""
}

// TestLocales holds every language against what the console can say: a missing
// text, one that nobody says any more, and one with other places than its key.
// TOCSIN_MISSING=DIR writes what is missing into DIR, for a translator.
func TestLocales(t *testing.T) {
	keys, counted := keysOf(t)
	if len(keys) < 300 {
		t.Fatalf("only %d texts found: the search is broken", len(keys))
	}
	for _, l := range alert.Langs[1:] {
		said := must(loadTongue(l))(t).table
		missing := map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			p, ok := said[key]
			switch {
			case !ok:
				missing[key] = ""
				t.Errorf("%s: no text for %q", l, key)
			case counted[key] != (len(p.forms) > 0):
				t.Errorf("%s: %q is counted: %v, has forms: %v", l, key, counted[key], len(p.forms) > 0)
			}
			if p.text != "" && !slices.Equal(placesOf(key), placesOf(p.text)) {
				t.Errorf("%s: %q has other places than %q", l, p.text, key)
			}
			for form, said := range p.forms { // "once" has no number in it
				if said == "" || len(lacking(placesOf(said), placesOf(key))) > 0 ||
					form != plural.One && len(lacking(placesOf(key), placesOf(said))) > 0 {
					t.Errorf("%s: %q has other places than %q", l, said, key)
				}
			}
		}
		for key := range said {
			if !keys[key] {
				t.Errorf("%s: nobody says %q any more; remove it", l, key)
			}
		}
		if dir := os.Getenv("TOCSIN_MISSING"); dir != "" && len(missing) > 0 {
			data := must(json.MarshalIndent(missing, "", "  "))(t)
			if err := os.WriteFile(filepath.Join(dir, string(l)+".json"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lacking is what is in some and not in all.
func lacking(some, all []string) []string {
	return slices.DeleteFunc(slices.Clone(some), func(s string) bool { return slices.Contains(all, s) })
}

func placesOf(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Every language names each form that its numbers take.
func TestForms(t *testing.T) {
	for _, l := range alert.Langs {
		tongue := must(loadTongue(l))(t)
		for key, p := range tongue.table {
			for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 22, 25, 100, 1_000_000} {
				if said := tongue.count(n, key, key); len(p.forms) > 0 && strings.TrimSpace(said) == "" {
					t.Errorf("%s: no form of %q for %d", l, key, n)
				}
			}
		}
	}
	if got := english.count(1, "{n} day", "{n} days"); got != "1 day" {
		t.Errorf("got %q", got)
	}
	if got := fmt.Sprint(english.thousands(10_000)); got != "10,000" {
		t.Errorf("got %q", got)
	}
	_ = web.Asset
}
