package adaptertest

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// everyKind opens a channel in each realm and calls fn with each kind of message.
func everyKind(t tester, c Case, fn func(k *kit, is kind)) {
	t.Helper()
	for _, realm := range []alert.Realm{alert.Drill, alert.Live} {
		k := start(t, c, realm)
		for _, is := range kinds {
			if is.realm == realm {
				fn(k, is)
			}
		}
	}
}

// everyPayload renders each kind of message in each language.
func everyPayload(t tester, c Case, fn func(is kind, lang alert.Lang, p adapter.Payload)) {
	t.Helper()
	everyKind(t, c, func(k *kit, is kind) {
		m := is.message()
		for _, lang := range m.Languages {
			p, err := k.channel.Render(m, lang)
			if err != nil {
				k.Errorf("%s in %s: %v", is, lang, err)
				continue
			}
			fn(is, lang, p)
		}
	})
}

// rounds is how often a payload is rendered: often enough for the order of a
// map of two to differ once.
const rounds = 20

// pure wants the same message to give the same payload: again, at the same time
// from several goroutines, and in another year.
func pure(t tester, c Case) {
	everyKind(t, c, func(k *kit, is kind) {
		m, untouched := is.message(), is.message()
		for _, lang := range m.Languages {
			first, err := k.channel.Render(m, lang)
			if err != nil {
				k.Errorf("%s in %s: %v", is, lang, err)
				return
			}
			for range rounds {
				if p, err := k.channel.Render(m, lang); err != nil || !reflect.DeepEqual(p, first) {
					k.Errorf("%s in %s: two payloads of one message differ (%v)", is, lang, err)
					return
				}
			}
			if p := k.elsewhen(m, lang); !reflect.DeepEqual(p, first) {
				k.Errorf("%s in %s: the payload depends on the clock", is, lang)
			}
		}
		k.together(m)
		if !reflect.DeepEqual(m, untouched) {
			k.Errorf("%s: Render changed the message", is)
		}
	})
}

// elsewhen renders m in the year 2000, where a synctest bubble's clock begins.
func (k *kit) elsewhen(m *alert.Message, lang alert.Lang) (p adapter.Payload) {
	synctest.Test(k.root, func(*testing.T) { p, _ = k.channel.Render(m, lang) })
	return p
}

// together renders m from several goroutines: under -race it finds shared state.
func (k *kit) together(m *alert.Message) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, lang := range m.Languages {
				_, _ = k.channel.Render(m, lang) // was asked for its error before
			}
		})
	}
	all.Wait()
}

// preview wants a message to render before it has a time and a signature.
func preview(t tester, c Case) {
	everyKind(t, c, func(k *kit, is kind) {
		m := is.message()
		m.CAP, m.Sent = nil, time.Time{}
		for _, lang := range m.Languages {
			p, err := k.channel.Render(m, lang)
			if err != nil {
				k.Errorf("%s in %s without CAP and Sent: %v", is, lang, err)
				continue
			}
			released, err := k.channel.Render(is.message(), lang)
			if err != nil || !reflect.DeepEqual(p.Parts, released.Parts) {
				k.Errorf("%s in %s: the preview shows other parts than are released", is, lang)
			}
		}
	})
}

func parts(t tester, c Case) {
	everyPayload(t, c, func(is kind, lang alert.Lang, p adapter.Payload) {
		if p.MIME == "" || len(p.Body) == 0 {
			t.Errorf("%s in %s: MIME %q, body of %d bytes", is, lang, p.MIME, len(p.Body))
		}
		if len(p.Parts) == 0 {
			t.Errorf("%s in %s: no parts; the officer would see nothing", is, lang)
		}
		for _, part := range p.Parts {
			if fault := faultOf(part); fault != "" {
				t.Errorf("%s in %s, part %q: %s", is, lang, part.Name, fault)
			}
		}
		if text, err := parse(c, p); err != nil {
			t.Errorf("%s in %s: the body is not %s: %v", is, lang, p.MIME, err)
		} else if strings.TrimSpace(text) == "" {
			t.Errorf("%s in %s: the body says nothing", is, lang)
		}
	})
}

// faultOf says what is wrong with a part, or nothing.
func faultOf(p adapter.Part) string {
	switch {
	case p.Name == "" || p.Unit == "":
		return "it has no name or no unit"
	case strings.TrimSpace(p.Text) == "" || !utf8.ValidString(p.Text):
		return "its text is empty or no UTF-8"
	case p.Limit <= 0:
		return "it has no limit"
	case p.Count <= 0 || p.Count > p.Limit:
		return "its count is nothing or over its limit"
	case p.Unit == "characters" && p.Count != utf8.RuneCountInString(p.Text):
		return "its characters are miscounted"
	}
	return ""
}

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
			if says := strings.Contains(part.Text, word); says != (is.status == alert.StatusExercise) {
				t.Errorf("%s in %s, part %q: the word %q is there: %t", is, lang, part.Name, word, says)
			}
		}
		text, _ := parse(c, p)
		if says := strings.Contains(text, word); says != (is.status == alert.StatusExercise) {
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
