package console

import (
	"testing"

	"tocsin/internal/alert"
)

// Sentences of other rooms keep their names and numbers, in the officer's words.
func TestRetell(t *testing.T) {
	german, french := must(loadTongue(alert.German))(t), must(loadTongue(alert.French))(t)
	for _, c := range []struct{ got, want string }{
		{
			german.retell("Only a live alert can be withdrawn; this case is submitted."),
			"Nur ein aktiver Alarm kann zurückgenommen werden; dieser Fall ist eingereicht.",
		},
		{german.retell("GSM-7 characters in 2 parts"), "GSM-7-Zeichen in 2 Teilen"},
		{german.retell("Broadcasters"), "Sender"},
		{german.retell("Ein Sender schrieb das selbst"), "Ein Sender schrieb das selbst"},
		{english.retell("no answer in time"), "no answer in time"},
		{
			german.warning("Affiche: could not be made. The alert goes out without it. (fr)"),
			"Affiche: konnte nicht erstellt werden. Der Alarm geht ohne das hinaus. (Français)",
		},
		{
			french.warning("A photo could not be read; the slides are without it. Add the photo again."),
			"Une photo n’a pas pu être lue\u202f; les visuels sont sans elle. Ajoutez-la de nouveau.",
		},
		{english.warning("Poster: could not be made. The alert goes out without it. (de)"), "Poster: could not be made. The alert goes out without it. (Deutsch)"},
		{english.say("hair|Red"), "Red"},
		{french.say("hair|Red"), "Roux"},
		{french.say("Red"), "Rouge"},
	} {
		if c.got != c.want {
			t.Errorf("got  %q\nwant %q", c.got, c.want)
		}
	}
}
