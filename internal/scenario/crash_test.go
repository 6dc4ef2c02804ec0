package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/client"
	"tocsin/internal/peers/partner"
	"tocsin/internal/peers/pushservice"
)

// crashWorld is a server process with citizens and a partner that outlive it.
type crashWorld struct {
	*server
	push             *pushservice.Service
	partner          *partner.Partner
	citizens         []*pushservice.Subscriber
	author, approver client.Officer
}

func newCrashWorld(t *testing.T, citizens int) *crashWorld {
	t.Helper()
	push, err := pushservice.Start(pushservice.Options{TLS: true, Keep: 1000, Delay: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = push.Close() })
	site, err := partner.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	ca := filepath.Join(t.TempDir(), "push.pem")
	if err := os.WriteFile(ca, push.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(map[string]any{"root_cas": ca, "subscribe_per_minute": 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	w := &crashWorld{
		server: newServer(t, map[string]json.RawMessage{"webpush": set, "website": json.RawMessage(`{}`)}),
		push:   push, partner: site,
	}
	w.start()
	w.author = w.officer("author", "author")
	w.approver = w.officer("approver", "approver")
	var made []app.Secret
	w.operator("POST", "/recipients/website", app.NewRecipient{
		Name: "Town", Endpoint: site.URL(), Areas: []string{"*"}, Lang: alert.English,
	}, &made)
	keys, err := app.Keys(w.conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Trust(made[0].Secret, keys.Webhook); err != nil {
		t.Fatal(err)
	}
	for range citizens {
		w.subscribe()
	}
	return w
}

// subscribe adds one citizen through the public address.
func (w *crashWorld) subscribe() {
	w.t.Helper()
	sub, err := w.push.NewSubscriber("")
	if err != nil {
		w.t.Fatal(err)
	}
	w.citizens = append(w.citizens, sub)
	body := fmt.Sprintf(`{"subscription":%s,"regions":["BE"],"lang":"fr"}`, sub.JSON())
	resp, err := http.Post("http://"+w.conf.Listen+"/v1/push/subscriptions", "application/json", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		w.t.Fatalf("subscribe: %s", resp.Status)
	}
}

// have is how many messages each citizen holds.
func (w *crashWorld) have() []int {
	out := make([]int, len(w.citizens))
	for i, c := range w.citizens {
		out[i] = len(c.Messages())
	}
	return out
}

// since says how many citizens got something after before, and how many messages came beyond one each.
func (w *crashWorld) since(before []int) (reached, twice int) {
	for i, n := range w.have() {
		if n > before[i] {
			reached++
			twice += n - before[i] - 1
		}
	}
	return reached, twice
}

// TestCrashDuringFanOut kills the server with kill -9 at many points of a
// fan-out and starts it again: every recipient of an acknowledged release is
// reached, and the duplicates are counted.
func TestCrashDuringFanOut(t *testing.T) {
	const citizens = 600
	w := newCrashWorld(t, citizens)
	after := func(d time.Duration) func([]int) { return func([]int) { time.Sleep(d) } }
	reached := func(n int) func([]int) {
		return func(before []int) {
			eventually(t, 30*time.Second, "messages before the crash", func() error {
				if got, _ := w.since(before); got < n {
					return fmt.Errorf("%d citizens reached, want %d", got, n)
				}
				return nil
			})
		}
	}
	moments := []struct {
		name string
		wait func(before []int) // returns when the moment to kill has come
	}{
		{"at once, before planning", after(0)},
		{"3 ms after the release", after(3 * time.Millisecond)},
		{"10 ms after the release", after(10 * time.Millisecond)},
		{"30 ms after the release", after(30 * time.Millisecond)},
		{"after the first message, before its receipt", reached(1)},
		{"in the middle of a batch", reached(citizens / 4)},
		{"with half of them reached", reached(citizens / 2)},
		{"after the last message, before its receipt", reached(citizens)},
	}
	total := 0
	for round, m := range moments {
		before := w.have()
		id := released(t, w.author, w.approver)
		m.wait(before)
		w.kill()
		w.start()
		eventually(t, time.Minute, "every citizen after a crash "+m.name, func() error {
			b, err := w.author.Board(t.Context(), id)
			if err != nil {
				return err
			}
			for _, c := range b.Channels {
				if c.Channel == "webpush" && c.Recipients == citizens && c.Accepted == citizens {
					return nil
				}
			}
			return fmt.Errorf("the board says %+v", b.Channels)
		})
		got, twice := w.since(before)
		if got != citizens {
			t.Errorf("kill -9 %s: the board says all, but %d of %d have it", m.name, got, citizens)
		}
		t.Logf("kill -9 %s: %d of %d reached, %d messages twice", m.name, got, citizens, twice)
		total += twice
		eventually(t, 30*time.Second, "partner", func() error {
			if n := len(w.partner.Got()); n < round+1 {
				return fmt.Errorf("%d webhooks, want %d", n, round+1)
			}
			return nil
		})
	}
	t.Logf("duplicates over %d crashes: %d beside %d wanted messages", len(moments), total, len(moments)*citizens)
}
