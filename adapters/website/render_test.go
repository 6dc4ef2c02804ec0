package website

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

func TestRender(t *testing.T) {
	w, _ := channel(t, true)
	for kind, typ := range map[alert.MsgType]string{
		alert.TypeAlert: "alert.live", alert.TypeUpdate: "alert.updated", alert.TypeCancel: "alert.withdrawn",
	} {
		m := message(t, kind, 2, hostile)
		p, err := w.Render(m, alert.French)
		if err != nil {
			t.Fatal(err)
		}
		var e event
		if err := json.Unmarshal(p.Body, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != typ || !e.Timestamp.Equal(m.Sent) || p.MIME != "application/json" {
			t.Errorf("%s: type %q at %s as %s", kind, e.Type, e.Timestamp, p.MIME)
		}
		want, err := json.Marshal(m.Public("https://alerts.example"))
		if err != nil {
			t.Fatal(err)
		}
		var public alert.Public
		if err := json.Unmarshal(want, &public); err != nil || !reflect.DeepEqual(e.Data, public) {
			t.Errorf("%s: data is %+v, want that of /v1/alerts: %+v", kind, e.Data, public)
		}
		if bytes.ContainsAny(p.Body, "<>") {
			t.Errorf("%s: markup in the body: %s", kind, p.Body)
		}
		if kind != alert.TypeCancel && e.Data.Children[0].GivenName != hostile {
			t.Errorf("%s: the name is %q", kind, e.Data.Children[0].GivenName)
		}
		if part := p.Parts[0]; part.Text != m.Texts[alert.French].Headline || part.Count > part.Limit || !strings.HasPrefix(part.Text, "EXERCICE") {
			t.Errorf("%s: the preview is %+v", kind, part)
		}
		again, err := w.Render(m, alert.French)
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s: the same message gives another payload, %v", kind, err)
		}
	}
}

// The withdrawal that a partner gets, with all its headers, names nobody.
func TestWithdrawalNamesNobody(t *testing.T) {
	w, _ := channel(t, true)
	s := serve(t, nil)
	r, _ := recipient(t, w, s.URL)
	one(t, w, message(t, alert.TypeAlert, 1, "Anna"), r)
	one(t, w, message(t, alert.TypeCancel, 2, "Anna"), r)
	got := s.heard()
	for _, word := range []string{"Anna", "k3X9vQ2mT7", "/photos/", "3225544000", "given_name", "Gare"} {
		if !bytes.Contains(got[0].body, []byte(word)) {
			t.Errorf("the alert lacks %q: the test looks for the wrong thing", word)
		}
		var head bytes.Buffer
		if err := got[1].header.Write(&head); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(append(head.Bytes(), got[1].body...), []byte(word)) {
			t.Errorf("the withdrawal holds %q: %s", word, got[1].body)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	w, _ := channel(t, true)
	m := message(t, alert.TypeAlert, 1, "Anna")
	text := m.Texts[alert.French]
	text.Description = strings.Repeat("é", maxBody)
	m.Texts[alert.French] = text
	_, err := w.Render(m, alert.French)
	if invalid, ok := errors.AsType[alert.Invalid](err); !ok || invalid[0].Field != "facts" {
		t.Errorf("too long: %v", err)
	}
	m.MsgType = "Ack"
	if _, err := w.Render(m, alert.French); err == nil || !strings.Contains(err.Error(), "msg_type") {
		t.Errorf("another type: %v", err)
	}
}

func TestBase(t *testing.T) {
	for page, want := range map[string]string{
		"https://alerts.example/*/alerts/X":    "https://alerts.example",
		"http://10.0.0.5:8080/sub/*/alerts/X":  "http://10.0.0.5:8080/sub",
		"http://127.0.0.1:41001/*/alerts/7GQ2": "http://127.0.0.1:41001",
	} {
		if got := base(&alert.Message{Page: page}); got != want {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := PublicKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := PublicKey(dir)
	if err != nil || first != second || !strings.HasPrefix(first, "whpk_") {
		t.Errorf("keys %q and %q, %v: partners pin it", first, second, err)
	}
	path := filepath.Join(dir, "webhook.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v, %v; want 0600", info.Mode(), err)
	}
	for _, damaged := range []string{"", "{", `{"ed25519_seed":"AAAA"}`} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := PublicKey(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v, want it to say damaged", damaged, err)
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != damaged {
			t.Errorf("the damaged key was overwritten: %q, %v", kept, err)
		}
	}
}
