// Package oidc starts npm's oidc-provider, a certified OpenID provider, for
// tests of single sign-on.
package oidc

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tocsin/internal/peertest"
)

//go:embed provider.mjs
var script string

// Provider is a running one. Its sign-in page takes any name with any password;
// the name is the claim preferred_username, and NAME@police.example the claim
// email, verified of everybody but "unverified".
type Provider struct {
	Issuer   string
	ClientID string
	Secret   string
}

// Start runs a provider that leads back to the address given, until the test
// ends. lean gives ID tokens without the claims of the profile, as the standard
// has it: they are at the userinfo address then.
func Start(t testing.TB, back string, lean bool) Provider {
	t.Helper()
	node, dir := peertest.Node(t)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		peertest.Missing(t, "oidc-provider", "run `make peers`, or npm ci in web/")
	}
	p := Provider{ClientID: "tocsin", Secret: "a secret of forty-odd characters, for a test"}
	options, err := json.Marshal(map[string]any{"client": p.ClientID, "secret": p.Secret, "back": back, "lean": lean})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "--input-type=module", "-e", script, string(options))
	cmd.Dir = dir // where the script finds its packages
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its error says so
		if t.Failed() {
			t.Logf("oidc-provider: %s", said.b)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("oidc-provider did not start: %v\n%s", err, said.b)
	}
	if err := json.Unmarshal([]byte(line), &p.Issuer); err != nil {
		t.Fatalf("oidc-provider said %q: %v", line, err)
	}
	return p
}

// tail keeps the last of what a program says.
type tail struct{ b []byte }

func (w *tail) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	w.b = w.b[max(0, len(w.b)-4096):]
	return len(p), nil
}
