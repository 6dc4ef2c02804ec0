// Package archtest holds the import rules, each with its reason. They carry the
// architecture: what may not be imported cannot be leaned on.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tocsin/internal/peertest"
)

const module = "tocsin/"

// rule is one thing a package may not import, and why.
type rule struct {
	name   string
	reason string
	// from says whether the rule is about the package at this path ("internal/cap").
	from func(pkg string) bool
	// bad says whether that package may not import imp.
	bad func(pkg, imp string) bool
}

func under(dir string) func(string) bool {
	return func(pkg string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }
}

func not(dirs ...string) func(string) bool {
	return func(pkg string) bool {
		return !slices.ContainsFunc(dirs, func(d string) bool { return under(d)(pkg) })
	}
}

func std(imp string) bool { return !strings.Contains(strings.Split(imp, "/")[0], ".") && !ours(imp) }

func ours(imp string) bool { return strings.HasPrefix(imp, module) }

func oneOf(imps ...string) func(pkg, imp string) bool {
	return func(_, imp string) bool {
		return slices.ContainsFunc(imps, func(i string) bool { return imp == i || strings.HasPrefix(imp, i+"/") })
	}
}

var rules = []rule{
	{
		"alert is pure", "the domain can be read, tested and trusted alone",
		under("internal/alert"), func(_, imp string) bool { return !std(imp) },
	},
	{
		"adapter knows only the domain", "a channel's author needs to read two packages, not twenty",
		func(pkg string) bool { return pkg == "internal/adapter" },
		func(_, imp string) bool { return ours(imp) && imp != module+"internal/alert" },
	},
	{
		"the suite knows only the contract", "what every channel must pass asks nothing of one",
		under("internal/adapter/adaptertest"),
		func(_, imp string) bool {
			return !std(imp) && imp != module+"internal/adapter" && imp != module+"internal/alert"
		},
	},
	{
		// Test files are not looked at here: the adapters' own tests run the suite.
		"only tests run the suite", "package testing has no place in the program",
		not("internal/adapter/adaptertest"), oneOf(module + "internal/adapter/adaptertest"),
	},
	{
		"only stream speaks NATS", "the data engine's traps are met in one place",
		not("internal/stream", "internal/bench"), oneOf("github.com/nats-io"),
	},
	{
		"only the sites and app route", "handlers elsewhere are plain net/http and can be mounted anywhere",
		not("internal/console", "internal/newsroom", "internal/site", "internal/app"), oneOf("github.com/go-chi/chi"),
	},
	{
		"only app opens channels", "everybody else works with the contract",
		not("internal/app", "adapters", "internal/bench", "cmd"), oneOf(module + "adapters"),
	},
	{
		"an adapter is alone", "a channel can be added, broken or removed without touching another",
		under("adapters"), func(pkg, imp string) bool {
			if pkg == "adapters" || !ours(imp) {
				return false
			}
			allowed := []string{
				"internal/adapter", "internal/alert", "internal/cap", "internal/problem", "internal/guard",
				"internal/problem", "internal/smpp", pkg, // sms: its protocol library, shared with the demo's message centre
			}
			rel := strings.TrimPrefix(imp, module)
			top := strings.Join(strings.Split(pkg, "/")[:2], "/")
			return !slices.ContainsFunc(allowed, func(a string) bool { return under(a)(rel) }) && !under(top)(rel)
		},
	},
	{
		"only the program starts the app", "a room that knows the whole is no room",
		not("cmd", "internal/app", "internal/scenario", "internal/demo", "internal/bench"), oneOf(module + "internal/app"),
	},
	{
		"the receiver holds no server", "a newsroom runs it beside its playout: small and alone",
		under("internal/receive"), oneOf(module+"internal/stream", module+"internal/casework", module+"internal/console",
			module+"internal/app", module+"internal/delivery", module+"adapters"),
	},
	{
		"the ledger and delivery know no site", "words on a page never decide who is told",
		func(pkg string) bool { return under("internal/ledger")(pkg) || under("internal/delivery")(pkg) },
		oneOf(module+"internal/console", module+"internal/site", module+"internal/newsroom", module+"web"),
	},
}

func TestImports(t *testing.T) {
	root := peertest.Root(t)
	checked := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			for _, r := range rules {
				if r.from(rel) && r.bad(rel, imp) {
					t.Errorf("%s imports %s, but %s: %s", path, imp, r.name, r.reason)
				}
			}
			checked++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 100 {
		t.Errorf("only %d imports were looked at: is the root right?", checked)
	}
}
