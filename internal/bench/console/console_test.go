package main

import (
	"strings"
	"testing"
	"time"
)

// A small run of the whole: the server is real, and every bar has its line.
func TestRun(t *testing.T) {
	var out strings.Builder
	n := size{cases: 30, times: 2, stations: 9, partners: 5, citizens: 300, pace: time.Millisecond}
	if err := run(t.Context(), &out, n); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"bar console-render-ms ", "bar console-page-kb ", "bar console-board-ms ", "bar console-busy-ms ",
		"board of 314 recipients: 314 receipts", "/console/cases/CASE/board?wall=1 ", "/console/cases?tab=drafts&q=",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A receipt counts from when it was recorded to the first page that shows it.
func TestTrack(t *testing.T) {
	k := &track{}
	k.recorded(3)
	if k.saw(2) || len(k.lags) != 2 {
		t.Errorf("after two: %d lags", len(k.lags))
	}
	k.saw(1) // an older page that came late shows nothing new
	if k.recorded(1); k.total() != 4 || k.saw(3) || !k.saw(9) || len(k.lags) != 4 || k.looks != 4 {
		t.Errorf("%d lags of %d looks, shown %d", len(k.lags), k.looks, k.shown)
	}
}

func TestTold(t *testing.T) {
	part := `<ul class="tiles"><li><p class="figure"><b>1,234</b> <span>of 5,000</span></p><li class="red">48 being tried again</li><p class="figure"><b>7</b>`
	if n, err := told([]byte(part)); n != 1289 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n, err := told([]byte("<p>Nothing")); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}
