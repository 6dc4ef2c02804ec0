package recipient

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func citizen() stored {
	return stored{Recipient: adapter.Recipient{
		ID: "a-_9", Channel: "webpush", Lang: alert.French, Areas: []string{"BE-BRU", "FR"}, Destination: "https://push.example",
		Address: []byte(`{"endpoint":"https://push.example/x","p256dh":"BA","auth":"AA"}`),
		Created: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
	}, Number: 7}
}

// TestQuickReadsCitizens: the records of citizens go the quick way, and the odd ones do not.
func TestQuickReadsCitizens(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*stored)
		quick  bool
	}{
		"a citizen":        {func(*stored) {}, true},
		"a new one":        {func(s *stored) { s.Number = 0 }, true},
		"an old record":    {func(s *stored) { s.Created, s.Number = time.Time{}, 0 }, true},
		"an escape":        {func(s *stored) { s.Destination = "a\"b" }, false},
		"beyond ASCII":     {func(s *stored) { s.Destination = "é" }, false},
		"a station":        {func(s *stored) { s.Name = "Radio" }, false},
		"a second way":     {func(s *stored) { s.Second.ID = "x" }, false},
		"a deep address":   {func(s *stored) { s.Address = []byte(`{"a":{"b":1},"c":2}`) }, false},
		"a brace":          {func(s *stored) { s.Address = []byte(`{"a":"}","c":"2"}`) }, true},
		"no areas":         {func(s *stored) { s.Areas = nil }, false},
		"a plain address":  {func(s *stored) { s.Address = []byte(`"+32"`) }, false},
		"an odd time zone": {func(s *stored) { s.Created = s.Created.In(time.FixedZone("", 3600)) }, true},
	} {
		s := citizen()
		c.change(&s)
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got, want stored
		if quick(data, new(stored)) != c.quick {
			t.Errorf("%s: quick = %v, want %v: %s", name, !c.quick, c.quick, data)
		}
		if err := unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := json.Unmarshal(data, &want); err != nil || !same(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
}

func same(a, b stored) bool {
	if !a.Created.Equal(b.Created) {
		return false
	}
	a.Created, b.Created = time.Time{}, time.Time{}
	return reflect.DeepEqual(a, b)
}

// FuzzQuick: whatever the quick way takes, encoding/json reads alike.
func FuzzQuick(f *testing.F) {
	data, _ := json.Marshal(citizen())
	f.Add(string(data))
	f.Fuzz(func(t *testing.T, text string) {
		var got, want stored
		if !quick([]byte(text), &got) {
			return
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil || !same(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v, %v", text, got, want, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data, _ := json.Marshal(citizen())
	for b.Loop() {
		if err := unmarshal(data, new(stored)); err != nil {
			b.Fatal(err)
		}
	}
}
