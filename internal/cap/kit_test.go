package cap

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// maxDocument is what relays and receivers of CAP are known to take.
const maxDocument = 100_000

// A whole kit in six languages, with ten photos and long accounts in the widest
// script, is a valid document of bearable size.
func TestKitInSixLanguages(t *testing.T) {
	m := message(alert.TypeAlert, alert.StatusActual, alert.Langs...)
	m.Media = nil
	add := func(kind string, lang alert.Lang, name, mime, address string) {
		n := len(m.Media)
		m.Media = append(m.Media, alert.Media{
			Kind: kind, Lang: lang, Name: name, MIME: mime, Bytes: 900_000 + n, URL: "https://alerts.police.example" + address,
			SHA256: fmt.Sprintf("%064x", n), SHA1: fmt.Sprintf("%040x", n),
		})
	}
	for n := range 10 {
		add("photo", "", "Фото: Максимилиана", "image/jpeg", fmt.Sprintf("/photos/%026d.jpg", n))
	}
	kinds := []struct{ kind, mime, ext string }{
		{"slide", "image/jpeg", "jpg"},
		{"slide_tall", "image/jpeg", "jpg"},
		{"slide_square", "image/jpeg", "jpg"},
		{"poster", "application/pdf", "pdf"},
		{"audio", "audio/wav", "wav"},
		{"teletext", "text/plain", "txt"},
	}
	for _, lang := range m.Languages {
		for _, k := range kinds {
			add(k.kind, lang, "Кадр для телевидения", k.mime, fmt.Sprintf("/media/%026d.%s", len(m.Media), k.ext))
		}
		text := m.Texts[lang]
		text.Description, text.Spoken = strings.Repeat("Щука и ёж. ", 130), strings.Repeat("Щука и ёж. ", 130)
		m.Texts[lang] = text
	}
	a, err := FromMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	if problems := Validate(a, sent); len(problems) > 0 {
		t.Errorf("our own rules: %v", problems)
	}
	doc := mustEncode(t, a)
	if len(doc) > maxDocument {
		t.Errorf("the document has %d bytes", len(doc))
	}
	t.Logf("%d bytes, %d resources in each of %d languages", len(doc), len(a.Info[0].Resource), len(a.Info))
	wantSchema(t, map[string][]byte{"kit": doc})
	for n, info := range a.Info {
		if len(info.Resource) != 10+len(kinds) {
			t.Errorf("%s has %d resources", info.Language, len(info.Resource))
		}
		for k, r := range info.Resource[10:] {
			want := m.Media[10+n*len(kinds)+k]
			if r.URI != want.URL || r.Digest != want.SHA1 || r.Size != int64(want.Bytes) || r.MimeType != want.MIME {
				t.Errorf("%s: resource %+v of %+v", info.Language, r, want)
			}
		}
	}
}
