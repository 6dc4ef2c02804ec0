package scenario

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whoever subscribes while a child is being searched for is told of that child
// within seconds, and not only of the next revision; and the operator sees that
// his device is there.
func TestSubscribingDuringAnAlert(t *testing.T) {
	w := newWorld(t)
	w.open(1, 1)
	w.published() // and updated: two revisions

	late := subscribe(t, w.push, w.url("/v1/push/subscriptions"))
	var title string
	eventually(t, 10*time.Second, "the newcomer is told", func() error {
		got := late.Messages()
		if len(got) != 1 {
			return fmt.Errorf("he has %d messages", len(got))
		}
		plain, err := late.Decrypt(got[0])
		if err != nil {
			return err
		}
		var m struct {
			Notification struct{ Title string }
		}
		title = ""
		if err := json.Unmarshal(plain, &m); err != nil {
			return err
		}
		title = m.Notification.Title
		return nil
	})
	if !strings.HasPrefix(title, "EXERCICE") {
		t.Errorf("he is told %q", title)
	}
	if n := len(w.citizens[0].Messages()); n != 2 {
		t.Errorf("his neighbour got %d messages", n)
	}

	got := tocsin(t, "recipients", "push-health", "--data", w.conf.Data)
	if got.code != 0 || !strings.Contains(got.stdout, w.push.URL()) || !strings.Contains(got.stdout, "\nBE ") || strings.Contains(got.stdout, late.ID) {
		t.Errorf("push-health: %d %s%s", got.code, got.stdout, got.stderr)
	}
	eventually(t, 5*time.Second, "two devices among the metrics", func() error {
		metrics := string(ask(t, request{url: "http://" + w.conf.Ops + "/metrics"}).body)
		if !strings.Contains(metrics, `tocsin_push_devices{seen="week",service="`+w.push.URL()+`"} 2`) || !strings.Contains(metrics, `tocsin_push_area_devices{area="BE"} 2`) {
			return fmt.Errorf("the metrics say %s", metrics)
		}
		return nil
	})
}
