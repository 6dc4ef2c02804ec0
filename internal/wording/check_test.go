package wording

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/alert"
)

// story is a whole alert in all six languages, its texts written.
func story(t *testing.T) *alert.Message {
	t.Helper()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	m := &alert.Message{
		Realm: alert.Drill, Status: alert.StatusExercise, MsgType: alert.TypeAlert, Languages: alert.Langs,
		Areas: []alert.Area{{Code: "BE-BRU"}}, Expires: at.Add(12 * time.Hour), Page: "https://alert.example/*/alerts/BCDFGHJKLMNP",
		Facts: &alert.Facts{
			Circumstances: alert.AbductionStranger,
			Children: []alert.Person{{
				GivenName: "Lina", Age: 9, Sex: alert.Female, HeightCM: 132, Build: alert.BuildSlim, HairColour: alert.HairBrown,
				HairLength: alert.LengthLong, EyeColour: alert.EyesGreen, Clothing: []alert.Garment{{Item: alert.Jacket, Colour: alert.Red}},
			}},
			Suspects:    []alert.Person{{Age: 40, Sex: alert.Male, Build: alert.BuildStrong}},
			Vehicles:    []alert.Vehicle{{Kind: alert.Van, Make: "Renault", Model: "Trafic", Colour: alert.White, Plate: "1-ABC-234", Country: "BE", Year: 2019}},
			LastSeen:    alert.LastSeen{At: at.Add(-2 * time.Hour), TimeZone: "Europe/Brussels", Place: "Gare du Nord, Bruxelles", Transport: alert.ByCar, Towards: "Lille"},
			Instruction: alert.InstructionDoNotApproach, Contact: alert.Contact{Phone: "+3225544000", Hotline: "116000"},
			Languages: alert.Langs, Authority: "Police fédérale",
		},
	}
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func codesOf(list []Warning) string {
	var codes []string
	for _, w := range list {
		codes = append(codes, string(w.Code)+":"+w.Found)
	}
	return strings.Join(codes, " | ")
}

func TestCheckWords(t *testing.T) {
	for name, c := range map[string]struct {
		lang alert.Lang
		text string
		want string
	}{
		"plain words":        {alert.English, "She is afraid of dogs and answers to Lili.", ""},
		"a trade's word":     {alert.English, "The juvenile absconded.", "jargon:absconded | jargon:juvenile"},
		"a part of a word":   {alert.English, "Subjective, minority, unknown.", ""},
		"at the end":         {alert.English, "He is a suspect individual", "jargon:individual"},
		"a code":             {alert.English, "IC1 male, VRM not known", "code:IC1 | code:VRM"},
		"no code in small":   {alert.English, "He bought a vrm and a poi.", ""},
		"the US example":     {alert.English, "LIC/KHX-728", "code:LIC"},
		"shouting":           {alert.English, "LAST SEEN WEARING a red coat", "capitals:LAST SEEN WEARING"},
		"initials":           {alert.English, "The BBC and the RTBF say so.", ""},
		"health":             {alert.English, "She is Diabetic and takes insulin.", "health:Diabetic"},
		"origin":             {alert.English, "A man of Moroccan nationality", "origin:Moroccan"},
		"address":            {alert.English, "She lives at 12 Old Mill Road.", "address:12 Old Mill Road"},
		"birth date":         {alert.English, "Born on 14 May 2017.", "birth_date:14 May 2017"},
		"numeric birth date": {alert.English, "14/05/2017", "birth_date:14/05/2017"},
		"this year's date":   {alert.English, "Seen on 22/11/2026.", ""},
		"passport":           {alert.English, "Passport no. EH123456", "document:EH123456"},
		"another number":     {alert.English, "Or call her aunt, 0470 12 34 56.", "phone:0470 12 34 56"},
		"the number to call": {alert.English, "Call 02 554 40 00 or +32 2 554 40 00 or 116 000.", ""},
		"the plate":          {alert.English, "Watch for 1-ABC-234.", ""},

		"fr jargon":   {alert.French, "L'individu a été aperçu en compagnie de la mineure.", "jargon:aperçu en compagnie de | jargon:individu | jargon:mineure"},
		"fr codes":    {alert.French, "VL grise, DDN inconnue", "code:DDN | code:VL"},
		"fr health":   {alert.French, "Elle est épileptique.", "health:épileptique"},
		"fr origin":   {alert.French, "Un homme de type européen", "jargon:de type | origin:type européen"},
		"fr address":  {alert.French, "Elle habite 12 rue de la Loi.", "address:12 rue"},
		"fr reversed": {alert.French, "Rue de la Loi, 16", "address:Rue de la Loi, 16"},
		"fr born":     {alert.French, "Née le 1er mai 2017", "birth_date:1er mai 2017"},
		"fr register": {alert.French, "17.05.14-033.61", "document:17.05.14-033.61"},
		"de jargon":   {alert.German, "Die Minderjährige ist abgängig.", "jargon:Minderjährige | jargon:abgängig"},
		"de codes":    {alert.German, "Grauer PKW, Kz. unbek.", "code:unbek. | code:Kz. | code:PKW"},
		"de health":   {alert.German, "Sie ist schwanger.", "health:schwanger"},
		"de origin":   {alert.German, "Ein südländischer Mann", "origin:südländischer"},
		"de address":  {alert.German, "Wohnhaft Lindenstraße 12", "address:Lindenstraße 12"},
		"de born":     {alert.German, "Geboren am 14. Mai 2017", "birth_date:14. Mai 2017"},
		"it jargon":   {alert.Italian, "Il minore era a bordo di un'autovettura.", "jargon:autovettura | jargon:a bordo di"},
		"it address":  {alert.Italian, "Abita in via Garibaldi 12.", "address:via Garibaldi 12"},
		"it origin":   {alert.Italian, "Un uomo marocchino", "origin:marocchino"},
		"it Rome":     {alert.Italian, "Vista a Roma.", ""},
		"ru jargon":   {alert.Russian, "Несовершеннолетний проследовал в неизвестном направлении", "jargon:в неизвестном направлении | jargon:Несовершеннолетний | jargon:проследовал"},
		"ru codes":    {alert.Russian, "Синяя а/м, г/н неизвестен", "code:а/м | code:г/н"},
		"ru origin":   {alert.Russian, "Мужчина кавказской внешности", "origin:кавказской"},
		"ru address":  {alert.Russian, "Живёт на ул. Ленина, д. 12", "address:ул. Ленина, д. 12"},
		"ru born":     {alert.Russian, "Родилась 14 мая 2017", "birth_date:14 мая 2017"},
		"es jargon":   {alert.Spanish, "El menor iba a bordo de un turismo.", "jargon:a bordo de | jargon:turismo"},
		"es address":  {alert.Spanish, "Vive en la calle Mayor, 12.", "address:calle Mayor, 12"},
		"es origin":   {alert.Spanish, "Un hombre marroquí", "origin:marroquí"},
		"es born":     {alert.Spanish, "Nacida el 14 de mayo de 2017", "birth_date:14 de mayo de 2017"},
		"es document": {alert.Spanish, "DNI 12345678Z", "code:DNI | document:12345678Z"},
	} {
		t.Run(name, func(t *testing.T) {
			m := story(t)
			m.Facts.Note = alert.Localized{c.lang: c.text}
			list := Check(m, nil, Policy{})
			if got := codesOf(list); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, w := range list {
				if w.Field != "note."+string(c.lang) || w.Lang != c.lang || !strings.HasSuffix(w.Text, ".") || !strings.Contains(c.text, w.Found) {
					t.Errorf("%+v", w)
				}
			}
		})
	}
}

// The machine's own words, in every text and language, are never warned of:
// a warning that is always there is read by nobody.
func TestTheMachinesWordsAreClean(t *testing.T) {
	for _, what := range alert.AllCircumstances {
		m := story(t)
		m.Facts.Circumstances = what
		m.Facts.Children = append(m.Facts.Children, alert.Person{GivenName: "Mo", Sex: alert.Male})
		if err := alert.WriteAll(m); err != nil {
			t.Fatal(err)
		}
		for _, lang := range m.Languages {
			for _, name := range alert.TextNames {
				text := m.Texts[lang].Named(name)
				for _, w := range Check(m, []alert.Edited{{Lang: lang, Name: name, Text: text, Machine: text}}, Policy{}) {
					t.Errorf("%s: %s: %s %q", what, w.Field, w.Code, w.Found)
				}
			}
		}
	}
}

func TestCheckEdited(t *testing.T) {
	m := story(t)
	machine := m.Texts[alert.French].SMS
	for name, c := range map[string]struct{ text, want string }{
		"all of it there":   {"EXERCICE. Lina, Bruxelles, 1-ABC-234, 02 554 40 00", ""},
		"without the name":  {"EXERCICE. Bruxelles, 1-ABC-234, 02 554 40 00", "lost:Lina"},
		"without a number":  {"EXERCICE. Lina, Bruxelles, 1-ABC-234", "lost:+32 2 554 40 00"},
		"without the plate": {"EXERCICE. Lina, Bruxelles, +3225544000", "lost:1-ABC-234"},
		"another number":    {"EXERCICE. Lina, Bruxelles, 1-ABC-234, 0470 12 34 56", "lost:+32 2 554 40 00 | phone:0470 12 34 56"},
	} {
		t.Run(name, func(t *testing.T) {
			list := Check(m, []alert.Edited{{Lang: alert.French, Name: "sms", Text: c.text, Machine: machine}}, Policy{})
			if got := codesOf(list); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// An update that does not say so is taken for the alert that people know.
func TestCheckEditedUpdate(t *testing.T) {
	m := story(t)
	m.MsgType = alert.TypeUpdate
	if err := alert.WriteAll(m); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(m.Texts[alert.French].SMS, "Mise à jour. ", "", 1)
	list := Check(m, []alert.Edited{{Lang: alert.French, Name: "sms", Text: text, Machine: m.Texts[alert.French].SMS}}, Policy{})
	if got := codesOf(list); got != "lost:Mise à jour" {
		t.Errorf("got %q of %q", got, text)
	}
}

func TestCheckFacts(t *testing.T) {
	m := story(t)
	m.Facts.Children[0].GivenName, m.Facts.Children[0].FamilyName = "LINA MARIA", "Janssens"
	m.Facts.LastSeen.Place = "GARE DU NORD, Bruxelles, tel. 0470 12 34 56"
	m.Facts.Vehicles = append(m.Facts.Vehicles, alert.Vehicle{Plate: "ABC-12", Country: "be"}, alert.Vehicle{Plate: "XYZ", Country: "US"}, alert.Vehicle{Country: "BE"})
	want := "phone:0470 12 34 56 | capitals:LINA MARIA | plate:ABC-12 | capitals:GARE DU NORD"
	if got := codesOf(Check(m, nil, Policy{})); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// However many texts somebody edited, that one of them has no number is said first,
// and how much is not said.
func TestTheNumberIsNeverCutAway(t *testing.T) {
	m := story(t)
	var edited []alert.Edited
	for _, lang := range m.Languages {
		for _, name := range alert.TextNames {
			machine := m.Texts[lang].Named(name)
			edited = append(edited, alert.Edited{Lang: lang, Name: name, Machine: machine, Text: strings.ReplaceAll(machine, "Lina", "LOST CHILD")})
		}
	}
	last := slices.IndexFunc(edited, func(e alert.Edited) bool { return e.Lang == alert.Spanish && e.Name == "sms" })
	edited[last], edited[len(edited)-1] = edited[len(edited)-1], edited[last]
	last = len(edited) - 1
	edited[last].Text = strings.ReplaceAll(edited[last].Text, alert.FormatPhone(m.Facts.Contact.Phone), "")
	edited[last].Text = strings.ReplaceAll(edited[last].Text, m.Facts.Contact.Phone, "")
	list := Check(m, edited, Policy{NamelessSMS: true})
	if len(list) != maxWarnings || list[0].Code != Lost || list[0].Field != "texts.es.sms" || list[0].Found != "+32 2 554 40 00" {
		t.Fatalf("of %d edits, %d warnings, the first %+v", len(edited), len(list), list[0])
	}
	if list[maxWarnings-2].More != 0 || list[maxWarnings-1].More < 20 {
		t.Errorf("the last says that %d more are not listed", list[maxWarnings-1].More)
	}
	if list = Check(m, edited[last:], Policy{}); list[len(list)-1].More != 0 {
		t.Errorf("a whole list says that more are not listed: %+v", list)
	}
}

// A short message writes Zoe where the facts say Zoë: it is her name all the same.
func TestNamesAsShortMessagesWriteThem(t *testing.T) {
	for _, name := range []string{"Zoë", "Łukasz", "D’Arcy"} {
		m := story(t)
		m.Languages = []alert.Lang{alert.French}
		m.Facts.Children[0].GivenName = name
		if err := alert.WriteAll(m); err != nil {
			t.Fatal(err)
		}
		machine := m.Texts[alert.French].SMS
		if strings.Contains(machine, name) || !strings.Contains(machine, alert.GSMText(name)) {
			t.Fatalf("%s: the short message %q tests nothing", name, machine)
		}
		if got := codesOf(Check(m, nil, Policy{NamelessSMS: true})); got != "sms_name:"+alert.GSMText(name) {
			t.Errorf("%s in the machine's SMS: %q", name, got)
		}
		edit := alert.Edited{Lang: alert.French, Name: "sms", Machine: machine, Text: strings.ReplaceAll(machine, alert.GSMText(name), "Enfant")}
		if got := codesOf(Check(m, []alert.Edited{edit}, Policy{})); got != "lost:"+name {
			t.Errorf("%s taken out: %q", name, got)
		}
		edit.Text = machine
		if got := codesOf(Check(m, []alert.Edited{edit}, Policy{})); got != "" {
			t.Errorf("%s is there: %q", name, got)
		}
	}
}

func TestNameInSMS(t *testing.T) {
	m := story(t)
	m.Languages = m.Languages[:2]
	list := Check(m, nil, Policy{NamelessSMS: true})
	if len(list) != 2 || list[0].Code != NameInSMS || list[0].Field != "texts.en.sms" || list[1].Field != "texts.fr.sms" {
		t.Errorf("%+v", list)
	}
	x := m.Texts[alert.English]
	x.SMS = "EXERCISE. A girl of 9, call +3225544000"
	m.Texts[alert.English] = x
	if list = Check(m, nil, Policy{NamelessSMS: true}); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}

// Every plate that a file gives as an example has the shape that the file asks for.
func TestPlates(t *testing.T) {
	all, err := platesOf()
	if err != nil {
		t.Fatal(err)
	}
	for country, p := range all {
		if !p.shape.MatchString(bare(p.Like)) {
			t.Errorf("%s: %q has not the shape %s", country, p.Like, p.Shape)
		}
		if p.shape.MatchString("X") || p.shape.MatchString("") {
			t.Errorf("%s: anything fits", country)
		}
	}
}

// The files say something of each kind in each language, in words that can be found.
func TestLists(t *testing.T) {
	all, err := lists()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range alert.Langs {
		l := all[lang]
		if len(l.Jargon) < 15 || len(l.Codes) < 15 || len(l.Health) < 15 || len(l.Origin) < 20 || len(l.Document) < 4 || len(l.Born) < 3 {
			t.Errorf("%s: a list is short", lang)
		}
		for w := range l.Jargon {
			if w != small(w) {
				t.Errorf("%s: %q is never found: write it in small letters", lang, w)
			}
		}
		for _, w := range append(append(append(l.Health, l.Origin...), l.Document...), l.Born...) {
			if w != small(w) || strings.TrimSuffix(w, "*") == "" {
				t.Errorf("%s: %q is never found: write it in small letters", lang, w)
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("İSTANBUL ﬁ 02 554 \xff 14/05/2017 rue de la Loi 12")
	f.Add(strings.Repeat("A ", 400))
	f.Add("\xff\xff\xff Diabetic épileptique")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 8000 {
			return
		}
		m, valid := story(t), strings.ToValidUTF8(text, "?")
		m.Facts.Note = alert.Localized{alert.French: text, alert.English: text}
		for _, w := range Check(m, []alert.Edited{{Lang: alert.Russian, Name: "sms", Text: text, Machine: text}}, Policy{NamelessSMS: true}) {
			if w.Code != NameInSMS && !strings.Contains(valid, w.Found) {
				t.Errorf("%+v is not in %q", w, text)
			}
		}
	})
}
