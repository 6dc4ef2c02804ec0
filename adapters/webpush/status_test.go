package webpush

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/pushservice"
)

// TestStatuses has a real server give each answer.
func TestStatuses(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 1)
	d := delivery(t, a, message(alert.TypeAlert, 1))
	l, err := a.client.line([]byte(s.URL()))
	if err != nil {
		t.Fatal(err)
	}
	const fine = adapter.Class(-1)
	for _, c := range []struct {
		status int
		retry  string
		want   adapter.Class
		after  time.Duration
	}{
		{200, "", fine, 0},
		{201, "", fine, 0},
		{202, "", fine, 0},
		{404, "", adapter.Gone, 0},
		{410, "", adapter.Gone, 0},
		{429, "30", adapter.Throttled, 30 * time.Second},
		{429, "", adapter.Throttled, 0},
		{429, "-5", adapter.Throttled, 0},
		{429, "99999999999999", adapter.Throttled, time.Hour},
		{429, "soon", adapter.Throttled, 0},
		{429, "9223372036854775807", adapter.Throttled, time.Hour},
		{429, "Wed, 21 Oct 2099 07:28:00 GMT", adapter.Throttled, time.Hour},
		{429, "Wed, 21 Oct 2015 07:28:00 GMT", adapter.Throttled, 0},
		{406, "2", adapter.Throttled, 2 * time.Second},
		{401, "", adapter.Misconfigured, 0},
		{403, "", adapter.Misconfigured, 0},
		{400, "", adapter.Rejected, 0},
		{402, "", adapter.Rejected, 0},
		{405, "", adapter.Rejected, 0},
		{413, "", adapter.Rejected, 0},
		{408, "", adapter.Temporary, 0},
		{425, "", adapter.Temporary, 0},
		{500, "", adapter.Temporary, 0},
		{502, "", adapter.Temporary, 0},
		{503, "", adapter.Temporary, 0},
		{504, "", adapter.Temporary, 0},
		{503, "7", adapter.Throttled, 7 * time.Second},
		{301, "", adapter.Temporary, 0},
		{307, "", adapter.Temporary, 0},
		{204, "", adapter.Temporary, 0},
		{599, "", adapter.Temporary, 0},
	} {
		s.Fail(pushservice.Fault{
			N: 1, Status: c.status,
			Header: http.Header{"Retry-After": {c.retry}, "Location": {s.URL() + "/elsewhere"}},
		})
		receipts, err := a.Send(t.Context(), d, batch)
		if err != nil {
			t.Fatal(err)
		}
		r := receipts[0]
		l.notBefore, l.refusals = time.Time{}, 0 // each on its own
		if got := classOf(r); got != c.want {
			t.Errorf("%d: class %v, want %v", c.status, got, c.want)
			continue
		}
		if c.want == fine {
			if r.State != adapter.Accepted || r.Ref != "" {
				t.Errorf("%d: %+v", c.status, r)
			}
			continue
		}
		if r.Failure.After != c.after {
			t.Errorf("%d with Retry-After %q: after %s, want %s", c.status, c.retry, r.Failure.After, c.after)
		}
		if strings.Contains(r.Failure.Error(), "127.0.0.1") || r.State != adapter.Failed {
			t.Errorf("%d: %+v says where it went", c.status, r)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(elsewhere.Close)
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 1)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s.Fail(pushservice.Fault{N: 1, Status: status, Header: http.Header{"Location": {elsewhere.URL}}})
		receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch)
		if err != nil || classOf(receipts[0]) != adapter.Temporary {
			t.Errorf("%d: %+v, %v", status, receipts, err)
		}
	}
	if followed {
		t.Error("a redirect was followed")
	}
}

// An answer without end is cut, and the next push goes through.
func TestEndlessAnswer(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 1)
	d := delivery(t, a, message(alert.TypeAlert, 1))
	s.Fail(pushservice.Fault{N: 1, Status: 500, Body: make([]byte, 32<<20)})
	for _, want := range []adapter.Class{adapter.Temporary, -1} {
		receipts, err := a.Send(t.Context(), d, batch)
		if err != nil || classOf(receipts[0]) != want {
			t.Errorf("%+v, %v; want class %v", receipts, err, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	s := service(t, pushservice.Options{TLS: true})
	a := drill(t, s)
	_, batch := subscribers(t, s, a, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil || classOf(receipts[0]) != adapter.Temporary || strings.Contains(receipts[0].Failure.Error(), "127.0.0.1") {
		t.Errorf("%+v, %v", receipts[0].Failure, err)
	}
}
