package console

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/casework"
)

// step is one page of the guided draft.
type step struct {
	slug, title, lede string
	prefixes          []string // of the facts it asks for: where a fault belongs
	many              *many    // nil: asked once
	bind              func(c *console, b *form, d *casework.Draft, i int)
}

// many is what a step needs to ask the same for several: children, vehicles.
type many struct {
	add, another, none string // of the page that lists them
	described          func(t *tongue, n int) string
	limit              int
	count              func(d *casework.Draft) int
	grow               func(d *casework.Draft)
	remove             func(d *casework.Draft, i int)
	name               func(t *tongue, d *casework.Draft, i int) string
	photo              func(d *casework.Draft, i int) string
	blank              func(d *casework.Draft, i int) bool
}

// steps is the guided draft, in the order it is asked.
var steps = []step{
	{
		slug: "what", title: tr("What happened"), prefixes: []string{"circumstances"}, bind: (*console).askWhat,
		lede: tr("The kind of disappearance sets the headline of every text."),
	},
	{
		slug: "report", title: tr("The report"), prefixes: []string{"internal"}, bind: (*console).askReport,
		lede: tr("Everything on this page stays with the police."),
	},
	{
		slug: "children", title: tr("The child"), prefixes: []string{"children"}, many: children, bind: (*console).askChild,
		lede: tr("What a stranger would recognise. Leave empty what you do not know."),
	},
	{
		slug: "suspects", title: tr("Who the child may be with"), prefixes: []string{"suspects"}, many: suspects, bind: (*console).askSuspect,
		lede: tr("A companion, a friend or an abductor: of each the alert says only “possibly with”. Give what helps to recognise the person."),
	},
	{
		slug: "vehicles", title: tr("Vehicle"), prefixes: []string{"vehicles"}, many: vehicles, bind: (*console).askVehicle,
		lede: tr("The plate is what people remember least and cameras find fastest."),
	},
	{
		slug: "last-seen", title: tr("Last seen"), prefixes: []string{"last_seen"}, bind: (*console).askLastSeen,
		lede: tr("Where and when somebody last saw the child for certain."),
	},
	{
		slug: "area", title: tr("Area of the alert"), prefixes: []string{"areas", "polygons", "circle"}, bind: (*console).askArea,
		lede: tr("Everybody registered in these areas gets the alert."),
	},
	{
		slug: "public", title: tr("What people should do"), prefixes: []string{"instruction", "contact", "authority"}, bind: (*console).askPublic,
		lede: tr("One number to call. It must be answered from the moment of release."),
	},
	{
		slug: "languages", title: tr("Languages"), prefixes: []string{"languages"}, bind: (*console).askTongues,
		lede: tr("Every text is written in each of these languages by Tocsin."),
	},
	{
		slug: "time", title: tr("End of the alert"), prefixes: []string{"expires"}, bind: (*console).askTime,
		lede: tr("Nothing goes out after the end. An update can move it."),
	},
	{
		slug: "words", title: tr("Your own words"), prefixes: []string{"note"}, bind: (*console).askWords,
		lede: tr("Optional. Write only what the answers so far do not say. These words are not translated for you."),
	},
}

func stepNamed(slug string) (step, int, bool) {
	i := slices.IndexFunc(steps, func(s step) bool { return s.slug == slug })
	if i < 0 {
		return step{}, 0, false
	}
	return steps[i], i, true
}

// fill is the page's questions with the answers of d; take reads what was sent into d.
func (c *console) fill(s step, d *casework.Draft, i int) *form {
	b := &form{tongue: c.tongue, zone: c.zoneOf(d), now: time.Now(), draft: d}
	s.bind(c, b, d, i)
	return b
}

func (c *console) take(s step, d *casework.Draft, i int, sent url.Values) *form {
	b := &form{tongue: c.tongue, sent: sent, zone: c.zoneOf(d), now: time.Now(), draft: d}
	s.bind(c, b, d, i)
	return b
}

func (c *console) zoneOf(d *casework.Draft) *time.Location {
	if z, err := time.LoadLocation(d.Facts.LastSeen.TimeZone); err == nil && d.Facts.LastSeen.TimeZone != "" {
		return z
	}
	return c.zone
}

func (c *console) askWhat(b *form, d *casework.Draft, _ int) {
	pick(b, "circumstances", "What happened?", &d.Facts.Circumstances, circumstances)
}

func (c *console) askReport(b *form, d *casework.Draft, _ int) {
	b.moment("internal.reported_at", "When was the child reported missing?", &d.Internal.ReportedAt).
		hint("The clock on every page starts here.")
	text(b, "internal.reference", "Your file number", &d.Internal.Reference).width("w20").max(60).optional()
	text(b, "internal.reported_by", "Who reported it", &d.Internal.ReportedBy).width("w20").max(120).optional()
	f := text(b, "internal.notes", "Notes for colleagues", &d.Internal.Notes).max(4000).optional()
	f.Kind = "textarea"
}

func (c *console) askLastSeen(b *form, d *casework.Draft, _ int) {
	l := &d.Facts.LastSeen
	text(b, "last_seen.place", "Place", &l.Place).max(80).hint("As a sign would say: Gare du Nord, Brussels.")
	if b.sent != nil { // the time below is in the zone chosen on this very page
		if z, err := time.LoadLocation(b.sent.Get("last_seen.time_zone")); err == nil {
			b.zone = z
		}
	}
	b.moment("last_seen.at", "When", &l.At)
	if l.TimeZone == "" {
		l.TimeZone = c.zone.String()
	}
	choose(b, "last_seen.time_zone", "Local time of", &l.TimeZone, timeZonesWith(l.TimeZone)).width("w20")
	choose(b, "last_seen.transport", "How the child left", &l.Transport, transports).width("w20").optional()
	text(b, "last_seen.towards", "Towards", &l.Towards).width("w20").max(60).optional().hint("A place, for example Lille.")
}

// timeZonesWith keeps a zone that the list lacks but the case has.
func timeZonesWith(zone string) []option {
	if slices.ContainsFunc(timeZones, func(o option) bool { return o.Value == zone }) {
		return timeZones
	}
	return append([]option{{zone, zone}}, timeZones...)
}

func (c *console) askPublic(b *form, d *casework.Draft, _ int) {
	f := &d.Facts
	pick(b, "instruction", "What should people do?", &f.Instruction, instructions)
	text(b, "contact.phone", "Number to call", &f.Contact.Phone).width("w10").max(20).mode("tel").
		hint("International form, like +32 2 554 40 00, or a short number like 112.")
	text(b, "contact.hotline", "Missing children hotline", &f.Contact.Hotline).width("w10").max(20).mode("tel").optional().
		hint("116000 where your State has it.")
	text(b, "contact.form", "Address of a sighting form", &f.Contact.Form).max(200).mode("url").optional().hint("Begins with https://")
	text(b, "authority", "Who issues the alert", &f.Authority).max(80).hint("As the public knows you: Police fédérale.")
	if b.sent != nil {
		f.Contact.Phone, f.Contact.Hotline = dial(f.Contact.Phone), dial(f.Contact.Hotline)
	}
}

// dial drops the spaces, dots and dashes people write between digits.
func dial(s string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", ".", "", "-", "", "/", "", "(", "", ")", "").Replace(s)
}

func (c *console) askTongues(b *form, d *casework.Draft, _ int) {
	c.askLanguages(b, &d.Facts.Languages)
}

func (c *console) askTime(b *form, d *casework.Draft, _ int) {
	b.expiry(&d.Facts.Expires)
}

func (c *console) askLanguages(b *form, p *[]alert.Lang) {
	f := b.add(&field{Name: "languages", Kind: "checks", Label: b.say("Languages of the alert"), Options: languageOptions(), Set: map[string]bool{}})
	first := alert.English
	if len(*p) > 0 {
		first = (*p)[0]
	}
	choose(b, "languages.first", "Main language", &first, languageOptions()).width("w20").
		hint("Used for everybody who has chosen none of the alert's languages.")
	if b.sent != nil {
		*p = nil
		for _, l := range alert.Langs {
			if slices.Contains(b.sent["languages"], string(l)) {
				*p = append(*p, l)
			}
		}
		// The main language is always one of them: choosing it is enough.
		if first != "" {
			*p = append([]alert.Lang{first}, slices.DeleteFunc(*p, func(l alert.Lang) bool { return l == first })...)
		}
	}
	for _, l := range *p {
		f.Set[string(l)] = true
	}
}

// expiryHours are the usual lengths: Belgium's six hours to two days.
var expiryHours = []int{3, 6, 12, 24, 48}

// expiry asks for the end as hours from now, or as an exact moment.
func (b *form) expiry(p *time.Time) {
	f := b.add(&field{Name: "expires", Kind: "expiry", Label: b.say("When does the alert end?")})
	in := &field{Name: "expires.in", Kind: "radios"}
	for _, h := range expiryHours {
		end := b.now.Add(time.Duration(h) * time.Hour).In(b.zone)
		in.Options = append(in.Options, option{strconv.Itoa(h), b.count(h, "In {n} hour – {weekday} {time}", "In {n} hours – {weekday} {time}",
			"weekday", b.say(weekdays[end.Weekday()]), "time", end.Format("15:04"))})
	}
	exact := &form{tongue: b.tongue, zone: b.zone, sent: b.sent}
	m := exact.moment("expires", "Exact end", p)
	f.Parts = []*field{in, m}
	if b.sent == nil {
		in.Value, f.Value = "at", m.Value
		if p.IsZero() {
			in.Value = "12"
		}
		return
	}
	in.Value, f.Value = b.sent.Get("expires.in"), m.Value
	if h, err := strconv.Atoi(in.Value); err == nil && slices.Contains(expiryHours, h) {
		*p = b.now.Add(time.Duration(h) * time.Hour).Truncate(time.Minute)
		f.Value = b.tongue.moment(p.In(b.zone))
		return
	}
	if m.Error != "" {
		f.Error = m.Error
		b.Faults = append(b.Faults, exact.Faults...)
	}
}

func (c *console) askWords(b *form, d *casework.Draft, _ int) {
	langs := d.Facts.Languages
	if len(langs) == 0 {
		langs = c.Languages
	}
	b.words("note", "One more thing the public should know", &d.Facts.Note, langs, 300).hint("One or two sentences.")
	for i := range d.Facts.Children {
		b.marks(&d.Facts.Children[i], fmt.Sprintf("children[%d].marks", i), langs)
	}
	for i := range d.Facts.Suspects {
		b.marks(&d.Facts.Suspects[i], fmt.Sprintf("suspects[%d].marks", i), langs)
	}
}

func (b *form) marks(p *alert.Person, name string, langs []alert.Lang) {
	who := p.GivenName
	if who == "" {
		who = b.say("the person")
	}
	b.words(name, b.say("Distinguishing marks of {who}", "who", who), &p.Marks, langs, 120).hint("A scar, a birthmark, a brace.")
}
