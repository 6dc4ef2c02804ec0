package alert

// What the reader loses, step by step. The order is the rule of every short
// text: build and eyes go first, the child's name last.
const (
	lossGrouping  = 5 // of the number's digits
	lossBuild     = 10
	lossEyes      = 11
	lossLabel     = 12 // "last seen" becomes "seen"
	lossMarks     = 18
	lossGarment   = 20 // the last named first, up to 8 steps
	lossDirection = 35
	lossHair      = 37
	lossHeight    = 38
	lossCompanion = 45
	lossVehicle   = 46 // make and colour; the plate stays
	lossCircle    = 50 // the exact place becomes the town
	lossPortrait  = 55
	lossSurname   = 58
	lossReason    = 60 // "Child abducted by a parent" becomes "Abducted"
	lossWarning   = 62 // "do not intervene"
	lossGiven     = 64 // further given names
	lossSeen      = 66
	lossPage      = 68
	lossPlate     = 72
	lossList      = 74 // the names of the other children
	lossPlace     = 78
	lossUpdate    = 82
	lossName      = 90
)

// shortTexts are the lines of every text that has a limit.
type shortTexts struct {
	headline, crawl, radiotext, pushTitle, pushBody, sms, short90, long360 []line
}

// shortTexts says which lines each channel has room for.
func (w *writer) shortTexts() shortTexts {
	opening := w.openingSlots()
	place := w.placeSlot()
	title := append(opening[:len(opening):len(opening)], w.who(), place)
	seen, call, page := w.seenLine(), w.callLine(), sayBare(slot{forms: []string{PageURL(w.m, w.l.code)}}.orNothing(lossPage))
	who := say(append(opening[:len(opening):len(opening)], w.who())...)
	portraits, companions, vehicles, direction := w.portraitLines(false), w.companionLines(), w.vehicleLines(), w.directionLine()

	body := concat(portraits, companions, vehicles)
	s := shortTexts{
		headline:  []line{sayBare(title...)},
		pushTitle: []line{sayBare(title...)},
		radiotext: []line{say(title...), call},
		short90:   concat([]line{say(title...)}, portraits, vehicles, []line{call}),
		crawl:     concat([]line{who, seen}, body, []line{call}),
		sms:       concat([]line{who, seen}, body, []line{direction, call, page}),
		pushBody:  concat([]line{say(fixed(w.lead0()), w.seenSlot())}, body, []line{call}),
		long360:   concat([]line{who, seen}, w.portraitLines(true), companions, vehicles, []line{direction, call, page}),
	}
	return s
}

func concat(parts ...[]line) []line {
	var all []line
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// lead0 is "EXERCISE. " or nothing: no step may take it away.
func (w *writer) lead0() string {
	if p := w.prefix(); p != "" {
		return p + " "
	}
	return ""
}

// openingSlots are "EXERCISE. Update. Child abducted: ".
func (w *writer) openingSlots() []slot {
	l := w.l
	slots := []slot{fixed(w.lead0())}
	if w.m.MsgType == TypeUpdate {
		slots = append(slots, fixed(stop(l.update)+" ").orNothing(lossUpdate))
	}
	c := l.circumstances[w.f.Circumstances]
	return append(slots, fixed(c.headline.of(w.f.Children)+l.colon).
		or(lossReason, c.short.of(w.f.Children)+l.colon))
}

// who names the children in ever fewer words.
func (w *writer) who() slot {
	l, kids := w.l, w.f.Children
	name := func(of func(Person) string) string {
		names := make([]string, len(kids))
		for i, p := range kids {
			names[i] = l.aged(of(p), p.Age)
		}
		return l.people(names)
	}
	s := fixed(name(fullName)).
		or(lossSurname, name(func(p Person) string { return p.GivenName })).
		or(lossGiven, name(func(p Person) string { return firstWord(p.GivenName) }))
	if len(kids) == 1 {
		who := l.person(kids[0].Age, kids[0].Sex)
		return s.or(lossName, l.aged(who, kids[0].Age)).or(lossName+1, who)
	}
	first := l.aged(firstWord(kids[0].GivenName), kids[0].Age)
	return s.or(lossList, first+l.others(len(kids)-1)).or(lossName, l.children(len(kids)))
}

// placeSlot is ", Brussels": the town, else the area, else nothing.
func (w *writer) placeSlot() slot {
	s := fixed(", " + town(w.f.LastSeen.Place))
	if len(w.m.Areas) > 0 {
		s = s.or(lossPlace, ", "+clean(w.m.Areas[0].Name(w.l.code)))
	}
	return s.orNothing(lossPlace + 1)
}

func (w *writer) seenSlot() slot {
	l, f := w.l, w.f
	when := l.colon + l.dateShort(f.LastSeen.At.In(w.zone))
	at, short := l.label.seen.of(f.Children)+when, l.label.seenShort.of(f.Children)+when
	return fixed(at+", "+f.LastSeen.Place).
		or(lossLabel, short+", "+f.LastSeen.Place).
		or(lossCircle, short+", "+town(f.LastSeen.Place)).
		or(lossPlace, short).
		orNothing(lossPlace + 2)
}

func (w *writer) seenLine() line { return say(w.seenSlot()) }

func (w *writer) directionLine() line {
	l := w.l
	if d := w.towards(); d != "" {
		return say(fixed(l.label.direction+l.colon+d).
			or(lossDirection, l.label.direction+l.colon+w.f.LastSeen.Towards).orNothing(lossDirection + 1))
	}
	return say(fixed(w.left()).orNothing(lossDirection))
}

func (w *writer) callLine() line {
	l, phone := w.l, w.f.Contact.Phone
	call := func(template string, number string) string { return fill(template, "phone", number) }
	if w.f.Instruction == InstructionDoNotApproach {
		return say(fixed(call(l.label.dontApproachShort, FormatPhone(phone))).
			or(lossGrouping, call(l.label.dontApproachShort, phone)).
			or(lossWarning, call(l.label.call, phone)).
			or(lossPlate, call(l.label.callShort, phone)))
	}
	return say(fixed(call(l.label.call, FormatPhone(phone))).
		or(lossGrouping, call(l.label.call, phone)).
		or(lossPlate, call(l.label.callShort, phone)))
}

// portraitLines describe each child: "Girl, 125 cm, slim, long blond hair, red jacket".
func (w *writer) portraitLines(marks bool) []line {
	var lines []line
	for _, p := range w.f.Children {
		name := ""
		if len(w.f.Children) > 1 {
			name = firstWord(p.GivenName) + w.l.colon
		}
		lines = append(lines, say(w.l.portraitSlot(name, p)))
		if m := p.Marks[w.l.code]; marks && m != "" {
			lines = append(lines, say(fixed(capital(name+m)).orNothing(lossMarks)))
		}
	}
	return lines
}

// portraitSlot drops build, eyes, the clothing from its end, hair, height, and
// at last the whole line. A child among others has its sex in the line's name.
func (l *language) portraitSlot(name string, p Person) slot {
	t := l.traits(p, false)
	worn, carried := l.things(p.Clothing, false)
	clothes := append(worn, carried...)
	d := struct{ height, build, hair, eyes string }{t.height, l.builds[p.Build].alone, t.hair, t.eyes}
	text := func() string {
		words := join(", ", append([]string{l.person(p.Age, p.Sex), d.height, d.build, d.hair, d.eyes}, clothes...))
		if name != "" {
			return name + words
		}
		return capital(words)
	}
	s := fixed(text())
	d.build = ""
	s = s.or(lossBuild, text())
	d.eyes = ""
	s = s.or(lossEyes, text())
	for i := 0; len(clothes) > 2; i++ {
		clothes = clothes[:len(clothes)-1]
		s = s.or(lossGarment+i, text())
	}
	d.height = ""
	s = s.or(lossHeight, text())
	d.hair = ""
	s = s.or(lossHeight+1, text())
	for i := 0; len(clothes) > 0; i++ {
		clothes = clothes[:len(clothes)-1]
		if len(clothes) == 0 && name != "" {
			break // "Luc: boy" says nothing new
		}
		s = s.or(lossCircle+1+i, text())
	}
	return s.orNothing(lossPortrait)
}

func (w *writer) companionLines() []line {
	l := w.l
	var lines []line
	for i, p := range w.f.Suspects {
		who := func(name string) string {
			return l.label.companion.of(w.f.Children) + l.colon + join(", ", []string{name, l.suspect(p)})
		}
		lines = append(lines, say(fixed(who(fullName(p))).
			or(lossCompanion-i, who(firstWord(p.GivenName))).
			or(lossCompanion+4-i, who("")).orNothing(lossPortrait+1-i)))
	}
	return lines
}

func (w *writer) vehicleLines() []line {
	l := w.l
	var lines []line
	for i, v := range w.f.Vehicles {
		plate := v.Plate
		if plate != "" && v.Country != "" {
			plate += " (" + v.Country + ")"
		}
		kind := l.vehicles[v.Kind]
		plain := capital(l.thing(kind, l.colours[v.Colour], false))
		named := join(" ", []string{plain, v.Make, v.Model})
		end := lossPlate - 3*i
		if plate == "" {
			end = lossCircle + 2 - i
		}
		lines = append(lines, say(fixed(join(", ", []string{named, plate})).
			or(lossVehicle-i, join(", ", []string{plain, plate})).
			or(lossPortrait-i, join(" ", []string{capital(kind.word), plate})).orNothing(end)))
	}
	return lines
}
