package stream

import (
	"errors"
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	e, err := Open(t.Context(), Options{Dir: t.TempDir(), Realm: "live"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	seq, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.1", ID: "a", Data: []byte("x"), After: new(uint64(0))})
	if err != nil || seq != 1 {
		t.Fatal(seq, err)
	}
	if _, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.1", ID: "b", After: new(uint64(0))}); !errors.Is(err, ErrConflict) {
		t.Fatal(err)
	}
	if seq, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.1", ID: "a", After: new(uint64(0))}); err != nil || seq != 1 {
		t.Fatal(seq, err)
	}
	if _, err := e.Alerts().Append(t.Context(), Entry{Subject: "alerts.P.1", ID: "c", Rollup: true}); err != nil {
		t.Fatal(err)
	}
	for r, err := range e.Alerts().Read(t.Context(), "alerts.>", 0) {
		fmt.Println(r, err)
	}
	if err := e.Objects().Put(t.Context(), "a", make([]byte, 300000)); err != nil {
		t.Fatal(err)
	}
	b, err := e.Objects().Get(t.Context(), "a")
	if len(b) != 300000 || err != nil {
		t.Fatal(len(b), err)
	}
	if err := e.Objects().Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Objects().Get(t.Context(), "a"); !errors.Is(err, ErrGone) {
		t.Fatal(err)
	}
	jobs := []Job{}
	for i := range 2500 {
		jobs = append(jobs, Job{Subject: "jobs.sms.p0.1", ID: fmt.Sprint(i)})
	}
	if err := e.Enqueue(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if err := e.Enqueue(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
}
