package alert

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// gender is what adjectives and participles agree with. English ignores it,
// German and Russian have one plural.
type gender int

const (
	masc gender = iota
	fem
	neut
	mascPl
	femPl
)

func (g gender) plural() bool { return g >= mascPl }

// of picks the word of a person's sex.
func (s Sex) of(female, male string) string {
	if s == Female {
		return female
	}
	return male
}

// agreed holds one wording for a girl, a boy, and several children. A language
// that does not tell them apart repeats itself.
type agreed struct{ girl, boy, several string }

// alike is one wording for all.
func alike(s string) agreed { return agreed{s, s, s} }

func (a agreed) of(people []Person) string {
	switch {
	case len(people) != 1:
		return a.several
	case people[0].Sex == Female:
		return a.girl
	}
	return a.boy
}

// noun is a thing with its gender.
type noun struct {
	gender gender
	word   string
}

// adjective holds the forms for masc, fem, neut, mascPl and femPl; a language
// fills in what it tells apart.
type adjective [5]string

// traits are the parts of a body description, already worded. Empty parts are unknown.
type traits struct {
	height string // "125 cm"
	build  string // from language.builds
	hair   string // "long blond hair"
	eyes   string // "blue eyes"
	bald   bool
}

func (t traits) empty() bool { return t == traits{} }

// buildWords say a build alone in a list ("strong build"), and in a sentence
// after "is" ("of strong build").
type buildWords struct{ alone, sentence string }

// circumstance is how a language names one class of disappearance.
type circumstance struct {
	headline agreed // "Child abducted"
	short    agreed // "Abducted", for RadioText
	// lead is the first sentence of the account. {who} is the child or the list
	// of children, {n} their number in words, {child} the word for the child.
	lead agreed
}

// ending is how a language says that an alert is over, for one outcome.
type ending struct {
	headline string // after "Child alert ended: "
	account  string // sentences
}

// language is one language's words and the few turns of grammar that cannot be
// a table. Everything that decides what is said, in which order and how short,
// is common to all.
type language struct {
	code    Lang
	colon   string                   // ": ", or " : " where the language wants it
	and     func(next string) string // " and ", as it sounds before the next word
	grouped bool                     // a group of digits is said as one number (02, 554), not digit by digit
	apposed bool                     // a comma before the "and" of a list of people, whose ages stand between commas
	words   int                      // read aloud in a minute

	// The realm of a message: the word that begins every text, and the sentences spoken.
	status  map[Status]string
	warning map[Status]string

	update       string // begins the short texts of an update
	updateSpoken string // begins its spoken text
	appeal       string // begins the spoken text of a first alert

	circumstances map[Circumstances]circumstance
	numbers       [maxChildrenInWords + 1]string // two to six children, in words
	children      func(n int) string
	others        func(n int) string                  // "and 5 other children"
	age           func(years int) string              // "7", "7 ans"
	aged          func(name string, years int) string // "Anna, 7"
	person        func(age int, sex Sex) string       // "girl", "woman"
	someone       func(p Person) string               // "a 7-year-old girl"
	child         func(name string, p Person) string
	pronoun       func(s Sex) string // begins a sentence; "" where the verb says it

	items    map[Item]noun
	vehicles map[VehicleKind]noun
	colours  map[Colour]adjective
	// thing is "red jacket"; as object what follows "was wearing": "a red jacket".
	thing  func(n noun, a adjective, object bool) string
	builds map[Build]buildWords
	hair   func(c HairColour, length HairLength, sex Sex) string
	eyes   map[EyeColour]string
	height func(cm int, spoken bool) string
	body   func(subject string, sex Sex, t traits) string
	wore   func(subject string, sex Sex, things string) string
	bore   func(subject string, sex Sex, things string) string

	transports map[Transport]string
	date       func(t time.Time) string // "Sunday 22 November, 14:30"
	dateShort  func(t time.Time) string // "Sun 22 Nov, 14:30"
	seenSpoken func(people []Person, t time.Time) string

	label labels

	endings  map[Outcome]ending
	ended    string // "Child alert ended"
	erase    string // asks to delete and not to share
	linkTest ending // a test alert without a case
}

// labels are the words before a colon, in texts and on pages, and the few
// fixed sentences around the number to call.
type labels struct {
	age, height, build, hair, eyes, clothing, marks  string
	when, where, direction                           string
	vehicle, makeModel, year, plate                  string
	seen, seenShort                                  agreed
	companion, left                                  agreed // left: {how}
	issued, until                                    string
	call, callShort, dontApproach, dontApproachShort string // {phone}
	report                                           agreed // {phone}
	hotline, form, again, plus                       string // {phone}, {form}
}

// capital raises the first letter.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// list joins with commas and the language's "and".
func (l *language) list(parts []string) string { return series(parts, ", ", l.and) }

// people joins names with ages: "Anna, 7, and Luc, 9".
func (l *language) people(parts []string) string {
	if !l.apposed {
		return l.list(parts)
	}
	return series(parts, ", ", func(next string) string { return "," + l.and(next) })
}

func series(parts []string, comma string, and func(next string) string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := parts[len(parts)-1]
	return strings.Join(parts[:len(parts)-1], comma) + and(last) + last
}

// always is an "and" that does not heed the next word.
func always(and string) func(string) string { return func(string) string { return and } }

// firstWord is the name people are called by: the first of several.
func firstWord(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

// town is the last part of a place: "Brussels" of "Gare du Nord, Brussels".
func town(place string) string {
	if i := strings.LastIndex(place, ","); i >= 0 {
		if t := strings.TrimSpace(place[i+1:]); t != "" {
			return t
		}
	}
	return place
}

// fill puts values in the places of a template: fill("Call {phone}", "phone", "112").
func fill(template string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// languages are the six, by code.
var languages = map[Lang]*language{
	English: &english, French: &french, German: &german, Italian: &italian, Russian: &russian, Spanish: &spanish,
}
