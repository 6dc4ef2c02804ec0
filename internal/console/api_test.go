package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/casework"
	"tocsin/internal/exercise"
	"tocsin/internal/ledger"
	"tocsin/internal/stream"
)

// call sends one request of an officer's program.
func (w *world) call(t testing.TB, as auth.Officer, method, path, kind string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), method, w.URL+path, body))(t)
	if token := w.tokens[as.ID]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return browser{t: t, Client: http.DefaultClient}.send(r)
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	return string(must(json.Marshal(v))(t))
}

// changed is the complete draft with one change.
func changed(change func(*casework.Draft)) casework.Draft {
	d := draft()
	change(&d)
	return d
}

const jsonType = "application/json"

// One row for each answer that a program can get from a call.
func TestAPI(t *testing.T) {
	w := newWorld(t, alert.Live)
	mine := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	empty := must(w.casework.Draft(t.Context(), anna, casework.Draft{}))(t)
	waiting, live := w.submitted(t), w.live(t)
	w.enrolApp(t, carla)
	tag, at := etag(mine), "/v1/cases/"
	whole := encoded(t, draft())
	for _, c := range []struct {
		name         string
		as           auth.Officer
		method, path string
		kind, body   string
		headers      []string
		status       int
		want         string
	}{
		{"stranger", stranger, "GET", at, "", "", nil, 401, "Bearer"},
		{"list", dirk, "GET", "/v1/cases", "", "", nil, 200, live.ID},
		{"get", dirk, "GET", at + mine.ID, "", "", nil, 200, `"stage":"draft"`},
		{"get again", dirk, "GET", at + mine.ID, "", "", []string{"If-None-Match", tag}, 200, `"stage":"draft"`},
		{"get unknown", dirk, "GET", at + "NOSUCHCASE00", "", "", nil, 404, "urn:tocsin:problem:not-found"},
		{"no such call", dirk, "GET", at + mine.ID + "/nothing", "", "", nil, 404, "application/problem+json"},
		{"wrong method", anna, "DELETE", at + mine.ID, "", "", nil, 405, "application/problem+json"},

		{"draft", anna, "POST", "/v1/cases", jsonType, whole, nil, 201, `"revision":1`},
		{"draft of a charset", anna, "POST", "/v1/cases", "application/json; charset=utf-8", whole, nil, 201, ""},
		{"draft lists what is missing", anna, "POST", "/v1/cases", jsonType, "{}", nil, 422, `"facts.last_seen.place"`},
		{"draft stored incomplete when asked", anna, "POST", "/v1/cases?incomplete=true", jsonType, "{}", nil, 201, ""},
		{"age of 19", anna, "POST", "/v1/cases", jsonType, encoded(t, changed(func(d *casework.Draft) { d.Facts.Children[0].Age = 19 })), nil, 422, `"facts.children[0].age"`},
		{"expiry in the past", anna, "POST", "/v1/cases", jsonType, encoded(t, changed(func(d *casework.Draft) { d.Facts.Expires = time.Now().Add(-time.Hour) })), nil, 422, `"facts.expires"`},
		{"crossed polygon", anna, "POST", "/v1/cases", jsonType, encoded(t, changed(func(d *casework.Draft) {
			d.Facts.Polygons = []alert.Polygon{{{Lat: 50, Lon: 4}, {Lat: 51, Lon: 5}, {Lat: 51, Lon: 4}, {Lat: 50, Lon: 5}, {Lat: 50, Lon: 4}}}
		})), nil, 422, `"facts.polygons[0]"`},
		{"name of 500 characters", anna, "POST", "/v1/cases", jsonType, encoded(t, changed(func(d *casework.Draft) { d.Facts.Children[0].GivenName = strings.Repeat("a", 500) })), nil, 422, `"facts.children[0].given_name"`},
		{"name with right-to-left marks", anna, "POST", "/v1/cases", jsonType, encoded(t, changed(func(d *casework.Draft) { d.Facts.Children[0].GivenName = "Li\u202ena" })), nil, 422, `"facts.children[0].given_name"`},
		{"unknown field", anna, "POST", "/v1/cases", jsonType, `{"facts":{"childs":[]}}`, nil, 422, `"field":"childs"`},
		{"wrong type", anna, "POST", "/v1/cases", jsonType, `{"facts":{"children":[{"age":"nine"}]}}`, nil, 422, "another type than string"},
		{"broken JSON", anna, "POST", "/v1/cases", jsonType, `{"facts":`, nil, 400, "urn:tocsin:problem:json"},
		{"two values", anna, "POST", "/v1/cases", jsonType, whole + "{}", nil, 400, "urn:tocsin:problem:json"},
		{"form instead of JSON", anna, "POST", "/v1/cases", "application/x-www-form-urlencoded", "a=b", nil, 415, "application/json"},
		{"no content type", anna, "POST", "/v1/cases", "", whole, nil, 415, ""},
		{"65 KB", anna, "POST", "/v1/cases", jsonType, `{"internal":{"notes":"` + strings.Repeat("a", 65<<10) + `"}}`, nil, 413, "64 KB"},
		{"draft by an auditor", dirk, "POST", "/v1/cases", jsonType, whole, nil, 403, "Auditors read everything and change nothing"},

		{"edit without If-Match", anna, "PUT", at + mine.ID, jsonType, whole, nil, 428, "If-Match"},
		{"edit of another version", anna, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", `"1"`}, 412, "Somebody else"},
		{"edit with a nonsense version", anna, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", `*`}, 412, ""},
		{"edit with a weak version", anna, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", "W/" + tag}, 412, ""},
		{"edit by an approver", bram, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", tag}, 403, ""},
		{"edit", anna, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", tag}, 200, `"version"`},
		{"edit by the second of two", carla, "PUT", at + mine.ID, jsonType, whole, []string{"If-Match", tag}, 412, ""},

		{"photo", anna, "POST", at + mine.ID + "/photos", "image/jpeg", string(portrait(t)), nil, 201, `"photo"`},
		{"photo as another type", anna, "POST", at + mine.ID + "/photos", "application/zip", "PK", nil, 415, "image/jpeg"},
		{"zip renamed to jpg", anna, "POST", at + mine.ID + "/photos", "image/jpeg", "PK\x03\x04 not a picture", nil, 422, "no JPEG, PNG or WebP"},
		{"photo of 10 MB and a byte", anna, "POST", at + mine.ID + "/photos", "image/jpeg", strings.Repeat("a", 10<<20+1), nil, 413, "10 MB"},
		{"photo of an unknown case", anna, "POST", at + "NOSUCHCASE00/photos", "image/jpeg", "a", nil, 404, ""},

		{"preview", bram, "GET", at + waiting.ID + "/preview", "", "", nil, 200, `"digest"`},
		{"preview of one language", bram, "GET", at + waiting.ID + "/preview?lang=en", "", "", nil, 200, `"lang":"en"`},
		{"preview of a language it has not", bram, "GET", at + waiting.ID + "/preview?lang=ru", "", "", nil, 200, `"channels":[]`},
		{"submit what is not complete", anna, "POST", at + empty.ID + "/submit", "", "", nil, 422, `"facts.last_seen.at"`},
		{"submit twice", anna, "POST", at + waiting.ID + "/submit", "", "", nil, 409, "urn:tocsin:problem:stage"},
		{"release by the author", anna, "POST", at + waiting.ID + "/release", jsonType, `{"digest":"x"}`, nil, 403, "may not release"},
		{"release of a stolen digest", bram, "POST", at + waiting.ID + "/release", jsonType, `{"digest":"x"}`, nil, 409, "urn:tocsin:problem:digest"},
		{"release without the code of the app", carla, "POST", at + waiting.ID + "/release", jsonType, `{"digest":"` + waiting.Digest + `"}`, nil, 422, `"field":"code"`},
		{"release of a draft", bram, "POST", at + empty.ID + "/release", jsonType, `{"digest":"x"}`, nil, 409, "urn:tocsin:problem:stage"},
		{"return without a reason", bram, "POST", at + waiting.ID + "/return", jsonType, `{"reason":""}`, nil, 422, `"field":"reason"`},
		{"reject by an author", anna, "POST", at + waiting.ID + "/reject", jsonType, `{"reason":"no"}`, nil, 403, ""},
		{"withdraw with a nonsense outcome", bram, "POST", at + live.ID + "/withdraw", jsonType, `{"outcome":"bored"}`, nil, 422, `"outcome"`},
		{"withdraw a draft", bram, "POST", at + empty.ID + "/withdraw", jsonType, `{"outcome":"found"}`, nil, 409, ""},
		{"deliveries before release", bram, "GET", at + empty.ID + "/deliveries", "", "", nil, 200, `"rows":[]`},
		{"record", dirk, "GET", at + live.ID + "/record", "", "", nil, 200, `"kind":"released"`},
		{"return", bram, "POST", at + waiting.ID + "/return", jsonType, `{"reason":"The plate is wrong."}`, nil, 200, `"reason":"The plate is wrong."`},
		{"reject", bram, "POST", at + waiting.ID + "/reject", jsonType, `{"reason":"Not a case for an alert."}`, nil, 200, `"stage":"rejected"`},
		{"withdraw", anna, "POST", at + live.ID + "/withdraw", jsonType, `{"outcome":"found"}`, nil, 200, `"stage":"withdrawn"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := w.call(t, c.as, c.method, c.path, c.kind, strings.NewReader(c.body), c.headers...)
			got := body + res.Header.Get("Www-Authenticate") + res.Header.Get("Content-Type") + res.Header.Get("Accept-Post")
			if res.StatusCode != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d, want %d with %q\n%.2000s", res.StatusCode, c.status, c.want, got)
			}
			if kind := res.Header.Get("Content-Type"); c.status >= 400 && kind != "application/problem+json" {
				t.Errorf("a refusal of type %s", kind)
			}
		})
	}
}

// The whole life through the API, by the ETags and digests that it gives.
func TestAPIStory(t *testing.T) {
	w := newWorld(t, alert.Drill)
	res, body := w.call(t, anna, "POST", "/v1/cases", jsonType, strings.NewReader(encoded(t, draft())))
	at := res.Header.Get("Location")
	if res.StatusCode != http.StatusCreated || !strings.HasPrefix(at, "/v1/cases/") {
		t.Fatalf("%s to %q: %s", res.Status, at, body)
	}
	var photo struct{ Photo string }
	_, body = w.call(t, anna, "POST", at+"/photos", "image/jpeg", bytes.NewReader(portrait(t)))
	if err := json.Unmarshal([]byte(body), &photo); err != nil || photo.Photo == "" {
		t.Fatalf("photo: %v %s", err, body)
	}
	// A photo does not void the version that a form was opened with.
	d := changed(func(d *casework.Draft) { d.Facts.Children[0].Photo = photo.Photo })
	if res, body = w.call(t, anna, "PUT", at, jsonType, strings.NewReader(encoded(t, d)), "If-Match", res.Header.Get("ETag")); res.StatusCode != http.StatusOK {
		t.Fatalf("edit: %s %s", res.Status, body)
	}
	if res, body = w.call(t, anna, "POST", at+"/submit", "", nil); res.StatusCode != http.StatusOK {
		t.Fatalf("submit: %s %s", res.Status, body)
	}
	var p casework.Preview
	_, body = w.call(t, bram, "GET", at+"/preview", "", nil)
	if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Channels) != 8 || len(p.Faults) != 0 {
		t.Fatalf("preview: %v, %d channels, faults %v", err, len(p.Channels), p.Faults)
	}
	if res, body = w.call(t, bram, "POST", at+"/release", jsonType, strings.NewReader(`{"digest":"`+p.Digest+`"}`)); res.StatusCode != http.StatusOK || !strings.Contains(body, `"live":{`) {
		t.Fatalf("release: %s %s", res.Status, body)
	}
	id := strings.TrimPrefix(at, "/v1/cases/")
	w.ledger.set(board(id, 1, alert.TypeAlert, 9_000))
	var b ledger.Board
	_, body = w.call(t, dirk, "GET", at+"/deliveries", "", nil)
	if err := json.Unmarshal([]byte(body), &b); err != nil || len(b.Channels) != 4 || len(b.Rows) != 8 {
		t.Errorf("deliveries: %v %s", err, body)
	}
	_, body = w.call(t, dirk, "GET", at+"/deliveries?rows=0", "", nil)
	if err := json.Unmarshal([]byte(body), &b); err != nil || len(b.Rows) != 0 || len(b.Channels) != 4 {
		t.Errorf("deliveries without rows: %v %s", err, body)
	}
}

// A body of 100 MB is refused before it is read: the server answers while the
// client has sent next to nothing.
func TestHugeBodyIsRefusedEarly(t *testing.T) {
	w := newWorld(t, alert.Live)
	k := must(w.casework.Draft(t.Context(), anna, draft()))(t)
	for _, c := range []struct{ path, kind string }{{"/v1/cases", jsonType}, {"/v1/cases/" + k.ID + "/photos", "image/jpeg"}} {
		sent := &counting{left: 100 << 20}
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+c.path, sent))(t)
		r.ContentLength = 100 << 20
		r.Header.Set("Authorization", "Bearer "+w.tokens["anna"])
		r.Header.Set("Content-Type", c.kind)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge || sent.read.Load() > 20<<20 {
			t.Errorf("%s: %s after %d bytes", c.path, res.Status, sent.read.Load())
		}
	}
	// A form of 100 MB that hides its length is cut off at the bound.
	b := w.browser(t, anna)
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/console/cases/"+k.ID+"/edit/what", io.LimitReader(endless{}, 100<<20)))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err := b.Do(r); err == nil { // the connection may also be closed on the sender
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a form of 100 MB: %s", res.Status)
		}
	}
}

type counting struct {
	left int
	read atomic.Int64 // the transport reads on after the answer
}

func (c *counting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), c.left)
	c.left -= n
	c.read.Add(int64(n))
	return n, nil
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Every error of the other rooms has a status and words of its own; an unknown
// one is our fault, and says nothing of its inside.
func TestDiagnose(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		kind   string
	}{
		{casework.ErrNotFound, 404, "not-found"},
		{casework.ErrConflict, 412, "conflict"},
		{stream.ErrConflict, 412, "conflict"},
		{exercise.ErrNone, 404, "not-found"},
		{exercise.ErrStage, 409, "stage"},
		{casework.ErrDigest, 409, "digest"},
		{casework.ErrForbidden, 403, "forbidden"},
		{casework.ErrStage, 409, "stage"},
		{casework.ErrPending, 503, "pending"},
		{alert.Invalid{{Field: "a"}}, 422, "invalid"},
		{&http.MaxBytesError{}, 413, "too-large"},
		{&auth.ThrottledError{After: time.Second}, 429, "throttled"},
		{stream.ErrFull, 507, "full"},
		{stream.ErrUnavailable, 503, "unavailable"},
		{stream.ErrGone, 410, "gone"},
		{stream.ErrNone, 404, "not-found"},
		{io.ErrUnexpectedEOF, 500, "internal"},
	} {
		got := (&console{tongue: english}).diagnose(errors.Join(c.err))
		if got.status != c.status || got.kind != c.kind || got.title == "" || got.detail == "" {
			t.Errorf("%v: %+v", c.err, got)
		}
		if (errors.Is(c.err, stream.ErrConflict) || errors.Is(c.err, exercise.ErrNone)) && strings.Contains(got.title, "case") {
			t.Errorf("%v is told of a case: %+v", c.err, got)
		}
		if c.status == 500 && strings.Contains(got.detail, c.err.Error()) {
			t.Errorf("%v is told to strangers", c.err)
		}
	}
}
