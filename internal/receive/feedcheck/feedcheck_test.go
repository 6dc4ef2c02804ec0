package feedcheck

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the check makes of whole feeds, good and broken, is in internal/scenario:
// there it stands before the real server. Here are its judgements one by one.

func sent(t *testing.T, seq, prev int, replay bool, rest string) frame {
	t.Helper()
	f, err := decode(fmt.Appendf(nil, `{"type":"alert","seq":%d,"prev":%d,"replay":%v,"identifier":"a-%d","revision":1%s}`, seq, prev, replay, seq, rest))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSameBytesButForTheConnection(t *testing.T) {
	one := []frame{sent(t, 1, 0, false, ""), sent(t, 2, 1, false, `,"texts":"\"prev\":7"`)}
	for name, tt := range map[string]struct {
		got  []frame
		want string
	}{
		"the same":        {[]frame{sent(t, 1, 0, true, ""), sent(t, 2, 9, true, `,"texts":"\"prev\":7"`)}, ""},
		"text that looks": {[]frame{sent(t, 1, 0, true, ""), sent(t, 2, 1, true, `,"texts":"\"prev\":8"`)}, "bytes of a-2 revision 1 differ"},
		"one less":        {[]frame{sent(t, 1, 0, true, "")}, "a-2 revision 1 is missing"},
		"one more":        {append(slices.Clone(one), sent(t, 3, 2, false, "")), "a-3 revision 1 came and was not due"},
		"another order":   {[]frame{one[1], one[0]}, "came where a-1"},
	} {
		err := same("it", one, tt.got)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestChain(t *testing.T) {
	for name, tt := range map[string]struct {
		from   uint64
		alerts []frame
		good   bool
	}{
		"from the beginning": {0, []frame{sent(t, 3, 0, true, ""), sent(t, 8, 3, true, "")}, true},
		"from a cursor":      {3, []frame{sent(t, 8, 3, true, "")}, true},
		"a frame lost":       {0, []frame{sent(t, 3, 0, true, ""), sent(t, 9, 8, true, "")}, false},
		"backwards":          {0, []frame{sent(t, 3, 0, true, ""), sent(t, 2, 3, true, "")}, false},
		"nothing":            {5, nil, true},
	} {
		if err := chained(tt.from, tt.alerts); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFramesAreReadStrictly(t *testing.T) {
	for _, bad := range []string{`[]`, `{"seq":1}`, `{"type":"alert","seq":"1"}`, `{"type":7}`, `{`, `{"type":"alert","seq":-1}`} {
		if _, err := decode([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	for live, good := range map[string]bool{
		`[["a",1,7]]`: true, `[]`: true, `[["a",1,7,"of a newer version"]]`: true,
		`[["a",1]]`: false, `{}`: false, `[[1,1,1]]`: false, `[["a","1",7]]`: false,
	} {
		f, err := decode([]byte(`{"type":"heartbeat","live":` + live + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.liveList(); (err == nil) != good {
			t.Errorf("live %s: %v", live, err)
		}
	}
}

func TestCursorsThatAreTried(t *testing.T) {
	for n, want := range map[int][]int{0: nil, 1: {0}, 3: {0, 1, 2}, 5: {0, 1, 2, 3, 4}, 101: {0, 25, 50, 75, 100}} {
		if got := tried(make([]frame, n)); !slices.Equal(got, want) {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
}

// On a real server the check confirms nothing: nobody has stored what it saw.
func TestRealAlertsAreNotConfirmed(t *testing.T) {
	p := &probe{base: snapshot{alerts: []frame{{Status: "Actual", Identifier: "real"}}}}
	if f, err := p.drill(); err == nil || !strings.Contains(err.Error(), "not confirmed for a check") {
		t.Errorf("%+v, %v", f, err)
	}
	p.base.alerts = append(p.base.alerts, frame{Status: "Exercise", Identifier: "drill"})
	if f, err := p.drill(); err != nil || f.Identifier != "drill" {
		t.Errorf("%+v, %v", f, err)
	}
	if outcome, _ := (&probe{}).judge(check{"", (*probe).receipt}); outcome != Skip {
		t.Errorf("with nothing live: %s", outcome)
	}
}

// A feed that is not there fails every check in a sentence, and does not hang.
func TestNoFeedAtAll(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	seen := 0
	rep, err := Run(t.Context(), Options{URL: srv.URL, Token: "t", Verify: func([]byte) error { return nil }, Patience: time.Second}, func(r Result) {
		seen++
		if r.Outcome == Pass || r.Reason == "" || r.N != seen {
			t.Errorf("%+v", r)
		}
	})
	if err != nil || seen != len(checks) || rep.Failed != len(checks) || rep.Passed != 0 {
		t.Errorf("%d failed of %d, %v", rep.Failed, seen, err)
	}
	for _, opt := range []Options{{URL: "http://a.example", Verify: func([]byte) error { return nil }}, {URL: srv.URL}} {
		if _, err := Run(t.Context(), opt, func(Result) {}); err == nil {
			t.Errorf("%+v was taken", opt)
		}
	}
}
