package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/auth"
)

// An operator, two officers and a stranger act; the operator exports the audit
// record, and who has the file and the noted head sees whatever was done to it.
func TestAuditRecord(t *testing.T) {
	o := newOffice(t)
	id := o.draft("emma")
	o.ok("submission", o.as("emma", "POST", "/"+id+"/submit", nil))
	o.ok("release", o.as("david", "POST", "/"+id+"/release", o.digest("david", id)))
	o.ok("export", o.as("fred", "GET", "/"+id+"/record", nil))
	o.operator("DELETE", "/officers/emma", nil, nil)
	if got := o.as("emma", "GET", "", nil); got.status != 401 {
		t.Errorf("a revoked officer's token: %d", got.status)
	}
	o.officer("again", auth.Auditor)
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	var out result
	for range 100 { // what happened on cases is taken from their log, a moment later
		_ = os.Remove(file) // of the try before; an export overwrites nothing
		if out = tocsin(t, "export", "--audit", file, "--data", o.conf.Data); strings.Contains(out.stdout, "entries") {
			if text, _ := os.ReadFile(file); bytes.Contains(text, []byte(`"about":"again"`)) {
				break
			}
		}
	}
	_, head, ok := strings.Cut(strings.TrimSpace(out.stdout), "head ")
	if out.code != 0 || !ok || len(head) != 64 {
		t.Fatalf("export: %+v", out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"kind":"officer_added","by":"operator","about":"emma"`, `"kind":"case_submitted","by":"emma","about":"` + id + `"`,
		`"kind":"case_released","by":"david","about":"` + id + `"`, `"kind":"case_exported","by":"fred","about":"` + id + `","detail":"record"`,
		`"kind":"officer_revoked","by":"operator","about":"emma"`, `"kind":"sign_in_failed"`, `"kind":"audit_exported","by":"operator"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the record lacks %s", want)
		}
	}
	for _, personal := range []string{"Zoé", "Gare du Nord", "127.0.0.1", password("emma"), o.tokens["emma"]} {
		if strings.Contains(string(text), personal) {
			t.Errorf("the record holds %q", personal)
		}
	}
	lines := strings.SplitAfter(strings.TrimSpace(string(text)), "\n")
	for name, damaged := range map[string]string{
		"a changed byte":   strings.Replace(string(text), `"about":"emma"`, `"about":"emmy"`, 1),
		"a removed middle": strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""),
		"a cut tail":       strings.Join(lines[:len(lines)-1], ""),
	} {
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := tocsin(t, "verify-audit", file, "--head", head); got.code == 0 || !strings.Contains(got.stderr, "does NOT hold") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tocsin(t, "verify-audit", file, "--head", head); got.code != 0 || !strings.Contains(got.stdout, "holds") {
		t.Errorf("the whole one: %+v", got)
	}
	if got := tocsin(t, "export", "--data", o.conf.Data); got.code == 0 || !strings.Contains(got.stderr, "--audit FILE") {
		t.Errorf("export of nothing: %+v", got)
	}
}
