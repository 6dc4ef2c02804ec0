package kit

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/goregular"

	"tocsin/internal/alert"
)

// a4 is the poster: points, 72 to the inch.
var a4 = format{
	kind: KindPoster, w: 595, h: 842, whole: true,
	head: rect{0, 0, 595, 92}, headText: rect{30, 28, 535, 50},
	photos: rect{30, 108, 232.4, 290.5}, facts: rect{282, 104, 283, 560}, alone: rect{30, 104, 290, 560},
	chart: rect{30, 414, 232, 210}, chartAlone: rect{340, 108, 225, 300},
	foot: rect{0, 680, 595, 162}, call: rect{30, 686, 410, 62}, notes: rect{30, 750, 410, 66}, code: rect{465, 704, 100, 100},
	heading: 42, number: 48, name: 34, fact: 15, headLines: 1, most: 1.5,
}

// paper is how a poster is coloured: dark on white, for any printer.
var paper = theme{text: navy, soft: color.NRGBA{70, 84, 106, 255}, label: color.NRGBA{130, 82, 0, 255}}

// printed is the pixels for a point of a photo on paper: 220 to the inch.
const printed = 220.0 / 72

// poster is one page of PDF. Letters are drawn as shapes, because a PDF's own
// text neither joins Arabic nor orders it; the same words lie under them unseen,
// so that they can be searched, copied and read aloud.
func (j *job) poster(a *artist, f format, lang alert.Lang) ([]byte, error) {
	s := j.sheets[lang]
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: float64(f.w), Ht: float64(f.h)}})
	// The same alert gives the same bytes: no clock, no order of a map.
	doc.SetCatalogSort(true)
	doc.SetCreationDate(time.Unix(0, 0))
	doc.SetModificationDate(time.Unix(0, 0))
	doc.SetProducer("Tocsin", true)
	doc.SetTitle(s.Heading, true)
	doc.SetLang(string(lang))
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddUTF8FontFromBytes("unseen", "", goregular.TTF)
	doc.AddPage()
	p := &pdf{doc: doc}
	a.surface, a.theme = p, paper
	a.box(f.head, amber)
	a.box(f.foot, amber)
	if err := j.compose(a, f, lang); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("PDF: %w", err)
	}
	return out.Bytes(), p.err
}

// pdf is a surface that is a page.
type pdf struct {
	doc    *fpdf.Fpdf
	images int
	err    error
}

func (p *pdf) density() float64 { return printed }

func (p *pdf) fill(shape path, c color.NRGBA) {
	if len(shape) == 0 {
		return
	}
	p.doc.SetFillColor(int(c.R), int(c.G), int(c.B))
	p.doc.SetAlpha(float64(c.A)/255, "Normal")
	var at point
	for i, s := range shape {
		switch s.op {
		case moveTo:
			if i > 0 {
				p.doc.ClosePath()
			}
			p.doc.MoveTo(s.p[0].x, s.p[0].y)
		case lineTo:
			p.doc.LineTo(s.p[0].x, s.p[0].y)
		case quadTo: // PDF knows cubics alone
			c, to := s.p[0], s.p[1]
			p.doc.CurveBezierCubicTo(at.x+(c.x-at.x)*2/3, at.y+(c.y-at.y)*2/3, to.x+(c.x-to.x)*2/3, to.y+(c.y-to.y)*2/3, to.x, to.y)
		case cubeTo:
			p.doc.CurveBezierCubicTo(s.p[0].x, s.p[0].y, s.p[1].x, s.p[1].y, s.p[2].x, s.p[2].y)
		}
		at = s.p[s.op.points()-1]
	}
	p.doc.ClosePath()
	p.doc.DrawPath("F")
	p.doc.SetAlpha(1, "Normal")
}

func (p *pdf) picture(img image.Image, r rect) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: quality}); err != nil {
		p.err = err
		return
	}
	p.images++
	name := fmt.Sprint("photo", p.images)
	kind := fpdf.ImageOptions{ImageType: "JPEG"}
	p.doc.RegisterImageOptionsReader(name, kind, &data)
	p.doc.ImageOptions(name, r.x, r.y, r.w, r.h, false, kind, 0, "")
}

func (p *pdf) within(r rect, do func()) {
	p.doc.ClipRect(r.x, r.y, r.w, r.h, false)
	do()
	p.doc.ClipEnd()
}

// unseen is PDF's text rendering mode that draws nothing.
const unseen = 3

func (p *pdf) read(l line, x, y float64) {
	// The writer of PDF knows the Basic Multilingual Plane alone.
	text := strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return -1
		}
		return r
	}, l.text)
	p.doc.SetFont("unseen", "", l.style.size)
	p.doc.SetTextRenderingMode(unseen)
	p.doc.Text(x, y, text)
	p.doc.SetTextRenderingMode(0)
}
