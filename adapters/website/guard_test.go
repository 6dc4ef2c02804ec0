package website

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"code.dny.dev/ssrf"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		endpoint     string
		live, drills bool // whether it passes without and with loopback
	}{
		{"https://city.example/hooks/tocsin", true, true},
		{"https://City.Example:8443/hook?key=1", true, true},
		{"https://xn--mnchen-3ya.example/", true, true},
		{"http://127.0.0.1:8080/hook", false, true},
		{"http://localhost:8080/hook", false, true},
		{"https://[::1]:8080/hook", false, true},
		{"", false, false},
		{"city.example/hook", false, false},
		{"https://", false, false},
		{"https:///hook", false, false},
		{"https://:443/", false, false},
		{"http://city.example/", false, false},
		{"ftp://127.0.0.1/", false, false},
		{"file:///etc/passwd", false, false},
		{"javascript:alert(1)", false, false},
		{"https://user:word@city.example/", false, false},
		{"https://city.example@127.0.0.1/", false, false},
		{"https://city.example/#x", false, false},
		{"https://city.example/#", false, false},
		{"https://192.0.2.1/", false, false},
		{"https://169.254.169.254/latest/", false, false},
		{"https://[fd00::1]/", false, false},
		{"https://[::ffff:10.0.0.1]/", false, false},
		{"https://[fe80::1%25eth0]/", false, false},
		{"https://2130706433/", false, false},
		{"https://0x7f000001/", false, false},
		{"https://0x7f.1/", false, false},
		{"https://127.1/", false, false},
		{"https://0177.0.0.1/", false, false},
		{"https://127.0.0.1./", false, false},
		{"https://１２７.０.０.１/", false, false},
		{"https://127。0。0。1/", false, false},
		{"https://сity.example/", false, false}, // a Cyrillic с
		{"https://intranet/", false, false},
		{"https://city.example./", false, false},
		{"https://city..example/", false, false},
		{"https://-city.example/", false, false},
		{"https://city.example\\@127.0.0.1/", false, false},
		{"https://city.example\n.evil.example/", false, false},
		{"https://" + strings.Repeat("a", 500) + ".example/", false, false},
	} {
		for loopback, want := range map[bool]bool{false: c.live, true: c.drills} {
			if _, why := checkEndpoint(c.endpoint, loopback); (why == "") != want {
				t.Errorf("%q with loopback %v: %q, want passed = %v", c.endpoint, loopback, why, want)
			}
		}
	}
}

func TestNewPartner(t *testing.T) {
	for _, c := range []struct {
		name, endpoint string
		areas          []string
		lang           alert.Lang
		fields         []string // at fault
	}{
		{"City", "https://city.example/", []string{"BE"}, alert.French, nil},
		{"", "https://city.example/", []string{"BE"}, alert.French, []string{"name"}},
		{strings.Repeat("x", 101), "https://city.example/", []string{"BE"}, alert.French, []string{"name"}},
		{" ", "http://city.example/", nil, "nl", []string{"name", "areas", "lang", "endpoint"}},
	} {
		r, secret, err := NewPartner(c.name, c.endpoint, c.areas, c.lang, false)
		invalid, _ := errors.AsType[alert.Invalid](err)
		var fields []string
		for _, f := range invalid {
			fields = append(fields, f.Field)
		}
		if strings.Join(fields, " ") != strings.Join(c.fields, " ") {
			t.Errorf("%q: faults %v, want %v", c.name, fields, c.fields)
		}
		if err != nil {
			continue
		}
		raw, err := secretBytes(secret)
		if err != nil || len(raw) != secretSize || r.Destination != "city.example" || strings.Contains(r.ID, "city") {
			t.Errorf("%+v with a secret of %d bytes, %v", r, len(raw), err)
		}
	}
	one, first, _ := NewPartner("City", "https://city.example/", []string{"BE"}, alert.French, false)
	two, second, _ := NewPartner("City", "https://city.example/", []string{"BE"}, alert.French, false)
	if one.ID != two.ID || first == second {
		t.Error("a partner who registers anew keeps his id and gets another secret")
	}
}

// Whatever a name leads to, only public addresses are dialled.
func TestDialGuard(t *testing.T) {
	client := guardedClient(false)
	defer client.CloseIdleConnections()
	for _, host := range []string{
		"localhost", "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
		"169.254.169.254", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fd00::1]", "[fe80::1]",
		"[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]",
	} {
		resp, err := client.Get("https://" + host + "/")
		if err == nil {
			_ = resp.Body.Close()
		}
		if !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s: %v, want it refused before the dial", host, err)
		}
	}
}

func TestNameThatLeadsInside(t *testing.T) {
	w, _ := channel(t, false)
	s := serve(t, nil)
	tr, ok := w.client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the transport is a %T", w.client.Transport)
	}
	dial := tr.DialContext
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { // the stranger's own DNS
		return dial(ctx, network, s.Listener.Addr().String())
	}
	r, _ := recipient(t, w, "https://city.example/hook")
	got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r)
	if got.Failure == nil || got.Failure.Code != "guard" || got.Failure.Class != adapter.Temporary || len(s.heard()) != 0 {
		t.Errorf("%+v %v, heard %d; want the guard", got, got.Failure, len(s.heard()))
	}
}

// A registration of the demo must not open our own network in a live realm.
func TestLoopbackRegistrationIsRefusedLive(t *testing.T) {
	w, _ := channel(t, false)
	s := serve(t, nil)
	r, _, err := NewPartner("Demo", s.URL, []string{"*"}, alert.English, true)
	if err != nil {
		t.Fatal(err)
	}
	got := one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r)
	if got.Failure == nil || got.Failure.Class != adapter.Rejected || len(s.heard()) != 0 {
		t.Errorf("%+v, heard %d; want Rejected", got, len(s.heard()))
	}
}
