package website

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/adapter/adaptertest"
	"tocsin/internal/alert"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: partners})
}

// answer is what a partner's server says.
type answer struct {
	status int
	after  string
}

// partners is one server with a hook for each of many partners.
func partners(t testing.TB, _ adapter.Env) adaptertest.Far {
	var mu sync.Mutex
	taken, answers := map[string]int{}, map[string]answer{}
	hang, end := false, make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server that has not read the body does not see the client leave
		mu.Lock()
		a, hangs := answers[r.URL.Path], hang
		if a.status == 0 && !hangs {
			taken[r.URL.Path]++
		}
		mu.Unlock()
		switch {
		case hangs:
			select {
			case <-r.Context().Done():
			case <-end:
			}
		case a.status != 0:
			w.Header().Set("Retry-After", a.after)
			w.Header().Set("Location", "http://169.254.169.254/")
			w.WriteHeader(a.status)
		default:
			_, _ = io.WriteString(w, `{"removed": true}`)
		}
	}))
	t.Cleanup(func() { close(end); srv.Close() })
	path := func(i int) string { return fmt.Sprintf("/hooks/partner-%04d", i) }
	far := adaptertest.Far{
		Settings: json.RawMessage(`{}`),
		Recipient: func(i int) adapter.Recipient {
			r, _, err := NewPartner("City", srv.URL+path(i), []string{"*"}, alert.English, true)
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
		Taken: func(i int) int { mu.Lock(); defer mu.Unlock(); return taken[path(i)] },
		Hang:  func() { mu.Lock(); defer mu.Unlock(); hang = true },
		Down:  srv.Close,
	}
	for _, c := range []struct {
		answer
		class adapter.Class
		want  time.Duration
	}{
		{answer{301, ""}, adapter.Temporary, 0},
		{answer{400, ""}, adapter.Temporary, 0},
		{answer{401, ""}, adapter.Misconfigured, 0},
		{answer{403, ""}, adapter.Misconfigured, 0},
		{answer{404, ""}, adapter.Temporary, 0},
		{answer{410, ""}, adapter.Temporary, 0}, // a fault to mend, never a farewell
		{answer{429, "7"}, adapter.Throttled, 7 * time.Second},
		{answer{503, "9"}, adapter.Throttled, 9 * time.Second},
		{answer{500, ""}, adapter.Temporary, 0},
	} {
		far.Refusals = append(far.Refusals, adaptertest.Refusal{
			Name: fmt.Sprint(c.status), Class: c.class, After: c.want,
			Refuse: func(i int) { mu.Lock(); defer mu.Unlock(); answers[path(i)] = c.answer },
		})
	}
	return far
}
