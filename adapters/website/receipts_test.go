package website

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tocsin/internal/adapter"
)

// post sends a receipt as a partner's own library signs it.
func post(t *testing.T, w *Website, secret, body string, at time.Time, change func(http.Header)) *httptest.ResponseRecorder {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign("msg_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/receipts", strings.NewReader(body))
	r.Header.Set("Webhook-Id", "msg_1")
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", signature)
	if change != nil {
		change(r.Header)
	}
	mux := http.NewServeMux()
	for _, route := range w.Routes() {
		mux.Handle(route.Pattern, route.Handler)
	}
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	return rec
}

func TestReceipts(t *testing.T) {
	w, in := channel(t, true)
	r, secret := recipient(t, w, "https://city.example/hook")
	other, otherSecret := recipient(t, w, "https://paper.example/hook")
	now := time.Now()
	good := func(id, state, reason string) string {
		body, err := json.Marshal(map[string]any{
			"partner": id, "identifier": "TOCSIN-1", "revision": 2, "state": state, "reason": reason, "later": "ignored",
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	without := func(h http.Header) { h.Del("Webhook-Signature") }
	for _, c := range []struct {
		name   string
		secret string
		body   string
		at     time.Time
		change func(http.Header)
		fail   error // of the ledger
		status int
		field  string
		state  adapter.State
	}{
		{"removed", secret, good(r.ID, "removed", ""), now, nil, nil, 204, "", adapter.Removed},
		{"failed with a reason", secret, good(r.ID, "failed", "cache\nof "+strings.Repeat("é", 300)), now, nil, nil, 204, "", adapter.Failed},
		{"one of two signatures", secret, good(r.ID, "removed", ""), now, func(h http.Header) {
			h.Set("Webhook-Signature", "v1,AAAA v1a,BBBB "+h.Get("Webhook-Signature"))
		}, nil, 204, "", adapter.Removed},
		{"unsigned", secret, good(r.ID, "removed", ""), now, without, nil, 401, "webhook-signature", ""},
		{"as v1a", secret, good(r.ID, "removed", ""), now, func(h http.Header) {
			h.Set("Webhook-Signature", strings.Replace(h.Get("Webhook-Signature"), "v1,", "v1a,", 1))
		}, nil, 401, "webhook-signature", ""},
		{"without its version", secret, good(r.ID, "removed", ""), now, func(h http.Header) {
			h.Set("Webhook-Signature", strings.TrimPrefix(h.Get("Webhook-Signature"), "v1,"))
		}, nil, 401, "webhook-signature", ""},
		{"stale", secret, good(r.ID, "removed", ""), now.Add(-6 * time.Minute), nil, nil, 401, "webhook-signature", ""},
		{"from tomorrow", secret, good(r.ID, "removed", ""), now.Add(24 * time.Hour), nil, nil, 401, "webhook-signature", ""},
		{"no time", secret, good(r.ID, "removed", ""), now, func(h http.Header) { h.Set("Webhook-Timestamp", "now") }, nil, 401, "webhook-signature", ""},
		{"in another's name", otherSecret, good(r.ID, "removed", ""), now, nil, nil, 401, "webhook-signature", ""},
		{"nobody's name", secret, good("nobody", "removed", ""), now, nil, nil, 401, "webhook-signature", ""},
		{"no name", secret, good("", "removed", ""), now, nil, nil, 401, "webhook-signature", ""},
		{"another state", secret, good(r.ID, "on_air", ""), now, nil, nil, 422, "state", ""},
		{"failed without a reason", otherSecret, good(other.ID, "failed", ""), now, nil, nil, 422, "state", ""},
		{"not JSON", secret, "removed", now, nil, nil, 400, "body", ""},
		{"5 KB", secret, good(r.ID, "failed", strings.Repeat("x", 5<<10)), now, nil, nil, 413, "body", ""},
		{"unknown", secret, good(r.ID, "removed", ""), now, nil, fmt.Errorf("ledger: %w", adapter.ErrUnknown), 404, "identifier", ""},
		{"the ledger is away", secret, good(r.ID, "removed", ""), now, nil, errors.New("nats: no servers at 10.1.2.3"), 503, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in.got, in.fail = nil, c.fail
			rec := post(t, w, c.secret, c.body, c.at, c.change)
			if rec.Code != c.status {
				t.Fatalf("status %d %s, want %d", rec.Code, rec.Body, c.status)
			}
			if c.state != "" {
				if len(in.got) != 1 || in.got[0].State != c.state || in.got[0].Recipient != r.ID || in.got[0].Channel != Name ||
					in.got[0].Identifier != "TOCSIN-1" || in.got[0].Revision != 2 || len([]rune(in.got[0].Reason)) > 200 {
					t.Errorf("the ledger got %+v", in.got)
				}
				return
			}
			var p struct {
				Detail string
				Errors []struct{ Field string }
			}
			err := json.Unmarshal(rec.Body.Bytes(), &p)
			field := ""
			if len(p.Errors) == 1 {
				field = p.Errors[0].Field
			}
			if err != nil || field != c.field || p.Detail == "" ||
				rec.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("the problem is %s, %v; want field %q", rec.Body, err, c.field)
			}
			if len(in.got) != 0 || strings.Contains(rec.Body.String(), "10.1.2.3") {
				t.Errorf("the ledger got %+v, the answer is %s", in.got, rec.Body)
			}
		})
	}
}

// broken is a body that ends early.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, context.Canceled }

func TestReceiptCutShort(t *testing.T) {
	w, _ := channel(t, true)
	rec := httptest.NewRecorder()
	w.serveReceipt(rec, httptest.NewRequest(http.MethodPost, "/v1/receipts", broken{}))
	if rec.Code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", rec.Code)
	}
}
