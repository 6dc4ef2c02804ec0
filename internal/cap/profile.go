package cap

import "tocsin/internal/alert"

// eventWords name the event. The words differ by language, the codes do not.
var eventWords = map[alert.Lang]string{
	alert.English: "Missing child alert",
	alert.French:  "Alerte enfant disparu",
	alert.German:  "Alarm: vermisstes Kind",
	alert.Italian: "Allerta per minore scomparso",
	alert.Russian: "Розыск пропавшего ребёнка",
	alert.Spanish: "Alerta por menor desaparecido",
}

// marks go before the event of a message that is not for real, so that a
// receiver who shows the event alone frightens nobody.
var marks = map[alert.Status]map[alert.Lang]string{
	alert.StatusActual: nil,
	alert.StatusExercise: {
		alert.English: "EXERCISE",
		alert.French:  "EXERCICE",
		alert.German:  "ÜBUNG",
		alert.Italian: "ESERCITAZIONE",
		alert.Russian: "УЧЕНИЯ",
		alert.Spanish: "EJERCICIO",
	},
	alert.StatusTest: {
		alert.English: "TEST",
		alert.French:  "TEST",
		alert.German:  "TEST",
		alert.Italian: "TEST",
		alert.Russian: "ПРОВЕРКА",
		alert.Spanish: "PRUEBA",
	},
}

// eventName is "EXERCISE – TEST – Missing child alert" for a link test in the drill realm.
func eventName(m *alert.Message, lang alert.Lang) string {
	name := eventWords[lang]
	if mark := marks[m.Status][lang]; mark != "" {
		name = mark + " – " + name
	}
	if m.Realm == alert.Drill && m.Status != alert.StatusExercise {
		name = marks[alert.StatusExercise][lang] + " – " + name
	}
	return name
}

// euAlert is the cell broadcast message identifier (3GPP TS 23.041): one for
// the first language, one for additional ones. An exercise or test has
// identifiers of its own, which phones do not show unless asked to.
func euAlert(status alert.Status, first bool) string {
	pair := [2]string{"4379", "4392"} // EU-Amber
	switch status {
	case alert.StatusExercise:
		pair = [2]string{"4381", "4394"} // EU-Exercise
	case alert.StatusTest:
		pair = [2]string{"4380", "4393"} // EU-Monthly test
	}
	if first {
		return pair[0]
	}
	return pair[1]
}
