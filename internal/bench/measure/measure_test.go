package measure

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestMain lets the test program be its own part.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "part" {
		_ = Serve(os.Stdin, os.Stdout, func(q json.RawMessage) (any, error) {
			var n int
			if err := json.Unmarshal(q, &n); err != nil {
				return nil, err
			}
			switch {
			case n < 0:
				return nil, errors.New("negative")
			case n == 99:
				os.Exit(3)
			}
			return Round(func() (int, string) { return n, "asked" }), nil
		})
		return
	}
	os.Exit(m.Run())
}

func TestBar(t *testing.T) {
	for _, tc := range []struct {
		bar   Bar
		value float64
		want  string
	}{
		{Bar{"speed", 1, true, 2}, 1.5, "bar speed 1.50 1.00 pass\n"},
		{Bar{"speed", 1, true, 2}, 1, "bar speed 1.00 1.00 pass\n"},
		{Bar{"speed", 1, true, 2}, 0.999, "bar speed 0.99 1.00 short\n"},
		{Bar{"ms", 2000, false, 0}, 1999.2, "bar ms 2000 2000 pass\n"},
		{Bar{"ms", 2000, false, 0}, 2000.1, "bar ms 2001 2000 short\n"},
		{Bar{"mb", 100, false, 1}, 42.04, "bar mb 42.1 100.0 pass\n"},
	} {
		var b strings.Builder
		tc.bar.Print(&b, tc.value)
		if b.String() != tc.want {
			t.Errorf("%v of %v: %q, want %q", tc.value, tc.bar, b.String(), tc.want)
		}
	}
	var b strings.Builder
	Bar{"speed", 1, true, 2}.Missing(&b, "no\nnode")
	if want := "speed: not measured: no; node\nbar speed - 1.00 short\n"; b.String() != want {
		t.Errorf("missing: %q, want %q", b.String(), want)
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2}} {
		if got := Median(tc.of); got != tc.want {
			t.Errorf("median of %v is %v, want %v", tc.of, got, tc.want)
		}
	}
	v := []float64{3, 1, 2}
	if Median(v); v[0] != 3 {
		t.Error("the caller's figures were sorted")
	}
}

func TestRatioIsOfNeighbours(t *testing.T) {
	var a, b []Used
	for _, v := range [][2]float64{{2, 1}, {30, 10}, {4, 1}} {
		a, b = append(a, Used{Seconds: v[0]}), append(b, Used{Seconds: v[1], CPU: 5, PeakMB: 6})
	}
	if got := Ratio(a, b, Seconds); got != 3 {
		t.Errorf("ratio %v, want 3", got)
	}
	if Typical(b, CPUTime) != 5 || Typical(b, Peak) != 6 || Typical(nil, Peak) != 0 {
		t.Error("typical figures are wrong")
	}
}

func TestPartsAnswer(t *testing.T) {
	cmd, err := Self("part")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	var u Used
	if err := p.Ask(3, &u); err != nil || u.Failed != 3 || u.Why != "asked" || u.PeakMB <= 0 {
		t.Errorf("answer %+v, %v", u, err)
	}
	if err := p.Ask(-1, &u); err == nil || err.Error() != "negative" {
		t.Errorf("its error came as %v", err)
	}
	if err := p.Ask(4, &u); err != nil || u.Failed != 4 {
		t.Errorf("after an error: %+v, %v", u, err)
	}
	if err := p.Ask(99, &u); err == nil {
		t.Error("a part that died gave an answer")
	}
}

func TestNodeSaysWhatIsMissing(t *testing.T) {
	if _, err := Node("", "no-such-package"); err == nil || !strings.Contains(err.Error(), "make peers") {
		t.Errorf("%v does not name the mend", err)
	}
	t.Chdir(t.TempDir())
	if _, err := Node("", "smpp"); err == nil {
		t.Error("found npm packages outside of the tree")
	}
}
