package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/bench/measure"
)

// pagesOf are the addresses that are measured: the lists, and every page of one case.
func pagesOf(id string) []string {
	at := "/console/cases/" + id
	return []string{
		"/console/cases", "/console/cases?tab=drafts", "/console/cases?tab=drafts&page=100", "/console/cases?tab=drafts&q=bxl-2026-00777",
		"/console/cases/new", at, at + "/check", at + "/preview", at + "/edit/children/0", at + "/edit/area",
		at + "/board", at + "/board?wall=1", at + "/withdraw", at + "/correct", "/console/account",
	}
}

// answer is one page as it came.
type answer struct {
	took time.Duration // from the request to the last byte, on this machine
	wire int           // bytes as they travelled
	body []byte
}

// get opens a page as a browser does that takes gzip.
func (s *stage) get(ctx context.Context, path string) (a answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return a, err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	begun := time.Now()
	res, err := s.http.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return a, err
	}
	a.took, a.wire = time.Since(begun), len(a.body)
	if res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %s", path, res.Status)
	}
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(a.body))
		if err != nil {
			return a, err
		}
		a.body, err = io.ReadAll(z)
		return a, err
	}
	return a, nil
}

// figure is what one page took.
type figure struct {
	first, median float64 // ms: its first render in this process, and of all
	kb            float64 // with its styles and scripts
}

var linked = regexp.MustCompile(`(?:href|src)="(/static/[^"]+\.(?:css|js))"`)

// render opens each page so many times. The first of each is taken apart: it is what an officer meets.
func (s *stage) render(ctx context.Context, pages []string, times int) (map[string]figure, error) {
	out := map[string]figure{}
	files := map[string]int{}
	for _, path := range pages {
		var f figure
		var all []float64
		for i := range times {
			a, err := s.get(ctx, path)
			if err != nil {
				return nil, err
			}
			ms := float64(a.took.Microseconds()) / 1000
			all = append(all, ms)
			if i > 0 {
				continue
			}
			f.first = ms
			bytes := a.wire
			for _, m := range linked.FindAllSubmatch(a.body, -1) {
				name := string(m[1])
				if strings.Contains(name, "leaflet") || strings.HasSuffix(name, "/map.js") {
					continue // the map comes after the page, which works without it
				}
				if _, known := files[name]; !known {
					file, err := s.get(ctx, name)
					if err != nil {
						return nil, err
					}
					files[name] = file.wire
				}
				bytes += files[name]
			}
			f.kb = float64(bytes) / 1024
		}
		f.median = measure.Median(all)
		out[path] = f
	}
	return out, nil
}
