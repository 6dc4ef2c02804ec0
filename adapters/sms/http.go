package sms

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"tocsin/internal/adapter"
)

const (
	// requestTime bounds one request: a gateway that hangs is tried again later.
	requestTime = 10 * time.Second
	// maxReply bounds what is read of an answer, so that the connection can be used again.
	maxReply = 4 << 10
	// maxAfter bounds a Retry-After: an alert does not wait for tomorrow.
	maxAfter = 10 * time.Minute
)

// webGate is a gateway over HTTP.
type webGate struct {
	HTTP
	client *http.Client
	room   chan struct{}
	pace   *rate.Limiter
	report string // address for delivery reports, without query; empty: none are asked for
}

func (s *SMS) openHTTP(g HTTP) *webGate {
	w := &webGate{
		HTTP: g, room: make(chan struct{}, g.Window),
		pace: rate.NewLimiter(rate.Limit(g.Rate), max(1, g.Window)),
		client: &http.Client{
			Timeout: requestTime,
			Transport: &http.Transport{
				Proxy: nil, MaxIdleConnsPerHost: g.Window, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
			},
			// A redirect would carry the text to an address nobody agreed to.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if g.Callback != "" {
		w.report = strings.TrimRight(g.Callback, "/") + callbackPath + s.secret
	}
	return w
}

func (w *webGate) name() string { return w.Name }

func (w *webGate) slots() chan struct{} { return w.room }

func (w *webGate) ready() (*adapter.Failure, bool, <-chan struct{}) { return nil, false, nil }

func (w *webGate) close(context.Context) error {
	w.client.CloseIdleConnections()
	return nil
}

// send makes one request. The gateway divides long texts itself, so its one
// report speaks for the whole.
func (w *webGate) send(ctx context.Context, t text) (ref string, untaken bool, f *adapter.Failure) {
	if err := w.pace.Wait(ctx); err != nil {
		return "", true, noRoom()
	}
	if w.report != "" {
		ref = w.Name + "." + rand.Text() // nothing that would need escaping
	}
	req, err := w.request(ctx, t, ref)
	if err != nil {
		return "", true, &adapter.Failure{Class: adapter.Misconfigured, Code: "url", Reason: "the gateway's address cannot be used"}
	}
	resp, err := w.client.Do(req)
	if err != nil {
		// Its text has the address in it, with the number: it goes nowhere.
		return "", false, &adapter.Failure{Code: "network", Reason: "the gateway did not answer; the text may arrive twice"}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply))
	_ = resp.Body.Close()
	if f := judge(resp); f != nil {
		return "", resp.StatusCode < 500 || resp.StatusCode == http.StatusServiceUnavailable, f
	}
	return ref, false, nil
}

// request is the HTTP request for t in the gateway's shape.
func (w *webGate) request(ctx context.Context, t text, ref string) (*http.Request, error) {
	v := url.Values{}
	set := func(name, value string) {
		if name != "-" && value != "" {
			v.Set(name, value)
		}
	}
	for name, value := range w.Extra {
		set(name, value)
	}
	set(w.Params.To, t.number)
	set(w.Params.Text, t.body)
	set(w.Params.From, w.Source)
	set(w.Params.User, w.User)
	set(w.Params.Password, w.password)
	coding := w.CodingUCS2
	if t.encoded.GSM {
		coding = w.CodingGSM
	}
	set(w.Params.Coding, coding)
	if ref != "" {
		// The gateway replaces State as it stands, so it must not be escaped.
		set(w.Params.Callback, w.report+"?ref="+ref+"&state="+w.State)
	}
	return w.shape(ctx, v)
}

func (w *webGate) shape(ctx context.Context, v url.Values) (*http.Request, error) {
	target, body, mime := w.URL, io.Reader(nil), ""
	switch w.Format {
	case "query":
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		target += sep + v.Encode()
	case "json":
		flat := make(map[string]string, len(v))
		for name := range v {
			flat[name] = v.Get(name)
		}
		b, err := json.Marshal(flat)
		if err != nil {
			return nil, err
		}
		body, mime = strings.NewReader(string(b)), "application/json"
	default:
		body, mime = strings.NewReader(v.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, w.Method, target, body)
	if err != nil {
		return nil, errors.New("unusable address")
	}
	if mime != "" {
		req.Header.Set("Content-Type", mime)
	}
	return req, nil
}

// judge says what a status means. None says that a number is wrong: gateways
// use 400 for our own mistakes as well, and those must not lose an alert.
func judge(resp *http.Response) *adapter.Failure {
	f := &adapter.Failure{Code: strconv.Itoa(resp.StatusCode)}
	switch s := resp.StatusCode; {
	case s/100 == 2:
		return nil
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		f.Class, f.Reason, f.After = adapter.Throttled, "the gateway asks for time", throttledFor
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
			f.After = min(time.Duration(n)*time.Second, maxAfter)
		}
	case s/100 == 4:
		f.Class, f.Reason = adapter.Misconfigured, "the gateway refuses our request; check user, password_file, url and params"
	case s/100 == 3:
		f.Class, f.Reason = adapter.Misconfigured, "the gateway redirects, which is not followed; put the new address into url"
	default:
		f.Reason = "the gateway failed"
	}
	return f
}
