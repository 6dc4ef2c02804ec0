package alert

import "maps"

// corrections are the ready words of an update that puts a wrong alert right:
// nobody should have to find them while a wrong car is being stopped.
var corrections = map[Lang]string{
	English: "Correction: an earlier message was wrong. Only what is said here now is right.",
	French:  "Rectification : un message précédent était erroné. Seul ce qui est dit ici est exact.",
	German:  "Berichtigung: Eine frühere Meldung war falsch. Es gilt nur, was hier jetzt steht.",
	Italian: "Rettifica: un messaggio precedente era errato. Vale solo quanto detto qui ora.",
	Russian: "Исправление: прежнее сообщение было неверным. Верно только то, что сказано здесь сейчас.",
	Spanish: "Rectificación: un mensaje anterior era erróneo. Solo es válido lo que se dice aquí ahora.",
}

// Correction is the ready sentence of an update that corrects; "" in a language that is not ours.
func Correction(l Lang) string { return corrections[l] }

// Ending is what a withdrawal with outcome o says in l by itself; "" in a
// language that is not ours, or of an outcome that is none.
func Ending(l Lang, o Outcome) string {
	if w := languages[l]; w != nil {
		return w.endings[o].account
	}
	return ""
}

// Correct is note with the ready words of a correction before it, in each of
// langs, as far as a note has room. Words that are there already stay as they are.
func Correct(note Localized, langs []Lang) Localized {
	out := Localized{}
	maps.Copy(out, note)
	for _, l := range langs {
		ready := Correction(l)
		switch with := ready + " " + out[l]; {
		case ready == "" || len(out[l]) >= len(ready) && out[l][:len(ready)] == ready:
		case out[l] == "":
			out[l] = ready
		case len([]rune(with)) <= maxNote:
			out[l] = with
		default:
			out[l] = ready // what is wrong must not crowd out that it was wrong
		}
	}
	return out
}
