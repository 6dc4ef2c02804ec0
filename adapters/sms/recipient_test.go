package sms

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tocsin/internal/alert"
)

func TestNewRecipient(t *testing.T) {
	salt := make([]byte, saltSize)
	everywhere := []string{"*"}
	for name, tc := range map[string]struct {
		number, country string
		want            string // E.164; empty: an error
	}{
		"international":         {"+32 470 12 34 56", "", "+32470123456"},
		"national":              {"0470/12.34.56", "BE", "+32470123456"},
		"of another country":    {"+33612345678", "BE", "+33612345678"},
		"two noughts":           {"0032470123456", "BE", "+32470123456"},
		"Arabic digits":         {"+٣٢٤٧٠١٢٣٤٥٦", "", "+32470123456"},
		"national, no country":  {"0470123456", "", ""},
		"fixed line":            {"+3225551234", "", ""},
		"premium":               {"+3290212345", "", ""},
		"too short":             {"+3247", "", ""},
		"too long":              {"+32470123456789", "", ""},
		"words":                 {"call me", "BE", ""},
		"nothing":               {"", "BE", ""},
		"a flood":               {strings.Repeat("1", 1<<20), "BE", ""},
		"no such country":       {"0470123456", "XX", ""},
		"injected line":         {"+32470123456\r\nto: x", "", ""},
		"emergency":             {"112", "BE", ""},
		"letters of the keypad": {"+32 470 CALL-ME", "", "+32470225563"},
	} {
		r, err := NewRecipient(tc.number, tc.country, everywhere, alert.French, salt)
		if tc.want == "" {
			bad, ok := errors.AsType[alert.Invalid](err)
			if !ok || bad[0].Field != "number" || (len(tc.number) > 3 && strings.Contains(err.Error(), tc.number)) {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
			continue
		}
		if err != nil || string(r.Address) != `{"msisdn":"`+tc.want+`"}` || r.Channel != Name || r.Destination != Name {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	_, err := NewRecipient("x", "", nil, "xx", nil)
	if bad, ok := errors.AsType[alert.Invalid](err); !ok || len(bad) != 4 {
		t.Errorf("not every fault at once: %v", err)
	}
}

func TestIDsTellNothing(t *testing.T) {
	one, two := make([]byte, saltSize), append(make([]byte, saltSize-1), 1)
	id := func(number string, salt []byte) string {
		r, err := NewRecipient(number, "BE", []string{"BE"}, alert.English, salt)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(r.ID) || strings.Contains(r.ID, "470") {
			t.Errorf("id %q", r.ID)
		}
		return r.ID
	}
	same := id("0470 11 22 33", one)
	if id("+32470112233", one) != same {
		t.Error("one number has two ids")
	}
	if id("+32470112234", one) == same || id("+32470112233", two) == same {
		t.Error("ids do not depend on number and salt")
	}
}

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var all sync.WaitGroup
	salts := make([]string, 8)
	for i := range salts {
		all.Go(func() {
			b, err := Salt(dir)
			if err != nil {
				t.Error(err)
			}
			salts[i] = string(b)
		})
	}
	all.Wait()
	for _, s := range salts {
		if len(s) != saltSize || s != salts[0] {
			t.Error("eight starts at once made different salts")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	info, err := os.Stat(filepath.Join(dir, "sms-salt"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sms-salt"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Salt(dir); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a damaged salt: %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "sms-salt")); string(b) != "half" {
		t.Error("a damaged salt was overwritten")
	}
	if s, err := callbackSecret(dir); err != nil || len(s) != secretSize || regexp.MustCompile(`[^A-Z2-7]`).MatchString(s) {
		t.Errorf("secret %q, %v", s, err)
	}
}
