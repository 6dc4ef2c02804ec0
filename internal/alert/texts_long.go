package alert

import (
	"strconv"
	"strings"
	"time"
)

// description is the whole public account, a paragraph for each thing told.
func (w *writer) description() string {
	l, f := w.l, w.f
	paragraphs := []string{
		sentences(w.prefix(), l.warning[w.m.Status], w.updateWord(), w.lead()),
		sentences(w.seen(), w.direction()),
	}
	for _, p := range f.Children {
		paragraphs = append(paragraphs, w.portrait(p.GivenName, p, false))
	}
	for _, p := range f.Suspects {
		paragraphs = append(paragraphs, w.companion(p, false))
	}
	for _, v := range f.Vehicles {
		paragraphs = append(paragraphs, stop(w.vehicle(v)))
	}
	paragraphs = append(paragraphs, stop(f.Note[l.code]), w.issuer())
	if !w.m.Expires.IsZero() {
		paragraphs = append(paragraphs, stop(l.label.until+l.colon+w.local(w.m.Expires)))
	}
	return join("\n", paragraphs)
}

// spoken is what a presenter reads: the account with units, times and numbers as they are said.
func (w *writer) spoken() string {
	l, f := w.l, w.f
	opening := l.appeal
	if w.m.MsgType == TypeUpdate {
		opening = l.updateSpoken
	}
	parts := []string{
		w.prefix(), l.warning[w.m.Status], opening, w.lead(),
		stop(l.seenSpoken(f.Children, f.LastSeen.At.In(w.zone))),
		stop(l.label.where + l.colon + f.LastSeen.Place), w.direction(),
	}
	for _, p := range f.Children {
		parts = append(parts, w.portrait(p.GivenName, p, true))
	}
	for _, p := range f.Suspects {
		parts = append(parts, w.companion(p, true))
	}
	for _, v := range f.Vehicles {
		parts = append(parts, stop(w.vehicleSpoken(v)))
	}
	number := w.sayNumber(f.Contact.Phone)
	parts = append(parts, stop(f.Note[l.code]), w.appealToCall(number), stop(fill(l.label.again, "phone", number)))
	if f.Contact.Hotline != "" {
		parts = append(parts, stop(fill(l.label.hotline, "phone", w.sayNumber(f.Contact.Hotline))))
	}
	parts = append(parts, w.issuer(), l.warning[w.m.Status])
	return sentences(parts...)
}

// instruction is what to do, with the number.
func (w *writer) instruction() string {
	l, c := w.l, w.f.Contact
	parts := []string{w.prefix(), w.appealToCall(FormatPhone(c.Phone))}
	if c.Hotline != "" {
		parts = append(parts, stop(fill(l.label.hotline, "phone", FormatPhone(c.Hotline))))
	}
	if c.Form != "" {
		parts = append(parts, fill(l.label.form, "form", c.Form)) // no full stop: it would join the address
	}
	return sentences(parts...)
}

func (w *writer) appealToCall(number string) string {
	l := w.l
	warn := ""
	if w.f.Instruction == InstructionDoNotApproach {
		warn = stop(l.label.dontApproach)
	}
	return sentences(warn, stop(fill(l.label.report.of(w.f.Children), "phone", number)))
}

// prefix is "EXERCISE." or nothing.
// prefix is "EXERCISE." or "TEST."; a test in the drill realm says both.
func (w *writer) prefix() string {
	own := stop(w.l.status[w.m.Status])
	if w.m.Realm == Drill && w.m.Status == StatusTest {
		return stop(w.l.status[StatusExercise]) + " " + own
	}
	return own
}

func (w *writer) updateWord() string {
	if w.m.MsgType == TypeUpdate {
		return stop(w.l.update)
	}
	return ""
}

// lead says who is missing, and why we worry.
func (w *writer) lead() string {
	l, kids := w.l, w.f.Children
	who := make([]string, len(kids))
	for i, p := range kids {
		who[i] = l.child(fullName(p), p)
	}
	lead := l.circumstances[w.f.Circumstances].lead.of(kids)
	return capital(fill(lead, "who", l.people(who), "n", l.numbers[min(len(kids), len(l.numbers)-1)],
		"child", l.person(kids[0].Age, kids[0].Sex)))
}

func (w *writer) local(t time.Time) string { return w.l.fullDate(t.In(w.zone), w.m.Expires.In(w.zone)) }

// fullDate names the year only where it is not that of the alert.
func (l *language) fullDate(t, alert time.Time) string {
	s := l.date(t)
	if !alert.IsZero() && !t.IsZero() && t.Year() != alert.Year() {
		s += " (" + strconv.Itoa(t.Year()) + ")"
	}
	return s
}

func (w *writer) seen() string {
	l, s := w.l, w.f.LastSeen
	return stop(l.label.seen.of(w.f.Children) + l.colon + w.local(s.At) + ", " + s.Place)
}

func (w *writer) direction() string {
	if d := w.towards(); d != "" {
		return stop(w.l.label.direction + w.l.colon + d)
	}
	return stop(w.left())
}

// left is "Left by train", where only the means is known.
func (w *writer) left() string {
	how := w.l.transports[w.f.LastSeen.Transport]
	if how == "" {
		return ""
	}
	return fill(w.l.label.left.of(w.f.Children), "how", how)
}

// towards is "Lille, by train", or nothing when no direction is known.
func (w *writer) towards() string {
	s := w.f.LastSeen
	if s.Towards == "" {
		return ""
	}
	return join(", ", []string{s.Towards, w.l.transports[s.Transport]})
}

func (w *writer) issuer() string {
	if w.f.Authority == "" {
		return ""
	}
	return stop(w.l.label.issued + w.l.colon + w.f.Authority)
}

// portrait describes a person in sentences: body, clothing, what is carried, marks.
func (w *writer) portrait(subject string, p Person, spoken bool) string {
	l := w.l
	var parts []string
	if t := l.traits(p, spoken); !t.empty() {
		parts = append(parts, stop(l.body(subject, p.Sex, t)))
		subject = l.pronoun(p.Sex)
	}
	worn, carried := l.things(p.Clothing, true)
	if len(worn) > 0 {
		parts = append(parts, stop(l.wore(subject, p.Sex, l.list(worn))))
		subject = l.pronoun(p.Sex)
	}
	if len(carried) > 0 {
		parts = append(parts, stop(l.bore(subject, p.Sex, l.list(carried))))
	}
	if marks := p.Marks[l.code]; marks != "" {
		parts = append(parts, stop(l.label.marks+l.colon+marks))
	}
	return sentences(parts...)
}

// companion tells of somebody the child may be with.
func (w *writer) companion(p Person, spoken bool) string {
	l := w.l
	who, subject := l.someone(p), l.pronoun(p.Sex)
	if name := fullName(p); name != "" {
		who = name + ", " + who
	}
	return sentences(stop(l.label.companion.of(w.f.Children)+l.colon+who), w.portrait(subject, p, spoken))
}

// adult gives a suspect of unknown age the age of a grown-up.
func adult(p Person) int {
	if p.Age == 0 {
		return 18
	}
	return p.Age
}

func fullName(p Person) string { return join(" ", []string{p.GivenName, p.FamilyName}) }

// sentences joins what is not empty by spaces.
func sentences(parts ...string) string { return join(" ", parts) }

func join(sep string, parts []string) string {
	kept := make([]string, 0, len(parts))
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
