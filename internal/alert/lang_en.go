package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

var (
	enWeekdays = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	enMonths   = [12]string{
		"January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December",
	}
)

var english = language{
	code: English, colon: ": ", and: always(" and "), apposed: true, words: 155,

	status: map[Status]string{StatusExercise: "EXERCISE", StatusTest: "TEST"},
	warning: map[Status]string{
		StatusExercise: "This is an exercise. No child is missing.",
		StatusTest:     "This is a test. No child is missing.",
	},
	update:       "Update",
	updateSpoken: "This is an update to an earlier child alert.",
	appeal:       "The police are asking for your help.",

	circumstances: map[Circumstances]circumstance{
		AbductionStranger: {
			headline: agreed{"Child abducted", "Child abducted", "Children abducted"},
			short:    alike("Abducted"),
			lead:     agreed{"{who}, has been abducted.", "{who}, has been abducted.", "{n} children have been abducted: {who}."},
		},
		AbductionParent: {
			headline: agreed{"Child abducted by parent", "Child abducted by parent", "Children abducted by parent"},
			short:    alike("Abducted"),
			lead: agreed{
				"{who}, has been abducted by a parent.", "{who}, has been abducted by a parent.",
				"{n} children have been abducted by a parent: {who}.",
			},
		},
		EndangeredRunaway: {
			headline: agreed{"Runaway child in danger", "Runaway child in danger", "Runaway children in danger"},
			short:    alike("Missing"),
			lead: agreed{
				"{who}, has run away and is in danger.", "{who}, has run away and is in danger.",
				"{n} children have run away and are in danger: {who}.",
			},
		},
		LostOrInjured: {
			headline: agreed{"Missing child, may be injured", "Missing child, may be injured", "Missing children, may be injured"},
			short:    alike("Missing"),
			lead: agreed{
				"{who}, is missing. She may be lost or injured.", "{who}, is missing. He may be lost or injured.",
				"{n} children are missing: {who}. They may be lost or injured.",
			},
		},
		OtherEndangered: {
			headline: agreed{"Missing child in danger", "Missing child in danger", "Missing children in danger"},
			short:    alike("Missing"),
			lead: agreed{
				"{who}, is missing and in danger.", "{who}, is missing and in danger.",
				"{n} children are missing and in danger: {who}.",
			},
		},
	},
	numbers:  [7]string{2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"},
	children: func(n int) string { return strconv.Itoa(n) + " children" },
	others: func(n int) string {
		if n == 1 {
			return ", and another child"
		}
		return ", and " + strconv.Itoa(n) + " other children"
	},
	age:     enAge,
	aged:    func(name string, years int) string { return name + ", " + enAge(years) },
	person:  enPerson,
	someone: enSomeone,
	child: func(name string, p Person) string {
		if p.Age == 0 {
			return name + ", a " + enPerson(0, p.Sex) + " under one year old"
		}
		return name + ", " + enSomeone(p)
	},
	pronoun: func(s Sex) string { return s.of("She", "He") },

	items: enItems, vehicles: enVehicles, colours: enColours,
	thing: func(n noun, a adjective, object bool) string {
		words := join(" ", []string{a[masc], n.word})
		if !object || n.gender.plural() {
			return words
		}
		return enArticle(words)
	},
	builds: map[Build]buildWords{
		BuildSlim:   {"slim", "of slim build"},
		BuildMedium: {"medium build", "of medium build"},
		BuildStrong: {"strong build", "of strong build"},
		BuildHeavy:  {"heavy build", "of heavy build"},
	},
	hair: func(c HairColour, length HairLength, _ Sex) string {
		if length == LengthBald {
			return "bald"
		}
		lengths := map[HairLength]string{LengthShort: "short", LengthMedium: "shoulder-length", LengthLong: "long"}
		colours := map[HairColour]string{
			HairBlond: "blond", HairLightBrown: "light brown", HairBrown: "brown", HairBlack: "black",
			HairRed: "red", HairGrey: "grey", HairWhite: "white", HairDyed: "dyed",
		}
		return join(" ", []string{lengths[length], colours[c], "hair"})
	},
	eyes: map[EyeColour]string{
		EyesBlue: "blue eyes", EyesGreen: "green eyes", EyesBrown: "brown eyes", EyesGrey: "grey eyes", EyesHazel: "hazel eyes",
	},
	height: func(cm int, spoken bool) string {
		if spoken {
			return strconv.Itoa(cm) + " centimetres"
		}
		return strconv.Itoa(cm) + " cm"
	},
	body: enBody,
	wore: func(subject string, _ Sex, things string) string { return subject + " was wearing " + things },
	bore: func(subject string, sex Sex, things string) string {
		return subject + " had " + things + " with " + sex.of("her", "him")
	},

	transports: map[Transport]string{
		OnFoot: "on foot", ByBicycle: "by bicycle", ByCar: "by car", ByBus: "by bus", ByTram: "by tram",
		ByTrain: "by train", ByPlane: "by plane", ByBoat: "by boat",
	},
	date: func(t time.Time) string {
		return fmt.Sprintf("%s %d %s, %s", enWeekdays[t.Weekday()], t.Day(), enMonths[t.Month()-1], t.Format("15:04"))
	},
	dateShort: func(t time.Time) string { return t.Format("Mon 2 Jan, 15:04") },
	seenSpoken: func(people []Person, t time.Time) string {
		was := agreed{"She was", "He was", "They were"}
		return fmt.Sprintf("%s last seen on %s %d %s at %s", was.of(people),
			enWeekdays[t.Weekday()], t.Day(), enMonths[t.Month()-1], enClock(t))
	},

	label: labels{
		age: "Age", height: "Height", build: "Build", hair: "Hair", eyes: "Eyes", clothing: "Clothing", marks: "Distinguishing marks",
		when: "When", where: "Place", direction: "Direction",
		vehicle: "Vehicle", makeModel: "Make and model", year: "Year", plate: "number plate",
		seen:      alike("Last seen"),
		seenShort: alike("Last seen"),
		companion: alike("Possibly with"),
		left:      alike("Left {how}"),
		issued:    "Issued by", until: "Valid until",
		call: "Call {phone}", callShort: "Call {phone}",
		dontApproach: "Do not intervene yourself", dontApproachShort: "Do not approach, call {phone}",
		report: agreed{
			"If you see this child or know where she is, call {phone} at once",
			"If you see this child or know where he is, call {phone} at once",
			"If you see these children or know where they are, call {phone} at once",
		},
		hotline: "You can also call the missing children hotline: {phone}",
		form:    "Report a sighting online: {form}",
		again:   "The number again: {phone}", plus: "plus",
	},

	ended: "Child alert ended",
	erase: "Please delete all pictures and names, and share them no longer.",
	endings: map[Outcome]ending{
		OutcomeFound:   {"the child has been found", "The child has been found. Thank you for your help."},
		OutcomeError:   {"it was sent in error", "The alert was sent in error. Please disregard it."},
		OutcomeExpired: {"its time has run out", "The alert has run its time. If you know something, please call the police."},
		OutcomeOther:   {"it has been withdrawn", "The alert has been withdrawn."},
	},
	linkTest: ending{"Test of the child alert system", "This is a test of the child alert system. No child is missing. Please do not broadcast it."},
}

func enAge(years int) string {
	if years == 0 {
		return "under 1"
	}
	return strconv.Itoa(years)
}

func enPerson(age int, sex Sex) string {
	switch {
	case age >= 18:
		return sex.of("woman", "man")
	case age == 0:
		return sex.of("baby girl", "baby boy")
	}
	return sex.of("girl", "boy")
}

func enSomeone(p Person) string {
	who := enPerson(adult(p), p.Sex)
	if p.Age == 0 {
		return enArticle(who)
	}
	return enArticle(strconv.Itoa(p.Age) + "-year-old " + who)
}

// enArticle puts a or an before words; 8, 11, 18 and 80 begin with a vowel when read.
func enArticle(words string) string {
	n := strings.TrimRight(words[:min(2, len(words))], "-")
	if strings.ContainsAny(words[:1], "aeio") || n[0] == '8' || n == "11" || n == "18" {
		return "an " + words
	}
	return "a " + words
}

func enList(parts []string) string { return series(parts, ", ", always(" and ")) }

func enBody(subject string, _ Sex, t traits) string {
	is, has := []string{}, []string{}
	if t.height != "" {
		is = append(is, "about "+t.height+" tall")
	}
	if t.build != "" {
		is = append(is, t.build)
	}
	if t.bald {
		is = append(is, "bald")
	} else if t.hair != "" {
		has = append(has, t.hair)
	}
	if t.eyes != "" {
		has = append(has, t.eyes)
	}
	switch {
	case len(has) == 0:
		return subject + " is " + enList(is)
	case len(is) == 0:
		return subject + " has " + enList(has)
	}
	return subject + " is " + enList(is) + ", with " + enList(has)
}

// enClock is the time as English-speaking radio says it.
func enClock(t time.Time) string {
	switch {
	case t.Hour() == 12 && t.Minute() == 0:
		return "noon"
	case t.Hour() == 0 && t.Minute() == 0:
		return "midnight"
	case t.Minute() == 0:
		return t.Format("3 ") + enHalf(t)
	}
	return t.Format("3:04 ") + enHalf(t)
}

func enHalf(t time.Time) string {
	if t.Hour() < 12 {
		return "a.m."
	}
	return "p.m."
}
