package sms

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// TestNetSMPPTakesOurMessages binds to the example centre of Perl's Net::SMPP,
// which gives every message the same id and sends no receipts.
func TestNetSMPPTakesOurMessages(t *testing.T) {
	const example = "/usr/share/doc/libnet-smpp-perl/examples/smsc.pl"
	perl := peertest.Tool(t, "perl", "perl")
	script, err := os.ReadFile(example)
	if err != nil {
		peertest.Missing(t, example, "run `make peers`, or apt-get install libnet-smpp-perl")
	}
	port := freePort(t)
	for from, to := range map[string]string{
		`\$port = 9900;`:        "$port = " + strconv.Itoa(port) + ";",
		`\$host = 'localhost';`: "$host = '127.0.0.1';",
	} {
		e := regexp.MustCompile(from)
		if !e.Match(script) {
			t.Fatalf("the example has no %s", from)
		}
		script = e.ReplaceAllLiteral(script, []byte(to))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "smsc.pl")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, perl, path, "3")
	waitFor(t, port)
	f := start(t, gate(t, "127.0.0.1:"+strconv.Itoa(port)))
	d := f.delivery(t, message())
	for _, lang := range []alert.Lang{alert.English, alert.Russian} {
		for i, r := range f.send(t, d, f.people(t, 20, lang)) {
			if r.Failure != nil || r.State != adapter.Accepted || r.Ref != "one/123456789" {
				t.Fatalf("recipient %d: %+v %v", i, r, r.Failure)
			}
		}
	}
}
