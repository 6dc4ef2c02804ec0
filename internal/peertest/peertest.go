// Package peertest finds the real programs that tests are held against:
// browsers, xmlsec1, an SMSC. In CI a missing peer fails the test; elsewhere it
// is skipped with the mend.
package peertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Missing fails t in CI and skips it elsewhere: a green run must mean that the peer was asked.
func Missing(t testing.TB, what, mend string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: %s", what, mend)
	}
	note(t, what+" is missing: "+mend)
	t.Skipf("%s is missing: %s", what, mend)
}

// note adds a line to the file that `make test` prints at its end: go test
// keeps quiet about skips.
func note(t testing.TB, line string) {
	path := os.Getenv("TOCSIN_SKIPS")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Logf("skips: %v", err)
		return
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(t.Name() + ": " + line + "\n"); err != nil {
		t.Logf("skips: %v", err)
	}
}

// Tool is the path of a program of the Debian package pkg.
func Tool(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Missing(t, program, "run `make peers`, or apt-get install "+pkg)
	}
	return path
}

// Node is the path of node and the folder of the npm peers (web/, with its node_modules).
// Scripts run with that folder as working directory find them by name.
func Node(t testing.TB) (node, dir string) {
	t.Helper()
	node = Tool(t, "node", "nodejs")
	dir = filepath.Join(Root(t), "web")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		Missing(t, "web/node_modules", "run `make peers`, or npm ci in web/")
	}
	return node, dir
}

// Data is the path of a third-party file of the data folder: TOCSIN_DATA, or ../shared/data.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared", "data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		Missing(t, name, "set TOCSIN_DATA to the folder that holds it")
	}
	return path
}

// Root is the project's root folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no caller information")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}
