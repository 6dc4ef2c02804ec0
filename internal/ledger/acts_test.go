package ledger

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/internal/adapter"
)

// A station's words about a case are found over all revisions, in order, and nobody else's with them.
func TestActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLedger()
		for revision := range 2 {
			record(t, l, batch("broadcast", revision+1, Entry{Recipient: "st", State: adapter.Sent, At: time.Now(), Attempt: 1}))
			record(t, l, batch("broadcast", revision+1, Entry{Recipient: "other", State: adapter.Seen, At: time.Now(), Said: true}))
		}
		for _, x := range []struct {
			revision int
			state    adapter.State
			by       string
		}{{2, adapter.Received, ""}, {1, adapter.OnAir, "Eva"}, {2, adapter.Seen, "Ivo"}, {2, adapter.Failed, "Ivo"}} {
			time.Sleep(2 * time.Minute)
			r := adapter.Report{Channel: "broadcast", Recipient: "st", Identifier: fmt.Sprintf("T-C-%d", x.revision), Revision: x.revision, State: x.state, By: x.by}
			if err := l.Report(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		var got strings.Builder
		for _, a := range l.Acts("C", "broadcast", "st") {
			got.WriteString(fmt.Sprintf("%d %s %s %s, ", a.Revision, a.Identifier, a.State, a.By))
			if a.Released.IsZero() {
				t.Errorf("%s has no release", a.Identifier)
			}
		}
		if want := "2 T-C-2 received , 1 T-C-1 on_air Eva, 2 T-C-2 seen Ivo, 2 T-C-2 failed Ivo, "; got.String() != want {
			t.Errorf("acts\n%s, want\n%s", got.String(), want)
		}
		if l.Acts("D", "broadcast", "st") != nil || l.Acts("C", "sms", "st") != nil || l.Acts("C", "broadcast", "nobody") != nil {
			t.Error("acts of another case, channel or recipient")
		}
		if got := l.LastAct("broadcast", "st"); !got.Equal(time.Now()) {
			t.Errorf("last act %v, want now", got)
		}
		if !l.LastAct("broadcast", "nobody").IsZero() {
			t.Error("nobody has said something")
		}
	})
}
