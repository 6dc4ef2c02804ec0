package newsroom

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// marks draws a cadence: A aired, N due now, D next due, M missed, - later.
func marks(c *cadence) string {
	var b strings.Builder
	for _, s := range c.Slots {
		switch {
		case s.Aired:
			b.WriteByte('A')
		case s.Now:
			b.WriteByte('N')
		case s.Due:
			b.WriteByte('D')
		case s.Past:
			b.WriteByte('M')
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestCadence(t *testing.T) {
	start := time.Date(2026, 11, 22, 14, 7, 20, 0, time.UTC)
	at := func(minutes ...float64) (list []time.Time) {
		for _, m := range minutes {
			list = append(list, start.Add(time.Duration(m*float64(time.Minute))))
		}
		return list
	}
	for _, tt := range []struct {
		name  string
		now   float64 // minutes after the release
		aired []time.Time
		marks string
		next  float64 // minutes after the release; -1 = none
		late  bool
	}{
		{"just released", 0, nil, "ND---", 15, false},
		{"aired at once", 1, at(0.5), "AD---", 15, false},
		{"typed as the minute", 1, at(-0.3), "AD---", 15, false},
		{"nothing for five minutes", 5, nil, "ND---", 15, true},
		{"nothing for ten minutes", 10, nil, "MD---", 15, true},
		{"the second one due", 15, at(0), "AND--", 30, false},
		{"the second one early", 14, at(0, 13), "AAD--", 30, false},
		{"the second one late", 19, at(0), "AND--", 30, true},
		{"one left out, the next aired", 31, at(0, 30), "AMAD-", 45, false},
		{"the last one", 60.5, at(0, 15, 30, 45), "AAAAN", -1, false},
		{"long over", 600, at(0), "AMMMM", -1, true},
	} {
		m := &alert.Message{Sent: start, Expires: start.Add(12 * time.Hour), Repeat: &alert.Cadence{Every: 15 * time.Minute, For: time.Hour}}
		c := cadenceOf(m, tt.aired, start.Add(time.Duration(tt.now*float64(time.Minute))))
		next := time.Time{}
		if tt.next >= 0 {
			next = start.Add(time.Duration(tt.next * float64(time.Minute)))
		}
		if marks(c) != tt.marks || !c.Next.Equal(next) || c.Late != tt.late {
			t.Errorf("%s: %s next %v late %v, want %s %v %v", tt.name, marks(c), c.Next, c.Late, tt.marks, next, tt.late)
		}
	}
}

// The marks are those around now, however long the alert is repeated.
func TestCadenceIsBounded(t *testing.T) {
	start := time.Now().Add(-48 * time.Hour)
	m := &alert.Message{Sent: start, Expires: start.Add(7 * 24 * time.Hour), Repeat: &alert.Cadence{Every: time.Minute, For: 6 * 24 * time.Hour}}
	c := cadenceOf(m, nil, time.Now())
	if len(c.Slots) != maxSlots || !strings.Contains(marks(c), "D") {
		t.Errorf("%d marks: %s", len(c.Slots), marks(c))
	}
	m.Repeat = nil
	if cadenceOf(m, nil, time.Now()) != nil {
		t.Error("a repetition that nobody asked for")
	}
}

// The page leads with what waits for an answer.
func TestWorstFirst(t *testing.T) {
	w := newWorld(t, alert.Live)
	b := w.browser("eva")
	for _, x := range []struct{ id, state string }{
		{"AAAAAAAAAAAA", "declined"}, {"BBBBBBBBBBBB", "on_air"}, {"CCCCCCCCCCCC", "seen"}, {"DDDDDDDDDDDD", ""}, {"EEEEEEEEEEEE", "late"},
	} {
		m := w.publish(w.story(func(m *alert.Message) {
			m.Case = x.id
			if x.state == "late" {
				m.Sent = m.Sent.Add(-25 * time.Minute)
			}
		}))
		switch x.state {
		case "":
		case "late":
			b.say(m, "state", "on_air", "when", "at", "at", time.Now().Add(-24*time.Minute).In(must(time.LoadLocation("Europe/Brussels"))(t)).Format("15:04"))
		default:
			b.say(m, "state", x.state, "when", "now", "reason", "slot")
		}
	}
	_, body := b.get("/newsroom/fr/")
	var order strings.Builder
	for _, part := range strings.Split(body, `data-case="`)[1:] {
		order.WriteString(part[:1])
	}
	if order.String() != "DECBA" {
		t.Errorf("the order is %s, want DECBA", order.String())
	}
}
