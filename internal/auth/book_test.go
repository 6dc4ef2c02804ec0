package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

const password = "correct horse battery"

func anna() Officer {
	return Officer{ID: "anna.smith", Name: "Anna Smith", Unit: "Brussels", Roles: []Role{Author, Approver}}
}

// open is a book on l; its follower ends with the test.
func open(t *testing.T, l *streamtest.Memory) *Book {
	t.Helper()
	b, err := New(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withAnna is a book in which Anna may sign in.
func withAnna(t *testing.T) (*Book, *streamtest.Memory) {
	t.Helper()
	l := new(streamtest.Memory)
	b := open(t, l)
	if err := b.Add(t.Context(), anna(), password); err != nil {
		t.Fatal(err)
	}
	return b, l
}

// proved is an officer who has just shown who he is.
func proved(t *testing.T, b *Book, id string) Officer {
	t.Helper()
	o, _, ok := b.active(id)
	if !ok {
		t.Fatalf("%s may not act", id)
	}
	return o
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func TestAddFaults(t *testing.T) {
	b := open(t, new(streamtest.Memory))
	for name, tt := range map[string]struct {
		change func(o *Officer, password *string)
		field  string
	}{
		"no id":             {func(o *Officer, _ *string) { o.ID = "" }, "id"},
		"capital letters":   {func(o *Officer, _ *string) { o.ID = "Anna" }, "id"},
		"long id":           {func(o *Officer, _ *string) { o.ID = strings.Repeat("a", 41) }, "id"},
		"two dots":          {func(o *Officer, _ *string) { o.ID = "anna..smith" }, "id"},
		"dot at the end":    {func(o *Officer, _ *string) { o.ID = "anna." }, "id"},
		"wildcard":          {func(o *Officer, _ *string) { o.ID = "a*" }, "id"},
		"a line break":      {func(o *Officer, _ *string) { o.ID = "anna\n" }, "id"},
		"the server's name": {func(o *Officer, _ *string) { o.ID = "system" }, "id"},
		"no name":           {func(o *Officer, _ *string) { o.Name = " " }, "name"},
		"long name":         {func(o *Officer, _ *string) { o.Name = strings.Repeat("ж", 81) }, "name"},
		"hidden in a name":  {func(o *Officer, _ *string) { o.Name = "Anna\u202e" }, "name"},
		"long unit":         {func(o *Officer, _ *string) { o.Unit = strings.Repeat("u", 81) }, "unit"},
		"no role":           {func(o *Officer, _ *string) { o.Roles = nil }, "roles"},
		"unknown role":      {func(o *Officer, _ *string) { o.Roles = []Role{"root"} }, "roles"},
		"too many roles":    {func(o *Officer, _ *string) { o.Roles = []Role{Admin, Admin, Admin, Admin, Admin} }, "roles"},
		"editor and author": {func(o *Officer, _ *string) { o.Roles, o.Station = []Role{Editor, Author}, "st-1" }, "roles"},
		"editor of nothing": {func(o *Officer, _ *string) { o.Roles = []Role{Editor} }, "station"},
		"a strange station": {func(o *Officer, _ *string) { o.Roles, o.Station = []Role{Editor}, "st.1 >" }, "station"},
		"officer's station": {func(o *Officer, _ *string) { o.Station = "st-1" }, "station"},
		"short password":    {func(_ *Officer, p *string) { *p = "elevenchars" }, "password"},
		"long password":     {func(_ *Officer, p *string) { *p = strings.Repeat("x", 201) }, "password"},
		"broken password":   {func(_ *Officer, p *string) { *p = "twelve chars\xff" }, "password"},
		"the id":            {func(o *Officer, p *string) { o.ID, *p = "anna-maria.smith", "Anna-Maria.Smith" }, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			o, p := anna(), password
			tt.change(&o, &p)
			v, ok := errors.AsType[alert.Invalid](b.Add(t.Context(), o, p))
			if !ok || len(v) != 1 || v[0].Field != tt.field || v[0].Code == "" || !strings.HasSuffix(v[0].Text, ".") {
				t.Errorf("faults %v, want one in %s", v, tt.field)
			}
		})
	}
	all, _ := errors.AsType[alert.Invalid](b.Add(t.Context(), Officer{}, ""))
	if len(all) != 4 {
		t.Errorf("faults of nothing: %v, want 4 at once", all)
	}
}

func TestAddOnce(t *testing.T) {
	b, l := withAnna(t)
	v, ok := errors.AsType[alert.Invalid](b.Add(t.Context(), anna(), password))
	if !ok || v[0].Code != "taken" {
		t.Errorf("added twice: %v", v)
	}
	if got := b.List(); len(got) != 1 || got[0].ID != "anna.smith" {
		t.Errorf("list %v", got)
	}
	b.List()[0].Roles[0] = Admin
	if o, _, _ := b.active("anna.smith"); o.Has(Admin) {
		t.Error("a caller changed the book's memory")
	}
	for _, secret := range []string{password, "horse"} {
		if strings.Contains(string(l.Records()[0].Data), secret) {
			t.Error("the password is on the log")
		}
	}
	l.Fault = func(stream.Entry) error { return stream.ErrFull }
	wantErr(t, b.Revoke(t.Context(), "anna.smith"), stream.ErrFull)
	l.Fault = func(stream.Entry) error { return stream.ErrUnavailable }
	if err := b.Revoke(t.Context(), "anna.smith"); !errors.Is(err, stream.ErrUnavailable) || !strings.Contains(err.Error(), "may have been changed") {
		t.Errorf("what may have been stored: %v", err)
	}
	if len(b.List()) != 1 {
		t.Error("revoked though nothing was recorded")
	}
}

func TestOtherServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(streamtest.Memory)
		one, two := open(t, l), open(t, l)
		if err := one.Add(t.Context(), anna(), password); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := two.SignIn(t.Context(), "anna.smith", password); err != nil {
			t.Fatal(err)
		}
		if err := two.Revoke(t.Context(), "anna.smith"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(one.List()) != 0 {
			t.Error("the revocation was not heard")
		}
		wantErr(t, one.Revoke(t.Context(), "anna.smith"), ErrUnknown)
		// A new server folds the same from the log.
		if err := one.Add(t.Context(), anna(), password); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, l).SignIn(t.Context(), "anna.smith", password); err != nil {
			t.Error(err)
		}
	})
}

// A server that is behind decides anew on what the other wrote.
func TestConflict(t *testing.T) {
	b, l := withAnna(t)
	data, err := json.Marshal(event{Kind: kindRevoked, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock() // the follower waits: the revocation is on the log and not in memory
	if _, err := l.Append(t.Context(), stream.Entry{Subject: "officers.anna.smith", Data: data}); err != nil {
		t.Fatal(err)
	}
	b.mu.Unlock()
	_, err = b.NewToken(t.Context(), "anna.smith")
	wantErr(t, err, ErrUnknown)
}

func TestDamagedLog(t *testing.T) {
	for name, data := range map[string]string{
		"no JSON":         `{`,
		"nobody":          `{"kind":"added"}`,
		"another officer": `{"kind":"added","officer":{"id":"mallory","roles":["approver"]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := new(streamtest.Memory)
			if _, err := l.Append(t.Context(), stream.Entry{Subject: "officers.anna", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
			if _, err := New(t.Context(), l); err == nil {
				t.Error("accounts that cannot be read were taken for none")
			}
		})
	}
}
