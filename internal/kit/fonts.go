package kit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// FontDir is where Debian's fonts-noto-core puts its fonts.
const FontDir = "/usr/share/fonts/truetype/noto"

// maxFont bounds a font file that is read: the largest of Noto's core has 2 MB.
const maxFont = 8 << 20

// weight is how bold a text is set.
type weight int

const (
	regular weight = iota
	bold
	weights
)

// typeface is one font in its weights. A font without a bold one is set in its regular.
type typeface [weights]*font.Font

// notoOf names Noto's family of a script. Latin, Greek and Cyrillic are in Noto Sans itself.
var notoOf = map[language.Script]string{
	language.Arabic: "Arabic", language.Armenian: "Armenian", language.Bengali: "Bengali",
	language.Cherokee: "Cherokee", language.Canadian_Aboriginal: "CanadianAboriginal", language.Devanagari: "Devanagari",
	language.Ethiopic: "Ethiopic", language.Georgian: "Georgian", language.Gujarati: "Gujarati",
	language.Gurmukhi: "Gurmukhi", language.Hebrew: "Hebrew", language.Kannada: "Kannada", language.Khmer: "Khmer",
	language.Lao: "Lao", language.Malayalam: "Malayalam", language.Mongolian: "Mongolian", language.Myanmar: "Myanmar",
	language.Oriya: "Oriya", language.Sinhala: "Sinhala", language.Syriac: "Syriac", language.Tamil: "Tamil",
	language.Telugu: "Telugu", language.Thaana: "Thaana", language.Thai: "Thai", language.Tibetan: "Tibetan",
	language.Tifinagh: "Tifinagh", language.Nko: "NKo",
}

// fonts are the typefaces at hand. The one within the program has Latin, Greek
// and Cyrillic; a script's own is read from dir when the first text needs it.
type fonts struct {
	dir  string
	base []typeface // asked in order

	mu     sync.Mutex
	script map[language.Script]*typeface // nil = looked for and not there
}

func loadFonts(dir string) (*fonts, error) {
	f := &fonts{dir: dir, script: map[language.Script]*typeface{}}
	noto, err := f.read("")
	if err != nil {
		return nil, err
	}
	if noto != nil {
		f.base = append(f.base, *noto)
	}
	var own typeface
	for w, data := range [weights][]byte{goregular.TTF, gobold.TTF} {
		if own[w], err = parse(data); err != nil {
			return nil, fmt.Errorf("the font within the program: %w", err)
		}
	}
	f.base = append(f.base, own)
	return f, nil
}

// read is Noto Sans of a script; nil when it is not installed. A file that is
// there and cannot be read is an error: half a font would draw half a name.
func (f *fonts) read(script string) (*typeface, error) {
	if f.dir == "" {
		return nil, nil
	}
	var t typeface
	for w, name := range [weights]string{"Regular", "Bold"} {
		path := filepath.Join(f.dir, "NotoSans"+script+"-"+name+".ttf")
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Size() > maxFont {
			err = fmt.Errorf("the font has %d bytes, more than %d", info.Size(), maxFont)
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(path)
		}
		if err == nil {
			t[w], err = parse(data)
		}
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", path, err)
		}
	}
	switch {
	case t[regular] == nil && t[bold] == nil:
		return nil, nil
	case t[regular] == nil:
		t[regular] = t[bold]
	case t[bold] == nil:
		t[bold] = t[regular]
	}
	return &t, nil
}

func parse(data []byte) (*font.Font, error) {
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return face.Font, nil
}

// covering is the typeface that has r, or nil.
func (f *fonts) covering(r rune, w weight) *font.Font {
	for _, t := range f.base {
		if _, ok := t[w].NominalGlyph(r); ok {
			return t[w]
		}
	}
	s := language.LookupScript(r)
	name, known := notoOf[s]
	if !known {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, read := f.script[s]
	if !read {
		// An unreadable font is as good as none: the text that needs it is left out, and says so.
		t, _ = f.read(name)
		f.script[s] = t
	}
	if t == nil {
		return nil
	}
	if _, ok := t[w].NominalGlyph(r); !ok {
		return nil
	}
	return t[w]
}
