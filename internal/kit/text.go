package kit

import (
	"cmp"
	"image/color"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// setter sets type: it shapes, orders by direction, breaks lines and gives the
// outlines of glyphs. It is for one goroutine.
type setter struct {
	fonts  *fonts
	lang   language.Language
	faces  map[*font.Font]*font.Face
	weight weight // of the text being set
	shaper shaping.HarfbuzzShaper
	seg    shaping.Segmenter
	wrap   shaping.LineWrapper
	// shaped are the texts so far: each is tried in many sizes until it fits, and
	// its shape is the same in all.
	shaped map[string][]shaping.Output
	// broken are the lines of texts so far: a column is measured before it is
	// drawn, and measured again without its last row.
	broken map[breaking]broken
	// missing are the letters that no font here has. What holds one is not drawn:
	// an empty box in a child's name would go on air.
	missing map[rune]struct{}
}

func newSetter(f *fonts, lang string) *setter {
	return &setter{
		fonts: f, lang: language.NewLanguage(lang), faces: map[*font.Font]*font.Face{},
		shaped: map[string][]shaping.Output{}, broken: map[breaking]broken{}, missing: map[rune]struct{}{},
	}
}

// style is how a text is set.
type style struct {
	size   float64 // of the em, in the sheet's units
	weight weight
	colour color.NRGBA
}

// em is the size that texts are shaped at; lines scale it to their own.
const em = 256

// line is one set line.
type line struct {
	runs  []shaping.Output // at size em, in the order they are seen, from the left
	width float64
	text  string // in the order it is seen, from the left, as a PDF wants it
	style style
}

// leading is the distance of two baselines, in ems; ascent that of the first
// baseline from the top, so that accents on capitals stay inside.
const (
	leading = 1.22
	ascent  = 0.94
)

func (l line) height() float64 { return l.style.size * leading }

// ResolveFace finds the font of a letter, as shaping.Fontmap.
func (s *setter) ResolveFace(r rune) *font.Face {
	f := s.fonts.covering(r, s.weight)
	if f == nil {
		if !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			s.missing[r] = struct{}{}
		}
		f = s.fonts.base[0][s.weight]
	}
	face := s.faces[f]
	if face == nil {
		face = font.NewFace(f)
		s.faces[f] = face
	}
	return face
}

// drawable is text without the signs, such as emoji, that no font here has: a
// station can do without them, unlike without letters.
func (s *setter) drawable(text string, w weight) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.So, unicode.Sk, unicode.Co, unicode.Variation_Selector) && s.fonts.covering(r, w) == nil {
			return -1
		}
		return r
	}, text)
}

// breaking is a way to break a text, broken what came of it.
type (
	breaking struct {
		text        string
		weight      weight
		size, width float64
		most        int
	}
	broken struct {
		lines []line
		whole bool
	}
)

// set breaks text into lines of at most width. With most > 0 what does not fit
// on so many lines ends in an ellipsis, and whole is false.
func (s *setter) set(text string, st style, width float64, most int) (lines []line, whole bool) {
	key := breaking{text, st.weight, st.size, width, most}
	b, ok := s.broken[key]
	if !ok {
		b.lines, b.whole = s.breakLines(text, st, width, most)
		s.broken[key] = b
	}
	lines = slices.Clone(b.lines)
	for i := range lines {
		lines[i].style = st
	}
	return lines, b.whole
}

func (s *setter) breakLines(text string, st style, width float64, most int) (lines []line, whole bool) {
	runes := []rune(strings.TrimSpace(s.drawable(text, st.weight)))
	if len(runes) == 0 {
		return nil, true
	}
	runs := s.shape(runes, st.weight)
	cfg := shaping.WrapConfig{Direction: di.DirectionLTR, TruncateAfterLines: most}
	if most > 0 {
		cfg.Truncator = s.shape([]rune("…"), st.weight)[0]
	}
	set, cut := s.wrap.WrapParagraphF(cfg, fix(width*em/st.size), runes, shaping.NewSliceIterator(runs))
	for _, l := range set {
		lines = append(lines, newLine(l, runes, st))
	}
	return lines, cut == 0
}

func newLine(l shaping.Line, runes []rune, st style) line {
	out := line{style: st, runs: slices.Clone(l)}
	slices.SortFunc(out.runs, func(a, b shaping.Output) int { return cmp.Compare(a.VisualIndex, b.VisualIndex) })
	var text strings.Builder
	for _, run := range out.runs {
		out.width += float64(run.Advance) / 64 * st.size / em
		from, to := run.Runes.Offset, run.Runes.Offset+run.Runes.Count
		if to > len(runes) {
			continue // the ellipsis
		}
		part := slices.Clone(runes[from:to])
		if run.Direction == di.DirectionRTL {
			slices.Reverse(part)
		}
		text.WriteString(string(part))
	}
	out.text = strings.TrimSpace(text.String())
	return out
}

// shape gives the runs of a text at size em. They are the caller's: breaking
// lines writes into them.
func (s *setter) shape(runes []rune, w weight) []shaping.Output {
	s.weight = w
	key := string(rune('0'+w)) + string(runes)
	runs, ok := s.shaped[key]
	if !ok {
		in := shaping.Input{Text: runes, RunEnd: len(runes), Direction: di.DirectionLTR, Size: fix(em), Language: s.lang}
		for _, part := range s.seg.Split(in, s) {
			runs = append(runs, s.shaper.Shape(part))
		}
		s.shaped[key] = runs
	}
	runs = slices.Clone(runs)
	for i := range runs {
		runs[i].Glyphs = slices.Clone(runs[i].Glyphs)
	}
	return runs
}

func fix(v float64) fixed.Int26_6 { return fixed.Int26_6(v*64 + 0.5) }

// outline adds the glyphs of l, with its baseline beginning at (x, y), to p.
func (l line) outline(p *path, x, y float64) {
	k := l.style.size / em / 64 // of a shaped length
	for _, run := range l.runs {
		scale := l.style.size / float64(run.Face.Upem())
		for _, g := range run.Glyphs {
			if o, ok := run.Face.GlyphData(g.GlyphID).(font.GlyphOutline); ok {
				gx, gy := x+float64(g.XOffset)*k, y-float64(g.YOffset)*k
				for _, seg := range o.Segments {
					st := step{op: ops[seg.Op]}
					for n := range st.op.points() {
						st.p[n] = point{gx + float64(seg.Args[n].X)*scale, gy - float64(seg.Args[n].Y)*scale}
					}
					*p = append(*p, st)
				}
			}
			x += float64(g.Advance) * k
		}
	}
}

// ops are a font's steps as ours.
var ops = map[opentype.SegmentOp]move{
	opentype.SegmentOpMoveTo: moveTo, opentype.SegmentOpLineTo: lineTo,
	opentype.SegmentOpQuadTo: quadTo, opentype.SegmentOpCubeTo: cubeTo,
}
