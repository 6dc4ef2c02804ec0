package receivecmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/cap"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 22, 20, 30, 0, 0, zone)
	for s, want := range map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		"20:15":                     "2026-11-22T19:15:00Z",
		"2026-11-21T23:00:00+01:00": "2026-11-21T22:00:00Z",
		"20:31":                     "2026-11-22T19:31:00Z", // clocks differ by a minute
		"20:45":                     "has not been yet",
		"soon":                      "write 2026",
		"25:00":                     "write 2026",
	} {
		at, err := moment(s, now)
		got := at.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestCommandIsFoundBeforeItIsNeeded(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, mode := range map[string]os.FileMode{"air.sh": 0o700, "notes.txt": 0o600} {
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"":                 "",
		"./air.sh one two": filepath.Join(dir, "air.sh") + " one two",
		"./notes.txt":      "may not be run",
		"./nothing":        "no such program",
		"  ":               "name a command",
	} {
		args, err := command("exec", line)
		got := strings.Join(args, " ")
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if args, err := command("exec", "sh -c true"); err != nil || !filepath.IsAbs(args[0]) {
		t.Errorf("sh: %v, %v", args, err)
	}
}

func TestAccess(t *testing.T) {
	dir := t.TempDir()
	file := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	for _, home := range []string{old, fresh} {
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := cap.LoadOrCreateSigner(home, "issuer"); err != nil {
			t.Fatal(err)
		}
	}
	cert := filepath.Join(old, cap.CertFile)
	good := access{TokenFile: file("token", " st-x.secret\n"), Cert: []string{cert, filepath.Join(fresh, cap.CertFile)}}
	token, verify, secure, err := good.load()
	if err != nil || token != "st-x.secret" || secure.RootCAs != nil || len(secure.Certificates) != 0 {
		t.Errorf("%q, %v, %+v", token, err, secure)
	}
	if err := verify([]byte("<alert/>")); err == nil {
		t.Error("what nobody signed is taken for genuine")
	}
	good.CA, good.ClientCert, good.ClientKey = cert, cert, filepath.Join(old, cap.KeyFile)
	if _, _, secure, err := good.load(); err != nil || secure.RootCAs == nil || len(secure.Certificates) != 1 {
		t.Errorf("with a certificate of its own: %+v, %v", secure, err)
	}
	for name, tt := range map[string]struct {
		change func(*access)
		want   string
	}{
		"an empty token":        {func(a *access) { a.TokenFile = file("empty", "\n") }, "is empty"},
		"a token without end":   {func(a *access) { a.TokenFile = file("long", strings.Repeat("x", 5<<10)) }, "is over 4096 bytes"},
		"a key for certificate": {func(a *access) { a.Cert = []string{filepath.Join(old, cap.KeyFile)} }, "CERTIFICATE"},
		"no authority":          {func(a *access) { a.CA = file("ca", "x") }, "no PEM certificate"},
		"another's key":         {func(a *access) { a.ClientKey = filepath.Join(fresh, cap.KeyFile) }, "client certificate"},
	} {
		a := good
		tt.change(&a)
		if _, _, _, err := a.load(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestFollowNamesEverythingThatIsMissing(t *testing.T) {
	err := followCmd{JSON: true, access: access{ClientCert: "x"}}.complete()
	for _, want := range []string{"--cert", "--feed", "--dir", "--json", "--client-key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err := (followCmd{Check: "https://a.example", access: access{TokenFile: "t", Cert: []string{"c"}}}).complete(); err != nil {
		t.Errorf("--check wants too much: %v", err)
	}
}

func TestStatusPageIsForThisMachine(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:0": "", "localhost:0": "", "[::1]:0": "",
		"0.0.0.0:0": "this machine alone", ":0": "this machine alone", "192.0.2.1:80": "this machine alone",
		"desk:80": "this machine alone", "127.0.0.1": "give HOST:PORT",
	} {
		ln, err := listen(t.Context(), addr)
		if ln != nil {
			_ = ln.Close()
		}
		if addr == "[::1]:0" && err != nil && !strings.Contains(err.Error(), "this machine") {
			continue // no IPv6 here
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}
