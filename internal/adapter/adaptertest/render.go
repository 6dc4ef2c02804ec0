package adaptertest

import (
	"reflect"
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
		if !reflect.DeepEqual(m, untouched) {
			k.Errorf("%s: Render changed the message", is)
			return // the next step would only show the race
		}
		k.together(m)
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
