package scenario

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/cap"
)

// result is how a command ended.
type result struct {
	stdout, stderr string
	code           int
}

// tocsin runs a command that ends by itself.
func tocsin(t *testing.T, args ...string) result {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("tocsin %s: %v", strings.Join(args, " "), err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// commands are those that the program lists, as an operator types them.
func commands(t *testing.T) []string {
	t.Helper()
	top := tocsin(t, "--help")
	_, list, ok := strings.Cut(top.stdout, "Commands:\n")
	if top.code != 0 || !ok {
		t.Fatalf("tocsin --help ends with %d:\n%s", top.code, top.stdout)
	}
	var all []string
	for line := range strings.SplitSeq(list, "\n") {
		if !strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "   ") {
			continue // what it does
		}
		line, _, _ = strings.Cut(line, " <")
		line, _, _ = strings.Cut(line, " [")
		line, _, _ = strings.Cut(line, " --")
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// The operator learns each command from the command itself.
func TestEveryCommandHelps(t *testing.T) {
	all := commands(t)
	for _, name := range all {
		got := tocsin(t, append(strings.Fields(name), "--help")...)
		if got.code != 0 || !strings.Contains(got.stdout, "Usage: tocsin "+name) {
			t.Errorf("tocsin %s --help ends with %d and says:\n%s", name, got.code, got.stdout)
		}
		if _, example, ok := strings.Cut(got.stdout, "Example:"); !ok || !strings.Contains(example, "tocsin "+name) {
			t.Errorf("tocsin %s --help has no example", name)
		}
	}
	for _, name := range []string{"serve", "demo", "channel", "receive follow", "receive on-air", "check", "keys", "users add", "verify", "export"} {
		if !slices.Contains(all, name) {
			t.Errorf("tocsin --help does not list %s", name)
		}
	}
}

// realCert is the file of an issuer's certificate.
func realCert(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := cap.LoadOrCreateSigner(dir, "test"); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, cap.CertFile)
}

// What goes wrong is told in one clear sentence, and a script can see it.
func TestEveryCommandFailsClearly(t *testing.T) {
	empty := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(empty, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	junk := file("junk", "<alert>")
	cases := []struct {
		args string
		want string // part of the sentence
	}{
		{"", "expected one of"},
		{"ring", "ring"},
		{"serve --data " + empty + " --listen nowhere", "HOST:PORT"},
		{"serve --data " + empty + " --realm both", "live"},
		{"serve --data " + empty + " --nats-listen 0.0.0.0:0", "TLS"},
		{"keys --nats-files --data " + file("another-file", ""), "another-file"},
		{"recipients add-station Radio --data " + empty + " --nats " + filepath.Join(empty, "x.creds"), "no server runs"},
		{"recipients add-station Radio --data " + empty + " --nats " + filepath.Join(empty, "none", "x.creds"), "credentials file"},
		{"serve --config " + file("typo.json", `{"relm":"drill"}`), "relm"},
		{"check --config " + file("half.json", `{"realm":`), "half.json"},
		{"check --config " + file("two.json", `{} {}`), "after the closing brace"},
		{"check", "data"},
		{"channel fax --data " + empty, "--nats"},
		{"channel fax --nats nats://127.0.0.1:1 --data " + empty, "fax"},
		{"keys --data " + file("a-file", ""), "a-file"},
		{"users add anna --data " + empty + " --name Anna --role king", "king"},
		{"users list --data " + empty, "no server runs"},
		{"users token anna --data " + empty, "no server runs"},
		{"users revoke anna --data " + empty, "no server runs"},
		{"recipients add-station Radio --data " + empty, "no server runs"},
		{"recipients add-partner Town https://town.example/hook --data " + empty, "no server runs"},
		{"recipients import-phones " + file("phones.csv", "one field\n") + " --data " + empty, "line 1"},
		{"recipients list sms --data " + empty, "no server runs"},
		{"recipients remove sms x --data " + empty, "no server runs"},
		{"export ABC --data " + empty, "no server runs"},
		{"verify " + junk, "--cert"},
		{"verify " + junk + " --cert " + junk, "CERTIFICATE"},
		{"receive", "--feed: give the feed's address"},
		{"receive --feed http://127.0.0.1:1 --cert " + junk + " --dir " + empty, "--token-file"},
		{"receive --feed http://127.0.0.1:1 --token-file " + junk + " --cert " + realCert(t) + " --dir " + empty + " --exec ./no-such-program", "--exec ./no-such-program: there is no such program"},
		{"receive --feed http://127.0.0.1:1 --token-file " + junk + " --cert " + realCert(t) + " --dir " + empty + " --status 0.0.0.0:1", "this machine alone"},
		{"receive --feed http://a.example --token-file " + junk + " --cert " + realCert(t) + " --dir " + empty, "in the clear"},
		{"receive seen --dir " + empty, "no receiver has written here yet"},
		{"receive seen --dir " + empty + " --at 25:99", "--at"},
		{"receive declined x --dir " + empty, "reason: declined needs one"},
		{"receive --feed http://127.0.0.1:1 --token-file " + junk + " --cert " + junk + " --dir " + empty, "CERTIFICATE"},
	}
	for _, c := range cases {
		got := tocsin(t, strings.Fields(c.args)...)
		said := strings.TrimSpace(got.stderr)
		lines := strings.Split(said, "\n")
		if got.code == 0 {
			t.Errorf("tocsin %s ends with 0", c.args)
		}
		if sentence := lines[len(lines)-1]; !strings.Contains(said, "tocsin: ") || !strings.Contains(said, c.want) || strings.Contains(said, "goroutine ") || sentence == "" {
			t.Errorf("tocsin %s says %q, want a sentence with %q", c.args, said, c.want)
		}
		if len(lines) > 3 {
			t.Errorf("tocsin %s says more than a sentence:\n%s", c.args, said)
		}
	}
}
