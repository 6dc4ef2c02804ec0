package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tocsin/internal/casework"
	"tocsin/internal/criteria"
)

// The record in testdata is that of a made-up case whose release was signed by a
// passkey.
func TestVerifyRecord(t *testing.T) {
	whole, err := os.ReadFile("testdata/record.json")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := verifyRecord(&out, "record.json", whole); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the record holds: ", "last hash ", ", signed by passkey ", " of localhost\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	var events []json.RawMessage
	if err := json.Unmarshal(whole, &events); err != nil {
		t.Fatal(err)
	}
	without := func(i int) []byte {
		b, err := json.Marshal(append(append([]json.RawMessage{}, events[:i]...), events[i+1:]...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, data := range map[string][]byte{
		"nothing":             nil,
		"no events":           []byte("[]"),
		"another document":    []byte(`{"events":[]}`),
		"an event left out":   without(1),
		"the first left out":  without(0),
		"a word changed":      bytes.Replace(whole, []byte("Gare"), []byte("Port"), 1),
		"another approver":    bytes.Replace(whole, []byte(`"officer": "cleo"`), []byte(`"officer": "anna"`), 1),
		"a signature removed": bytes.Replace(whole, []byte(`"signature": {`), []byte(`"signatura": {`), 1),
	} {
		if bytes.Equal(data, whole) {
			t.Errorf("%s: nothing was changed", name)
		}
		if err := verifyRecord(&out, "record.json", data); err == nil {
			t.Errorf("%s: the record holds", name)
		}
	}
	if casework.LastHash(nil) != "" {
		t.Error("an empty record has a hash")
	}
}

func TestCriteriaOfARecord(t *testing.T) {
	answers := &criteria.Answers{Set: "pl", Version: 2}
	for want, ev := range map[string]casework.Event{
		"":                        {},
		", criteria pl version 2": {Criteria: answers},
		`, criteria pl version 2 NOT all fulfilled, released because "no time is left"`: {Criteria: answers, Override: "no time is left"},
	} {
		if got := criteriaOf(ev); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
