package alert

import (
	"encoding/json"
	"testing"
	"time"
)

func TestCadence(t *testing.T) {
	sent := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	french := Cadence{Every: 15 * time.Minute, For: 3 * time.Hour}
	odd := Cadence{Every: 40 * time.Minute, For: time.Hour}
	for _, tt := range []struct {
		name      string
		c         Cadence
		now       time.Duration
		due, next time.Duration // -1 = none
	}{
		{"before release", french, -time.Minute, -1, 0},
		{"at release", french, 0, 0, 15 * time.Minute},
		{"just before", french, 15*time.Minute - 1, 0, 15 * time.Minute},
		{"on the mark", french, 15 * time.Minute, 15 * time.Minute, 30 * time.Minute},
		{"the last but one", french, 179 * time.Minute, 165 * time.Minute, 180 * time.Minute},
		{"the last", french, 180 * time.Minute, 180 * time.Minute, -1},
		{"long after", french, 48 * time.Hour, 180 * time.Minute, -1},
		{"an interval that does not fit", odd, 41 * time.Minute, 40 * time.Minute, -1},
		{"none asked", Cadence{}, time.Minute, -1, -1},
	} {
		due, ok := tt.c.Due(sent, sent.Add(tt.now))
		if ok != (tt.due >= 0) || ok && !due.Equal(sent.Add(tt.due)) {
			t.Errorf("%s: due %s %t", tt.name, due, ok)
		}
		next, ok := tt.c.Next(sent, sent.Add(tt.now))
		if ok != (tt.next >= 0) || ok && !next.Equal(sent.Add(tt.next)) {
			t.Errorf("%s: next %s %t", tt.name, next, ok)
		}
	}
	if french.Times() != 12 || odd.Times() != 1 {
		t.Errorf("%d and %d repetitions", french.Times(), odd.Times())
	}
	if u := french.Until(sent, sent.Add(time.Hour)); !u.Equal(sent.Add(time.Hour)) {
		t.Errorf("repeated until %s, after the alert's end", u)
	}
	data, err := json.Marshal(french)
	var back Cadence
	if err != nil || string(data) != `{"every_s":900,"for_s":10800}` || json.Unmarshal(data, &back) != nil || back != french {
		t.Errorf("%s, %v, %+v", data, err, back)
	}
}

func TestCadenceBounds(t *testing.T) {
	for _, tt := range []struct {
		c    Cadence
		want string // the field at fault
	}{
		{Cadence{}, ""},
		{Cadence{15 * time.Minute, 3 * time.Hour}, ""},
		{Cadence{30 * time.Second, time.Hour}, "repeat.every"},
		{Cadence{25 * time.Hour, 50 * time.Hour}, "repeat.every"},
		{Cadence{time.Hour, time.Minute}, "repeat.for"},
		{Cadence{time.Hour, 8 * 24 * time.Hour}, "repeat.for"},
		{Cadence{0, time.Hour}, "repeat.every"},
		{Cadence{time.Minute + time.Millisecond, time.Hour}, "repeat.every"},
	} {
		got := ""
		if bad := tt.c.Check("repeat"); len(bad) > 0 {
			got = bad[0].Field
		}
		if got != tt.want {
			t.Errorf("%+v: fault at %q, want %q", tt.c, got, tt.want)
		}
	}
}
