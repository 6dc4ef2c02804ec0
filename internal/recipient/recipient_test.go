package recipient

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/stream/streamtest"
)

func overlap(want, of []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return slices.Contains(of, w) })
}

// start runs a registry over log.
func start(t *testing.T, log *streamtest.Memory) *Registry {
	t.Helper()
	g := New(log, overlap, slog.New(slog.DiscardHandler))
	up := make(chan struct{})
	go func() { _ = g.Run(t.Context(), func() { close(up) }) }()
	<-up
	return g
}

func person(id string, areas ...string) adapter.Recipient {
	return adapter.Recipient{
		ID: id, Channel: "webpush", Lang: alert.English, Areas: areas, Destination: "d",
		Address: []byte(`{"endpoint":"secret"}`),
	}
}

func put(t *testing.T, g *Registry, r adapter.Recipient) {
	t.Helper()
	if err := g.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func TestPutGetReplaceRemove(t *testing.T) {
	log := new(streamtest.Memory)
	g := start(t, log)
	put(t, g, person("a", "BE"))
	put(t, g, person("a", "FR"))
	if r, ok := g.Get("webpush", "a"); !ok || r.Areas[0] != "FR" || r.Created.IsZero() {
		t.Errorf("after replacing: %+v, %v", r, ok)
	}
	if n := len(log.Records()); n != 1 {
		t.Errorf("%d records of one subscriber on the stream, want the newest alone", n)
	}
	if err := g.Remove(t.Context(), "webpush", "a"); err != nil {
		t.Fatal(err)
	}
	if _, ok := g.Get("webpush", "a"); ok {
		t.Error("a subscriber who left is still there")
	}
	for _, r := range log.Records() {
		if strings.Contains(string(r.Data), "secret") {
			t.Error("the stream still holds the address of one who left")
		}
	}
	if _, ok := start(t, log).Get("webpush", "a"); ok {
		t.Error("a subscriber who left came back with the restart")
	}
	if err := g.Remove(t.Context(), "webpush", "never"); err != nil {
		t.Errorf("removing an unknown one: %v", err)
	}
}

func TestSelectAndCount(t *testing.T) {
	g := start(t, new(streamtest.Memory))
	for i := range 200 {
		put(t, g, person(fmt.Sprintf("be%d", i), "BE"))
	}
	put(t, g, person("fr", "FR"))
	if n := g.Count("webpush", []string{"BE"}); n != 200 {
		t.Errorf("count = %d, want 200", n)
	}
	seen := make(map[string]int)
	for shard := range 3 {
		for _, r := range g.Select("webpush", []string{"BE"}, Any, shard, 3, func(id string, _ uint32) bool { return id == "fr" }) {
			seen[r.ID]++
		}
	}
	if len(seen) != 201 || seen["fr"] != 1 {
		t.Errorf("three shards hold %d recipients, want each of 201 once", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is in %d shards", id, n)
		}
	}
}

func TestBadRecipients(t *testing.T) {
	g := start(t, new(streamtest.Memory))
	tests := []struct {
		field string
		spoil func(*adapter.Recipient)
	}{
		{"id", func(r *adapter.Recipient) { r.ID = "a.b" }},
		{"id", func(r *adapter.Recipient) { r.ID = "" }},
		{"id", func(r *adapter.Recipient) { r.ID = strings.Repeat("a", 65) }},
		{"channel", func(r *adapter.Recipient) { r.Channel = "web push" }},
		{"areas", func(r *adapter.Recipient) { r.Areas = nil }},
		{"address", func(r *adapter.Recipient) { r.Address = []byte(`"` + strings.Repeat("a", 5000) + `"`) }},
	}
	for _, tt := range tests {
		r := person("a", "BE")
		tt.spoil(&r)
		err := g.Put(t.Context(), r)
		bad, ok := errors.AsType[alert.Invalid](err)
		if !ok || bad[0].Field != tt.field {
			t.Errorf("%s: err = %v, want a fault of that field", tt.field, err)
		}
	}
}

func TestPutAll(t *testing.T) {
	g := start(t, new(streamtest.Memory))
	if err := g.PutAll(t.Context(), []adapter.Recipient{person("a", "BE"), person("bad id", "BE")}); err == nil {
		t.Error("a bad one in the list was taken")
	}
	if n := len(g.All("webpush")); n != 0 {
		t.Errorf("%d stored of a refused list, want none", n)
	}
}

func TestWatch(t *testing.T) {
	g := start(t, new(streamtest.Memory))
	put(t, g, person("a", "BE"))
	mine, end := g.Watch("webpush")
	other, endOther := g.Watch("sms")
	defer endOther()
	pulsed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	put(t, g, person("b", "BE"))
	if !pulsed(mine) {
		t.Error("no pulse for one who was added")
	}
	put(t, g, person("b", "FR"))
	if err := g.Remove(t.Context(), "webpush", "a"); err != nil {
		t.Fatal(err)
	}
	if !pulsed(mine) || pulsed(mine) {
		t.Error("two changes that nobody looked at are not one pulse")
	}
	if pulsed(other) {
		t.Error("a pulse for another channel")
	}
	end()
	put(t, g, person("c", "BE"))
	if pulsed(mine) {
		t.Error("a pulse after the end")
	}
}
