package adaptertest

import (
	"bytes"
	"regexp"
	"strings"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// named is an error that begins with a field's path: "texts.en.headline: ...".
var named = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+|\[\d+\])*: `)

// misfits wants an error, and never an empty or a cut text, for what a channel
// cannot say.
func misfits(t tester, c Case) {
	everyKind(t, c, func(k *kit, is kind) {
		for _, lang := range []alert.Lang{alert.English, alert.Russian} {
			word := alert.StatusWord(is.status, lang)
			for what, m := range map[string]*alert.Message{
				"texts that are far too long": retext(is, word+" "+strings.Repeat("слово word ", 1000)),
				"no texts":                    retext(is, ""),
				"a language without texts":    without(is.message(), lang),
				"an unknown message type":     retype(is.message(), "Ack"),
				"no message type":             retype(is.message(), ""),
			} {
				p, err := k.channel.Render(m, lang)
				if err == nil {
					k.Errorf("%s in %s with %s was rendered: %.100q", is, lang, what, p.Body)
				} else if !named.MatchString(err.Error()) {
					k.Errorf("%s in %s with %s: %q does not name the field", is, lang, what, err)
				}
			}
		}
	})
}

// retext is a message all of whose texts are s.
func retext(is kind, s string) *alert.Message {
	m := is.message()
	for lang := range m.Texts {
		m.Texts[lang] = alert.Texts{
			Headline: s, Description: s, Instruction: s, Spoken: s, SpokenSeconds: len(s), Crawl: s, RadioText: s,
			PushTitle: s, PushBody: s, SMS: s, Short90: s, Long360: s,
		}
	}
	return m
}

func without(m *alert.Message, lang alert.Lang) *alert.Message {
	delete(m.Texts, lang)
	return m
}

func retype(m *alert.Message, typ alert.MsgType) *alert.Message {
	m.MsgType = typ
	return m
}

// exercise wants the word in every part of a drill, and in none of what is real.
func exercise(t tester, c Case) {
	everyPayload(t, c, func(is kind, lang alert.Lang, p adapter.Payload) {
		word := alert.StatusWord(alert.StatusExercise, lang)
		for _, part := range p.Parts {
			if says := strings.Contains(part.Text, word); says != (is.realm == alert.Drill) {
				t.Errorf("%s in %s, part %q: the word %q is there: %t", is, lang, part.Name, word, says)
			}
		}
		text, _ := parse(c, p)
		if says := strings.Contains(text, word); says != (is.realm == alert.Drill) {
			t.Errorf("%s in %s, body: the word %q is there: %t", is, lang, word, says)
		}
	})
}

// realms wants a message of the other realm to be refused: the last wall
// between an exercise and a telephone.
func realms(t tester, c Case) {
	for _, is := range kinds {
		other := alert.Live
		if is.realm == alert.Live {
			other = alert.Drill
		}
		k := start(t, c, other)
		if p, err := k.channel.Render(is.message(), alert.English); err == nil {
			k.Errorf("%s was rendered in the %s realm: %.100q", is, other, p.Body)
		}
	}
	for _, is := range kinds {
		k := start(t, c, is.realm)
		m := is.message()
		m.Status = alert.StatusExercise
		if is.realm == alert.Drill {
			m.Status = alert.StatusActual
		}
		if p, err := k.channel.Render(m, alert.English); err == nil {
			k.Errorf("%s with status %s was rendered: %.100q", is, m.Status, p.Body)
		}
	}
}

// withdrawal wants nothing of the case in the all-clear, not even when the
// message was handed over with the facts of the revision before, and when the
// channel has just seen those.
func withdrawal(t tester, c Case) {
	everyKind(t, c, func(k *kit, is kind) {
		if is.typ != alert.TypeCancel {
			return
		}
		before := kind{is.realm, is.status, alert.TypeUpdate, 2}.message()
		for _, careless := range []bool{false, true} {
			m := is.message()
			if careless {
				m.Facts, m.Media = facts(), media()
			}
			for _, lang := range m.Languages {
				if _, err := k.channel.Render(before, lang); err != nil {
					k.Errorf("%s before %s: %v", lang, is, err)
				}
				p, err := k.channel.Render(m, lang)
				if err != nil {
					k.Errorf("%s in %s (with facts: %t): %v; a withdrawal must get through", is, lang, careless, err)
					continue
				}
				text, _ := parse(c, p)
				for _, trace := range traces {
					if bytes.Contains(p.Body, []byte(trace)) || holds(text, trace) {
						k.Errorf("%s in %s (with facts: %t) names %q", is, lang, careless, trace)
					}
				}
			}
		}
	})
}
