package web

import (
	"compress/gzip"
	"encoding/xml"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path, accept, match string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	r.Header.Set("If-None-Match", match)
	w := httptest.NewRecorder()
	Static().ServeHTTP(w, r)
	return w.Result()
}

func TestStatic(t *testing.T) {
	css := Asset("tocsin.css")
	if !regexp.MustCompile(`^/static/[0-9a-f]{12}/tocsin\.css$`).MatchString(css) {
		t.Fatalf("address %q", css)
	}
	if Asset("nothing.css") != "" {
		t.Error("an unknown file has an address")
	}
	etag := get(t, "GET", css, "", "").Header.Get("Etag")
	for _, c := range []struct {
		name, method, path, accept, match string
		status                            int
		encoding                          string
	}{
		{"plain", "GET", css, "", "", 200, ""},
		{"packed", "GET", css, "br, gzip", "", 200, "gzip"},
		{"gzip refused", "GET", css, "gzip;q=0", "", 200, ""},
		{"gzip wanted little", "GET", css, "gzip; q=0.1", "", 200, "gzip"},
		{"head", "HEAD", css, "gzip", "", 200, "gzip"},
		{"unchanged", "GET", css, "gzip", etag, 304, ""},
		{"another hash", "GET", "/static/000000000000/tocsin.css", "", "", 404, ""},
		{"no hash", "GET", "/static/tocsin.css", "", "", 404, ""},
		{"climbing", "GET", "/static/x/../../templates/layout.html", "", "", 404, ""},
		{"post", "POST", css, "", "", 405, ""},
	} {
		res := get(t, c.method, c.path, c.accept, c.match)
		if res.StatusCode != c.status || res.Header.Get("Content-Encoding") != c.encoding {
			t.Errorf("%s: %s, %q", c.name, res.Status, res.Header.Get("Content-Encoding"))
		}
		if c.status == 200 && !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %q", c.name, res.Header.Get("Cache-Control"))
		}
	}
}

// What is packed unpacks to the file itself.
func TestPackedIsTheFile(t *testing.T) {
	all, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range all {
		if a.packed == nil {
			continue
		}
		res := get(t, "GET", a.address, "gzip", "")
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || string(got) != string(a.plain) {
			t.Errorf("%s: %v, %d bytes of %d", name, err, len(got), len(a.plain))
		}
		if len(a.plain) > 32<<10 && !strings.HasPrefix(name, "vendor/") { // the map is loaded only where it is asked for
			t.Errorf("%s has %d bytes: too heavy for an old phone", name, len(a.plain))
		}
	}
}

// Our files load nothing from elsewhere, and need no exception of the policy.
func TestFilesStayAtHome(t *testing.T) {
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "vendor/") { // not ours: held by the browser tests under the policy
			return err
		}
		data, err := files.ReadFile(name)
		text := strings.ReplaceAll(string(data), "http://www.w3.org/2000/svg", "")
		for _, bad := range []string{"http://", " url(", ":url(", "@import", "eval(", "innerHTML", " style=\"", " onclick=", " onload="} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		if strings.Contains(name, "node_modules") {
			t.Errorf("%s ships", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var svg any
	if data, err := files.ReadFile("static/bell.svg"); err != nil || xml.Unmarshal(data, &struct{ X any }{svg}) != nil {
		t.Errorf("bell.svg: %v", err)
	}
}

func TestLoadPages(t *testing.T) {
	if _, err := LoadPages("nosuchsite", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a site without pages: %v", err)
	}
	if _, err := LoadPages("console", nil); err == nil {
		t.Error("pages that use unknown functions were loaded")
	}
	if err := (Pages{}).Render(io.Discard, "nothing", nil); err == nil {
		t.Error("an unknown page was written")
	}
	if list, err := Languages(); err != nil || len(list) != 6 {
		t.Errorf("%v %v", list, err)
	}
}

// A page that could never be written stops the start.
func TestWhole(t *testing.T) {
	for text, ok := range map[string]bool{
		`<p>{{.A.B}}</p>`:                true, // only the data is missing
		`{{template "nothing"}}`:         false,
		`<a href="{{if .}}"{{end}}>x`:    false,
		`<script>var a = {{.}}</script>`: true,
	} {
		page := template.Must(template.New("layout.html").Parse(text))
		if err := whole(page); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
