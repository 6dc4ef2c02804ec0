package webpush

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
)

// TestGathering: writes return at once and arrive whole, in order and together; too
// much waits for the far side.
func TestGathering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe() // a write ends when the far side has read it
		g := gather(near)
		var want bytes.Buffer
		for i := range 100 {
			b := bytes.Repeat([]byte{byte(i)}, 100+i)
			want.Write(b)
			if n, err := g.Write(b); n != len(b) || err != nil {
				t.Fatalf("write %d: %d, %v", i, n, err)
			}
		}
		synctest.Wait() // the first are on their way, the others have gathered
		got, reads := make([]byte, want.Len()), 0
		for n := 0; n < len(got); reads++ {
			k, err := far.Read(got[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += k
			synctest.Wait()
		}
		if !bytes.Equal(got, want.Bytes()) || reads > 3 {
			t.Errorf("equal: %v, in %d reads; want what was written, together", bytes.Equal(got, want.Bytes()), reads)
		}

		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 3 {
				if _, err := g.Write(make([]byte, maxGathered)); err != nil {
					t.Error(err)
				}
			}
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Error("three times the bound is held in memory")
		default:
		}
		if _, err := io.CopyN(io.Discard, far, 2*maxGathered); err != nil {
			t.Error(err)
		}
		<-done
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestGatheringFails: the far side's end reaches the writers, those who wait for room
// too, and nothing of it goes on running.
func TestGatheringFails(t *testing.T) {
	for what, end := range map[string]func(g *gathering, far net.Conn) error{
		"far side": func(_ *gathering, far net.Conn) error { return far.Close() },
		"closed":   func(g *gathering, _ net.Conn) error { return g.Close() },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				g := gather(near)
				failed := make(chan error, 1)
				go func() {
					for {
						if _, err := g.Write(make([]byte, maxGathered)); err != nil {
							failed <- err
							return
						}
					}
				}()
				synctest.Wait()
				if err := end(g, far); err != nil {
					t.Fatal(err)
				}
				if err := <-failed; !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("error %v", err)
				}
				if _, err := g.Write([]byte{1}); err == nil {
					t.Error("a write after the end")
				}
				_ = g.Close() // a second time is no harm
			})
		})
	}
}
