package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tocsin/internal/audit"
)

// What the operator did to the folder while no server ran is on the record after the
// next start, once, with its own time, and also when it failed.
func TestOfflineActs(t *testing.T) {
	conf := testConfig(t)
	begun := time.Now()
	if err := RemoveRegions(conf.Data, "BE"); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(conf.Data, offlineFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"kind":"operator_com`); err != nil { // a power cut
		t.Fatal(err)
	}
	_ = f.Close()
	if err := StoreRegions(conf.Data, "BE", []byte("no table")); err == nil {
		t.Fatal("nonsense was stored as boundaries")
	}
	done := time.Now()
	for range 2 {
		a, err := Start(t.Context(), conf, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range a.Audit.Look(audit.Filter{Officer: audit.Operator}, 9).Events {
			got = append(got, e.Kind+" "+e.About+" "+e.Detail)
			if e.At.Before(begun.Add(-time.Second)) || e.At.After(done) {
				t.Errorf("%s is dated %v, done between %v and %v", e.Detail, e.At, begun, done)
			}
		}
		want := []string{"operator_command BE regions import refused", "operator_command BE regions import", "operator_command BE regions remove"}
		if !slices.Equal(got, want) {
			t.Errorf("on the record %q, want %q", got, want)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
