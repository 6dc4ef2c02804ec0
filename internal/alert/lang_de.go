package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var (
	deWeekdays = [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}
	deMonths   = [12]string{
		"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August",
		"September", "Oktober", "November", "Dezember",
	}
)

var german = language{
	code: German, colon: ": ", and: always(" und "), words: 125,

	status: map[Status]string{StatusExercise: "ÜBUNG", StatusTest: "TEST"},
	warning: map[Status]string{
		StatusExercise: "Dies ist eine Übung. Es wird kein Kind vermisst.",
		StatusTest:     "Dies ist ein Test. Es wird kein Kind vermisst.",
	},
	update:       "Neuer Stand",
	updateSpoken: "Es gibt neue Angaben zu einer laufenden Suche nach Vermissten.",
	appeal:       "Die Polizei bittet um Ihre Mithilfe.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Kind entführt", "Kind entführt", "Kinder entführt"},
			short:    alike("Entführt"),
			lead:     agreed{"{who} wurde entführt.", "{who} wurde entführt.", "{n} Kinder wurden entführt: {who}."},
		},
		AbductionParent: {
			headline: agreed{"Kind von Elternteil entführt", "Kind von Elternteil entführt", "Kinder von Elternteil entführt"},
			short:    alike("Entführt"),
			lead: agreed{
				"{who} wurde von einem Elternteil entführt.", "{who} wurde von einem Elternteil entführt.",
				"{n} Kinder wurden von einem Elternteil entführt: {who}.",
			},
		},
		EndangeredRunaway: {
			headline: agreed{"Mädchen ausgerissen, in Gefahr", "Junge ausgerissen, in Gefahr", "Kinder ausgerissen, in Gefahr"},
			short:    alike("Vermisst"),
			lead: agreed{
				"{who} ist von zu Hause weggelaufen und in Gefahr.", "{who} ist von zu Hause weggelaufen und in Gefahr.",
				"{n} Kinder sind von zu Hause weggelaufen und in Gefahr: {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Kind vermisst, vielleicht verletzt", "Kind vermisst, vielleicht verletzt", "Kinder vermisst, vielleicht verletzt"},
			short:    alike("Vermisst"),
			lead: agreed{
				"{who} wird vermisst. Das Mädchen hat sich vielleicht verirrt oder ist verletzt.",
				"{who} wird vermisst. Der Junge hat sich vielleicht verirrt oder ist verletzt.",
				"{n} Kinder werden vermisst: {who}. Sie haben sich vielleicht verirrt oder sind verletzt.",
			},
		},
		OtherEndangered: {
			headline: agreed{"Vermisstes Kind in Gefahr", "Vermisstes Kind in Gefahr", "Vermisste Kinder in Gefahr"},
			short:    alike("Vermisst"),
			lead: agreed{
				"{who} wird vermisst und ist in Gefahr.", "{who} wird vermisst und ist in Gefahr.",
				"{n} Kinder werden vermisst und sind in Gefahr: {who}.",
			},
		},
	},
	numbers:  [7]string{2: "Zwei", 3: "Drei", 4: "Vier", 5: "Fünf", 6: "Sechs"},
	children: func(n int) string { return strconv.Itoa(n) + " Kinder" },
	others: func(n int) string {
		if n == 1 {
			return " und ein weiteres Kind"
		}
		return " und " + strconv.Itoa(n) + " weitere Kinder"
	},
	age: deAge,
	aged: func(name string, years int) string {
		if years == 0 {
			return name + " (unter 1 Jahr)"
		}
		return name + " (" + strconv.Itoa(years) + ")"
	},
	person:  dePerson,
	someone: deSomeone,
	child:   deChild,
	pronoun: dePronoun,

	items: deItems, vehicles: deVehicles, colours: deColours, thing: deThing,
	builds: map[Build]buildWords{
		BuildSlim: {"schlank", "schlank"}, BuildMedium: {"mittlere Statur", "von mittlerer Statur"},
		BuildStrong: {"kräftig", "kräftig gebaut"}, BuildHeavy: {"korpulent", "korpulent"},
	},
	hair: deHair,
	eyes: map[EyeColour]string{
		EyesBlue: "blaue Augen", EyesGreen: "grüne Augen", EyesBrown: "braune Augen", EyesGrey: "graue Augen",
		EyesHazel: "haselnussbraune Augen",
	},
	height: func(cm int, spoken bool) string { return metres(cm, spoken, " Meter ", "Zentimeter") },
	body:   deBody,
	wore:   func(subject string, _ Sex, things string) string { return subject + " trug " + things },
	bore:   func(subject string, _ Sex, things string) string { return subject + " hatte " + things + " dabei" },

	transports: map[Transport]string{
		OnFoot: "zu Fuß", ByBicycle: "mit dem Fahrrad", ByCar: "mit dem Auto", ByBus: "mit dem Bus", ByTram: "mit der Straßenbahn",
		ByTrain: "mit dem Zug", ByPlane: "mit dem Flugzeug", ByBoat: "mit dem Schiff",
	},
	date: func(t time.Time) string {
		return fmt.Sprintf("%s, %d. %s, %s Uhr", deWeekdays[t.Weekday()], t.Day(), deMonths[t.Month()-1], t.Format("15:04"))
	},
	dateShort: func(t time.Time) string { return deWeekdays[t.Weekday()][:2] + t.Format(" 2.1., 15:04 Uhr") },
	seenSpoken: func(people []Person, t time.Time) string {
		was := agreed{"wurde sie", "wurde er", "wurden sie"}
		clock := fmt.Sprintf("%d Uhr %d", t.Hour(), t.Minute())
		return fmt.Sprintf("Zuletzt %s am %s, dem %d. %s, um %s gesehen", was.of(people),
			deWeekdays[t.Weekday()], t.Day(), deMonths[t.Month()-1], strings.TrimSuffix(clock, " 0"))
	},

	label: labels{
		age: "Alter", height: "Größe", build: "Statur", hair: "Haare", eyes: "Augen", clothing: "Kleidung", marks: "Besondere Merkmale",
		when: "Zeit", where: "Ort", direction: "Richtung",
		vehicle: "Fahrzeug", makeModel: "Marke und Modell", year: "Baujahr", plate: "Kennzeichen",
		seen:      alike("Zuletzt gesehen"),
		seenShort: alike("Zuletzt"),
		companion: alike("Mögliche Begleitperson"),
		left:      alike("Unterwegs {how}"),
		issued:    "Herausgegeben von", until: "Gültig bis",
		call: "Bitte {phone} anrufen", callShort: "Tel. {phone}",
		dontApproach: "Greifen Sie nicht selbst ein", dontApproachShort: "Nicht eingreifen, {phone} anrufen",
		report: agreed{
			"Wenn Sie das Mädchen sehen oder wissen, wo es ist, wählen Sie sofort die Nummer {phone}",
			"Wenn Sie den Jungen sehen oder wissen, wo er ist, wählen Sie sofort die Nummer {phone}",
			"Wenn Sie die Kinder sehen oder wissen, wo sie sind, wählen Sie sofort die Nummer {phone}",
		},
		hotline: "Hotline für vermisste Kinder: {phone}",
		form:    "Hinweise online: {form}",
		again:   "Noch einmal die Nummer: {phone}", plus: "plus",
	},

	ended: "Suchmeldung beendet",
	erase: "Bitte löschen Sie alle Bilder und Namen und teilen Sie sie nicht weiter.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"Das Kind wurde gefunden", "Das Kind wurde gefunden. Danke für Ihre Hilfe."},
		OutcomeError:   {"irrtümlich gesendet", "Die Meldung wurde irrtümlich gesendet. Bitte beachten Sie sie nicht."},
		OutcomeExpired: {"Frist abgelaufen", "Die Frist der Meldung ist abgelaufen. Wenn Sie etwas wissen, wenden Sie sich bitte an die Polizei."},
		OutcomeOther:   {"Meldung zurückgezogen", "Die Meldung wurde zurückgezogen."},
	},
	linkTest: ending{
		"Test des Alarmsystems für vermisste Kinder",
		"Dies ist ein Test des Alarmsystems für vermisste Kinder. Es wird kein Kind vermisst. Bitte nicht senden.",
	},
}

func deAge(years int) string {
	switch years {
	case 0:
		return "unter 1 Jahr"
	case 1:
		return "1 Jahr"
	}
	return strconv.Itoa(years) + " Jahre"
}

func dePerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("Frau", "Mann")
	case age == 0:
		return sex.of("weibliches Baby", "männliches Baby")
	}
	return sex.of("Mädchen", "Junge")
}

func dePronoun(s Sex) string { return s.of("Sie", "Er") }

// deChild is "die 7-jährige Anna": the article tells girl from boy.
func deChild(name string, p Person) string {
	age := strconv.Itoa(p.Age) + "-jährige "
	if p.Age == 0 {
		age = "noch nicht einjährige "
	}
	return p.Sex.of("die ", "der ") + age + name
}

func deSomeone(p Person) string {
	article, ending := p.Sex.of("eine ", "ein "), p.Sex.of("e ", "er ")
	if p.Sex == Female && p.Age > 0 && p.Age < 18 {
		article, ending = "ein ", "es " // Mädchen is neuter
	}
	if p.Age == 0 {
		return article + dePerson(18, p.Sex)
	}
	return article + strconv.Itoa(p.Age) + "-jährig" + ending + dePerson(p.Age, p.Sex)
}

func deHair(c HairColour, length HairLength, _ Sex) string {
	if length == LengthBald {
		return "Glatze"
	}
	lengths := map[HairLength]string{LengthShort: "kurze", LengthMedium: "schulterlange", LengthLong: "lange"}
	colours := map[HairColour]string{
		HairBlond: "blonde", HairLightBrown: "hellbraune", HairBrown: "braune", HairBlack: "schwarze",
		HairRed: "rote", HairGrey: "graue", HairWhite: "weiße", HairDyed: "gefärbte",
	}
	return join(" ", []string{lengths[length], colours[c], "Haare"})
}

// deBody takes two sentences: "Anna ist etwa 1,25 m groß und schlank. Sie hat blonde Haare."
func deBody(subject string, sex Sex, t traits) string {
	var is, has []string
	if t.height != "" {
		is = append(is, "etwa "+t.height+" groß")
	}
	if t.build != "" {
		is = append(is, t.build)
	}
	if t.bald {
		t.hair = "eine Glatze"
	}
	for _, part := range []string{t.hair, t.eyes} {
		if part != "" {
			has = append(has, part)
		}
	}
	and := always(" und ")
	var said []string
	if len(is) > 0 {
		said = append(said, stop(subject+" ist "+series(is, ", ", and)))
		subject = dePronoun(sex)
	}
	if len(has) > 0 {
		said = append(said, subject+" hat "+series(has, ", ", and))
	}
	return sentences(said...)
}

// metres words a height where one says metres: "1,25 m", and aloud "1 Meter 25".
// metre is the word with the spaces and the "and" around it.
func metres(cm int, spoken bool, metre, centimetre string) string {
	switch {
	case cm < 100 && spoken:
		return strconv.Itoa(cm) + " " + centimetre
	case cm < 100:
		return strconv.Itoa(cm) + " cm"
	case !spoken:
		return fmt.Sprintf("%d,%02d m", cm/100, cm%100)
	case cm%100 == 0:
		return strconv.Itoa(cm/100) + " " + firstWord(strings.TrimSpace(metre))
	}
	return strconv.Itoa(cm/100) + metre + strconv.Itoa(cm%100)
}
