package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test program be a server with the product's words: it is
// not ready at first, and says so.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "serve" {
		os.Exit(m.Run())
	}
	switch os.Getenv("BENCH_SERVER") {
	case "broken":
		fmt.Fprintln(os.Stderr, "no room on the disk")
		os.Exit(1)
	case "mute":
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(2)
	}
	asked := 0
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:errcheck // ends with the process
		if asked++; asked < 3 || r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	fmt.Printf("realm    drill\nops      http://%s/healthz\n", l.Addr())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}

func TestStartIsMeasured(t *testing.T) {
	f, err := one(os.Args[0], 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if f.ready < 4*time.Millisecond { // two refusals
		t.Errorf("ready after %v, before it said so", f.ready)
	}
	if f.idle <= 0 || f.peak < f.idle || f.stop <= 0 {
		t.Errorf("figures %+v", f)
	}
	var b strings.Builder
	report(&b, []figures{{ready: 3 * time.Second, idle: 20, peak: 30}, {ready: 90 * time.Millisecond, idle: 40}, {ready: 80 * time.Millisecond, idle: 41}}, time.Second)
	for _, want := range []string{"bar start-ms 90 2000 pass\n", "bar idle-mb 40.0 100.0 pass\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
}

func TestFailuresTellTheReason(t *testing.T) {
	for mode, want := range map[string]string{"broken": "no room on the disk", "mute": "without saying where it listens"} {
		t.Setenv("BENCH_SERVER", mode)
		if _, err := one(os.Args[0], 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", mode, err, want)
		}
	}
	if _, err := one(t.TempDir()+"/none", 0); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a missing program: %v", err)
	}
}
