package kit

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/peertest"
	"tocsin/internal/region"
)

// samples is where a run leaves its items for people to look at: go test ./internal/kit -samples DIR.
var samples = flag.String("samples", "", "folder to leave kits in, to be looked at")

// made is the time of the tests' updates.
var made = time.Date(2026, 11, 22, 15, 40, 0, 0, time.UTC)

// studio has the fonts and the voice of this machine.
func studio(t testing.TB, change ...func(*Options)) *Studio {
	t.Helper()
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Atlas: atlas, Fonts: FontDir, Espeak: peertest.Tool(t, "espeak-ng", "espeak-ng"), Time: 5 * time.Minute}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// missing is an alert for one child, in these languages.
func missing(t testing.TB, langs ...alert.Lang) *alert.Message {
	t.Helper()
	atlas, err := region.Load()
	if err != nil {
		t.Fatal(err)
	}
	expires := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	f := &alert.Facts{
		Circumstances: alert.AbductionStranger,
		Children: []alert.Person{{
			GivenName: "Anna", Age: 7, Sex: alert.Female, HeightCM: 125, Build: alert.BuildSlim,
			HairColour: alert.HairBlond, HairLength: alert.LengthLong, EyeColour: alert.EyesBlue, Photo: "anna",
			Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}, {Item: alert.Jeans, Colour: alert.Blue}, {Item: alert.Backpack, Colour: alert.Yellow}},
		}},
		LastSeen: alert.LastSeen{
			At: time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Brussels",
			Point: &alert.Point{Lat: 50.86, Lon: 4.36}, Transport: alert.ByCar, Towards: "Lille",
		},
		Vehicles:    []alert.Vehicle{{Kind: alert.Van, Make: "Renault", Model: "Trafic", Colour: alert.White, Plate: "1-ABC-234", Country: "BE"}},
		Instruction: alert.InstructionDoNotApproach,
		Contact:     alert.Contact{Phone: "+3225544000", Hotline: "116000"},
		Areas:       []string{"BE-BRU", "BE-VAN"}, Languages: langs, Expires: expires, Authority: "Police fédérale",
	}
	areas, bad := atlas.Areas(f.Areas)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	m := &alert.Message{
		Schema: alert.Schema, Realm: alert.Live, Status: alert.StatusActual, Sender: "alert@police.example", Agency: "BEPOL",
		Identifier: alert.Identifier("BEPOL", alert.Live, "7GQ2XKPB4MNT", 1), Case: "7GQ2XKPB4MNT", Revision: 1,
		MsgType: alert.TypeAlert, Languages: langs, Areas: areas, Expires: expires, Facts: f,
		Page: "https://alert.police.example/*/alerts/7GQ2XKPB4MNT",
	}
	return m
}

// written is m with its texts.
func written(t testing.TB, m *alert.Message) *alert.Message {
	t.Helper()
	m.Areas = nil
	atlas, _ := region.Load()
	m.Areas, _ = atlas.Areas(m.Facts.Areas)
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// face draws a child's face of the given shape: nobody's.
func face(t testing.TB, w, h int, hair color.RGBA) []byte {
	t.Helper()
	r := newRaster(w, h)
	fw, fh := float64(w), float64(h)
	ellipse := func(cx, cy, rx, ry float64, c color.NRGBA) {
		var p path
		k := rect{cx*fw - rx*fw, cy*fh - ry*fh, 2 * rx * fw, 2 * ry * fh}
		p.rounded(k, min(k.w, k.h)/2)
		r.fill(p, c)
	}
	var wall path
	wall.box(rect{0, 0, fw, fh})
	r.fill(wall, color.NRGBA{188, 206, 214, 255})
	ellipse(0.5, 1.05, 0.42, 0.28, color.NRGBA{184, 40, 48, 255})
	ellipse(0.5, 0.43, 0.3, 0.3, color.NRGBA(hair))
	ellipse(0.5, 0.5, 0.24, 0.25, color.NRGBA{240, 194, 165, 255})
	ellipse(0.4, 0.48, 0.03, 0.02, color.NRGBA{30, 50, 80, 255})
	ellipse(0.6, 0.48, 0.03, 0.02, color.NRGBA{30, 50, 80, 255})
	ellipse(0.5, 0.64, 0.08, 0.015, color.NRGBA{180, 80, 80, 255})
	var out bytes.Buffer
	if err := jpeg.Encode(&out, r.img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var brown, blond = color.RGBA{92, 58, 34, 255}, color.RGBA{214, 178, 104, 255}

// make makes a kit that must succeed, and leaves it where -samples says.
func (s *Studio) make(t testing.TB, name string, m *alert.Message, photos map[string][]byte) ([]Item, []Warning) {
	t.Helper()
	items, warnings, err := s.Make(t.Context(), m, photos, made)
	if err != nil {
		t.Fatal(err)
	}
	if *samples == "" {
		return items, warnings
	}
	if err := os.MkdirAll(*samples, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		file := filepath.Join(*samples, name+"-"+string(it.Lang)+"-"+it.Kind+"."+it.Ext)
		if err := os.WriteFile(file, it.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return items, warnings
}

// of is the item of a kind and language.
func of(t testing.TB, items []Item, kind string, lang alert.Lang) Item {
	t.Helper()
	for _, it := range items {
		if it.Kind == kind && it.Lang == lang {
			return it
		}
	}
	t.Fatalf("no %s in %s", kind, lang)
	return Item{}
}

func picture(t testing.TB, it Item) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(it.Data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// longest makes every text as long as validation lets it be.
func longest(m *alert.Message) {
	f := m.Facts
	f.Circumstances = alert.LostOrInjured
	words := func(n int) string {
		return strings.TrimSpace(strings.Repeat("Maximiliana Wolkenburg-Hohenstein ", 20)[:n])
	}
	one := f.Children[0]
	one.GivenName, one.FamilyName, one.HairColour, one.Build = words(60), words(60), alert.HairLightBrown, alert.BuildMedium
	one.Clothing = nil
	for _, item := range alert.AllItems[:8] {
		one.Clothing = append(one.Clothing, alert.Garment{Item: item, Colour: alert.Multicoloured})
	}
	one.Marks = alert.Localized{}
	f.Note = alert.Localized{}
	for _, l := range m.Languages {
		one.Marks[l], f.Note[l] = words(120), words(300)
	}
	f.Children = nil
	for range 6 {
		f.Children = append(f.Children, one)
	}
	who := one
	who.Age = 41
	f.Suspects = []alert.Person{who, who, who, who}
	car := alert.Vehicle{Kind: alert.Motorcycle, Make: words(40), Model: words(40), Colour: alert.Multicoloured, Year: 2019, Plate: "WWWWWWWWWWWWWWW", Country: "MM"}
	f.Vehicles = []alert.Vehicle{car, car, car, car}
	f.LastSeen.Place, f.LastSeen.Towards, f.Authority = words(80), words(60), words(80)
}
