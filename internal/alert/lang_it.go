package alert

import (
	"strconv"
	"strings"
	"time"
)

var (
	itWeekdays = [7]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"}
	itMonths   = [12]string{
		"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
		"settembre", "ottobre", "novembre", "dicembre",
	}
)

var italian = language{
	code: Italian, colon: ": ", and: itAnd, apposed: true, words: 145,

	status: map[Status]string{StatusExercise: "ESERCITAZIONE", StatusTest: "TEST"},
	warning: map[Status]string{
		StatusExercise: "Questa è un'esercitazione. Nessun minore è scomparso.",
		StatusTest:     "Questo è un test. Nessun minore è scomparso.",
	},
	update:       "Aggiornamento",
	updateSpoken: "Ci sono novità su un'allerta in corso.",
	appeal:       "La polizia chiede il vostro aiuto.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Minore rapita", "Minore rapito", "Minori rapiti"},
			short:    agreed{"Rapita", "Rapito", "Rapiti"},
			lead:     agreed{"{who}, è stata rapita.", "{who}, è stato rapito.", "{n} minori sono stati rapiti: {who}."},
		},
		AbductionParent: {
			headline: agreed{"Minore rapita da un genitore", "Minore rapito da un genitore", "Minori rapiti da un genitore"},
			short:    agreed{"Rapita", "Rapito", "Rapiti"},
			lead: agreed{
				"{who}, è stata rapita da un genitore.", "{who}, è stato rapito da un genitore.",
				"{n} minori sono stati rapiti da un genitore: {who}.",
			},
		},
		EndangeredRunaway: {
			headline: agreed{"Minore in fuga e in pericolo", "Minore in fuga e in pericolo", "Minori in fuga e in pericolo"},
			short:    agreed{"Scomparsa", "Scomparso", "Scomparsi"},
			lead: agreed{
				"{who}, si è allontanata da casa ed è in pericolo.", "{who}, si è allontanato da casa ed è in pericolo.",
				"{n} minori si sono allontanati da casa e sono in pericolo: {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Minore scomparsa, forse ferita", "Minore scomparso, forse ferito", "Minori scomparsi, forse feriti"},
			short:    agreed{"Scomparsa", "Scomparso", "Scomparsi"},
			lead: agreed{
				"{who}, è scomparsa. Potrebbe essersi persa o essere ferita.", "{who}, è scomparso. Potrebbe essersi perso o essere ferito.",
				"{n} minori sono scomparsi: {who}. Potrebbero essersi persi o essere feriti.",
			},
		},
		OtherEndangered: {
			headline: agreed{"Minore scomparsa e in pericolo", "Minore scomparso e in pericolo", "Minori scomparsi e in pericolo"},
			short:    agreed{"Scomparsa", "Scomparso", "Scomparsi"},
			lead: agreed{
				"{who}, è scomparsa ed è in pericolo.", "{who}, è scomparso ed è in pericolo.",
				"{n} minori sono scomparsi e sono in pericolo: {who}.",
			},
		},
	},
	numbers:  [7]string{2: "Due", 3: "Tre", 4: "Quattro", 5: "Cinque", 6: "Sei"},
	children: func(n int) string { return strconv.Itoa(n) + " minori" },
	others: func(n int) string {
		if n == 1 {
			return ", e un altro minore"
		}
		return ", e altri " + strconv.Itoa(n) + " minori"
	},
	age:     itAge,
	aged:    func(name string, years int) string { return name + ", " + itAge(years) },
	person:  itPerson,
	someone: itSomeone,
	child: func(name string, p Person) string {
		if p.Age == 0 {
			return name + ", " + p.Sex.of("una bimba", "un bimbo") + " di meno di un anno"
		}
		return name + ", " + itSomeone(p)
	},
	pronoun: func(Sex) string { return "" },

	items: itItems, vehicles: itVehicles, colours: itColours, thing: itThing,
	builds: map[Build]buildWords{
		BuildSlim:   {"corporatura snella", "di corporatura snella"},
		BuildMedium: {"corporatura media", "di corporatura media"},
		BuildStrong: {"corporatura atletica", "di corporatura atletica"},
		BuildHeavy:  {"corporatura robusta", "di corporatura robusta"},
	},
	hair: itHair,
	eyes: map[EyeColour]string{
		EyesBlue: "occhi azzurri", EyesGreen: "occhi verdi", EyesBrown: "occhi castani", EyesGrey: "occhi grigi", EyesHazel: "occhi nocciola",
	},
	height: func(cm int, spoken bool) string {
		metre := " metro e "
		if cm >= 200 {
			metre = " metri e "
		}
		return metres(cm, spoken, metre, "centimetri")
	},
	body: itBody,
	wore: func(subject string, _ Sex, things string) string {
		return capital(strings.TrimSpace(subject + " indossava " + things))
	},
	bore: func(subject string, _ Sex, things string) string {
		return capital(strings.TrimSpace(subject + " aveva con sé " + things))
	},

	transports: map[Transport]string{
		OnFoot: "a piedi", ByBicycle: "in bicicletta", ByCar: "in auto", ByBus: "in autobus", ByTram: "in tram",
		ByTrain: "in treno", ByPlane: "in aereo", ByBoat: "in barca",
	},
	date:      func(t time.Time) string { return itDay(t) + t.Format(", ore 15:04") },
	dateShort: func(t time.Time) string { return itWeekdays[t.Weekday()][:3] + t.Format(" 2/1, ore 15:04") },
	seenSpoken: func(people []Person, t time.Time) string {
		was := agreed{"È stata vista", "È stato visto", "Sono stati visti"}
		return was.of(people) + " per l'ultima volta " + itDay(t) + " " + itClock(t)
	},

	label: labels{
		age: "Età", height: "Altezza", build: "Corporatura", hair: "Capelli", eyes: "Occhi", clothing: "Abbigliamento", marks: "Segni particolari",
		when: "Data e ora", where: "Luogo", direction: "Direzione",
		vehicle: "Veicolo", makeModel: "Marca e modello", year: "Anno", plate: "targa",
		seen:      agreed{"Vista l'ultima volta", "Visto l'ultima volta", "Visti l'ultima volta"},
		seenShort: agreed{"Vista", "Visto", "Visti"},
		companion: alike("Forse in compagnia di"),
		left:      agreed{"Andata via {how}", "Andato via {how}", "Andati via {how}"},
		issued:    "Allerta diramata da", until: "Valida fino a",
		call: "Chiamate il {phone}", callShort: "Tel. {phone}",
		dontApproach: "Non intervenite di persona", dontApproachShort: "Non intervenite, chiamate il {phone}",
		report: agreed{
			"Se vedete la minore o sapete dove si trova, chiamate subito il numero {phone}",
			"Se vedete il minore o sapete dove si trova, chiamate subito il numero {phone}",
			"Se vedete i minori o sapete dove si trovano, chiamate subito il numero {phone}",
		},
		hotline: "Linea per i minori scomparsi: {phone}",
		form:    "Segnalazioni online: {form}",
		again:   "Ripetiamo il numero: {phone}", plus: "più",
	},

	ended: "Allerta minori conclusa",
	erase: "Vi preghiamo di cancellare immagini e nomi e di non condividerli più.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"il minore è stato ritrovato", "Il minore è stato ritrovato. Grazie per l'aiuto."},
		OutcomeError:   {"è stata inviata per errore", "L'allerta è stata inviata per errore. Vi preghiamo di ignorarla."},
		OutcomeExpired: {"è giunta al termine", "L'allerta è giunta al termine. Se sapete qualcosa, contattate la polizia."},
		OutcomeOther:   {"è stata ritirata", "L'allerta è stata ritirata."},
	},
	linkTest: ending{
		"Prova del sistema di allerta minori",
		"Questa è una prova del sistema di allerta per minori scomparsi. Nessun minore è scomparso. Non diffondere.",
	},
}

// itAnd is ed before another e.
func itAnd(next string) string {
	if strings.HasPrefix(strings.ToLower(next), "e") {
		return " ed "
	}
	return " e "
}

func itAge(years int) string {
	switch years {
	case 0:
		return "meno di 1 anno"
	case 1:
		return "1 anno"
	}
	return strconv.Itoa(years) + " anni"
}

func itPerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("donna", "uomo")
	case age >= 13:
		return sex.of("ragazza", "ragazzo")
	case age == 0:
		return sex.of("bimba", "bimbo")
	}
	return sex.of("bambina", "bambino")
}

func itSomeone(p Person) string {
	who := p.Sex.of("una ", "un ") + itPerson(adult(p), p.Sex)
	if p.Age == 0 {
		return who
	}
	return who + " di " + itAge(p.Age)
}

func itHair(c HairColour, length HairLength, sex Sex) string {
	if length == LengthBald {
		return sex.of("calva", "calvo")
	}
	lengths := map[HairLength]string{LengthShort: "corti", LengthMedium: "di media lunghezza", LengthLong: "lunghi"}
	colours := map[HairColour]string{
		HairBlond: "biondi", HairLightBrown: "castano chiaro", HairBrown: "castani", HairBlack: "neri",
		HairRed: "rossi", HairGrey: "grigi", HairWhite: "bianchi", HairDyed: "tinti",
	}
	return join(" ", []string{"capelli", colours[c], lengths[length]})
}

func itBody(subject string, sex Sex, t traits) string {
	var is, has []string
	if t.height != "" {
		is = append(is, sex.of("alta", "alto")+" circa "+t.height)
	}
	if t.build != "" {
		is = append(is, t.build)
	}
	if t.bald {
		is = append(is, t.hair)
		t.hair = ""
	}
	for _, part := range []string{t.hair, t.eyes} {
		if part != "" {
			has = append(has, part)
		}
	}
	words := " è " + series(is, ", ", itAnd)
	switch {
	case len(is) == 0:
		words = " ha " + series(has, ", ", itAnd)
	case len(has) > 0:
		words += ", con " + series(has, ", ", itAnd)
	}
	return capital(strings.TrimSpace(subject + words))
}

func itDay(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1º"
	}
	return itWeekdays[t.Weekday()] + " " + day + " " + itMonths[t.Month()-1]
}

// itClock is the time as Italian radio says it: alle 14 e 30, all'una, a mezzanotte e 5.
func itClock(t time.Time) string {
	h := "alle " + strconv.Itoa(t.Hour())
	switch t.Hour() {
	case 0:
		h = "a mezzanotte"
	case 1:
		h = "all'una"
	case 12:
		if t.Minute() == 0 {
			h = "a mezzogiorno"
		}
	}
	if t.Minute() == 0 {
		return h
	}
	return h + " e " + strconv.Itoa(t.Minute())
}
