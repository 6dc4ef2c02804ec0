package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/region"
)

//go:embed overrides.tsv
var overridesTSV string

// overrides is the reviewed table, read.
type overrides struct {
	moves []move
	drops map[string]bool
	names map[string]map[alert.Lang]string
}

// move files what the source calls from under to; only, when set, is the
// feature's type or English name, where the source gives one code to two units.
type move struct{ from, to, only string }

func readOverrides(r io.Reader) (*overrides, error) {
	o := &overrides{drops: map[string]bool{}, names: map[string]map[alert.Lang]string{}}
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line, _, _ := strings.Cut(sc.Text(), "#")
		f := strings.Split(strings.TrimRight(line, " "), "\t")
		switch {
		case line == "":
		case f[0] == "move" && (len(f) == 3 || len(f) == 4):
			o.moves = append(o.moves, move{f[1], f[2], strings.Join(f[3:], "")})
		case f[0] == "drop" && len(f) == 2:
			o.drops[f[1]] = true
		case f[0] == "name" && len(f) == 4: // Latin letters, Cyrillic letters
			o.names[f[1]] = map[alert.Lang]string{}
			for _, lang := range alert.Langs {
				o.names[f[1]][lang] = f[2]
			}
			o.names[f[1]][alert.Russian] = f[3]
		case f[0] == "name" && len(f) == 8:
			if o.names[f[1]] == nil { // a second line of a code fills or changes the first
				o.names[f[1]] = map[alert.Lang]string{}
			}
			for i, lang := range alert.Langs {
				if f[2+i] != "" {
					o.names[f[1]][lang] = f[2+i]
				}
			}
		default:
			return nil, fmt.Errorf("overrides.tsv:%d: want move, drop or name with tabs between", n)
		}
	}
	return o, sc.Err()
}

// place is where a feature belongs, and false when it is left out.
func (o *overrides) place(code, kind, name string) (string, bool) {
	for _, m := range o.moves {
		prefix, wild := strings.CutSuffix(m.from, "*")
		if (m.from == code || wild && strings.HasPrefix(code, prefix)) && (m.only == "" || m.only == kind || m.only == name) {
			return m.to, true
		}
	}
	return code, code != "" && !o.drops[code]
}

// rename sets the names of the table; a unit that the source does not have gets no outline.
func (o *overrides) rename(units map[string]*region.Unit) {
	for code, names := range o.names {
		if units[code] == nil {
			units[code] = &region.Unit{Code: code, Names: map[alert.Lang]string{}}
		}
		maps.Copy(units[code].Names, names)
	}
}

// kindWords are what the source's names wrongly begin with: labels cut out of
// "province d'Anvers", or the kind of unit, which a list of one kind need not repeat.
var kindWords = map[alert.Lang]*regexp.Regexp{
	alert.English: regexp.MustCompile(` Voivodeship$`),
	alert.French:  regexp.MustCompile(`^(?i:(voïvodie|voblast|canton|région|municipalité|commune|comté|cité|londonien|oblys|mont) (de la |de l['’]|des |du |de |d['’]))|^(république |d['’]|l['’]|du |de la |de )| (raion|novads)$`),
	alert.Italian: regexp.MustCompile(`^(?i:(voivodato|canton|cantone|contea|regione|territorio|comune|comunità) (della |dell['’]|delle |degli |dei |del |di |d['’])?)|^(autonoma di |isole |isola |dell['’]|della |degli |d['’])`),
	alert.German:  regexp.MustCompile(`^(Kanton|Provinz|Oblast|Woiwodschaft|Rajon|Bezirk|Département|Opština|Gemeinde|Kreis|Okrug|Gespanschaft|Komitat|Qark|Okres) | Rayon$`),
	alert.Spanish: regexp.MustCompile(`^(?i:(municipalidad|municipio|provincia|voivodato) (de la |del |de |d['’])?)|^(los |de )`),
	alert.Russian: regexp.MustCompile(`^(ил|остров) `),
}

var brackets = regexp.MustCompile(` \(.*\)$`) // "Jelgava (Mitau)"

// clean takes from a name what does not belong to it, and begins it with a capital.
func clean(lang alert.Lang, name string) string {
	name = brackets.ReplaceAllString(name, "")
	if re := kindWords[lang]; re != nil {
		if rest := re.ReplaceAllString(name, ""); rest != "" {
			name = rest
		}
	}
	r, n := utf8.DecodeRuneInString(name)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + name[n:]
}
