package alert

// Sheet is what a slide or a poster says in one language: the pieces, ready to
// be set in type. Nothing in it is shortened; whoever draws it makes it fit.
type Sheet struct {
	Mark     string // "EXERCISE", "TEST"; empty when the alert is actual
	Warning  string // "This is an exercise. No child is missing."; empty when actual
	Update   string // "Update"; empty on a first alert
	Heading  string // "Runaway child in danger"
	Children []SheetPerson
	Suspects []SheetPerson
	With     string // "Possibly with", before the suspects
	Vehicles []SheetVehicle
	// Seen labels When and Place; Direction is empty where nothing is known.
	Seen, When, Place  string
	Clothing           string // the label before a child's clothing
	Direction          Detail
	Note               string
	DontApproach       string // "Do not intervene yourself"; empty where the public may
	Phone              string // grouped for reading
	Hotline            string // grouped; empty where there is none
	HotlineWords       string // the sentence with it
	Issued, ValidUntil Detail
	Colon              string // between a label and its value on one line
	Page               string // address of the public page
}

// SheetPerson is a child or a companion.
type SheetPerson struct {
	Name  string // may be empty for a companion, and in any script
	About string // "Girl, 7"
	// Looks is height, build, hair and eyes in one line; Clothing and Marks may be empty too.
	Looks, Clothing, Marks string
	Photo                  string // token; empty where there is none
}

// SheetVehicle is a vehicle; its plate is drawn, not written.
type SheetVehicle struct {
	Words   string // "Grey car, Renault Clio, 2019"
	Plate   string // as written; may be empty
	Country string // ISO 3166-1 alpha-2; may be empty
}

// NewSheet writes the sheet of m in lang. Its error is Invalid, as of Write. A
// message without facts has no sheet: ok is false.
func NewSheet(m *Message, lang Lang) (s Sheet, ok bool, err error) {
	w, err := newWriter(m, lang)
	if err != nil || w.f == nil {
		return Sheet{}, false, err
	}
	return w.sheet(), true, nil
}

// SketchSheet is the sheet of an unfinished draft, with placeholders as Sketch
// has them; ok is false where m has no facts or lang no words.
func SketchSheet(m *Message, lang Lang) (s Sheet, ok bool) {
	w := newSketch(m, lang)
	if w == nil {
		return Sheet{}, false
	}
	return w.sheet(), true
}

func (w *writer) sheet() Sheet {
	l, f, m, lang := w.l, w.f, w.m, w.l.code
	s := Sheet{
		Mark: l.status[m.Status], Warning: l.warning[m.Status],
		Heading: l.circumstances[f.Circumstances].headline.of(f.Children),
		With:    l.label.companion.of(f.Children),
		Seen:    l.label.seen.of(f.Children), When: capital(w.local(f.LastSeen.At)), Place: f.LastSeen.Place,
		Clothing: l.label.clothing, Note: f.Note[lang],
		Phone: FormatPhone(f.Contact.Phone), Hotline: FormatPhone(f.Contact.Hotline),
		Issued: Detail{l.label.issued, f.Authority}, ValidUntil: Detail{l.label.until, w.local(m.Expires)},
		Colon: l.colon, Page: PageURL(m, lang),
	}
	if m.MsgType == TypeUpdate {
		s.Update = l.update
	}
	switch d := w.towards(); {
	case d != "":
		s.Direction = Detail{capital(l.label.direction), d}
	case f.LastSeen.Transport != TransportUnknown:
		s.Direction = Detail{capital(l.label.direction), w.left()}
	}
	if f.Instruction == InstructionDoNotApproach {
		s.DontApproach = l.label.dontApproach
	}
	if s.Hotline != "" {
		s.HotlineWords = fill(l.label.hotline, "phone", s.Hotline)
	}
	for _, p := range f.Children {
		s.Children = append(s.Children, l.sheetPerson(p, capital(l.whoAge(p))))
	}
	for _, p := range f.Suspects {
		s.Suspects = append(s.Suspects, l.sheetPerson(p, capital(l.suspect(p))))
	}
	for _, v := range f.Vehicles {
		s.Vehicles = append(s.Vehicles, l.sheetVehicle(v))
	}
	return s
}

func (l *language) sheetPerson(p Person, about string) SheetPerson {
	t := l.traits(p, false)
	worn, carried := l.things(p.Clothing, false)
	return SheetPerson{
		Name: fullName(p), About: about, Photo: p.Photo, Marks: capital(p.Marks[l.code]),
		Looks:    capital(join(", ", []string{t.height, l.builds[p.Build].alone, t.hair, t.eyes})),
		Clothing: capital(join(", ", append(worn, carried...))),
	}
}

func (l *language) sheetVehicle(v Vehicle) SheetVehicle {
	rows := DescribeVehicle(Vehicle{Kind: v.Kind, Make: v.Make, Model: v.Model, Colour: v.Colour, Year: v.Year}, l.code)
	words := make([]string, len(rows))
	for i, r := range rows {
		words[i] = r.Value
	}
	return SheetVehicle{Words: join(", ", words), Plate: v.Plate, Country: v.Country}
}
