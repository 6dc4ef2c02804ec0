package webpush

import (
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// observed is one request as a server sees it, without what differs from push to push.
type observed struct {
	Method, Proto, Host, Path string
	Header                    http.Header
	Length                    int64
	Body                      int
}

// observer is a service of the standard library that notes what it is asked and
// answers by the number at the path's end.
type observer struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]observed // by path
}

func observe(t *testing.T, http2 bool) *observer {
	o := &observer{seen: map[string]observed{}}
	o.Server = httptest.NewUnstartedServer(o)
	o.EnableHTTP2 = http2
	o.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.StartTLS()
	t.Cleanup(o.Close)
	return o
}

func (o *observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Header.Del("Ttl") // seconds pass between the two
	o.mu.Lock()
	o.seen[r.URL.RequestURI()] = observed{r.Method, r.Proto, r.Host, r.URL.RequestURI(), r.Header, r.ContentLength, len(body)}
	o.mu.Unlock()
	status, _ := strconv.Atoi(r.URL.Path[strings.LastIndex(r.URL.Path, "-")+1:])
	w.Header().Set("Retry-After", "")
	w.Header().Set("Location", "https://elsewhere.example"+r.URL.Path)
	w.WriteHeader(status)
	if status >= 300 {
		fmt.Fprint(w, strings.Repeat("words ", status))
	}
}

// trusting is an adapter that trusts o.
func trusting(t *testing.T, o *observer, wire string) *Adapter {
	a := drill(t, nil, func(s *Settings) { s.Wire = wire })
	roots := o.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	a.client.tls.RootCAs, a.client.transport.TLSClientConfig.RootCAs, a.client.old.TLSClientConfig.RootCAs = roots, roots, roots
	return a
}

// TestBothWiresAreTheSame sends the same batch by our frames and by the standard
// library's client: the server must see the same requests, and the runner must
// get the same receipts.
func TestBothWiresAreTheSame(t *testing.T) {
	for _, two := range []bool{true, false} { // HTTP/2, and HTTP/1.1 alone
		o := observe(t, two)
		var batch []adapter.Recipient
		paths := []string{"/push/%s-%d", "/w/?token=BQY%%3d%%2b&x=%s-%d", "/a:b/é%%20/~%s-%d", "/" + strings.Repeat("LONG", 60) + "/%s-%d"}
		for i, status := range []int{200, 201, 202, 204, 301, 307, 400, 404, 408, 410, 413, 429, 406, 500, 502, 503, 599} {
			for j, path := range paths {
				endpoint := o.URL + fmt.Sprintf(path, strconv.Itoa(i), status)
				if j == 1 { // the status is read off the path
					endpoint = o.URL + fmt.Sprintf("/w-%d?token=BQY%%3d%%2b&x=%d", status, i)
				}
				batch = append(batch, adapter.Recipient{
					Lang: alert.Langs[i%6], Address: mustJSON(t, subscription{endpoint, goodPoint, goodSecret}),
				})
			}
		}
		var seen []map[string]observed
		var came [][]adapter.Receipt
		first := trusting(t, o, wireRaw)
		if _, err := first.tokens.header(o.URL, first.now()); err != nil {
			t.Fatal(err)
		}
		for _, wire := range []string{wireRaw, wireStd} {
			a := trusting(t, o, wire)
			a.keys, a.tokens.held = first.keys, first.tokens.held // the same token
			came = append(came, a.mustSend(t, batch))
			o.mu.Lock()
			seen = append(seen, maps.Clone(o.seen))
			clear(o.seen)
			o.mu.Unlock()
		}
		if len(seen[0]) != len(batch) {
			t.Errorf("the server saw %d of %d requests", len(seen[0]), len(batch))
		}
		for path, want := range seen[1] {
			if got := seen[0][path]; !reflect.DeepEqual(got, want) {
				t.Errorf("by our frames the server saw\n%+v\nby net/http\n%+v", got, want)
			}
			if proto := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[two]; want.Proto != proto || int64(want.Body) != want.Length {
				t.Errorf("%+v, want %s", want, proto)
			}
		}
		if !reflect.DeepEqual(came[0], came[1]) {
			t.Errorf("the receipts differ: by our frames %v, by net/http %v", classes(came[0]), classes(came[1]))
		}
	}
}
