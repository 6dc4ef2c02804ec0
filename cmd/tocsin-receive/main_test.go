package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/peertest"
)

// maxProgram is what a newsroom is promised: the receiver fits anywhere.
const maxProgram = 15 << 20

// build makes the program as `make build` does.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin-receive")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return path
}

func TestProgramIsSmallAndStatic(t *testing.T) {
	path := build(t)
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(st.Size())/(1<<20))
	if st.Size() >= maxProgram {
		t.Errorf("the program has %d bytes, want below %d", st.Size(), maxProgram)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Skipf("not ELF: %v", err)
	}
	defer func() { _ = f.Close() }()
	if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 || f.Section(".interp") != nil {
		t.Errorf("the program is not static: %v, %v", libs, err)
	}
}

// A newsroom's machine must hold nothing of the server: less to run, less to attack.
func TestProgramHoldsNoServer(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/tocsin-receive")
	cmd.Dir = peertest.Root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 {
		t.Fatalf("only %d packages: is the question right?", len(deps))
	}
	for _, dep := range deps {
		for _, bad := range []string{
			"github.com/nats-io", "tocsin/adapters", "tocsin/internal/stream", "tocsin/internal/app", "tocsin/internal/casework",
			"tocsin/internal/console", "tocsin/internal/delivery", "tocsin/internal/ledger", "tocsin/web", "testing",
		} {
			if dep == bad || strings.HasPrefix(dep, bad+"/") {
				t.Errorf("it holds %s", dep)
			}
		}
	}
}

func TestProgramNamesItself(t *testing.T) {
	path := build(t)
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		cmd := exec.Command(path, args...)
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		return out.String(), err
	}
	for _, name := range []string{"follow", "seen", "queued", "on-air", "declined", "failed", "removed"} {
		out, err := run(name, "--help")
		_, example, ok := strings.Cut(out, "Example:")
		if err != nil || !ok || !strings.Contains(example, "tocsin-receive ") || strings.Contains(out, "tocsin receive") {
			t.Errorf("%s --help: %v\n%s", name, err, out)
		}
	}
	if out, err := run("--version"); err != nil || !strings.HasPrefix(out, "tocsin-receive ") {
		t.Errorf("--version: %v %s", err, out)
	}
	if out, err := run("--feed", "https://a.example"); err == nil || !strings.HasPrefix(out, "tocsin-receive: --token-file: ") || strings.Count(out, "\n") != 1 {
		t.Errorf("without a token: %v %s", err, out)
	}
}
