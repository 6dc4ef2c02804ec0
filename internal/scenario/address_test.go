package scenario

import (
	"path/filepath"
	"strings"
	"testing"
)

// An address that another program holds is told with the mend.
func TestAddressInUse(t *testing.T) {
	s := newServer(t, nil)
	s.start()
	r := tocsin(t, "serve", "--data", filepath.Join(s.dir, "other"), "--listen", s.conf.Listen, "--ops", freePort(t))
	if r.code == 0 || !strings.Contains(r.stderr, s.conf.Listen) || !strings.Contains(r.stderr, "choose another public address") {
		t.Errorf("code %d, %q", r.code, r.stderr)
	}
}
