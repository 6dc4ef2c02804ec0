package site

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/alert"
)

// The names of a kit's files, as casework draws them.
const (
	slideName = "aaaaaaaaaaaaaaaaaaaaaaaaaa.jpg"
	soundName = "bbbbbbbbbbbbbbbbbbbbbbbbbb.wav"
	pageName  = "cccccccccccccccccccccccccc.txt"
)

// withKit stores a kit and publishes an alert that has it.
func (w *world) withKit() *alert.Message {
	m := w.story(nil)
	for _, x := range []struct{ kind, name, mime, data string }{
		{"slide", slideName, "image/jpeg", "\xff\xd8 a slide"},
		{"audio", soundName, "audio/wav", "RIFF" + strings.Repeat(" the same sound", 500)},
		{"teletext", pageName, "text/plain", "ENFANT DISPARU Zoé\n"},
	} {
		w.photos.put(x.name, []byte(x.data))
		m.Media = append(m.Media, alert.Media{
			Kind: x.kind, Lang: alert.French, Name: x.kind, URL: testHost + "/media/" + x.name, MIME: x.mime, Bytes: len(x.data),
			SHA256: strings.Repeat("ab", 32), SHA1: strings.Repeat("ab", 20),
		})
	}
	return w.publish(m)
}

func TestKitIsServedWhileLive(t *testing.T) {
	w := newWorld(t, nil)
	m := w.withKit()
	for name, want := range map[string]string{
		slideName: "image/jpeg", soundName: "audio/wav", pageName: "text/plain; charset=utf-8",
	} {
		r := w.get("/media/" + name)
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != want {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Header.Get("Content-Type"))
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Content-Encoding") != "" || r.Header.Get("Cache-Control") != fresh {
			t.Errorf("%s: headers %v", name, r.Header)
		}
		tag := r.Header.Get("ETag")
		if !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: ETag %s is not strong", name, tag)
		}
		if again := w.get("/media/"+name, "If-None-Match", tag); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s asked again: %d", name, again.StatusCode)
		}
	}
	if got, want := w.get("/media/"+soundName+"?download=1").Header.Get("Content-Disposition"), `attachment; filename="`+m.Identifier+`-audio-fr.wav"`; got != want {
		t.Errorf("downloaded as %s, want %s", got, want)
	}
	if got := w.get("/media/" + soundName).Header.Get("Content-Disposition"); got != "" {
		t.Errorf("opened as %s", got)
	}
}

func TestKitThatIsNotLive(t *testing.T) {
	w := newWorld(t, nil)
	const draft = "dddddddddddddddddddddddddd.jpg"
	w.photos.put(draft, []byte("not released yet"))
	for name, want := range map[string]int{
		draft: http.StatusNotFound, "eeeeeeeeeeeeeeeeeeeeeeeeee.pdf": http.StatusNotFound,
		"short.jpg": http.StatusBadRequest, "aaaaaaaaaaaaaaaaaaaaaaaaaa.exe": http.StatusBadRequest,
	} {
		if r := w.get("/media/" + name); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, r.StatusCode, want)
		}
	}
	m := w.withKit()
	update := w.story(nil)
	update.MsgType, update.Revision = alert.TypeUpdate, 2
	update.References = []alert.Ref{{Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent}}
	w.get("/media/" + soundName) // kept by now
	w.publish(update)
	for _, name := range []string{slideName, soundName, pageName} {
		if r := w.get("/media/" + name); r.StatusCode != http.StatusGone {
			t.Errorf("%s after the update: %d", name, r.StatusCode)
		}
	}
}

func TestKitAfterWithdrawal(t *testing.T) {
	w := newWorld(t, nil)
	m := w.withKit()
	w.get("/media/" + slideName)
	w.withdraw(m, alert.OutcomeFound)
	for _, address := range []string{"/media/" + slideName, "/media/" + soundName + "?download=1"} {
		r := w.get(address)
		if r.StatusCode != http.StatusGone || r.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %v", address, r.StatusCode, r.Header)
		}
		silent(t, address, r)
	}
}
