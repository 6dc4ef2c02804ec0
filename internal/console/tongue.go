package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"tocsin/internal/alert"
	"tocsin/web"
)

// tongue is the console in one language. A text's key is the English text
// itself, so pages and code read as what they say; every other language has a
// file web/locales/console/LANG.json from those keys to its own words. A word
// that English uses for two things carries a context before a bar:
// "stage|Live" is said as "Live".
//
// A test holds the files against every text that pages and code can say, so a
// missing one is found before an officer meets it; until then he reads English.
type tongue struct {
	lang  alert.Lang
	tag   language.Tag
	table map[string]phrase
	shape []pattern // of texts that come with their values filled in
}

// phrase is a text in one language: one, or one for each form of its number.
type phrase struct {
	text  string
	forms map[plural.Form]string
}

var formNames = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// UnmarshalJSON reads "text", or {"one": "...", "few": "...", "other": "..."}.
func (p *phrase) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &p.text) == nil {
		return nil
	}
	var forms map[string]string
	if err := json.Unmarshal(data, &forms); err != nil {
		return fmt.Errorf("write a text, or an object of the forms one, few, many, other: %w", err)
	}
	p.forms = map[plural.Form]string{}
	for name, text := range forms {
		form, ok := formNames[name]
		if !ok {
			return fmt.Errorf("%q is no form of a number", name)
		}
		p.forms[form] = text
	}
	return nil
}

// loadTongue reads one language; English is its own key.
func loadTongue(lang alert.Lang) (*tongue, error) {
	t := &tongue{lang: lang, tag: language.Make(string(lang)), table: map[string]phrase{}}
	if lang == alert.English {
		return t, nil
	}
	data, err := web.File("locales/console/" + string(lang) + ".json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &t.table); err != nil {
		return nil, fmt.Errorf("locales/console/%s.json: %w", lang, err)
	}
	t.shape = patterns(t.table)
	return t, nil
}

// english says what keys say; programs are always answered in it.
var english = &tongue{lang: alert.English, tag: language.English}

// tr marks a text that is said later, from a table: the test that compares the
// languages finds it by this call.
func tr(text string) string { return text }

// say is text in this language, with {name} replaced by the value after "name".
func (t *tongue) say(text string, args ...any) string {
	said := text
	if p, ok := t.table[text]; ok && p.text != "" {
		said = p.text
	} else if _, after, ok := strings.Cut(text, "|"); ok {
		said = after
	}
	return t.fill(said, args)
}

// count says a text with a number: one or many in English, by the language's own rules elsewhere. {n} is the number.
func (t *tongue) count(n int, one, many string, args ...any) string {
	said := many
	if n == 1 {
		said = one
	}
	if p, ok := t.table[many]; ok && len(p.forms) > 0 {
		form := plural.Cardinal.MatchPlural(t.tag, n, 0, 0, 0, 0)
		if said = p.forms[form]; said == "" {
			said = p.forms[plural.Other]
		}
	}
	return t.fill(said, append([]any{"n", t.thousands(n)}, args...))
}

func (t *tongue) fill(said string, args []any) string {
	for pair := range slices.Chunk(args, 2) {
		if len(pair) == 2 {
			said = strings.ReplaceAll(said, "{"+fmt.Sprint(pair[0])+"}", fmt.Sprint(pair[1]))
		}
	}
	return said
}

// thousands groups digits as the language does: 10,000, 10.000 or 10 000.
func (t *tongue) thousands(n int) string {
	if n < 0 {
		return "-" + t.thousands(-n)
	}
	if n < 1000 {
		return itoa(n)
	}
	mark := map[alert.Lang]string{alert.English: ",", alert.German: ".", alert.Italian: ".", alert.Spanish: "."}[t.lang]
	if mark == "" {
		mark = "\u202f" // French and Russian: a narrow space that does not break
	}
	tail := itoa(n % 1000)
	return t.thousands(n/1000) + mark + strings.Repeat("0", 3-len(tail)) + tail
}

// decimal is x with one digit after the language's mark.
func (t *tongue) decimal(x float64) string {
	s := fmt.Sprintf("%.1f", x)
	if t.lang != alert.English {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// ago is a time that passed, as an officer says it. clock.js says the same.
func (t *tongue) ago(d time.Duration) string {
	d = max(d, 0)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h >= 48:
		return t.count(h/24, "{n} day", "{n} days")
	case h > 0:
		return t.count(h, "{n} hour", "{n} hours") + " " + t.count(m, "{n} minute", "{n} minutes")
	case m > 0:
		return t.count(m, "{n} minute", "{n} minutes")
	default:
		return t.count(s, "{n} second", "{n} seconds")
	}
}

// seconds says milliseconds as a person reads them: "41 ms", "1.4 s", "12 s", "3 minutes".
func (t *tongue) seconds(ms int64) string {
	switch {
	case ms < 0:
		return "–"
	case ms < 1000:
		return fmt.Sprintf("%d\u00a0ms", ms)
	case ms < 10_000:
		return t.decimal(float64(ms)/1000) + "\u00a0s"
	case ms < 120_000:
		return fmt.Sprintf("%d\u00a0s", ms/1000)
	default:
		return t.ago(time.Duration(ms) * time.Millisecond)
	}
}

var (
	weekdays = []string{
		tr("Sunday"), tr("Monday"), tr("Tuesday"), tr("Wednesday"), tr("Thursday"), tr("Friday"), tr("Saturday"),
	}
	// The months as a date says them: in Russian, "22 ноября".
	months = []string{
		tr("date|January"), tr("date|February"), tr("date|March"), tr("date|April"), tr("date|May"), tr("date|June"),
		tr("date|July"), tr("date|August"), tr("date|September"), tr("date|October"), tr("date|November"), tr("date|December"),
	}
)

// moment is a date and a time of day to the minute: "Monday 2 January 2006, 15:04".
func (t *tongue) moment(at time.Time) string {
	return t.say("{weekday} {day} {month} {year}, {time}", "weekday", t.say(weekdays[at.Weekday()]), "day", at.Day(),
		"month", t.say(months[at.Month()-1]), "year", at.Year(), "time", at.Format("15:04"))
}

// day is moment without the year, for what is near; clock is to the second.
func (t *tongue) day(at time.Time) string {
	return t.say("{weekday} {day} {month}, {time}", "weekday", t.say(weekdays[at.Weekday()]), "day", at.Day(),
		"month", t.say(months[at.Month()-1]), "time", at.Format("15:04"))
}

// stamp is a date and a time to the second, for the record.
func (t *tongue) stamp(at time.Time) string {
	return t.say("{day} {month}, {time}", "day", at.Day(), "month", t.say(months[at.Month()-1]), "time", at.Format("15:04:05"))
}

// sentence joins with commas and "and".
func (t *tongue) sentence(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + t.say(" and ") + parts[len(parts)-1]
}

// languages lists languages by their own names.
func (t *tongue) languages(langs []alert.Lang) string {
	names := make([]string, len(langs))
	for i, l := range langs {
		names[i] = languageName(l)
	}
	return t.sentence(names)
}

// funcs is what the pages of this language can call.
func (t *tongue) funcs() template.FuncMap {
	all := templateFuncs()
	all["t"], all["n"] = t.say, t.count
	all["told"], all["warning"] = t.retell, t.warning
	all["ago"] = func(at time.Time) string { return t.ago(time.Since(at)) }
	all["thousands"], all["seconds"] = t.thousands, t.seconds
	all["lang"] = func() string { return string(t.lang) }
	all["dir"] = t.direction
	return all
}

// direction is how the language's script runs, for the page's dir: "ltr" or "rtl".
func (t *tongue) direction() string {
	switch script, _ := t.tag.Script(); script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}

// languageCookie remembers the language an officer chose on this device. It
// says nothing about anybody.
const languageCookie = "console_language"

// in is the console in the language of who asks: as chosen, else as the browser prefers, else the agency's first.
func (c *console) in(r *http.Request) *console {
	spoken := *c
	spoken.tongue = c.tongues[c.languageOf(r)]
	return &spoken
}

// maxAccept bounds a header that the matcher works through: real ones have under 100 bytes.
const maxAccept = 500

func (c *console) languageOf(r *http.Request) alert.Lang {
	if cookie, err := r.Cookie(languageCookie); err == nil && slices.Contains(alert.Langs, alert.Lang(cookie.Value)) {
		return alert.Lang(cookie.Value)
	}
	accept := r.Header.Get("Accept-Language")
	wanted, _, err := language.ParseAcceptLanguage(accept[:min(len(accept), maxAccept)])
	if err != nil || len(wanted) == 0 {
		return alert.English
	}
	tags := make([]language.Tag, len(alert.Langs))
	for i, l := range alert.Langs {
		tags[i] = c.tongues[l].tag
	}
	_, at, _ := language.NewMatcher(tags).Match(wanted...)
	return alert.Langs[at]
}

// speak serves a page in the language of who asks.
func (c *console) speak(page func(*console, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { page(c.in(r), w, r) }
}

// chooseLanguage keeps the choice and leads back to where the officer was.
func (c *console) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10) // two short fields
	if err := r.ParseForm(); err != nil {
		c.badForm(w, r, err)
		return
	}
	lang := alert.Lang(r.PostForm.Get("lang"))
	if !slices.Contains(alert.Langs, lang) {
		c.refuse(w, r, http.StatusBadRequest, c.say("There is no such language"), c.say("Choose one of the list."))
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: string(lang), Path: "/console", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: r.TLS != nil || strings.HasPrefix(c.PublicURL, "https://"), SameSite: http.SameSiteLaxMode,
	})
	to := r.PostForm.Get("next")
	if to != "/console/sign-in" {
		to = safeNext(to)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
