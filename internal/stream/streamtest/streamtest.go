// Package streamtest gives other rooms' tests a real engine.
package streamtest

import (
	"context"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/stream"
)

// Embedded is a fresh engine in a folder of the test's own, closed when it ends.
func Embedded(t testing.TB, realm alert.Realm) *stream.Engine {
	t.Helper()
	e, err := stream.Open(t.Context(), stream.Options{Dir: t.TempDir(), Realm: realm})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return e
}
