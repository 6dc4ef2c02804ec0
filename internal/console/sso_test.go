package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tocsin/internal/auth"
	"tocsin/internal/sso"
)

// Each way in which single sign-on fails has words of its own, which say what to do next.
func TestSSOWords(t *testing.T) {
	c := &console{tongue: english}
	seen := map[string]error{}
	for _, err := range []error{
		auth.ErrStranger, auth.ErrAmbiguous, sso.ErrUnreachable, sso.ErrDenied, sso.ErrLate, sso.ErrClock, sso.ErrClaim, sso.ErrToken,
	} {
		status, text := c.ssoWords(fmt.Errorf("single sign-on: %w", err))
		if other, again := seen[text]; again || status < 400 || !strings.Contains(text, "ry again") && !strings.Contains(text, "another way") && !strings.Contains(text, "Try single sign-on again") {
			t.Errorf("%v: %d %q, also said of %v", err, status, text, other)
		}
		seen[text] = err
	}
	if _, text := c.ssoWords(errors.New("something new")); seen[text] != sso.ErrToken {
		t.Errorf("what nobody thought of: %q", text)
	}
}
