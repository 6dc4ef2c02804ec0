package sms

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// webServer is a gateway that shows its requests and answers by status.
func webServer(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return srv.URL
}

func webSettings(url string, change ...func(map[string]any)) map[string]any {
	g := map[string]any{"kind": "http", "name": "web", "url": url, "source": "TOCSIN", "user": "tocsin", "rate": 1000}
	for _, c := range change {
		c(g)
	}
	return g
}

func secretFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRequestsInEveryShape(t *testing.T) {
	for name, tc := range map[string]struct {
		change []func(map[string]any)
		lang   alert.Lang
		method string
		want   map[string]string
		absent string
	}{
		"form, as Kannel wants it": {
			nil, alert.Russian, "POST",
			map[string]string{
				"to": "+32470000000", "text": longRU, "from": "TOCSIN", "username": "tocsin", "password": "geheim",
				"charset": "UTF-8", "coding": "2", "dlr-mask": "19",
			},
			"dlr-url",
		},
		"query": {
			[]func(map[string]any){with("method", "GET"), with("format", "query")},
			alert.English, "GET",
			map[string]string{"to": "+32470000000", "text": shortEN, "coding": "0", "already": "there"},
			"",
		},
		"JSON with other names": {
			[]func(map[string]any){
				with("format", "json"), with("params", map[string]string{"to": "recipient", "text": "body", "coding": "-", "user": "-"}),
				with("extra", map[string]string{"flash": "0"}),
			},
			alert.English, "POST",
			map[string]string{"recipient": "+32470000000", "body": shortEN, "flash": "0"},
			"coding",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan url.Values, 1)
			gw := webServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != tc.method {
					t.Errorf("method %s", r.Method)
				}
				if r.Header.Get("Content-Type") == "application/json" {
					var flat map[string]string
					if err := json.NewDecoder(r.Body).Decode(&flat); err != nil {
						t.Error(err)
					}
					r.Form = url.Values{}
					for k, v := range flat {
						r.Form.Set(k, v)
					}
				} else if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				got <- r.Form
				w.WriteHeader(http.StatusAccepted)
			})
			change := append(tc.change, with("password_file", secretFile(t)))
			f := start(t, webSettings(gw+"/send?already=there", change...))
			r := f.send(t, f.delivery(t, message()), f.people(t, 1, tc.lang))[0]
			if r.Failure != nil || r.State != adapter.Accepted || r.Ref != "" {
				t.Errorf("receipt %+v", r)
			}
			form := <-got
			for k, v := range tc.want {
				if form.Get(k) != v {
					t.Errorf("%s is %q, want %q", k, form.Get(k), v)
				}
			}
			if _, there := form[tc.absent]; there && tc.absent != "" {
				t.Errorf("%s was sent", tc.absent)
			}
		})
	}
}

func TestClassOfEveryStatus(t *testing.T) {
	for status, want := range map[int]adapter.Class{
		301: adapter.Misconfigured, 307: adapter.Misconfigured, 400: adapter.Misconfigured, 401: adapter.Misconfigured,
		403: adapter.Misconfigured, 404: adapter.Misconfigured, 410: adapter.Misconfigured, 422: adapter.Misconfigured,
		429: adapter.Throttled, 503: adapter.Throttled, 500: adapter.Temporary, 502: adapter.Temporary, 504: adapter.Temporary,
	} {
		visits := 0
		gw := webServer(t, func(w http.ResponseWriter, r *http.Request) {
			visits++
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Repeat("+32470000000 ", 10_000))
		})
		f := start(t, webSettings(gw))
		r := f.send(t, f.delivery(t, message()), f.people(t, 1, alert.English))[0]
		if r.Failure == nil || r.Failure.Class != want || visits != 1 {
			t.Errorf("%d: %+v after %d visits", status, r.Failure, visits)
		} else if want == adapter.Throttled && r.Failure.After != 7*time.Second {
			t.Errorf("%d: after %v", status, r.Failure.After)
		}
	}
}

func TestGatewayThatDoesNotAnswer(t *testing.T) {
	gw := webServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	closed := webServer(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, u := range []string{gw, closed, "http://127.0.0.1:1"} {
		f := start(t, webSettings(u, with("window", 2)))
		f.pool[0].(*webGate).client.Timeout = 300 * time.Millisecond
		for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 4, alert.English)) {
			if r.Failure == nil || r.Failure.Class != adapter.Temporary || r.Failure.Code != "network" {
				t.Errorf("recipient %d: %+v", i, r)
			}
		}
	}
}

// serveOn serves f's routes as the app does; port 0 is any.
func (f fixture) serveOn(t *testing.T, port int) (base string) {
	t.Helper()
	mux := http.NewServeMux()
	for _, r := range f.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(mux)
	_ = srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestCallbacks(t *testing.T) {
	f := start(t, gate(t, "127.0.0.1:1"))
	base := f.serveOn(t, 0)
	dlr, mo := callbackPath+f.secret, answerPath+f.secret
	for _, tc := range []struct {
		name, path, query string
		fail              int // of the ledger
		status            int
		want              adapter.State
	}{
		{"delivered", dlr, "ref=web.X&state=1", 0, 200, adapter.Delivered},
		{"delivered in words", dlr, "ref=web.X&state=delivered", 0, 200, adapter.Delivered},
		{"failed", dlr, "ref=web.X&state=2", 0, 200, adapter.Failed},
		{"refused by the network", dlr, "ref=web.X&state=16", 0, 200, adapter.Failed},
		{"queued", dlr, "ref=web.X&state=4", 0, 200, ""},
		{"nonsense", dlr, "ref=web.X&state=lost", 0, 200, ""},
		{"not stored", dlr, "ref=web.X&state=1", 1, 503, ""},
		{"no reference", dlr, "state=1", 0, 400, ""},
		{"endless reference", dlr, "state=1&ref=" + strings.Repeat("x", 200), 0, 400, ""},
		{"wrong secret", callbackPath + "guess", "ref=web.X&state=1", 0, 404, ""},
		{"no secret", callbackPath, "ref=web.X&state=1", 0, 404, ""},
		{"half of the secret", dlr[:len(dlr)-1], "ref=web.X&state=1", 0, 404, ""},
		{"answer without sender", mo, "text=STOP", 0, 400, ""},
		{"answer with a wrong secret", answerPath + "guess", "from=1&text=STOP", 0, 404, ""},
		{"answer that says nothing", mo, "from=%2B32470000000&text=hello", 0, 200, ""},
	} {
		for _, method := range []string{"GET", "POST"} {
			f.inbox.fail = tc.fail
			before := len(f.inbox.reports())
			u, body := base+tc.path+"?"+tc.query, ""
			if method == "POST" {
				u, body = base+tc.path, tc.query
			}
			req, err := http.NewRequestWithContext(t.Context(), method, u, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			got := f.inbox.reports()[before:]
			if resp.StatusCode != tc.status || (tc.want == "") != (len(got) == 0) {
				t.Errorf("%s by %s: %d, %+v", tc.name, method, resp.StatusCode, got)
			} else if tc.want != "" && (got[0].State != tc.want || got[0].Ref != "web.X" || got[0].Channel != Name) {
				t.Errorf("%s: %+v", tc.name, got[0])
			}
		}
	}
	resp, err := http.PostForm(base+mo, url.Values{"from": {number(0)}, "text": {"STOP"}})
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	if got, want := <-f.registry.removed, "sms/"+f.people(t, 1, alert.English)[0].ID; got != want {
		t.Errorf("removed %s, want %s", got, want)
	}
	resp, err = http.Post(base+dlr, "application/x-www-form-urlencoded", strings.NewReader("ref="+strings.Repeat("x", maxForm)))
	if err != nil || resp.StatusCode != 400 {
		t.Errorf("a huge form: %v %v", resp, err)
	}
	_ = resp.Body.Close()
}
