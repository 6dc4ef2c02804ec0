package streamtest

import (
	"testing"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

func TestEmbedded(t *testing.T) {
	a, b := Embedded(t, alert.Drill), Embedded(t, alert.Drill)
	if _, err := a.Alerts().Append(t.Context(), stream.Entry{Subject: "alerts.P.1"}); err != nil {
		t.Fatal(err)
	}
	if head, err := b.Alerts().Head(t.Context()); err != nil || head != 0 {
		t.Errorf("two engines share a stream: head %d, %v", head, err)
	}
}
