package stream

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

const child = "Xanthippe-Quillfeather"

// After a withdrawal the child's name is in no file of ours, wherever in the
// file it stood, and stays away over a restart.
func TestRollupErasesFromDisk(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	l := e.Alerts()
	appendTo(t, l, Entry{Subject: "alerts.P.0", ID: "other-before", Data: []byte("another child")})
	for i := range 3 {
		appendTo(t, l, Entry{Subject: "alerts.P.1", ID: fmt.Sprint("rev", i), Data: []byte(child)})
	}
	appendTo(t, l, Entry{Subject: "alerts.P.2", ID: "other-after", Data: []byte("a third child")})
	if len(onDisk(t, dir, child)) == 0 {
		t.Fatal("the test cannot see the name on disk: it proves nothing")
	}
	last := uint64(4)
	seq := appendTo(t, l, Entry{Subject: "alerts.P.1", ID: "cancel", Data: []byte("withdrawn"), After: &last, Rollup: true})
	check := func(when string) {
		t.Helper()
		if files := onDisk(t, dir, child); len(files) > 0 {
			t.Errorf("%s the name is in %v", when, files)
		}
		if got := ids(t, l, "alerts.>", 0); !slices.Equal(got, []string{"other-before", "other-after", "cancel"}) {
			t.Errorf("%s the log holds %v", when, got)
		}
	}
	check("after the withdrawal")
	if again := appendTo(t, l, Entry{Subject: "alerts.P.1", ID: "cancel", After: &last, Rollup: true}); again != seq {
		t.Errorf("retry stored %d, first was %d", again, seq)
	}
	shutDown(t, e)
	check2 := openIn(t, dir)
	l = check2.Alerts()
	check("after a restart")
}

// A crash between the publication of a withdrawal and the erasure: Open finishes it.
func TestOpenFinishesAnErasure(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "alert", Data: []byte(child)})
	m, err := e.Alerts().message(Entry{Subject: "alerts.P.1", ID: "cancel", Rollup: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.publish(t.Context(), m); err != nil { // and not a step further
		t.Fatal(err)
	}
	p, err := e.Objects().place("photo")
	if err != nil {
		t.Fatal(err)
	}
	photo := bytes.Repeat([]byte(child), 20_000)
	if err := e.Objects().Put(t.Context(), "photo", photo); err != nil {
		t.Fatal(err)
	}
	_, seq, err := e.Objects().look(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Objects().entry(t.Context(), p, objectInfo{Deleted: true}, seq); err != nil {
		t.Fatal(err)
	}
	shutDown(t, e)
	if len(onDisk(t, dir, child)) == 0 {
		t.Fatal("nothing was left to finish")
	}
	e = openIn(t, dir)
	if files := onDisk(t, dir, child); len(files) > 0 {
		t.Errorf("the name is still in %v", files)
	}
	if got := ids(t, e.Alerts(), "alerts.>", 0); !slices.Equal(got, []string{"cancel"}) {
		t.Errorf("the log holds %v", got)
	}
}

func TestEraseASubscriber(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	l := e.Subscribers()
	for i := range 200 {
		appendTo(t, l, Entry{Subject: fmt.Sprintf("subscribers.sms.%d", i), ID: fmt.Sprint(i), Data: fmt.Appendf(nil, "number-%03d-", i)})
	}
	appendTo(t, l, Entry{Subject: "subscribers.sms.7", ID: "7 again", Data: []byte("number-007-")})
	if err := l.Erase(t.Context(), "subscribers.sms.7"); err != nil {
		t.Fatal(err)
	}
	if err := l.Erase(t.Context(), "subscribers.sms.7"); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if err := l.Erase(t.Context(), "subscribers.sms.>"); err == nil {
		t.Error("a wildcard erased everybody")
	}
	if files := onDisk(t, dir, "number-007-"); len(files) > 0 {
		t.Errorf("the number is in %v", files)
	}
	if _, err := l.Last(t.Context(), "subscribers.sms.7"); !errors.Is(err, ErrNone) {
		t.Errorf("last: %v", err)
	}
	if got := ids(t, l, "subscribers.>", 0); len(got) != 199 {
		t.Errorf("%d subscribers left", len(got))
	}
}

func TestObjects(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	o := e.Objects()
	for _, size := range []int{0, 1, chunkSize, chunkSize + 1, 3*chunkSize + 17} {
		name, data := fmt.Sprint("size ", size, " ünïcode/x"), bytes.Repeat([]byte{byte(size), 7}, size)[:size]
		if err := o.Put(t.Context(), name, data); err != nil {
			t.Fatal(err)
		}
		if err := o.Put(t.Context(), name, data); err != nil {
			t.Errorf("%s: the same again: %v", name, err)
		}
		if err := o.Put(t.Context(), name, append(data, 1)); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: other data under the name: %v", name, err)
		}
		if got, err := o.Get(t.Context(), name); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		}
	}
	if _, err := o.Get(t.Context(), "never"); !errors.Is(err, ErrNone) {
		t.Errorf("never stored: %v", err)
	}
	for _, name := range []string{"", string(make([]byte, 129))} {
		if err := o.Put(t.Context(), name, nil); err == nil {
			t.Errorf("a name of %d bytes was taken", len(name))
		}
	}
	if err := o.Put(t.Context(), "big", make([]byte, maxObject+1)); err == nil {
		t.Error("an object over the bound was taken")
	}
}

func TestObjectDeleteErasesFromDisk(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	o := e.Objects()
	photo := bytes.Repeat([]byte(child), 30_000)
	for _, name := range []string{"a", "b"} {
		if err := o.Put(t.Context(), name, append([]byte(name), photo...)); err != nil {
			t.Fatal(err)
		}
	}
	// An upload of "a2" that a crash cut short.
	p, err := o.place("a2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.publish(t.Context(), message(p.chunks, Entry{Data: photo[:1000]})); err != nil {
		t.Fatal(err)
	}
	if err := o.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := o.Get(t.Context(), "b"); err != nil || len(got) != len(photo)+1 {
		t.Errorf("the other object: %d bytes, %v", len(got), err)
	}
	for _, name := range []string{"a", "a2", "b", "never"} {
		if err := o.Delete(t.Context(), name); err != nil {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	if files := onDisk(t, dir, child); len(files) > 0 {
		t.Errorf("the photo is still in %v", files)
	}
	shutDown(t, e)
	e = openIn(t, dir)
	for _, name := range []string{"a", "a2", "b", "never"} {
		if _, err := e.Objects().Get(t.Context(), name); !errors.Is(err, ErrGone) {
			t.Errorf("get %s: %v", name, err)
		}
		if err := e.Objects().Put(t.Context(), name, photo); !errors.Is(err, ErrGone) {
			t.Errorf("put %s again: %v", name, err)
		}
	}
}

// EraseBefore leaves the newest record, and nothing of the older ones on disk.
func TestEraseBefore(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir)
	var last uint64
	for i := range 3 {
		var err error
		if last, err = e.Subscribers().Append(t.Context(), Entry{Subject: "subscribers.sms.a", Data: fmt.Appendf(nil, "number-%d-of-a", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // it may be repeated
		if err := e.Subscribers().EraseBefore(t.Context(), "subscribers.sms.a", last); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, e.Subscribers(), "subscribers.>", 0); len(got) != 1 {
		t.Errorf("%d records are left, want the newest alone", len(got))
	}
	for i, there := range []bool{false, false, true} {
		if files := onDisk(t, dir, fmt.Sprintf("number-%d-of-a", i)); (len(files) > 0) != there {
			t.Errorf("record %d is in %v", i, files)
		}
	}
	if err := e.Subscribers().EraseBefore(t.Context(), "subscribers.sms.a", 0); err == nil {
		t.Error("all records would go without being asked for")
	}
	shutDown(t, e)
}
