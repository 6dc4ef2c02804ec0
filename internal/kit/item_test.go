package kit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
)

// The poster's words can be searched and copied, in the order they are read,
// whatever the script: in the eyes of poppler.
func TestPosterHasText(t *testing.T) {
	tool := peertest.Tool(t, "pdftotext", "poppler-utils")
	s := studio(t)
	m := missing(t, alert.French)
	stories["arabic"](m)
	items, _ := s.make(t, "arabic", written(t, m), album(t))
	file := filepath.Join(t.TempDir(), "poster.pdf")
	if err := os.WriteFile(file, of(t, items, KindPoster, alert.French).Data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "").Replace(string(out))
	for _, want := range []string{"ENFANT ENLEVÉE", "ليلى محمد", "Gare", "1-ABC-234", "+32 2 554 40 00", "Veste rouge, jean bleu"} {
		if want == "Gare" {
			want = "محطة الشمال"
		}
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the poster's text:\n%s", want, text)
		}
	}
}

func TestSoundIsWAV(t *testing.T) {
	s := studio(t)
	m := written(t, missing(t, alert.German))
	items, _ := s.make(t, "plain", m, album(t))
	data := of(t, items, KindAudio, alert.German).Data
	rate, size := binary.LittleEndian.Uint32(data[24:]), binary.LittleEndian.Uint32(data[40:])
	if binary.LittleEndian.Uint16(data[22:]) != 1 || rate != 22050 || int(size) != len(data)-44 || binary.LittleEndian.Uint32(data[4:]) != uint32(len(data)-8) {
		t.Errorf("%d channels at %d Hz, %d bytes of sound in a file of %d", data[22], rate, size, len(data))
	}
	seconds := float64(size) / 2 / float64(rate)
	if want := float64(m.Texts[alert.German].SpokenSeconds); seconds < want/2 || seconds > want*2 {
		t.Errorf("%.0f s of sound for %.0f s of text", seconds, want)
	}
}

// voice is a program in espeak-ng's place.
func voice(t testing.TB, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "voice")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// A voice that fails, floods or says nothing costs the sound and nothing else.
func TestVoiceThatFails(t *testing.T) {
	for name, script := range map[string]string{
		"fails": "exit 3", "says nothing": "cat >/dev/null", "floods": "cat /dev/zero", "no sound": "echo a page of complaints that is longer than a head",
	} {
		t.Run(name, func(t *testing.T) {
			s := studio(t, func(o *Options) { o.Espeak = voice(t, script) })
			j, err := s.begin(written(t, missing(t, alert.English)), nil, made)
			if err != nil {
				t.Fatal(err)
			}
			j.warnings = nil // of the photo
			j.speak(t.Context(), alert.English)
			if len(j.items) != 0 || len(j.warnings) != 1 || j.warnings[0].Kind != KindAudio {
				t.Errorf("items %d, warnings %v", len(j.items), j.warnings)
			}
		})
	}
}

// A voice that hangs is ended, with whatever it started.
func TestVoiceThatHangs(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "child")
	s := studio(t, func(o *Options) { o.Espeak = voice(t, "sleep 60 & echo $! > "+mark+"; wait") })
	j, err := s.begin(written(t, missing(t, alert.English)), nil, made)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("enough")
	go func() {
		for { // until it has started its child
			if data, err := os.ReadFile(mark); err == nil && len(data) > 0 {
				cancel(gone)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := j.audio(ctx, alert.English); !errors.Is(err, gone) {
		t.Fatalf("error %v", err)
	}
	pid, _ := os.ReadFile(mark)
	for range 1000 { // killed at once, and gone when the system comes round to it
		status, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("its child still runs")
}

func TestTeletextFits(t *testing.T) {
	s := studio(t)
	for name, change := range stories {
		m := missing(t, alert.Langs...)
		change(m)
		j, err := s.begin(written(t, m), album(t), made)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range m.Languages {
			text, whole := j.teletext(lang)
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			if len(lines) > rows {
				t.Errorf("%s in %s has %d lines", name, lang, len(lines))
			}
			for _, l := range lines {
				if n := utf8.RuneCountInString(l); n > columns {
					t.Errorf("%s in %s: %q has %d columns", name, lang, l, n)
				}
				if folded, _ := fold(l, lang); folded != strings.TrimSpace(l) {
					t.Errorf("%s in %s: %q has letters that teletext does not", name, lang, l)
				}
			}
			if !strings.Contains(string(text), "+32 2 554 40 00") {
				t.Errorf("%s in %s has no number:\n%s", name, lang, text)
			}
			if drill := strings.Contains(string(text), "*** "+alert.StatusWord(alert.StatusExercise, lang)); drill != (name == "drill") {
				t.Errorf("%s in %s says exercise: %v", name, lang, drill)
			}
			if foreign := name == "arabic" || name == "georgian" || name == "two" && lang != alert.Russian; whole == foreign {
				t.Errorf("%s in %s: whole %v", name, lang, whole)
			}
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		lang       alert.Lang
		text, want string
		whole      bool
	}{
		{alert.English, "Zoë Łukasz Øst…", "Zoe Lukasz Ost...", true},
		{alert.German, "Größe Áé", "Größe Ae", true},
		{alert.French, "à l’École", "à l'Ecole", true},
		{alert.Russian, "Ёлка и Anna", "Ёлка и Anna", true},
		{alert.English, "Анна", "", false},
		{alert.English, "🧸 Anna", "Anna", true},
	} {
		if got, whole := fold(c.text, c.lang); got != c.want || whole != c.whole {
			t.Errorf("%q in %s: %q %v, want %q %v", c.text, c.lang, got, whole, c.want, c.whole)
		}
	}
}

// When time runs out the alert gets what is ready; when the officer leaves, nothing is made.
func TestTimeRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := studio(t)
		s.opt.Time = time.Second
		s.busy <- struct{}{} // another kit is being made, and takes too long
		begun := time.Now()
		_, _, err := s.Make(t.Context(), written(t, missing(t, alert.English)), nil, made)
		if err == nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		<-s.busy
		ctx, cancel := context.WithCancelCause(t.Context())
		left := errors.New("the officer left")
		cancel(left)
		if _, _, err := s.Make(ctx, written(t, missing(t, alert.English)), nil, made); !errors.Is(err, left) {
			t.Errorf("error %v", err)
		}
	})
	s := studio(t, func(o *Options) { o.Time = 1 })
	items, warnings, err := s.Make(t.Context(), written(t, missing(t, alert.English)), nil, made)
	late := slices.ContainsFunc(warnings, func(w Warning) bool { return strings.Contains(w.Text, "too busy") })
	if err == nil && (len(items) > 0 || !late) { // an error when not even the studio was free in time
		t.Errorf("%d items, warnings %v", len(items), warnings)
	}
}

// A sheet that cannot be drawn is left out: the others are made, and the server lives.
func TestPanicIsAWarning(t *testing.T) {
	s := studio(t)
	j, err := s.begin(written(t, missing(t, alert.English)), nil, made)
	if err != nil {
		t.Fatal(err)
	}
	j.warnings = nil
	j.make(t.Context(), Item{Kind: KindSlide, Lang: alert.English, Name: "Slide"}, nil, maxSlide, func() ([]byte, error) { panic("a broken font") })
	j.make(t.Context(), Item{Kind: KindPoster, Lang: alert.English, Name: "Poster"}, nil, 3, func() ([]byte, error) { return bytes.Repeat([]byte("x"), 4), nil })
	if len(j.items) != 0 || len(j.warnings) != 2 || strings.Contains(j.warnings[0].Text, "broken font") {
		t.Errorf("items %v, warnings %v", j.items, j.warnings)
	}
}
