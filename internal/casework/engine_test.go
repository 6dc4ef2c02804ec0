package casework

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
	"tocsin/internal/stream/streamtest"
)

// onEngine is a service on a real engine.
func onEngine(t *testing.T, e *stream.Engine) *Service {
	t.Helper()
	w := newWorld()
	d := w.deps(&plug{})
	d.Cases, d.Alerts, d.Objects = e.Cases(), e.Alerts(), e.Objects()
	s, err := New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running starts a service's Run and waits for it at the end.
func running(t *testing.T, s *Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// The whole life on the real engine, by two servers of which the second follows.
func TestLifeOnTheEngine(t *testing.T) {
	e := streamtest.Embedded(t, alert.Drill)
	one, two := onEngine(t, e), onEngine(t, e)
	running(t, two)
	ctx := t.Context()

	c, token := withPhoto(t, one)
	stale := c.Version
	c = must[Case](t)(two.Release(ctx, cleo, c.ID, c.Digest))
	if c.Pending {
		t.Error("released and pending")
	}
	must[Case](t)(two.Release(ctx, cleo, c.ID, c.Digest))
	_, err := one.Edit(ctx, anna, c.ID, stale, draft())
	wantErr(t, err, ErrConflict)
	d := draft()
	d.Facts.Children[0].Photo = token
	c = must[Case](t)(one.Edit(ctx, anna, c.ID, c.Version, d))
	c = must[Case](t)(one.Submit(ctx, anna, c.ID))
	must[Case](t)(two.Release(ctx, cleo, c.ID, c.Digest))
	must[Case](t)(one.Withdraw(ctx, anna, c.ID, alert.OutcomeFound, nil))
	must[Case](t)(two.Withdraw(ctx, cleo, c.ID, alert.OutcomeFound, nil))

	var left []*alert.Message
	for rec, err := range e.Alerts().Read(ctx, "alerts.>", 0) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, message(t, rec.Data))
	}
	if len(left) != 1 || left[0].MsgType != alert.TypeCancel || left[0].Revision != 3 {
		t.Errorf("on ALERTS after the withdrawal: %+v", left)
	}
	if _, err := e.Objects().Get(ctx, token+".jpg"); !errors.Is(err, stream.ErrGone) {
		t.Errorf("the photo: %v", err)
	}
	if _, err := two.Record(ctx, c.ID); err != nil {
		t.Error(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		if got, err := two.Get(c.ID); err == nil && len(got.Photos) == 0 && got.Stage == StageWithdrawn {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the second server never heard of the end")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A new process on the folder of an old one goes on where it ended, and what was
// withdrawn is in no file of the public streams.
func TestRestartOnTheEngine(t *testing.T) {
	dir := t.TempDir()
	open := func() *stream.Engine {
		e, err := stream.Open(t.Context(), stream.Options{Dir: dir, Realm: alert.Drill})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	d := newWorld().deps(&plug{})
	d.Cases, d.Alerts, d.Objects = e.Cases(), failing{e.Alerts()}, e.Objects()
	s, err := New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := withPhoto(t, s)
	_, err = s.Release(t.Context(), cleo, c.ID, c.Digest)
	wantErr(t, err, ErrPending)
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	e = open()
	defer func() { _ = e.Close(context.Background()) }()
	s = onEngine(t, e)
	rec := must[stream.Record](t)(e.Alerts().Last(t.Context(), "alerts.BEPOL."+c.ID))
	if m := message(t, rec.Data); m.Revision != 1 || rec.ID != m.Identifier {
		t.Fatalf("published after the restart: %+v", m)
	}
	if c := must[Case](t)(s.Get(c.ID)); c.Pending || c.Live == nil {
		t.Fatalf("after the restart: %+v", c)
	}
	secrets := map[string]string{"Lina is missing": "ALERTS", "photo one": "OBJ_MEDIA"}
	for secret, name := range secrets {
		if grep(t, dir, name, secret) == "" {
			t.Fatalf("%q is in no file of %s while the alert is live: the search is blind", secret, name)
		}
	}
	must[Case](t)(s.Withdraw(t.Context(), anna, c.ID, alert.OutcomeFound, nil))
	for secret, name := range secrets {
		if where := grep(t, dir, name, secret); where != "" {
			t.Errorf("%q is still in %s", secret, where)
		}
	}
}

// failing is an ALERTS that takes nothing.
type failing struct{ AlertLog }

func (failing) Append(context.Context, stream.Entry) (uint64, error) { return 0, stream.ErrUnavailable }

// grep is the file of a stream that holds what must be gone.
func grep(t *testing.T, dir, streamName, what string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, string(filepath.Separator)+streamName+string(filepath.Separator)) {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(what)) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
