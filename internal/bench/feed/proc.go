//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// family is pid and its children: nginx works in several processes.
func family(pid int) []int {
	all := []int{pid}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return all
	}
	for word := range strings.FieldsSeq(string(raw)) {
		if child, err := strconv.Atoi(word); err == nil {
			all = append(all, family(child)...)
		}
	}
	return all
}

// cpuOf is the time that pid and its children have had on all cores, to the
// nanosecond: the ticks of /proc/PID/stat are as long as a whole round of 1,000 clients.
func cpuOf(pid int) (time.Duration, error) {
	var sum time.Duration
	for _, p := range family(pid) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p))
		if err != nil {
			return 0, err
		}
		if len(tasks) == 0 {
			return 0, fmt.Errorf("process %d: no schedstat in /proc", p)
		}
		for _, path := range tasks {
			raw, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
				continue // the thread has ended since
			}
			if err != nil {
				return 0, err
			}
			first, _, _ := bytes.Cut(raw, []byte(" "))
			ns, err := strconv.ParseInt(string(first), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			sum += time.Duration(ns)
		}
	}
	return sum, nil
}

// memoryOf is the resident memory of pid and its children in KB. What processes
// share counts once (Pss): nginx keeps its messages in shared memory.
func memoryOf(pid int) (float64, error) {
	var sum float64
	for _, p := range family(pid) {
		f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			return 0, err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
				kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
				if err != nil {
					_ = f.Close()
					return 0, err
				}
				sum += kb
			}
		}
		_ = f.Close()
	}
	return sum, nil
}

// descriptors is how many files a process may have open, after asking for as many as are allowed.
func descriptors() (int, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	return int(l.Cur), nil
}
