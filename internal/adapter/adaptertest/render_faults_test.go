package adaptertest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

func renderFaults() []example {
	return []example{
		{"counts its calls", "render is pure", "differ", fault{render: func(p *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			if err == nil {
				out.Parts[0].Name = fmt.Sprint("Letter ", p.calls.Add(1))
			}
			return out, err
		}}},
		{"says today's date", "render is pure", "clock", fault{render: part(func(p *adapter.Part) { p.Name = time.Now().Format(time.DateOnly) })}},
		{"in the order of a map", "render is pure", "differ", fault{render: word(func(_ string, _ alert.Lang, m *alert.Message) string {
			var s strings.Builder
			for _, t := range m.Texts {
				s.WriteString(t.RadioText)
			}
			return s.String()
		})}},
		{"tidies the message", "render is pure", "changed the message", fault{render: func(_ *post, m *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			m.CAP = nil
			return out, err
		}}},
		{"wants a signature", "render works in a preview", "without CAP and Sent", fault{render: func(_ *post, m *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			if len(m.CAP) == 0 {
				return out, errors.New("cap: missing")
			}
			return out, err
		}}},
		{"says when", "render works in a preview", "other parts", fault{render: word(func(s string, _ alert.Lang, m *alert.Message) string {
			return s + m.Sent.Format(time.DateOnly)
		})}},
		{"no parts", "parts are counted and within their limits", "no parts", fault{render: func(_ *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			out.Parts = nil
			return out, err
		}}},
		{"no media type", "parts are counted and within their limits", "MIME", fault{render: func(_ *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			out.MIME = ""
			return out, err
		}}},
		{"no limit", "parts are counted and within their limits", "no limit", fault{render: part(func(p *adapter.Part) { p.Limit = 0 })}},
		{"over the limit", "parts are counted and within their limits", "over its limit", fault{render: part(func(p *adapter.Part) { p.Limit = p.Count - 1 })}},
		{"counts bytes", "parts are counted and within their limits", "miscounted", fault{render: part(func(p *adapter.Part) { p.Count, p.Limit = len(p.Text), 500 })}},
		{"no unit", "parts are counted and within their limits", "no unit", fault{render: part(func(p *adapter.Part) { p.Unit = "" })}},
		{"no text", "parts are counted and within their limits", "empty", fault{render: part(func(p *adapter.Part) { p.Text = " " })}},
		{"has no Russian", "parts are counted and within their limits", "in ru", fault{render: func(_ *post, _ *alert.Message, lang alert.Lang, out payload, err error) (payload, error) {
			if lang == alert.Russian {
				return out, errors.New("no type for Cyrillic")
			}
			return out, err
		}}},
		{"cuts", "what does not fit is refused", "far too long", fault{render: func(p *post, m *alert.Message, lang alert.Lang, _ payload, _ error) (payload, error) {
			short := *m
			short.Texts = map[alert.Lang]alert.Texts{lang: {Headline: string([]rune(m.Texts[lang].Headline + " ")[:1])}}
			return p.good(&short, lang)
		}}},
		{"takes anything for an alert", "what does not fit is refused", "unknown message type", fault{render: func(p *post, m *alert.Message, lang alert.Lang, _ payload, _ error) (payload, error) {
			guess := *m
			guess.MsgType = alert.TypeAlert
			return p.good(&guess, lang)
		}}},
		{"says nothing of the field", "what does not fit is refused", "does not name the field", fault{render: func(_ *post, _ *alert.Message, _ alert.Lang, out payload, err error) (payload, error) {
			if err != nil {
				err = errors.New("bad message")
			}
			return out, err
		}}},
	}
}
