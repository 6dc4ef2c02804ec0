package alert

import (
	"strconv"
	"strings"
	"time"
)

var (
	esWeekdays = [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	esShortDay = [7]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"}
	esMonths   = [12]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
		"septiembre", "octubre", "noviembre", "diciembre",
	}
)

// The word of a drill is simulacro: ejercicio alone could be gymnastics.
var spanish = language{
	code: Spanish, colon: ": ", and: esAnd, apposed: true, words: 160,

	status: map[Status]string{StatusExercise: "SIMULACRO", StatusTest: "PRUEBA"},
	warning: map[Status]string{
		StatusExercise: "Esto es un simulacro. No ha desaparecido ningún menor.",
		StatusTest:     "Esto es una prueba. No ha desaparecido ningún menor.",
	},
	update:       "Actualización",
	updateSpoken: "Hay novedades sobre una alerta en curso.",
	appeal:       "La policía pide su ayuda.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Menor secuestrada", "Menor secuestrado", "Menores secuestrados"},
			short:    agreed{"Secuestrada", "Secuestrado", "Secuestrados"},
			lead:     agreed{"{who}, ha sido secuestrada.", "{who}, ha sido secuestrado.", "{n} menores han sido secuestrados: {who}."},
		},
		AbductionParent: {
			headline: agreed{"Menor secuestrada por un progenitor", "Menor secuestrado por un progenitor", "Menores secuestrados por un progenitor"},
			short:    agreed{"Secuestrada", "Secuestrado", "Secuestrados"},
			lead: agreed{
				"{who}, ha sido secuestrada por uno de sus progenitores.", "{who}, ha sido secuestrado por uno de sus progenitores.",
				"{n} menores han sido secuestrados por uno de sus progenitores: {who}.",
			},
		},
		EndangeredRunaway: {
			headline: agreed{"Menor fugada y en peligro", "Menor fugado y en peligro", "Menores fugados y en peligro"},
			short:    agreed{"Desaparecida", "Desaparecido", "Desaparecidos"},
			lead: agreed{
				"{who}, se ha fugado de casa y está en peligro.", "{who}, se ha fugado de casa y está en peligro.",
				"{n} menores se han fugado de casa y están en peligro: {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Menor desaparecida, quizá herida", "Menor desaparecido, quizá herido", "Menores desaparecidos, quizá heridos"},
			short:    agreed{"Desaparecida", "Desaparecido", "Desaparecidos"},
			lead: agreed{
				"{who}, ha desaparecido. Podría haberse perdido o estar herida.", "{who}, ha desaparecido. Podría haberse perdido o estar herido.",
				"{n} menores han desaparecido: {who}. Podrían haberse perdido o estar heridos.",
			},
		},
		OtherEndangered: {
			headline: agreed{"Menor desaparecida y en peligro", "Menor desaparecido y en peligro", "Menores desaparecidos y en peligro"},
			short:    agreed{"Desaparecida", "Desaparecido", "Desaparecidos"},
			lead: agreed{
				"{who}, ha desaparecido y está en peligro.", "{who}, ha desaparecido y está en peligro.",
				"{n} menores han desaparecido y están en peligro: {who}.",
			},
		},
	},
	numbers:  [7]string{2: "Dos", 3: "Tres", 4: "Cuatro", 5: "Cinco", 6: "Seis"},
	children: func(n int) string { return strconv.Itoa(n) + " menores" },
	others: func(n int) string {
		if n == 1 {
			return ", y otro menor"
		}
		return ", y otros " + strconv.Itoa(n) + " menores"
	},
	age:     esAge,
	aged:    func(name string, years int) string { return name + ", " + esAge(years) },
	person:  esPerson,
	someone: esSomeone,
	child: func(name string, p Person) string {
		if p.Age == 0 {
			return name + ", " + p.Sex.of("una niña", "un niño") + " de menos de un año"
		}
		return name + ", " + esSomeone(p)
	},
	pronoun: func(Sex) string { return "" },

	items: esItems, vehicles: esVehicles, colours: esColours, thing: esThing,
	builds: map[Build]buildWords{
		BuildSlim:   {"complexión delgada", "de complexión delgada"},
		BuildMedium: {"complexión media", "de complexión media"},
		BuildStrong: {"complexión atlética", "de complexión atlética"},
		BuildHeavy:  {"complexión robusta", "de complexión robusta"},
	},
	hair: esHair,
	eyes: map[EyeColour]string{
		EyesBlue: "ojos azules", EyesGreen: "ojos verdes", EyesBrown: "ojos marrones", EyesGrey: "ojos grises", EyesHazel: "ojos color avellana",
	},
	height: func(cm int, spoken bool) string {
		metre := " metro "
		if cm >= 200 {
			metre = " metros "
		}
		return metres(cm, spoken, metre, "centímetros")
	},
	body: esBody,
	wore: func(subject string, _ Sex, things string) string {
		return capital(strings.TrimSpace(subject + " llevaba " + things))
	},
	bore: func(subject string, _ Sex, things string) string {
		return capital(strings.TrimSpace(subject + " llevaba consigo " + things))
	},

	transports: map[Transport]string{
		OnFoot: "a pie", ByBicycle: "en bicicleta", ByCar: "en coche", ByBus: "en autobús", ByTram: "en tranvía",
		ByTrain: "en tren", ByPlane: "en avión", ByBoat: "en barco",
	},
	date:      func(t time.Time) string { return esDay(t) + t.Format(", 15:04") },
	dateShort: func(t time.Time) string { return esShortDay[t.Weekday()] + t.Format(" 2/1, 15:04") },
	seenSpoken: func(people []Person, t time.Time) string {
		was := agreed{"Fue vista", "Fue visto", "Fueron vistos"}
		return was.of(people) + " por última vez el " + esDay(t) + " " + esClock(t)
	},

	label: labels{
		age: "Edad", height: "Estatura", build: "Complexión", hair: "Pelo", eyes: "Ojos", clothing: "Ropa", marks: "Señas particulares",
		when: "Fecha y hora", where: "Lugar", direction: "Dirección",
		vehicle: "Vehículo", makeModel: "Marca y modelo", year: "Año", plate: "matrícula",
		seen:      agreed{"Vista por última vez", "Visto por última vez", "Vistos por última vez"},
		seenShort: agreed{"Vista", "Visto", "Vistos"},
		companion: alike("Posiblemente con"),
		left:      agreed{"Se marchó {how}", "Se marchó {how}", "Se marcharon {how}"},
		issued:    "Alerta emitida por", until: "Válida hasta",
		call: "Llame al {phone}", callShort: "Tel. {phone}",
		dontApproach: "No intervenga por su cuenta", dontApproachShort: "No intervenga, llame al {phone}",
		report: agreed{
			"Si ve a la menor o sabe dónde está, llame de inmediato al número {phone}",
			"Si ve al menor o sabe dónde está, llame de inmediato al número {phone}",
			"Si ve a los menores o sabe dónde están, llame de inmediato al número {phone}",
		},
		hotline: "Línea de niños desaparecidos: {phone}",
		form:    "Avisos por internet: {form}",
		again:   "Repetimos el número: {phone}", plus: "más",
	},

	ended: "Alerta de menor finalizada",
	erase: "Por favor, borre las imágenes y los nombres, y no los comparta más.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"el menor ha sido encontrado", "El menor ha sido encontrado. Gracias por su ayuda."},
		OutcomeError:   {"se envió por error", "La alerta se envió por error. Por favor, ignórela."},
		OutcomeExpired: {"ha concluido su plazo", "La alerta ha concluido su plazo. Si sabe algo, avise a la policía."},
		OutcomeOther:   {"ha sido retirada", "La alerta ha sido retirada."},
	},
	linkTest: ending{
		"Prueba del sistema de alerta de menores",
		"Esto es una prueba del sistema de alerta por menores desaparecidos. No ha desaparecido ningún menor. No debe emitirse.",
	},
}

// esAnd is e before the sound i: Anna e Inés, but flores y hierba.
func esAnd(next string) string {
	next = strings.ToLower(next)
	sounds := strings.HasPrefix(next, "i") || strings.HasPrefix(next, "í") || strings.HasPrefix(next, "hi") || strings.HasPrefix(next, "hí")
	if sounds && !strings.HasPrefix(next, "hie") && !strings.HasPrefix(next, "hia") && !strings.HasPrefix(next, "io") {
		return " e "
	}
	return " y "
}

func esAge(years int) string {
	switch years {
	case 0:
		return "menos de 1 año"
	case 1:
		return "1 año"
	}
	return strconv.Itoa(years) + " años"
}

func esPerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("mujer", "hombre")
	case age >= 13:
		return sex.of("chica", "chico")
	}
	return sex.of("niña", "niño")
}

func esSomeone(p Person) string {
	who := p.Sex.of("una ", "un ") + esPerson(adult(p), p.Sex)
	if p.Age == 0 {
		return who
	}
	return who + " de " + esAge(p.Age)
}

func esHair(c HairColour, length HairLength, sex Sex) string {
	if length == LengthBald {
		return sex.of("calva", "calvo")
	}
	lengths := map[HairLength]string{LengthShort: "corto", LengthMedium: "por los hombros", LengthLong: "largo"}
	colours := map[HairColour]string{
		HairBlond: "rubio", HairLightBrown: "castaño claro", HairBrown: "castaño", HairBlack: "negro",
		HairRed: "pelirrojo", HairGrey: "canoso", HairWhite: "blanco", HairDyed: "teñido",
	}
	return join(" ", []string{"pelo", colours[c], lengths[length]})
}

func esBody(subject string, _ Sex, t traits) string {
	var verbs, has []string
	if t.height != "" {
		verbs = append(verbs, "mide aproximadamente "+t.height)
	}
	if t.build != "" {
		verbs = append(verbs, "es "+t.build)
	}
	switch {
	case t.bald:
		verbs = append(verbs, "es "+t.hair)
	case t.hair != "":
		has = append(has, "el "+t.hair)
	}
	if t.eyes != "" {
		has = append(has, "los "+t.eyes)
	}
	if len(has) > 0 {
		verbs = append(verbs, "tiene "+series(has, ", ", esAnd))
	}
	return capital(strings.TrimSpace(subject + " " + series(verbs, ", ", esAnd)))
}

func esDay(t time.Time) string {
	return esWeekdays[t.Weekday()] + " " + strconv.Itoa(t.Day()) + " de " + esMonths[t.Month()-1]
}

// esClock is the time as Spanish radio says it: a las 14 y 30, a la 1, al mediodía.
func esClock(t time.Time) string {
	h := "a las " + strconv.Itoa(t.Hour())
	switch {
	case t.Hour() == 1:
		h = "a la 1"
	case t.Minute() > 0:
	case t.Hour() == 0:
		return "a medianoche"
	case t.Hour() == 12:
		return "al mediodía"
	}
	if t.Minute() == 0 {
		return h
	}
	return h + " y " + strconv.Itoa(t.Minute())
}
