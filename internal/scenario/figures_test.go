package scenario

import (
	"testing"
	"time"
)

// Starting to ready under 2 s and idle under 100 MB is the aim on a quiet
// machine. The bounds here are five times that: they catch a mistake, not a
// busy neighbour. The figures are in the log.
func TestStartsFastAndSmall(t *testing.T) {
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t) // with every channel on
	begun := time.Now()
	w.start()
	ready := time.Since(begun)
	time.Sleep(2 * time.Second) // to be idle
	idle := w.rss()
	t.Logf("ready after %d ms, %d MiB resident when idle", ready.Milliseconds(), idle)
	if ready > 10*time.Second || idle > 500 {
		t.Errorf("ready after %v with %d MiB: five times more than the aim of 2 s and 100 MB", ready, idle)
	}
}
