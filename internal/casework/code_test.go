package casework

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/auth"
	"tocsin/internal/totp"
)

// withApp gives dora, who has no passkey, an authenticator app.
func withApp(t *testing.T, w *world) (*auth.Book, *auth.Passkeys, string, []string) {
	t.Helper()
	keys, _ := keyring(t, w)
	book := must[*auth.Book](t)(auth.New(t.Context(), w.cases))
	app := must[auth.NewApp](t)(book.NewApp(dora, "Tocsin"))
	recovery := must[[]string](t)(book.EnrolApp(t.Context(), dora, app.Sealed, codeOf(t, app.Secret, 0)))
	return book, keys, app.Secret, recovery
}

func codeOf(t *testing.T, secret string, shift time.Duration) string {
	t.Helper()
	return must[string](t)(totp.Code(secret, time.Now().Add(shift)))
}

// An approver without a passkey confirms by a code, once, and the record says so.
func TestReleaseByCode(t *testing.T) {
	w := newWorld()
	book, keys, secret, recovery := withApp(t, w)
	s := w.boot(t, func(d *Deps) { d.Passkeys, d.Codes = keys, book })
	ctx := t.Context()
	c, other := submitted(t, s), submitted(t, s)
	if with := s.Confirmation(dora); !with.Code || with.Needed {
		t.Errorf("confirmed by %+v", with)
	}
	for name, answer := range map[string]string{"none": "", "wrong": "000000", "a passkey's answer": `{"id":"x"}`} {
		_, err := s.ReleaseSigned(ctx, dora, c.ID, c.Digest, []byte(answer))
		if v, ok := errors.AsType[alert.Invalid](err); !ok || v[0].Field != "code" || !strings.HasSuffix(v[0].Text, ".") {
			t.Errorf("%s: %v", name, err)
		}
	}
	code := []byte(codeOf(t, secret, totp.Period))
	for range 2 { // the same page sent twice
		c = must[Case](t)(s.ReleaseSigned(ctx, dora, c.ID, c.Digest, code))
	}
	if c.Stage != StageReleased || len(w.published(t, c.ID)) != 1 {
		t.Fatalf("after the release: %s", c.Stage)
	}
	_, err := s.ReleaseSigned(ctx, dora, other.ID, other.Digest, code)
	if v, ok := errors.AsType[alert.Invalid](err); !ok || v[0].Code != "used" {
		t.Errorf("the same code for another alert: %v", err)
	}
	must[Case](t)(s.ReleaseSigned(ctx, dora, other.ID, other.Digest, []byte(recovery[0])))
	for id, want := range map[string]auth.Way{c.ID: auth.ByCode, other.ID: auth.ByRecovery} {
		proofs := must[[]ReleaseProof](t)(Examine(must[[][]byte](t)(s.RawRecord(ctx, id))))
		if len(proofs) != 1 || proofs[0].Event.Code != want || proofs[0].Event.Signature != nil {
			t.Errorf("the record proves %+v", proofs)
		}
	}
}

// A code never stands for a passkey where one is enrolled or required, and
// nobody is asked for one where the policy is off.
func TestCodePolicy(t *testing.T) {
	for _, tt := range []struct {
		policy   PasskeyPolicy
		keyless  bool
		by       auth.Officer
		asked    bool
		released bool // by a right code
	}{
		{"", false, dora, true, true},
		{"", true, dora, true, true},
		{PasskeyWhenEnrolled, false, dora, true, true},
		{PasskeyWhenEnrolled, false, cleo, false, false}, // has a passkey
		{PasskeyRequired, false, dora, false, false},
		{PasskeyOff, false, dora, false, true},
	} {
		w := newWorld()
		book, keys, secret, _ := withApp(t, w)
		s := w.boot(t, func(d *Deps) {
			d.Codes, d.Policy.Passkey = book, tt.policy
			if !tt.keyless {
				d.Passkeys = keys
			}
		})
		c := submitted(t, s)
		if with := s.Confirmation(tt.by); with.Code != tt.asked {
			t.Errorf("%q, %s: confirmed by %+v", tt.policy, tt.by.ID, with)
		}
		_, err := s.ReleaseSigned(t.Context(), tt.by, c.ID, c.Digest, []byte(codeOf(t, secret, totp.Period)))
		if released := err == nil; released != tt.released {
			t.Errorf("%q, %s: released %v, %v", tt.policy, tt.by.ID, released, err)
		}
	}
}
