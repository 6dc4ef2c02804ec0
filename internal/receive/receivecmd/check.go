package receivecmd

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"

	"tocsin/internal/receive"
	"tocsin/internal/receive/feedcheck"
)

// check runs the conformance check and prints its list; the error makes the exit status.
func (c followCmd) check(ctx context.Context, token string, verify receive.Verifier, secure *tls.Config) error {
	each := func(r feedcheck.Result) {
		fmt.Printf("%2d %-4s %s\n", r.N, r.Outcome, r.Name)
		if r.Reason != "" {
			fmt.Printf("        %s\n", r.Reason)
		}
	}
	if c.JSON {
		each = func(feedcheck.Result) {}
	}
	rep, err := feedcheck.Run(ctx, feedcheck.Options{URL: c.Check, Token: token, TLS: secure, Verify: verify}, each)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(rep); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d passed, %d failed, %d could not be checked; %d alerts were live\n", rep.Passed, rep.Failed, rep.Skipped, rep.Live)
	}
	if rep.Failed > 0 {
		return fmt.Errorf("the feed %s does not keep its protocol: %d of %d checks failed", c.Check, rep.Failed, len(rep.Results))
	}
	return nil
}
