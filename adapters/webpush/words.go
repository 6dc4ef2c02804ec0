package webpush

import (
	"strings"

	"tocsin/internal/alert"
)

// wordset is what the channel says beside the alert's own texts.
type wordset struct {
	call                string // the title of a notification's button
	testTitle, testBody string
}

var words = map[alert.Lang]wordset{
	alert.English: {
		call:      "Call the police",
		testTitle: "Test: notifications work", testBody: "You will be told here when a child is missing in your regions. Nothing is asked of you now.",
	},
	alert.French: {
		call:      "Appeler la police",
		testTitle: "Essai : les notifications fonctionnent", testBody: "Vous serez prévenu ici quand un enfant disparaît dans vos régions. Rien ne vous est demandé maintenant.",
	},
	alert.German: {
		call:      "Polizei anrufen",
		testTitle: "Test: Mitteilungen kommen an", testBody: "Hier erfahren Sie, wenn in Ihren Regionen ein Kind vermisst wird. Jetzt ist nichts zu tun.",
	},
	alert.Italian: {
		call:      "Chiama la polizia",
		testTitle: "Prova: le notifiche funzionano", testBody: "Qui sarà avvisato quando un bambino scompare nelle sue regioni. Ora non deve fare nulla.",
	},
	alert.Russian: {
		call:      "Позвонить в полицию",
		testTitle: "Проверка: уведомления работают", testBody: "Здесь вы узнаете, если в ваших регионах пропадёт ребёнок. Сейчас ничего делать не нужно.",
	},
	alert.Spanish: {
		call:      "Llamar a la policía",
		testTitle: "Prueba: las notificaciones funcionan", testBody: "Aquí se le avisará cuando desaparezca un menor en sus regiones. Ahora no tiene que hacer nada.",
	},
}

// saysExercise says whether text tells a reader of lang that it is not real:
// it begins with the word that all channels use.
func saysExercise(text string, lang alert.Lang) bool {
	word := alert.StatusWord(alert.StatusExercise, lang)
	return word != "" && strings.HasPrefix(text, word)
}
