// Command start measures the server by itself: from the start of
// `tocsin serve` on an empty folder until /readyz says ready, the resident
// memory after five idle seconds, and the time to stop.
//
//	go run ./internal/bench/start                 bin/tocsin, 5 starts
//	go run ./internal/bench/start -bin /path -n 3
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tocsin/internal/bench/measure"
)

// What is asked of the medians, and how long a start may take before it counts as failed.
var (
	startBar = measure.Bar{Name: "start-ms", Limit: 2000}
	idleBar  = measure.Bar{Name: "idle-mb", Limit: 100, Digits: 1}
)

const patience = 30 * time.Second

// figures of one start.
type figures struct {
	ready, stop time.Duration
	idle, peak  float64 // MB
}

func main() {
	bin := flag.String("bin", "bin/tocsin", "the server's program")
	starts := flag.Int("n", 5, "starts")
	idle := flag.Duration("idle", 5*time.Second, "rest before memory is read")
	quick := flag.Bool("quick", os.Getenv("QUICK") != "", "3 starts")
	flag.Parse()
	if *quick {
		*starts = min(*starts, 3)
	}
	var all []figures
	for range *starts {
		f, err := one(*bin, *idle)
		if err != nil {
			startBar.Missing(os.Stdout, err.Error())
			idleBar.Missing(os.Stdout, err.Error())
			return
		}
		all = append(all, f)
	}
	report(os.Stdout, all, *idle)
}

// one starts the server on an empty folder, lets it rest and stops it.
func one(bin string, idle time.Duration) (f figures, err error) {
	bin, err = filepath.Abs(bin)
	if err != nil {
		return f, err
	}
	if _, err := os.Stat(bin); err != nil {
		return f, fmt.Errorf("%w: run `make build`", err)
	}
	dir, err := os.MkdirTemp("", "tocsin-bench-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(context.Background(), idle+2*patience)
	defer cancel() // kills a server that does not stop
	cmd := exec.CommandContext(ctx, bin, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return f, err
	}
	var words strings.Builder // of the log, for the reason of a failure
	cmd.Stderr = &words
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return f, err
	}
	f, err = watch(ctx, cmd.Process.Pid, out, begun, idle)
	asked := time.Now()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	ended := cmd.Wait()
	f.stop = time.Since(asked)
	if err = errors.Join(err, ended); err != nil {
		return f, fmt.Errorf("%w\n%s", err, tail(words.String()))
	}
	return f, nil
}

// watch waits until the server is ready, and reads its memory after a rest.
func watch(ctx context.Context, pid int, out io.Reader, begun time.Time, idle time.Duration) (f figures, err error) {
	address, err := opsAddress(out)
	if err != nil {
		return f, err
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // so that it never blocks on its words
	for !ready(ctx, address) {
		if time.Since(begun) > patience {
			return f, fmt.Errorf("not ready after %v", patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
	f.ready = time.Since(begun)
	time.Sleep(idle)
	f.idle, f.peak, err = memory(pid)
	return f, err
}

var opsLine = regexp.MustCompile(`^ops\s+(http://[^/\s]+)`)

// opsAddress reads what the server prints until it says where its operator's side is.
func opsAddress(out io.Reader) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := opsLine.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", errors.New("the server ended without saying where it listens")
}

func ready(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// memory is what the process holds now, and the most it has held, in MB.
func memory(pid int) (now, most float64, err error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		if err != nil {
			continue
		}
		switch name {
		case "VmRSS":
			now = kb / 1024
		case "VmHWM":
			most = kb / 1024
		}
	}
	if now == 0 {
		return 0, 0, errors.New("the system does not tell the server's memory")
	}
	return now, most, nil
}

// tail is the end of a log: enough to see why.
func tail(s string) string {
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-500):]
}

func report(w io.Writer, all []figures, idle time.Duration) {
	each := func(of func(figures) float64) float64 {
		v := make([]float64, len(all))
		for i, f := range all {
			v[i] = of(f)
		}
		return measure.Median(v)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	start := each(func(f figures) float64 { return ms(f.ready) })
	held := each(func(f figures) float64 { return f.idle })
	fmt.Fprintf(w, "tocsin serve on an empty folder, medians of %d starts\n", len(all))
	fmt.Fprintf(w, "ready after %.0f ms; %.1f MB resident after %v idle, %.1f at the most; stops in %.0f ms\n",
		start, held, idle, each(func(f figures) float64 { return f.peak }), each(func(f figures) float64 { return ms(f.stop) }))
	startBar.Print(w, start)
	idleBar.Print(w, held)
}
