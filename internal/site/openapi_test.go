package site

import (
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"tocsin/internal/peertest"
)

// described are the methods and paths of web/openapi.yaml.
func described(t *testing.T, yaml string) (all []string) {
	t.Helper()
	path, inPaths := "", false
	name, method := regexp.MustCompile(`^  (/\S*):$`), regexp.MustCompile(`^    (get|put|post|delete):$`)
	for line := range strings.Lines(yaml) {
		line = strings.TrimRight(line, "\n")
		if line != "" && line[0] != ' ' {
			inPaths = line == "paths:"
		}
		if !inPaths {
			continue
		}
		if m := name.FindStringSubmatch(line); m != nil {
			path = m[1]
		}
		if m := method.FindStringSubmatch(line); m != nil {
			all = append(all, strings.ToUpper(m[1])+" "+path)
		}
	}
	return all
}

// elsewhere are the addresses of other rooms: the console's and the channels' own.
var elsewhere = []string{"/v1/cases", "/v1/push/", "/v1/feed", "/v1/receipts"}

func TestDescriptionIsWhatTheServerDoes(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	yaml := text(t, w.get("/v1/openapi.yaml"))
	all := described(t, yaml)
	if len(all) < 40 {
		t.Fatalf("only %d addresses are described: %v", len(all), all)
	}
	fill := strings.NewReplacer("{lang}", "de", "{case}", m.Case, "{id}", m.Case, "{identifier}", m.Identifier, "{name}", annaPhoto+".jpg")
	for _, one := range all {
		method, path, _ := strings.Cut(one, " ")
		if slices.ContainsFunc(elsewhere, func(p string) bool { return strings.HasPrefix(path, p) }) {
			continue
		}
		if path == "/static/{hash}/{name}" {
			continue // package web serves it
		}
		r := w.ask(method, fill.Replace(path), nil)
		if r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusMethodNotAllowed {
			t.Errorf("%s is described, and answers %d", one, r.StatusCode)
		}
	}
	described := map[string]bool{}
	for _, one := range all {
		described[one] = true
	}
	s := &site{Deps: w.deps}
	if err := chi.Walk(s.router(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route = strings.ReplaceAll(strings.Replace(route, languages, "/{lang}", 1), "/static/*", "/static/{hash}/{name}")
		if (method == http.MethodGet || method == http.MethodPost && !strings.HasPrefix(route, "/static")) && !described[method+" "+route] {
			t.Errorf("%s %s is not described", method, route)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The officers' and the channels' addresses of the contract are described too.
func TestDescriptionIsWhole(t *testing.T) {
	w := newWorld(t, nil)
	all := described(t, text(t, w.get("/v1/openapi.yaml")))
	for _, want := range []string{
		"GET /v1/cases", "POST /v1/cases", "GET /v1/cases/{id}", "PUT /v1/cases/{id}", "POST /v1/cases/{id}/photos", "GET /v1/cases/{id}/preview",
		"POST /v1/cases/{id}/submit", "POST /v1/cases/{id}/release", "POST /v1/cases/{id}/return", "POST /v1/cases/{id}/reject",
		"POST /v1/cases/{id}/withdraw", "GET /v1/cases/{id}/deliveries", "GET /v1/cases/{id}/record",
		"GET /v1/push/key", "POST /v1/push/subscriptions", "DELETE /v1/push/subscriptions",
		"POST /v1/push/test", "POST /v1/push/test/shown", "GET /v1/push/test/{id}",
		"GET /v1/feed", "GET /v1/feed/events", "GET /v1/feed/poll", "POST /v1/feed/receipts", "POST /v1/receipts",
	} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is not described", want)
		}
	}
}

// The description is valid OpenAPI 3.1 in the eyes of another project.
func TestDescriptionIsValid(t *testing.T) {
	node, dir := peertest.Node(t)
	check := exec.Command(node, "--input-type=module", "-e", `
import { Validator } from "@seriousme/openapi-schema-validator";
import fs from "node:fs";
const v = new Validator();
const r = await v.validate(fs.readFileSync("openapi.yaml", "utf8"));
console.log(v.version, r.valid, JSON.stringify(r.errors ?? ""));`)
	check.Dir = dir
	out, err := check.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "3.1 true") {
		t.Errorf("%v: %.2000s", err, out)
	}
}
