package sms

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peers/smsc"
	"tocsin/internal/smpp"
)

func TestTextsReachTelephonesAndComeBack(t *testing.T) {
	centre := startCentre(t, smsc.Options{SystemID: "tocsin", Password: "secret"})
	f := start(t, gate(t, centre.Addr()))
	d := f.delivery(t, message())
	for _, tc := range []struct {
		lang alert.Lang
		want string
	}{{alert.English, shortEN}, {alert.Russian, longRU}, {alert.German, shortEN}} {
		people := f.people(t, 100, tc.lang)
		refs := make(map[string]string)
		for i, r := range f.send(t, d, people) {
			if r.Failure != nil || r.State != adapter.Accepted || r.Ref == "" {
				t.Fatalf("recipient %d: %+v %v", i, r, r.Failure)
			}
			refs[people[i].ID] = r.Ref
			texts := centre.Texts(number(i))
			if got := texts[len(texts)-1].Body; got != tc.want {
				t.Fatalf("telephone %d shows %q", i, got)
			}
		}
		f.allDelivered(t, refs)
	}
	if st := centre.Stats(); st.MostOpen != 1 || st.Messages != 100*(2*parts(t, shortEN)+parts(t, longRU)) {
		t.Errorf("stats %+v", st)
	}
}

func startCentre(t *testing.T, o smsc.Options) *smsc.SMSC {
	t.Helper()
	centre, err := smsc.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = centre.Close() })
	return centre
}

func TestTwoBindsShareTheWork(t *testing.T) {
	a, b := startCentre(t, smsc.Options{}), startCentre(t, smsc.Options{})
	f := start(t, gate(t, a.Addr(), with("window", 5)), gate(t, b.Addr(), with("window", 5), with("name", "two")),
		gate(t, "127.0.0.1:1", with("name", "dead")))
	err := f.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "gateway dead") || strings.Contains(err.Error(), "two") {
		t.Errorf("check: %v", err)
	}
	for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 100, alert.Russian)) {
		if r.Failure != nil {
			t.Fatalf("recipient %d: %v", i, r.Failure)
		}
	}
	if na, nb := a.Stats().Messages, b.Stats().Messages; na < 50 || nb < 50 || na+nb != 100*parts(t, longRU) {
		t.Errorf("%d and %d messages", na, nb)
	}
	for i := range 100 {
		if n := len(a.Texts(number(i))) + len(b.Texts(number(i))); n != 1 {
			t.Errorf("telephone %d has %d whole texts: its parts went different ways", i, n)
		}
	}
}

// TestSecondProviderCarriesOn: whatever the first one does short of taking the
// texts, nobody waits for it.
func TestSecondProviderCarriesOn(t *testing.T) {
	for name, faults := range map[string]smsc.Faults{
		"throttles": {Throttle: 1e6}, "refuses our bind": {RefuseBind: smpp.InvPassword}, "is bound elsewhere": {RefuseBind: smpp.AlreadyBound},
	} {
		bad, good := startCentre(t, smsc.Options{Faults: faults}), startCentre(t, smsc.Options{})
		f := start(t, gate(t, bad.Addr()), gate(t, good.Addr(), with("name", "two")))
		for i, r := range f.send(t, f.delivery(t, message()), f.people(t, 200, alert.English)) {
			if r.Failure != nil || !strings.HasPrefix(r.Ref, "two/") {
				t.Fatalf("%s: recipient %d: %+v %v", name, i, r, r.Failure)
			}
		}
		if n := good.Stats().Messages; n != 200 {
			t.Errorf("%s: %d messages", name, n)
		}
	}
}

// TestSlowProviderTakesLittle: texts wait for room anywhere, not in a queue for one.
func TestSlowProviderTakesLittle(t *testing.T) {
	slow, fast := startCentre(t, smsc.Options{Faults: smsc.Faults{Silent: true}}), startCentre(t, smsc.Options{})
	f := start(t, gate(t, slow.Addr(), with("window", 3), with("response_s", 1)), gate(t, fast.Addr(), with("name", "two"), with("window", 3)))
	for _, g := range f.pool {
		if why := settled(t.Context(), g); why != nil {
			t.Fatal(why)
		}
	}
	unanswered := 0
	for _, r := range f.send(t, f.delivery(t, message()), f.people(t, 100, alert.English)) {
		if r.Failure != nil && r.Failure.Code == "unanswered" {
			unanswered++
		} else if r.Failure != nil {
			t.Errorf("failure %v", r.Failure)
		}
	}
	if unanswered < 3 || unanswered > 15 { // its window of 3, and again for each second a busy machine takes
		t.Errorf("%d texts of 100 went to the provider that does not answer", unanswered)
	}
}

func TestRender(t *testing.T) {
	f := start(t, gate(t, "127.0.0.1:1"))
	for name, tc := range map[string]struct {
		text string
		want adapter.Part // Text empty: an error
	}{
		"one part":      {shortEN, adapter.Part{Count: len(shortEN), Limit: 306, Unit: "GSM-7 characters in 1 part"}},
		"two parts":     {strings.Repeat("a", 306), adapter.Part{Count: 306, Limit: 306, Unit: "GSM-7 characters in 2 parts"}},
		"UCS-2":         {strings.Repeat("ж", 201), adapter.Part{Count: 201, Limit: 201, Unit: "UCS-2 characters in 3 parts"}},
		"made plain":    {"“l’enfant”", adapter.Part{Count: 10, Limit: 306, Unit: "GSM-7 characters in 1 part", Text: `"l'enfant"`}},
		"euro counts 2": {strings.Repeat("€", 76), adapter.Part{Count: 152, Limit: 306, Unit: "GSM-7 characters in 1 part"}},
		"over":          {strings.Repeat("a", 307), adapter.Part{}},
		"over in UCS-2": {strings.Repeat("ж", 202), adapter.Part{}},
		// 306 septets, but neither half can be cut at 153: a third part would be needed.
		"cut at an escape": {strings.Repeat("a", 152) + strings.Repeat("€", 77), adapter.Part{}},
		"nothing":          {" \n", adapter.Part{}},
	} {
		m := message()
		m.Texts[alert.English] = alert.Texts{SMS: tc.text}
		p, err := f.Render(m, alert.English)
		if tc.want.Limit == 0 {
			if bad, ok := errors.AsType[alert.Invalid](err); !ok || bad[0].Field != "texts.en.sms" || strings.Contains(bad[0].Text, "aaa") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tc.want.Text == "" {
			tc.want.Text = tc.text
		}
		tc.want.Name = "SMS"
		if len(p.Parts) != 1 || p.Parts[0] != tc.want || string(p.Body) != tc.want.Text {
			t.Errorf("%s: %+v", name, p.Parts)
		}
	}
}

func TestSettingsNameTheField(t *testing.T) {
	ok := func(change ...func(map[string]any)) []any { return []any{gate(t, "h:1", change...)} }
	web := func(change ...func(map[string]any)) []any {
		g := map[string]any{"kind": "http", "name": "web", "url": "https://sms.example/send"}
		for _, c := range change {
			c(g)
		}
		return []any{g}
	}
	for name, tc := range map[string]struct {
		gateways []any
		want     string // "": no error
	}{
		"good":                   {ok(), ""},
		"good over HTTP":         {web(), ""},
		"none":                   {nil, "gateways:"},
		"too many":               {make([]any, 33), "gateways:"},
		"misspelt":               {ok(with("windwo", 1)), "gateways[0]: settings: json: unknown field"},
		"of the other kind":      {ok(with("url", "x")), "unknown field"},
		"no kind":                {ok(with("kind", "")), "gateways[0]: kind"},
		"no name":                {ok(with("name", "")), "gateways[0]: name"},
		"name with a slash":      {ok(with("name", "a/b")), "gateways[0]: name"},
		"same name":              {append(ok(), web(with("name", "one"))...), "gateways[1]: name"},
		"no port":                {ok(with("address", "host")), "address"},
		"no system id":           {ok(with("system_id", "")), "gateways[0]: system_id"},
		"long system id":         {ok(with("system_id", "0123456789abcdef")), "system_id"},
		"no source":              {ok(with("source", "")), "gateways[0]: source"},
		"long source":            {ok(with("source", "TWELVELETTER")), "source"},
		"no password file there": {ok(with("password_file", "/nowhere")), "gateways[0]: password_file"},
		"huge password file":     {ok(with("password_file", "/dev/zero")), "password_file: more than"},
		"negative window":        {ok(with("window", -1)), "window"},
		"negative enquire":       {ok(with("enquire_s", -1)), "enquire_s"},
		"no such authority":      {ok(with("tls", true), with("ca_file", "/nowhere")), "ca_file"},
		"plain http":             {web(with("url", "http://sms.example/send")), "gateways[0]: url: use https"},
		"loopback in live":       {web(with("url", "http://127.0.0.1/send")), "url: use https"},
		"user in the address":    {web(with("url", "https://u:p@sms.example/")), "url"},
		"no address":             {web(with("url", "")), "url"},
		"plain callback":         {web(with("callback", "http://us.example")), "callback"},
		"odd method":             {web(with("method", "DELETE")), "method"},
		"GET with a form":        {web(with("method", "GET"), with("format", "form")), "method"},
		"odd format":             {web(with("format", "xml")), "format"},
		"window of a million":    {web(with("window", 1_000_000)), "window"},
	} {
		raw, err := json.Marshal(Settings{Gateways: rawAll(t, tc.gateways)})
		if err != nil {
			t.Fatal(err)
		}
		env := adapter.Env{KeyDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
		_, closeIt, err := Driver().Open(t.Context(), raw, env)
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		case err == nil:
			_ = closeIt(t.Context())
		case strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error holds the password", name)
		}
	}
	two := append(ok(with("kind", "x")), web(with("url", "x"))...)
	raw, _ := json.Marshal(Settings{Gateways: rawAll(t, two)})
	_, _, err := Driver().Open(t.Context(), raw, adapter.Env{KeyDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "gateways[0]") || !strings.Contains(err.Error(), "gateways[1]") {
		t.Errorf("not every fault at once: %v", err)
	}
}

func rawAll(t *testing.T, gateways []any) (out []json.RawMessage) {
	t.Helper()
	for _, g := range gateways {
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestDamagedRecipientHarmsNobody(t *testing.T) {
	centre := startCentre(t, smsc.Options{})
	f := start(t, gate(t, centre.Addr()))
	people := f.people(t, 4, alert.English)
	people[0].Address = json.RawMessage(`{"msisdn": 7}`)
	people[1].Address = nil
	people[2].Address = json.RawMessage(`{"msisdn": "+32470\r\n000000"}`)
	receipts := f.send(t, f.delivery(t, message()), people)
	for i, r := range receipts {
		if (r.Failure == nil) != (i == 3) || (i < 3 && r.Failure.Class != adapter.Rejected) {
			t.Errorf("recipient %d: %+v", i, r)
		}
	}
}

func TestTimeUpLeavesTextsWholeOrUnsent(t *testing.T) {
	centre := startCentre(t, smsc.Options{NoReceipts: true})
	f := start(t, gate(t, centre.Addr(), with("window", 4), with("rate", 20)))
	d := f.delivery(t, message())
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	receipts, err := f.Send(ctx, d, f.people(t, 100, alert.Russian))
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for i, r := range receipts {
		if r.Failure == nil {
			sent++
		} else if r.Failure.Class != adapter.Temporary || r.Failure.Code != "busy" && r.Failure.Code != "unsent" {
			t.Errorf("recipient %d: %+v", i, r.Failure)
		}
	}
	begun := centre.Stats().Messages
	if whole := sent * parts(t, longRU); sent < 10 || begun-whole > 4*parts(t, longRU) {
		t.Errorf("%d texts sent, but %d messages: texts were begun and not ended", sent, begun)
	}
}
