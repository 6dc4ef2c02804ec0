package adaptertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// wildcard is a variable in a pattern.
var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// routes calls each address of the channel as a stranger would: without a name,
// and with bodies that make no sense. The answer may be anything but a fault of ours.
func routes(t tester, c Case) {
	k := start(t, c, alert.Drill)
	own, ok := k.channel.(adapter.Callbacks)
	if !ok {
		return
	}
	mux := http.NewServeMux()
	for _, r := range own.Routes() {
		if err := register(mux, r); err != nil {
			t.Errorf("route %q: %v", r.Pattern, err)
			continue
		}
		method, path, _ := strings.Cut(r.Pattern, " ")
		if !strings.HasPrefix(path, "/v1/") {
			t.Errorf("route %q: a channel's addresses begin with METHOD /v1/", r.Pattern)
		}
		path = wildcard.ReplaceAllString(path, "x")
		for _, body := range []string{"", "{", "null", `{"subscription":{"endpoint":7}}`, strings.Repeat("[", 10_000), strings.Repeat("x", 1<<20)} {
			k.stranger(mux, method, path, body)
		}
	}
}

// register is what the app does; the mux panics for a bad pattern.
func register(mux *http.ServeMux, r adapter.Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	mux.Handle(r.Pattern, r.Handler)
	return nil
}

func (k *kit) stranger(mux *http.ServeMux, method, path, body string) {
	k.Helper()
	rec := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(k.Context(), method, path, strings.NewReader(body))
	var fault any
	ended := k.within(func() {
		defer func() { fault = recover() }()
		mux.ServeHTTP(rec, req)
	})
	switch {
	case !ended:
		k.Fatalf("%s %s with a body of %d bytes: no answer", method, path, len(body))
	case fault != nil:
		k.Errorf("%s %s with %.40q: panic: %v", method, path, body, fault)
	case rec.Code >= 500 && rec.Code != http.StatusServiceUnavailable:
		k.Errorf("%s %s with %.40q: %d", method, path, body, rec.Code)
	}
}
