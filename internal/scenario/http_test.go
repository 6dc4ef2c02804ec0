package scenario

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// request is one HTTP request as a program outside would make it.
type request struct {
	method, url, token string
	contentType        string
	header             map[string]string
	body               []byte
	form               io.Reader // in body's place, of unknown or great length
}

// answer is what came back, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is an RFC 9457 document.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct{ Field, Code, Text string }
}

// outside follows no redirect: each answer is looked at by itself.
var outside = &http.Client{
	Timeout:       40 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask makes the request and reads the answer.
func ask(t *testing.T, in request) answer {
	t.Helper()
	if in.method == "" {
		in.method = "GET"
	}
	body := in.form
	if body == nil {
		body = bytes.NewReader(in.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), in.method, in.url, body)
	if err != nil {
		t.Fatal(err)
	}
	if in.token != "" {
		req.Header.Set("Authorization", "Bearer "+in.token)
	}
	if in.contentType != "" {
		req.Header.Set("Content-Type", in.contentType)
	}
	for name, value := range in.header {
		req.Header.Set(name, value)
	}
	resp, err := outside.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", in.method, in.url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	got := answer{status: resp.StatusCode, header: resp.Header}
	if got.body, err = io.ReadAll(io.LimitReader(resp.Body, 32<<20)); err != nil {
		t.Fatalf("%s %s: %v", in.method, in.url, err)
	}
	return got
}

// problem is the answer's problem document; an answer without one fails the test.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d with content type %q, want a problem document: %.300s", a.status, got, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != a.status || p.Title == "" || p.Detail == "" {
		t.Errorf("the problem document of a %d says %+v", a.status, p)
	}
	return p
}

// asJSON is v as a body.
func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// digestIn is the digest of a preview.
func digestIn(t *testing.T, preview answer) string {
	t.Helper()
	var p struct{ Digest string }
	if err := json.Unmarshal(preview.body, &p); err != nil || p.Digest == "" {
		t.Fatalf("a preview without a digest: %d %v %.300s", preview.status, err, preview.body)
	}
	return p.Digest
}

// unpacked is the body of an answer whose packing the request asked for by itself.
func unpacked(t *testing.T, a answer) []byte {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	z, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(io.LimitReader(z, 32<<20))
	if err != nil {
		t.Fatal(err)
	}
	return body
}
