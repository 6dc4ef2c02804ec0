package newsroom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"path"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/cap"
)

// story is an alert of Anna's case, signed and whole, with a kit of every kind, before change.
func (w *world) story(change func(*alert.Message)) *alert.Message {
	w.t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	m := &alert.Message{
		Schema: alert.Schema, Realm: w.realm, Agency: "BEPOL", Sender: "alerts@police.example", Case: "7GQ2XKPB4MNT",
		Revision: 1, MsgType: alert.TypeAlert, Status: alert.StatusActual,
		Languages: []alert.Lang{alert.French, alert.German, alert.English},
		Areas:     []alert.Area{w.area("BE-BRU"), w.area("BE-VAN")},
		Sent:      now, Expires: now.Add(12 * time.Hour), Facts: anna(now),
		Repeat: &alert.Cadence{Every: 15 * time.Minute, For: 3 * time.Hour},
	}
	if m.Realm == alert.Drill {
		m.Status = alert.StatusExercise
	}
	m.Media = w.kit()
	if change != nil {
		change(m)
	}
	if m.MsgType == alert.TypeCancel {
		m.Facts, m.Media, m.Repeat = nil, nil, nil
	}
	m.Page = "https://alert.example/*/alerts/" + m.Case
	m.Identifier = alert.Identifier(m.Agency, m.Realm, m.Case, m.Revision)
	if err := alert.WriteAll(m); err != nil {
		w.t.Fatal(err)
	}
	m.CAP = must(w.signer.Sign(must(cap.FromMessage(m))(w.t)))(w.t)
	if w.sealed != nil {
		w.sealed(m)
	}
	return m
}

func anna(now time.Time) *alert.Facts {
	return &alert.Facts{
		Circumstances: alert.AbductionStranger, Instruction: alert.InstructionDoNotApproach, Authority: "Police fédérale",
		Children: []alert.Person{{
			GivenName: girl, Age: 7, Sex: alert.Female, HeightCM: 125, Build: alert.BuildSlim, Photo: annaPhoto,
			HairColour: alert.HairBlond, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue,
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}},
		}},
		Vehicles: []alert.Vehicle{{Kind: alert.Car, Make: "Renault", Model: "Clio", Colour: alert.Grey, Plate: "1-ABC-234", Country: "BE"}},
		LastSeen: alert.LastSeen{At: now.Add(-time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Bruxelles", Towards: "Lille", Transport: alert.ByCar},
		Contact:  alert.Contact{Phone: "+3225544000", Hotline: "116000"},
		Areas:    []string{"BE-BRU", "BE-VAN"}, Languages: []alert.Lang{"fr", "de", "en"}, Expires: now.Add(12 * time.Hour),
	}
}

func (w *world) area(code string) alert.Area {
	a, ok := w.atlas.Area(code)
	if !ok {
		w.t.Fatalf("no area %s", code)
	}
	return a
}

// kit stores one file of each kind and lists them.
func (w *world) kit() []alert.Media {
	teletext := "P100  ALERTE ENLEVEMENT          22 NOV\n\n Annabelle, 7 ans, 1 m 25\n Gare du Nord, Bruxelles\n\n Appelez le 116 000\n"
	list := []alert.Media{
		w.put("photos/"+annaPhoto+".jpg", "photo", "", "Photo : "+girl, "image/jpeg", picture(480, 600)),
		w.put("media/AAAA.jpg", "slide", "fr", "Carton", "image/jpeg", picture(960, 540)),
		w.put("media/AAAB.jpg", "slide_tall", "fr", "Carton vertical", "image/jpeg", picture(540, 960)),
		w.put("media/AAAC.jpg", "slide", "de", "Tafel", "image/jpeg", picture(960, 540)),
		w.put("media/AAAD.pdf", "poster", "fr", "Affiche", "application/pdf", []byte("%PDF-1.7 poster")),
		w.put("media/AAAE.wav", "audio", "fr", "Texte", "audio/wav", silence()),
		w.put("media/AAAF.txt", "teletext", "fr", "Télétexte", "text/plain; charset=utf-8", []byte(teletext)),
		w.put("media/AAAG.bin", "hologram", "en", "Something new", "application/x-new", []byte("new")),
	}
	return list
}

func (w *world) put(at, kind string, lang alert.Lang, name, mime string, data []byte) alert.Media {
	w.store.put(path.Base(at), data)
	sum := sha256.Sum256(data)
	return alert.Media{
		Kind: kind, Lang: lang, Name: name, URL: "https://alert.example/" + at, MIME: mime, Bytes: len(data),
		SHA256: hex.EncodeToString(sum[:]), SHA1: strings.Repeat("ab", 20),
	}
}

// silence is a tenth of a second of it.
func silence() []byte {
	pcm := make([]byte, 1600)
	return []byte("RIFF" + le(36+len(pcm), 4) + "WAVEfmt " + le(16, 4) + le(1, 2) + le(1, 2) + le(8000, 4) + le(16000, 4) +
		le(2, 2) + le(16, 2) + "data" + le(len(pcm), 4) + string(pcm))
}

func le(n, bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return string(b)
}

var pictures sync.Map

// picture draws nobody: a head on a coloured ground, so that screenshots can be judged.
func picture(wide, high int) []byte {
	key := [2]int{wide, high}
	if data, ok := pictures.Load(key); ok {
		return data.([]byte)
	}
	img := image.NewRGBA(image.Rect(0, 0, wide, high))
	r := float64(min(wide, high))
	for y := range high {
		for x := range wide {
			c := color.RGBA{28, 52, 92, 255}
			fx, fy := (float64(x)-float64(wide)/2)/r, (float64(y)-float64(high)*0.45)/r
			switch {
			case fx*fx*14+fy*fy*9 < 1:
				c = color.RGBA{238, 200, 170, 255}
			case fx*fx*10+(fy+0.08)*(fy+0.08)*7 < 1:
				c = color.RGBA{214, 170, 90, 255}
			case fx*fx*4+(fy-0.75)*(fy-0.75)*6 < 1:
				c = color.RGBA{176, 40, 48, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	pictures.Store(key, b.Bytes())
	return b.Bytes()
}
