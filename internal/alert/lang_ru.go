package alert

import (
	"strconv"
	"strings"
	"time"
)

var (
	ruWeekdays = [7]string{"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"}
	ruOnDay    = [7]string{"в воскресенье", "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу"}
	ruShortDay = [7]string{"вс", "пн", "вт", "ср", "чт", "пт", "сб"}
	ruMonths   = [12]string{
		"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа",
		"сентября", "октября", "ноября", "декабря",
	}
	ruNumbers = [7]string{2: "двое", 3: "трое", 4: "четверо", 5: "пятеро", 6: "шестеро"}
)

// Names and places come in any script and cannot be declined, so they stand in
// the nominative behind a colon.
var russian = language{
	code: Russian, colon: ": ", and: always(" и "), apposed: true, grouped: true, words: 115,

	status: map[Status]string{StatusExercise: "УЧЕБНАЯ ТРЕВОГА", StatusTest: "ПРОВЕРКА"},
	warning: map[Status]string{
		StatusExercise: "Это учебная тревога. Ни один ребёнок не пропал.",
		StatusTest:     "Это проверка. Ни один ребёнок не пропал.",
	},
	update:       "Новые данные",
	updateSpoken: "Поступили новые сведения о ранее объявленном розыске.",
	appeal:       "Полиция просит вас о помощи.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Похищен ребёнок", "Похищен ребёнок", "Похищены дети"},
			short:    agreed{"Похищена", "Похищен", "Похищены"},
			lead:     agreed{"Похищена {child}: {who}.", "Похищен {child}: {who}.", "Похищены {n} детей: {who}."},
		},
		AbductionParent: {
			headline: agreed{"Ребёнок похищен одним из родителей", "Ребёнок похищен одним из родителей", "Дети похищены одним из родителей"},
			short:    agreed{"Похищена", "Похищен", "Похищены"},
			lead: agreed{
				"Одним из родителей похищена {child}: {who}.", "Одним из родителей похищен {child}: {who}.",
				"Одним из родителей похищены {n} детей: {who}.",
			},
		},
		EndangeredRunaway: {
			headline: agreed{"Ушла из дома, в опасности", "Ушёл из дома, в опасности", "Ушли из дома, в опасности"},
			short:    agreed{"Пропала", "Пропал", "Пропали"},
			lead: agreed{
				"Ушла из дома и находится в опасности {child}: {who}.", "Ушёл из дома и находится в опасности {child}: {who}.",
				"Ушли из дома и находятся в опасности {n} детей: {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Пропал ребёнок, возможна травма", "Пропал ребёнок, возможна травма", "Пропали дети, возможны травмы"},
			short:    agreed{"Пропала", "Пропал", "Пропали"},
			lead: agreed{
				"Пропала {child}: {who}. Возможно, она заблудилась или получила травму.",
				"Пропал {child}: {who}. Возможно, он заблудился или получил травму.",
				"Пропали {n} детей: {who}. Возможно, они заблудились или получили травмы.",
			},
		},
		OtherEndangered: {
			headline: agreed{"Пропал ребёнок, он в опасности", "Пропал ребёнок, он в опасности", "Пропали дети, они в опасности"},
			short:    agreed{"Пропала", "Пропал", "Пропали"},
			lead: agreed{
				"Пропала {child}: {who}. Ей угрожает опасность.", "Пропал {child}: {who}. Ему угрожает опасность.",
				"Пропали {n} детей: {who}. Им угрожает опасность.",
			},
		},
	},
	numbers:  ruNumbers,
	children: func(n int) string { return ruNumbers[n] + " детей" },
	others: func(n int) string {
		if n == 1 {
			return " и ещё один ребёнок"
		}
		return " и ещё " + ruNumbers[n] + " детей"
	},
	age:    ruAge,
	aged:   func(name string, years int) string { return name + ", " + ruAge(years) },
	person: ruPerson,
	someone: func(p Person) string {
		if p.Age == 0 {
			return ruPerson(18, p.Sex)
		}
		return ruPerson(p.Age, p.Sex) + ", " + ruAge(p.Age)
	},
	child:   func(name string, p Person) string { return name + ", " + ruAge(p.Age) },
	pronoun: func(Sex) string { return "" },

	items: ruItems, vehicles: ruVehicles, colours: ruColours, thing: ruThing,
	builds: map[Build]buildWords{
		BuildSlim:   {"худощавое телосложение", "телосложение худощавое"},
		BuildMedium: {"среднее телосложение", "телосложение среднее"},
		BuildStrong: {"крепкое телосложение", "телосложение крепкое"},
		BuildHeavy:  {"плотное телосложение", "телосложение плотное"},
	},
	hair: ruHair,
	eyes: map[EyeColour]string{
		EyesBlue: "голубые глаза", EyesGreen: "зелёные глаза", EyesBrown: "карие глаза", EyesGrey: "серые глаза", EyesHazel: "светло-карие глаза",
	},
	height: func(cm int, spoken bool) string {
		if !spoken {
			return strconv.Itoa(cm) + " см"
		}
		return strconv.Itoa(cm) + " " + ruCount(cm, "сантиметра", "сантиметров", "сантиметров") // after "около"
	},
	body: ruBody,
	wore: func(subject string, sex Sex, things string) string {
		return capital(strings.TrimSpace(subject+" "+sex.of("была одета", "был одет"))) + ": " + things
	},
	bore: func(_ string, _ Sex, things string) string { return "При себе: " + things },

	transports: map[Transport]string{
		OnFoot: "пешком", ByBicycle: "на велосипеде", ByCar: "на автомобиле", ByBus: "на автобусе", ByTram: "на трамвае",
		ByTrain: "на поезде", ByPlane: "на самолёте", ByBoat: "на судне",
	},
	date: func(t time.Time) string {
		return ruWeekdays[t.Weekday()] + ", " + strconv.Itoa(t.Day()) + " " + ruMonths[t.Month()-1] + t.Format(", 15:04")
	},
	dateShort: func(t time.Time) string { return ruShortDay[t.Weekday()] + t.Format(" 2.01, 15:04") },
	seenSpoken: func(people []Person, t time.Time) string {
		whom := agreed{"её", "его", "их"}
		return "В последний раз " + whom.of(people) + " видели " + ruOnDay[t.Weekday()] + ", " + strconv.Itoa(t.Day()) + " " +
			ruMonths[t.Month()-1] + ", в " + ruClock(t)
	},

	label: labels{
		age: "Возраст", height: "Рост", build: "Телосложение", hair: "Волосы", eyes: "Глаза", clothing: "Одежда", marks: "Особые приметы",
		when: "Дата и время", where: "Место", direction: "Направление",
		vehicle: "Транспорт", makeModel: "Марка и модель", year: "Год выпуска", plate: "номерной знак",
		seen:      alike("Видели в последний раз"),
		seenShort: alike("Видели"),
		companion: agreed{"Вместе с ней может быть", "Вместе с ним может быть", "Вместе с ними может быть"},
		left:      agreed{"Передвигается {how}", "Передвигается {how}", "Передвигаются {how}"},
		issued:    "Сообщает", until: "Срок действия истекает",
		call: "Звоните: {phone}", callShort: "Тел. {phone}",
		dontApproach: "Не вмешивайтесь сами", dontApproachShort: "Не вмешивайтесь, звоните: {phone}",
		report: agreed{
			"Если вы увидите этого ребёнка или знаете, где он, немедленно позвоните по номеру {phone}",
			"Если вы увидите этого ребёнка или знаете, где он, немедленно позвоните по номеру {phone}",
			"Если вы увидите этих детей или знаете, где они, немедленно позвоните по номеру {phone}",
		},
		hotline: "Горячая линия по пропавшим детям: {phone}",
		form:    "Сообщить через интернет: {form}",
		again:   "Повторяем номер: {phone}", plus: "плюс",
	},

	ended: "Оповещение о ребёнке завершено",
	erase: "Пожалуйста, удалите фотографии и имена и больше их не распространяйте.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"ребёнок найден", "Ребёнок найден. Спасибо за помощь."},
		OutcomeError:   {"отправлено по ошибке", "Оповещение отправлено по ошибке. Не принимайте его во внимание."},
		OutcomeExpired: {"срок истёк", "Срок оповещения истёк. Если вам что-либо известно, сообщите в полицию."},
		OutcomeOther:   {"отозвано", "Оповещение отозвано."},
	},
	linkTest: ending{
		"Проверка системы оповещения о детях",
		"Это проверка системы оповещения о пропавших детях. Ни один ребёнок не пропал. Не передавать в эфир.",
	},
}

// ruCount picks the form that goes with a number: 1 год, 2 года, 5 лет; 11 to 14 go with 5.
func ruCount(n int, one, few, many string) string {
	switch {
	case n%100 >= 11 && n%100 <= 14:
		return many
	case n%10 == 1:
		return one
	case n%10 >= 2 && n%10 <= 4:
		return few
	}
	return many
}

func ruAge(years int) string {
	if years == 0 {
		return "младше 1 года"
	}
	return strconv.Itoa(years) + " " + ruCount(years, "год", "года", "лет")
}

func ruPerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("женщина", "мужчина")
	case age >= 14:
		return sex.of("девушка", "юноша")
	}
	return sex.of("девочка", "мальчик")
}

func ruHair(c HairColour, length HairLength, sex Sex) string {
	lengths := map[HairLength]string{LengthShort: "короткие", LengthLong: "длинные"}
	colours := map[HairColour]string{
		HairBlond: "светлые", HairLightBrown: "русые", HairBrown: "каштановые", HairBlack: "чёрные",
		HairRed: "рыжие", HairGrey: "седые", HairWhite: "белые", HairDyed: "крашеные",
	}
	after := ""
	switch length {
	case LengthBald:
		return sex.of("лысая", "лысый")
	case LengthMedium:
		after = "до плеч"
	}
	return join(" ", []string{lengths[length], colours[c], "волосы", after})
}

// ruBody is a list behind the name: "Анна: рост около 125 см, длинные светлые волосы".
func ruBody(subject string, _ Sex, t traits) string {
	if t.height != "" {
		t.height = "рост около " + t.height
	}
	words := join(", ", []string{t.height, t.build, t.hair, t.eyes})
	if subject == "" {
		return capital(words)
	}
	return subject + ": " + words
}

// ruClock is the time as Russian radio says it: 14 часов 30 минут.
func ruClock(t time.Time) string {
	h, m := t.Hour(), t.Minute()
	clock := strconv.Itoa(h) + " " + ruCount(h, "час", "часа", "часов")
	if m > 0 {
		clock += " " + strconv.Itoa(m) + " " + ruCount(m, "минуту", "минуты", "минут")
	}
	return clock
}
