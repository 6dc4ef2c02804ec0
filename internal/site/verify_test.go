package site

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"tocsin/internal/alert"
)

func (w *world) judge(document []byte) (v verdict, status int) {
	w.t.Helper()
	r := w.ask(http.MethodPost, "/verify", bytes.NewReader(document), "Content-Type", "application/cap+xml; charset=utf-8")
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		w.t.Fatal(err)
	}
	return v, r.StatusCode
}

func TestVerifyDocument(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	if v, _ := w.judge(m.CAP); !v.Genuine || v.State != "live" || v.Identifier != m.Identifier || !v.Sent.Equal(m.Sent) {
		t.Errorf("a live document: %+v", v)
	}
	for name, document := range map[string][]byte{
		"another name":  bytes.Replace(m.CAP, []byte(girl), []byte("Mathilda."), 1),
		"no signature":  []byte(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>`),
		"no XML":        []byte("hello"),
		"entities":      []byte(`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">&x;</alert>`),
		"somebody else": newWorld(t, nil).story(nil).CAP,
	} {
		if v, status := w.judge(document); status != http.StatusOK || v.Genuine || v.Reason == "" || v.Identifier != "" {
			t.Errorf("%s: %d %+v", name, status, v)
		}
	}
	second := w.publish(w.story(func(u *alert.Message) {
		u.Revision, u.MsgType = 2, alert.TypeUpdate
		u.References = []alert.Ref{{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent}}
	}))
	if v, _ := w.judge(m.CAP); !v.Genuine || v.State != "superseded" {
		t.Errorf("an updated document: %+v", v)
	}
	cancel := w.withdraw(second, alert.OutcomeFound)
	for _, document := range [][]byte{m.CAP, second.CAP, cancel.CAP} {
		if v, _ := w.judge(document); !v.Genuine || v.State != "ended" {
			t.Errorf("a document of an ended alert: %+v", v)
		}
	}
	if v, _ := w.judge(w.story(func(m *alert.Message) { m.Case = "7GQ2XKPB4MNZ" }).CAP); !v.Genuine || v.State != "unknown" {
		t.Errorf("genuine and never published: %+v", v)
	}
}

func TestVerifyBounds(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		kind string
		size int
		want int
	}{{"application/cap+xml", maxDocument + 1, 413}, {"text/plain", 10, 415}, {"", 10, 415}, {"text/xml", 10, 200}} {
		r := w.ask(http.MethodPost, "/verify", strings.NewReader(strings.Repeat("x", c.size)), "Content-Type", c.kind)
		if r.StatusCode != c.want {
			t.Errorf("%d bytes of %q: %d, want %d", c.size, c.kind, r.StatusCode, c.want)
		}
	}
}

// form is a multipart form with fields and perhaps a file.
func form(t *testing.T, document string, file []byte) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	if err := f.WriteField("document", document); err != nil {
		t.Fatal(err)
	}
	part, err := f.CreateFormFile("file", "alert.xml")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = f.Close()
	return &b, f.FormDataContentType()
}

func TestVerifyForm(t *testing.T) {
	w := newWorld(t, nil)
	m := w.publish(w.story(nil))
	// A browser sends pasted lines with CRLF; XML takes them for the same.
	pasted := strings.ReplaceAll(string(m.CAP), "\n", "\r\n")
	for _, c := range []struct {
		name, document string
		file           []byte
		status         int
		says           string
	}{
		{"pasted", pasted, nil, 200, "Dieses Dokument ist echt"},
		{"a file", "", m.CAP, 200, "Es gilt jetzt."},
		{"forged", strings.Replace(pasted, girl, "Mathilda.", 1), nil, 200, "Dieses Dokument ist nicht echt"},
		{"markup", "<script>alert(1)</script>", nil, 200, "nicht echt"},
		{"nothing", " \n ", nil, 422, "Wählen Sie eine Datei"},
		{"too much", strings.Repeat("x", maxVerifyForm), nil, 413, "zu groß"},
		{"too large a file", "", bytes.Repeat([]byte("x"), maxDocument+1), 413, "zu groß"},
	} {
		body, kind := form(t, c.document, c.file)
		r := w.ask(http.MethodPost, "/de/verify", body, "Content-Type", kind)
		page := text(t, r)
		if r.StatusCode != c.status || !strings.Contains(page, c.says) || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d without %q: %s", c.name, r.StatusCode, c.says, page)
		}
		if strings.Contains(page, girl) || strings.Contains(page, "<script>") {
			t.Errorf("%s: the page repeats the document", c.name)
		}
	}
	r := w.ask(http.MethodPost, "/de/verify", strings.NewReader(url.Values{"document": {string(m.CAP)}}.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if page := text(t, r); !strings.Contains(page, "Dieses Dokument ist echt") {
		t.Errorf("a plain form: %d %s", r.StatusCode, page)
	}
}

// Who has all our computing at once asks in vain for more of it.
func TestVerifyIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		w := newWorld(t, func(d *Deps) {
			d.Verify = func([]byte) (Verified, error) { <-hold; return Verified{}, nil }
		})
		done := make(chan int, checksAtOnce)
		for range checksAtOnce {
			go func() {
				_, status := w.judge([]byte("<alert/>"))
				done <- status
			}()
		}
		synctest.Wait()
		r := w.ask(http.MethodPost, "/verify", strings.NewReader("<alert/>"), "Content-Type", "text/xml")
		if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
			t.Errorf("one more: %d", r.StatusCode)
		}
		body, kind := form(t, "<alert/>", nil)
		if r := w.ask(http.MethodPost, "/en/verify", body, "Content-Type", kind); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text(t, r), "Many documents") {
			t.Errorf("one more form: %d", r.StatusCode)
		}
		close(hold)
		for range checksAtOnce {
			if status := <-done; status != http.StatusOK {
				t.Errorf("who was first gets %d", status)
			}
		}
	})
}
