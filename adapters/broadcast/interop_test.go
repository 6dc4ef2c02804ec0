package broadcast

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/receive"
)

// document is a CAP document that says what m says; its signature is the verifier's affair.
func document(m *alert.Message) []byte {
	var b bytes.Buffer
	text := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	t := m.Texts[alert.French]
	fmt.Fprintf(&b, `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>%s</identifier><sent>%s</sent><status>%s</status><msgType>%s</msgType><incidents>%s</incidents><info><language>fr</language><expires>%s</expires><headline>%s</headline>`,
		m.Identifier, m.Sent.Format(time.RFC3339), m.Status, m.MsgType, m.Case, m.Expires.Format(time.RFC3339), text(t.Headline))
	for name, value := range map[string]string{
		"EASText": t.Crawl, "layer:tocsin:1.0:spoken": t.Spoken, "layer:tocsin:1.0:radiotext": t.RadioText,
		"layer:tocsin:1.0:revision": fmt.Sprint(m.Revision),
	} {
		fmt.Fprintf(&b, "<parameter><valueName>%s</valueName><value>%s</value></parameter>", name, text(value))
	}
	b.WriteString("</info></alert>")
	return b.Bytes()
}

// TestReceiverAndFeed lets the station's receiver follow two nodes of one log
// through an alert, an update, the death of a node and a withdrawal.
func TestReceiverAndFeed(t *testing.T) {
	w := newWorld(t, nil)
	second := &world{t: t, log: w.log, reg: w.reg, inbox: w.inbox}
	second.open(nil)
	id, token := w.station("BE")
	dir := t.TempDir()
	var mu sync.Mutex
	var stored, alarms []string
	r, err := receive.New(receive.Options{
		Feeds: []string{w.srv.URL, second.srv.URL}, Token: token, Dir: dir,
		Verify: func(cap []byte) error { return nil },
		OnRevision: func(r receive.Revision) {
			mu.Lock()
			defer mu.Unlock()
			stored = append(stored, r.Identifier)
		},
		OnAlarm: func(a receive.Alarm) {
			mu.Lock()
			defer mu.Unlock()
			if a.Kind != receive.AlarmConnected {
				alarms = append(alarms, fmt.Sprintf("%s: %s", a.Kind, a.Text))
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer all.Wait()
	defer cancel()
	has := func(identifier string, state adapter.State) func() bool {
		return func() bool {
			return slices.ContainsFunc(w.inbox.all(), func(rep adapter.Report) bool {
				return rep.Recipient == id && rep.Identifier == identifier && rep.State == state
			})
		}
	}
	put := func(rev int, typ alert.MsgType) *alert.Message {
		m := msg("zoe", rev, typ)
		m.CAP = document(m)
		w.log.put(m)
		return m
	}
	w.until("both nodes have it", func() bool { return w.feed.Stats().Sessions == 1 && second.feed.Stats().Sessions == 1 })
	m := put(1, alert.TypeAlert)
	w.until("received", has(m.Identifier, adapter.Received))
	if got, err := os.ReadFile(filepath.Join(dir, "alerts", "zoe-1", "cap.xml")); err != nil || !bytes.Equal(got, m.CAP) {
		t.Errorf("cap.xml: %q, %v", got, err)
	}
	if err := r.Report(receive.Receipt{Identifier: m.Identifier, Revision: 1, State: "declined", Reason: "football"}); err != nil {
		t.Error(err)
	}
	w.until("declined", has(m.Identifier, adapter.Declined))
	second.close()
	m = put(2, alert.TypeUpdate)
	w.until("the update is received", has(m.Identifier, adapter.Received))
	m = put(3, alert.TypeCancel)
	w.until("removed", has(m.Identifier, adapter.Removed))
	entries, err := os.ReadDir(filepath.Join(dir, "alerts"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "zoe-3" {
		t.Errorf("left: %v, %v", entries, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(stored, " "); got != "be.police.zoe.1 be.police.zoe.2 be.police.zoe.3" {
		t.Errorf("stored %s", got)
	}
	if len(alarms) > 0 {
		t.Errorf("alarms %v", alarms)
	}
}
