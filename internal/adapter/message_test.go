package adapter

import (
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func TestCheckMessage(t *testing.T) {
	for _, c := range []struct {
		name   string
		realm  alert.Realm // of the channel
		change func(*alert.Message)
		want   string // the field named; empty = none
	}{
		{"a drill", alert.Drill, func(*alert.Message) {}, ""},
		{"a drill's withdrawal", alert.Drill, func(m *alert.Message) { m.MsgType = alert.TypeCancel }, ""},
		{"a drill on a live channel", alert.Live, func(*alert.Message) {}, "realm"},
		{"an alert on a drill's channel", alert.Drill, func(m *alert.Message) { m.Realm, m.Status = alert.Live, alert.StatusActual }, "realm"},
		{"an alert", alert.Live, func(m *alert.Message) { m.Realm, m.Status = alert.Live, alert.StatusActual }, ""},
		{"a link test", alert.Live, func(m *alert.Message) { m.Realm, m.Status = alert.Live, alert.StatusTest }, ""},
		{"an exercise that calls itself actual", alert.Drill, func(m *alert.Message) { m.Status = alert.StatusActual }, "status"},
		{"an exercise among the living", alert.Live, func(m *alert.Message) { m.Realm = alert.Live }, "status"},
		{"an unknown type", alert.Drill, func(m *alert.Message) { m.MsgType = "cancel" }, "msg_type"},
		{"no words", alert.Drill, func(m *alert.Message) { m.Texts = nil }, "texts.fr"},
	} {
		m := &alert.Message{
			Realm: alert.Drill, Status: alert.StatusExercise, MsgType: alert.TypeAlert,
			Texts: map[alert.Lang]alert.Texts{alert.French: {Headline: "EXERCICE"}},
		}
		c.change(m)
		err := CheckMessage(m, c.realm, alert.French)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want a fault of %q", c.name, err, c.want)
		}
	}
}
