package adaptertest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func textFaults() []example {
	other := map[alert.Realm]alert.Realm{alert.Live: alert.Drill, alert.Drill: alert.Live}
	return []example{
		{"hides the exercise", "an exercise says so and life does not", "there: false", fault{render: word(func(s string, lang alert.Lang, m *alert.Message) string {
			return strings.ReplaceAll(s, alert.StatusWord(m.Status, lang), "")
		})}},
		{"cries exercise", "an exercise says so and life does not", "there: true", fault{render: word(func(s string, lang alert.Lang, _ *alert.Message) string {
			return alert.StatusWord(alert.StatusExercise, lang) + s
		})}},
		{"serves both realms", "realms are apart", "was rendered in the", fault{render: func(p *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			if err != nil && m.Realm != p.env.Realm {
				both := &post{env: adapter.Env{Realm: other[p.env.Realm]}}
				return both.good(m, lang)
			}
			return out, err
		}}},
		{"lets a drill call itself actual", "realms are apart", "with status", fault{render: func(p *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			if err != nil && m.Realm == p.env.Realm {
				tame := *m
				tame.Status = map[alert.Realm]alert.Status{alert.Live: alert.StatusActual, alert.Drill: alert.StatusExercise}[m.Realm]
				return p.good(&tame, lang)
			}
			return out, err
		}}},
		{"names who was found", "a withdrawal names nobody", "Zephyrine", fault{render: word(func(s string, _ alert.Lang, m *alert.Message) string {
			if m.Facts != nil {
				s += m.Facts.Children[0].GivenName
			}
			return s
		})}},
		{"remembers the plate", "a withdrawal names nobody", "QXZ4711", fault{open: func(_ context.Context, p *post) error {
			var plate string // two spellings: the search must not depend on one
			var mu sync.Mutex
			p.render = word(func(s string, _ alert.Lang, m *alert.Message) string {
				mu.Lock()
				defer mu.Unlock()
				if m.MsgType != alert.TypeCancel && m.Facts != nil {
					plate = strings.ToLower(strings.ReplaceAll(m.Facts.Vehicles[0].Plate, " ", "-"))
					return s
				}
				return s + plate
			})
			return nil
		}}},
		{"refuses a withdrawal that has facts", "a withdrawal names nobody", "must get through", fault{render: func(_ *post, m *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			if m.MsgType == alert.TypeCancel && m.Facts != nil {
				return out, errors.New("facts: remove them")
			}
			return out, err
		}}},
		{"pastes JSON together", "hostile text stays text", "invalid", fault{render: func(_ *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			out.Body = []byte(`{"text":"` + m.Texts[lang].Headline + `"}`)
			return out, err
		}}},
		{"escapes for a page", "hostile text stays text", "not in the body", fault{render: word(func(s string, _ alert.Lang, _ *alert.Message) string {
			return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s)
		})}},
		{"pastes markup together", "hostile text stays text", "markup", fault{render: func(_ *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			out.MIME, out.Body = "text/html", []byte("<p>"+m.Texts[lang].Headline+"</p>")
			return out, err
		}}},
		{"pastes XML together", "hostile text stays text", "invalid", fault{render: func(_ *post, m *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			out.MIME, out.Body = "application/cap+xml", []byte("<a>"+m.Texts[lang].Headline+"</a>")
			return out, err
		}}},
		{"a media type of its own", "hostile text stays text", "Case.Parse", fault{render: func(_ *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			out.MIME = "application/x-letter"
			return out, err
		}}},
	}
}
