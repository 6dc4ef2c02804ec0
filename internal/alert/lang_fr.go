package alert

import (
	"fmt"
	"strconv"
	"time"
)

var (
	frWeekdays = [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	frMonths   = [12]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
		"septembre", "octobre", "novembre", "décembre",
	}
)

// French puts a space before the colon. It is an ordinary one, because a
// no-break space would be a foreign character in half of the channels.
var french = language{
	code: French, colon: " : ", and: always(" et "), apposed: true, grouped: true, words: 160,

	status: map[Status]string{StatusExercise: "EXERCICE", StatusTest: "TEST"},
	warning: map[Status]string{
		StatusExercise: "Ceci est un exercice. Aucun enfant n'a disparu.",
		StatusTest:     "Ceci est un test. Aucun enfant n'a disparu.",
	},
	update:       "Mise à jour",
	updateSpoken: "Voici de nouvelles informations sur une alerte en cours.",
	appeal:       "La police demande votre aide.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Enfant enlevée", "Enfant enlevé", "Enfants enlevés"},
			short:    agreed{"Enlevée", "Enlevé", "Enlevés"},
			lead:     agreed{"{who}, a été enlevée.", "{who}, a été enlevé.", "{n} enfants ont été enlevés : {who}."},
		},
		AbductionParent: {
			headline: agreed{"Enfant enlevée par un parent", "Enfant enlevé par un parent", "Enfants enlevés par un parent"},
			short:    agreed{"Enlevée", "Enlevé", "Enlevés"},
			lead: agreed{
				"{who}, a été enlevée par l'un de ses parents.", "{who}, a été enlevé par l'un de ses parents.",
				"{n} enfants ont été enlevés par l'un de leurs parents : {who}.",
			},
		},
		EndangeredRunaway: {
			headline: alike("Fugue inquiétante"),
			short:    agreed{"Disparue", "Disparu", "Disparus"},
			lead: agreed{
				"{who}, a fugué et se trouve en danger.", "{who}, a fugué et se trouve en danger.",
				"{n} enfants ont fugué et se trouvent en danger : {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Enfant disparue, peut-être blessée", "Enfant disparu, peut-être blessé", "Enfants disparus, peut-être blessés"},
			short:    agreed{"Disparue", "Disparu", "Disparus"},
			lead: agreed{
				"{who}, a disparu. Elle s'est peut-être perdue ou blessée.", "{who}, a disparu. Il s'est peut-être perdu ou blessé.",
				"{n} enfants ont disparu : {who}. Ils se sont peut-être perdus ou blessés.",
			},
		},
		OtherEndangered: {
			headline: alike("Disparition inquiétante"),
			short:    agreed{"Disparue", "Disparu", "Disparus"},
			lead: agreed{
				"{who}, a disparu et se trouve en danger.", "{who}, a disparu et se trouve en danger.",
				"{n} enfants ont disparu et se trouvent en danger : {who}.",
			},
		},
	},
	numbers:  [7]string{2: "Deux", 3: "Trois", 4: "Quatre", 5: "Cinq", 6: "Six"},
	children: func(n int) string { return strconv.Itoa(n) + " enfants" },
	others: func(n int) string {
		if n == 1 {
			return ", et un autre enfant"
		}
		return ", et " + strconv.Itoa(n) + " autres enfants"
	},
	age:     frAge,
	aged:    func(name string, years int) string { return name + ", " + frAge(years) },
	person:  frPerson,
	someone: func(p Person) string { return frSomeone(p) },
	child:   frChild,
	pronoun: func(s Sex) string { return s.of("Elle", "Il") },

	items: frItems, vehicles: frVehicles, colours: frColours, thing: frThing,
	builds: map[Build]buildWords{
		BuildSlim: {"mince", "de corpulence mince"}, BuildMedium: {"corpulence moyenne", "de corpulence moyenne"},
		BuildStrong: {"carrure athlétique", "de carrure athlétique"},
		BuildHeavy:  {"forte corpulence", "de forte corpulence"},
	},
	hair: frHair,
	eyes: map[EyeColour]string{
		EyesBlue: "yeux bleus", EyesGreen: "yeux verts", EyesBrown: "yeux marron", EyesGrey: "yeux gris", EyesHazel: "yeux noisette",
	},
	height: func(cm int, spoken bool) string { return metres(cm, spoken, " mètre ", "centimètres") },
	body:   frBody,
	wore:   func(subject string, _ Sex, things string) string { return subject + " portait " + things },
	bore: func(subject string, sex Sex, things string) string {
		return subject + " avait avec " + sex.of("elle", "lui") + " " + things
	},

	transports: map[Transport]string{
		OnFoot: "à pied", ByBicycle: "à vélo", ByCar: "en voiture", ByBus: "en bus", ByTram: "en tram",
		ByTrain: "en train", ByPlane: "en avion", ByBoat: "en bateau",
	},
	date: func(t time.Time) string {
		clock := strconv.Itoa(t.Hour()) + " h"
		if t.Minute() > 0 {
			clock += fmt.Sprintf(" %02d", t.Minute())
		}
		return frDay(t) + ", " + clock
	},
	dateShort: func(t time.Time) string { return frWeekdays[t.Weekday()][:3] + t.Format(" 2/1, 15h04") },
	seenSpoken: func(people []Person, t time.Time) string {
		was := agreed{"Elle a été vue", "Il a été vu", "Ils ont été vus"}
		return was.of(people) + " pour la dernière fois le " + frDay(t) + " à " + frClock(t)
	},

	label: labels{
		age: "Âge", height: "Taille", build: "Corpulence", hair: "Cheveux", eyes: "Yeux", clothing: "Vêtements", marks: "Signes particuliers",
		when: "Date et heure", where: "Lieu", direction: "Direction",
		vehicle: "Véhicule", makeModel: "Marque et modèle", year: "Année", plate: "immatriculation",
		seen:      agreed{"Vue pour la dernière fois", "Vu pour la dernière fois", "Vus pour la dernière fois"},
		seenShort: agreed{"Vue", "Vu", "Vus"},
		companion: alike("Peut-être avec"),
		left:      agreed{"Partie {how}", "Parti {how}", "Partis {how}"},
		issued:    "Alerte diffusée par", until: "Fin de validité",
		call: "Appelez le {phone}", callShort: "Tél. {phone}",
		dontApproach: "N'intervenez pas vous-même", dontApproachShort: "N'intervenez pas, appelez le {phone}",
		report: agreed{
			"Si vous voyez cette enfant ou savez où elle se trouve, appelez immédiatement le numéro {phone}",
			"Si vous voyez cet enfant ou savez où il se trouve, appelez immédiatement le numéro {phone}",
			"Si vous voyez ces enfants ou savez où ils se trouvent, appelez immédiatement le numéro {phone}",
		},
		hotline: "Ligne des enfants disparus : {phone}",
		form:    "Témoignages en ligne : {form}",
		again:   "Je répète le numéro : {phone}", plus: "plus",
	},

	ended: "Alerte enfant levée",
	erase: "Merci de supprimer les photos et les noms, et de ne plus les partager.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"l'enfant a été retrouvé", "L'enfant a été retrouvé. Merci de votre aide."},
		OutcomeError:   {"elle a été envoyée par erreur", "L'alerte a été envoyée par erreur. Merci de ne pas en tenir compte."},
		OutcomeExpired: {"elle est arrivée à son terme", "L'alerte est arrivée à son terme. Si vous savez quelque chose, contactez la police."},
		OutcomeOther:   {"elle a été retirée", "L'alerte a été retirée."},
	},
	linkTest: ending{
		"Essai du système d'alerte enfant",
		"Ceci est un essai du système d'alerte pour les enfants disparus. Aucun enfant n'a disparu. Ne pas diffuser.",
	},
}

func frAge(years int) string {
	switch years {
	case 0:
		return "moins d'un an"
	case 1:
		return "1 an"
	}
	return strconv.Itoa(years) + " ans"
}

func frPerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("femme", "homme")
	case age >= 13:
		return sex.of("adolescente", "adolescent")
	case age == 0:
		return sex.of("bébé fille", "bébé garçon")
	}
	return sex.of("fillette", "garçon")
}

func frChild(name string, p Person) string {
	if p.Age == 0 {
		return name + ", " + p.Sex.of("une petite fille", "un petit garçon") + " de moins d'un an"
	}
	return name + ", " + frSomeone(p)
}

func frSomeone(p Person) string {
	who := p.Sex.of("une ", "un ") + frPerson(adult(p), p.Sex)
	switch p.Age {
	case 0:
		return who
	case 1:
		return who + " d'un an"
	}
	return who + " de " + frAge(p.Age)
}

func frHair(c HairColour, length HairLength, _ Sex) string {
	if length == LengthBald {
		return "chauve"
	}
	lengths := map[HairLength]string{LengthShort: "courts", LengthMedium: "mi-longs", LengthLong: "longs"}
	colours := map[HairColour]string{
		HairBlond: "blonds", HairLightBrown: "châtain clair", HairBrown: "bruns", HairBlack: "noirs",
		HairRed: "roux", HairGrey: "gris", HairWhite: "blancs", HairDyed: "teints",
	}
	return join(" ", []string{"cheveux", colours[c], lengths[length]})
}

func frBody(subject string, _ Sex, t traits) string {
	var verbs, has []string
	if t.height != "" {
		verbs = append(verbs, "mesure environ "+t.height)
	}
	if t.build != "" {
		verbs = append(verbs, "est "+t.build)
	}
	if t.bald {
		verbs = append(verbs, "est chauve")
		t.hair = ""
	}
	for _, part := range []string{t.hair, t.eyes} {
		if part != "" {
			has = append(has, "les "+part)
		}
	}
	and := always(" et ")
	if len(has) > 0 {
		verbs = append(verbs, "a "+series(has, ", ", and))
	}
	return subject + " " + series(verbs, ", ", and)
}

func frDay(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return frWeekdays[t.Weekday()] + " " + day + " " + frMonths[t.Month()-1]
}

// frClock is the time as French radio says it: 14 heures 30, midi, 1 heure 5.
func frClock(t time.Time) string {
	h, m := t.Hour(), t.Minute()
	word := " heures"
	if h < 2 {
		word = " heure"
	}
	switch {
	case m == 0 && h == 0:
		return "minuit"
	case m == 0 && h == 12:
		return "midi"
	case m == 0:
		return strconv.Itoa(h) + word
	}
	return strconv.Itoa(h) + word + " " + strconv.Itoa(m)
}
