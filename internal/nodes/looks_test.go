package nodes

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/stream/streamtest"
)

func names(looks []Look) (s string) {
	for _, l := range looks {
		s += l.Officer + ":" + l.Page + " "
	}
	return s
}

// TestLooks: who has a case open is known on both nodes, goes when the page
// closes or falls silent, and never because an older page of his closed.
func TestLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		a, endA := begin(t, log)
		b, endB := begin(t, log)
		defer endB()
		want := func(what, want string) {
			t.Helper()
			synctest.Wait()
			for name, table := range map[string]*Table{"a": a, "b": b} {
				if got := names(table.Looking("CASE1")); got != want {
					t.Errorf("%s: node %s has %q, want %q", what, name, got, want)
				}
			}
		}
		news, stop := b.WatchLooks("CASE1")
		defer stop()
		first := a.Look("CASE1", "bram", "case")
		a.Look("CASE2", "carla", "case")
		want("bram came", "bram:case ")
		select {
		case <-news:
		default:
			t.Error("the other node's page was not told")
		}
		time.Sleep(10 * time.Second)
		since := b.Looking("CASE1")[0].Since
		again := a.Look("CASE1", "bram", "case")
		time.Sleep(25 * time.Second)
		want("a beat keeps him", "bram:case ")
		if got := b.Looking("CASE1")[0].Since; !got.Equal(since) {
			t.Errorf("since %v, was %v: a beat is no new coming", got, since)
		}
		release := a.Look("CASE1", "bram", "release")
		a.Leave("CASE1", "bram", first)
		a.Leave("CASE1", "bram", again)
		want("he turned to another page", "bram:release ")
		b.Look("CASE1", "anna", "case")
		a.Leave("CASE1", "bram", release)
		want("he closed it", "anna:case ")
		time.Sleep(lookLife)
		want("silence", "")
		a.Look("CASE1", "bram", "case")
		endA()
		time.Sleep(lookLife)
		if got := names(b.Looking("CASE1")); got != "" {
			t.Errorf("a node that ended still shows %q", got)
		}
	})
}

// TestStaleLooks: what a restarted node reads from the log is as old as it is.
func TestStaleLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(streamtest.Memory)
		a, end := begin(t, log)
		a.Look("CASE1", "bram", "case")
		synctest.Wait()
		end()
		time.Sleep(20 * time.Second)
		b, endB := begin(t, log)
		defer endB()
		if got := names(b.Looking("CASE1")); got != "bram:case " {
			t.Errorf("after 20 s: %q", got)
		}
		time.Sleep(10 * time.Second)
		if got := names(b.Looking("CASE1")); got != "" {
			t.Errorf("after 30 s: %q", got)
		}
	})
}

// TestLooksAreBounded: whoever opens everything fills neither memory nor a page.
func TestLooksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(new(streamtest.Memory), slog.New(slog.DiscardHandler))
		for i := range maxLooksOfCase + 5 {
			table.Look("CASE", fmt.Sprint("officer", i), "case")
		}
		if n := len(table.Looking("CASE")); n != maxLooksOfCase {
			t.Errorf("%d looks of one case", n)
		}
		time.Sleep(lookLife)
		table.Look("CASE", "late", "case")
		if got := names(table.Looking("CASE")); got != "late:case " || len(table.looks.cases["CASE"]) != 1 {
			t.Errorf("after all fell silent: %q", got)
		}
		for i := range maxCasesLooked + 5 {
			table.Look(fmt.Sprint("C", i), "bram", "case")
		}
		if n := len(table.looks.cases); n != maxCasesLooked {
			t.Errorf("%d cases", n)
		}
		time.Sleep(lookLife)
		table.Look("LATER", "bram", "case")
		if n := len(table.looks.cases); n != 1 {
			t.Errorf("%d cases after all fell silent", n)
		}
	})
}
