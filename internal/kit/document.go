package kit

import (
	"bytes"
	"fmt"
	"image/color"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"tocsin/internal/alert"
)

// Document is plain pages of text as PDF, A4, in points from the upper left:
// what an office prints. Letters that the font within the program has are a
// PDF's own text; a name in another script is drawn as shapes, as on posters.
type Document struct {
	doc *fpdf.Fpdf
	set *setter
	p   *pdf
}

// NewDocument begins a document in lang without a page. dir holds the fonts of
// scripts other than Latin, Greek and Cyrillic: FontDir, or "" for none.
func NewDocument(dir, title string, lang alert.Lang, made time.Time) (*Document, error) {
	f := &fonts{dir: dir, script: map[language.Script]*typeface{}}
	var own typeface
	for w, data := range [weights][]byte{goregular.TTF, gobold.TTF} {
		face, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("the font within the program: %w", err)
		}
		own[w] = face
	}
	f.base = []typeface{own}
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: 595, Ht: 842}})
	doc.SetCatalogSort(true)
	doc.SetCreationDate(made)
	doc.SetModificationDate(made)
	doc.SetProducer("Tocsin", true)
	doc.SetTitle(title, true)
	doc.SetLang(string(lang))
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddUTF8FontFromBytes("own", "", goregular.TTF)
	doc.AddUTF8FontFromBytes("own", "B", gobold.TTF)
	doc.AddUTF8FontFromBytes("unseen", "", goregular.TTF)
	return &Document{doc, newSetter(f, string(lang)), &pdf{doc: doc}}, nil
}

// Type is how a text is set.
type Type struct {
	Size   float64 // points
	Bold   bool
	Colour color.NRGBA
}

// Block is a text broken into lines.
type Block struct{ lines []line }

// Height of the block in points.
func (b Block) Height() float64 { return tall(b.lines) }

// Break sets text into lines of at most width points.
func (d *Document) Break(text string, t Type, width float64) Block {
	st := style{size: t.Size, colour: t.Colour}
	if t.Bold {
		st.weight = bold
	}
	lines, _ := d.set.set(text, st, width, 0)
	return Block{lines}
}

// AddPage begins a page.
func (d *Document) AddPage() { d.doc.AddPage() }

// Write puts a block with its upper left corner at (x, y).
func (d *Document) Write(b Block, x, y float64) {
	for _, l := range b.lines {
		base := y + l.style.size*ascent
		if d.own(l) {
			weight := ""
			if l.style.weight == bold {
				weight = "B"
			}
			d.doc.SetFont("own", weight, l.style.size)
			d.doc.SetTextColor(int(l.style.colour.R), int(l.style.colour.G), int(l.style.colour.B))
			d.doc.Text(x, base, l.text)
		} else {
			var shape path
			l.outline(&shape, x, base)
			d.p.fill(shape, l.style.colour)
			d.p.read(l, x, base)
		}
		y += l.height()
	}
}

// own says whether the font within the program has every letter of l.
func (d *Document) own(l line) bool {
	for _, run := range l.runs {
		if run.Face == nil || run.Face.Font != d.set.fonts.base[0][l.style.weight] {
			return false
		}
	}
	return true
}

// Box fills a rectangle.
func (d *Document) Box(x, y, w, h float64, c color.NRGBA) {
	var p path
	p.box(rect{x, y, w, h})
	d.p.fill(p, c)
}

// Bytes ends the document.
func (d *Document) Bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := d.doc.Output(&out); err != nil {
		return nil, fmt.Errorf("PDF: %w", err)
	}
	return out.Bytes(), d.p.err
}
