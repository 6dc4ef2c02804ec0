package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// option is one choice of a list: the domain's word and the officer's.
type option struct{ Value, Text string }

// field is one question of a page. Its name is the path of the fact it asks
// for ("children[0].age"), so that a fault found anywhere leads back to it.
type field struct {
	Name, Kind, Label, Hint string
	Value                   string          // as typed, or as stored
	Set                     map[string]bool // chosen values of checkboxes
	Options                 []option
	Parts                   []*field // of a field made of several inputs: a moment, clothing, words by language
	Width                   string   // class of the input
	Suffix                  string
	Max                     int // characters
	Mode                    string
	Auto                    string
	Lang                    string
	Optional                bool
	Error                   string
	say                     *tongue // the page's language, for the hint
}

// hint adds a sentence below the question, in the page's language.
func (f *field) hint(s string) *field { f.Hint = f.say.say(s); return f }

// options are a list's choices in the form's language.
func (b *form) options(list []option) []option {
	said := make([]option, len(list))
	for i, o := range list {
		said[i] = option{o.Value, b.say(o.Text)}
	}
	return said
}

// ID is the name as an element's id.
func (f *field) ID() string { return fieldID(f.Name) }

// Described lists the ids of hint and error for aria-describedby.
func (f *field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID()+"-error")
	}
	return strings.Join(ids, " ")
}

func fieldID(name string) string {
	return strings.Trim(strings.NewReplacer("[", "-", "].", "-", "]", "", ".", "-").Replace(name), "-")
}

func (f *field) width(s string) *field { f.Width = s; return f }
func (f *field) max(n int) *field      { f.Max = n; return f }
func (f *field) optional() *field      { f.Optional = true; return f }
func (f *field) mode(s string) *field  { f.Mode = s; return f }

// form binds the questions of one page to the facts, in both directions: with
// sent == nil it reads the facts into the fields, else it writes what was sent
// into the facts and keeps it in the fields as typed, so that nothing an
// officer wrote is ever lost. One listing of a page's questions serves the
// page, the check of answers and the comparison after a conflict.
type form struct {
	*tongue
	sent   url.Values
	zone   *time.Location
	now    time.Time
	draft  *casework.Draft // the answers with this page's
	facts  *alert.Facts    // of the area page: what its estimate is about
	looked string          // the shapes whose units were looked up
	// reached are those units; nil = not looked up yet. They take long to find.
	reached []string
	Fields  []*field
	Faults  alert.Invalid // only what cannot be read at all; the rules are casework's
}

func (b *form) add(f *field) *field {
	b.Fields = append(b.Fields, f)
	return f
}

func (b *form) fault(f *field, code, text string) {
	f.Error = text
	b.Faults.Add(f.Name, code, text)
}

// text asks for one line.
func text[T ~string](b *form, name, label string, p *T) *field {
	if b.sent != nil {
		*p = T(strings.TrimSpace(b.sent.Get(name)))
	}
	return b.add(&field{Name: name, Kind: "text", Label: b.say(label), Value: string(*p), say: b.tongue})
}

// pick asks for one of a list by radios; choose does by a drop-down list.
func pick[T ~string](b *form, name, label string, p *T, options []option) *field {
	f := choose(b, name, label, p, options)
	f.Kind = "radios"
	return f
}

func choose[T ~string](b *form, name, label string, p *T, options []option) *field {
	f := b.add(&field{Name: name, Kind: "select", Label: b.say(label), Options: b.options(options), say: b.tongue})
	if b.sent != nil {
		v := b.sent.Get(name)
		if v != "" && !slices.ContainsFunc(options, func(o option) bool { return o.Value == v }) {
			b.fault(f, "unknown", b.say("{question}: choose one of the list.", "question", f.Label))
			v = ""
		}
		*p = T(v)
	}
	f.Value = string(*p)
	return f
}

// number asks for a whole number; empty is zero. keepZero shows a zero, for an age of 0.
func (b *form) number(name, label string, p *int, keepZero bool) *field {
	f := b.add(&field{Name: name, Kind: "text", Label: b.say(label), Mode: "numeric", Width: "w3", say: b.tongue})
	if b.sent == nil {
		if *p > 0 || *p == 0 && keepZero {
			f.Value = strconv.Itoa(*p)
		}
		return f
	}
	f.Value = strings.TrimSpace(b.sent.Get(name))
	*p = 0
	if f.Value != "" {
		n, err := strconv.Atoi(f.Value)
		if err != nil || n < 0 || n > 9999 {
			b.fault(f, "number", b.say("{question} must be a whole number, like 9.", "question", f.Label))
		} else {
			*p = n
		}
	}
	return f
}

// moment asks for a date and a time of day in the form's time zone.
func (b *form) moment(name, label string, p *time.Time) *field {
	f := b.add(&field{Name: name, Kind: "moment", Label: b.say(label), say: b.tongue})
	day, clock := &field{Name: name + ".date", Kind: "date", Label: b.say("Date")}, &field{Name: name + ".time", Kind: "time", Label: b.say("Time (24 hours)")}
	f.Parts = []*field{day, clock}
	if b.sent == nil {
		if !p.IsZero() {
			day.Value, clock.Value = p.In(b.zone).Format(time.DateOnly), p.In(b.zone).Format("15:04")
			f.Value = b.tongue.moment(p.In(b.zone))
		}
		return f
	}
	day.Value, clock.Value = strings.TrimSpace(b.sent.Get(day.Name)), strings.TrimSpace(b.sent.Get(clock.Name))
	f.Value = strings.TrimSpace(day.Value + " " + clock.Value)
	*p = time.Time{}
	if f.Value == "" {
		return f
	}
	at, wrong := b.parseMoment(day.Value, clock.Value)
	if wrong != "" {
		b.fault(f, "time", f.Label+": "+wrong)
		return f
	}
	*p, f.Value = at, b.tongue.moment(at)
	return f
}

// parseMoment reads what a browser's date input sends, and what people type where there is none.
func (b *form) parseMoment(day, clock string) (at time.Time, wrong string) {
	clock = strings.NewReplacer(".", ":", "h", ":", " ", "").Replace(clock)
	for _, layout := range []string{time.DateOnly, "02.01.2006", "2.1.2006", "02/01/2006", "2/1/2006", "2 January 2006"} {
		d, err := time.ParseInLocation(layout, day, b.zone)
		if err != nil {
			continue
		}
		for _, layout := range []string{"15:04", "15:04:05"} {
			if t, err := time.Parse(layout, clock); err == nil {
				return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), 0, 0, b.zone), ""
			}
		}
		return time.Time{}, b.say("write the time as hours and minutes, like 16:30")
	}
	return time.Time{}, b.say("write the date as year, month and day, like {example}", "example", time.Now().In(b.zone).Format(time.DateOnly))
}

// words asks for the officer's own text in each of the alert's languages.
func (b *form) words(name, label string, p *alert.Localized, langs []alert.Lang, limit int) *field {
	f := b.add(&field{Name: name, Kind: "words", Label: b.say(label), Optional: true, Max: limit, say: b.tongue})
	texts := alert.Localized{}
	var shown []string
	for _, l := range langs {
		part := &field{Name: name + "." + string(l), Kind: "textarea", Label: languageName(l), Max: limit, Lang: string(l), Value: (*p)[l]}
		if b.sent != nil {
			part.Value = strings.TrimSpace(strings.ReplaceAll(b.sent.Get(part.Name), "\r\n", "\n"))
		}
		if part.Value != "" {
			texts[l] = part.Value
			shown = append(shown, part.Label+": "+part.Value)
		}
		f.Parts = append(f.Parts, part)
	}
	if b.sent != nil {
		*p = nil
		if len(texts) > 0 {
			*p = texts
		}
	}
	f.Value = strings.Join(shown, "\n")
	return f
}

// Shown is the answer as a person reads it, "" when there is none.
func (f *field) Shown() string {
	switch f.Kind {
	case "select", "radios", "radios-inline":
		return textOf(f.Options, f.Value)
	case "checks", "areas":
		var chosen []string
		for _, o := range f.Options {
			if f.Set[o.Value] {
				chosen = append(chosen, o.Text)
			}
		}
		return strings.Join(chosen, ", ")
	case "clothing":
		var worn []string
		for _, row := range f.Parts {
			if item := row.Parts[0].Shown(); item != "" {
				worn = append(worn, strings.TrimSpace(strings.ToLower(row.Parts[1].Shown()+" "+item)))
			}
		}
		return strings.Join(worn, ", ")
	}
	if f.Value != "" && f.Suffix != "" {
		return f.Value + " " + f.Suffix
	}
	return f.Value
}

// textOf is what the officer calls a value of a list.
func (t *tongue) textOf(options []option, value string) string {
	for _, o := range options {
		if o.Value == value && value != "" {
			return t.say(o.Text)
		}
	}
	return value
}

// textOf is textOf of a list that is in the page's language already.
func textOf(options []option, value string) string {
	for _, o := range options {
		if o.Value == value && value != "" {
			return o.Text
		}
	}
	return value
}
