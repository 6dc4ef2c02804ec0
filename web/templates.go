package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"strings"
)

// Pages are the parsed pages of one site, by file name without ".html".
type Pages map[string]*template.Template

// LoadPages parses every page of templates/DIR. Files whose names start with "_"
// are shared by all pages of the folder (those of templates/ by all sites); one of them defines "layout.html", the
// frame that each page fills. Besides funcs every template has asset (the hashed
// address of a static file). A fault in any page is an error now, not when
// somebody opens it.
func LoadPages(dir string, funcs template.FuncMap) (Pages, error) {
	all := template.FuncMap{"asset": mustKnow}
	maps.Copy(all, funcs)
	base, err := template.New(dir).Funcs(all).ParseFS(files, "templates/_*.html")
	if err != nil {
		return nil, fmt.Errorf("shared templates: %w", err)
	}
	names, err := fs.Glob(files, path.Join("templates", dir, "*.html"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no templates in %q: %w", dir, errors.Join(err, fs.ErrNotExist))
	}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			if base, err = base.ParseFS(files, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	pages := Pages{}
	for _, name := range names {
		file := path.Base(name)
		if strings.HasPrefix(file, "_") {
			continue
		}
		page, err := template.Must(base.Clone()).ParseFS(files, name) // Clone fails only after a first use
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := whole(page); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pages[strings.TrimSuffix(file, ".html")] = page
	}
	return pages, nil
}

// whole says what of a page could never be written: a template that is not
// there, or a value where html/template cannot make it safe. Both are found
// before the first byte, so a try without data finds them; what the try itself
// misses, the data, is no fault.
func whole(page *template.Template) error {
	err := page.ExecuteTemplate(io.Discard, "layout.html", nil)
	if fault, ok := errors.AsType[*template.Error](err); ok {
		return fault
	}
	return nil
}

// Render writes the page with its layout.
func (p Pages) Render(w io.Writer, page string, data any) error {
	return p.Part(w, page, "layout.html", data)
}

// Part writes one named template of the page, for scripts that refresh a part of it.
func (p Pages) Part(w io.Writer, page, part string, data any) error {
	t, ok := p[page]
	if !ok {
		return fmt.Errorf("no page %q", page)
	}
	return t.ExecuteTemplate(w, part, data)
}

func mustKnow(name string) (string, error) {
	address := Asset(name)
	if address == "" {
		return "", fmt.Errorf("no static file %q", name)
	}
	return address, nil
}

// Language is one language as its own speakers call it.
type Language struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Dir  string `json:"dir"` // ltr or rtl
}

// Languages lists the languages of locales/languages.json, in the order pages show them.
func Languages() ([]Language, error) {
	data, err := files.ReadFile("locales/languages.json")
	if err != nil {
		return nil, err
	}
	var list []Language
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("languages.json: %w", err)
	}
	return list, nil
}
