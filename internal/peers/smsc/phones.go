package smsc

import (
	"slices"
	"strings"
	"time"

	"tocsin/internal/smpp"
)

// Text is one text as a telephone shows it.
type Text struct {
	Body string
	At   time.Time
}

const (
	maxPhones = 200_000 // numbers remembered: a demo has thousands
	maxTexts  = 50      // texts of one number: the oldest go
	maxOpen   = 10_000  // long texts of which parts are missing
)

// phones are the telephones of the network.
type phones struct {
	texts map[string][]Text
	open  map[joint][]string
}

type joint struct {
	from, to   string
	ref, total int
}

func newPhones() phones {
	return phones{texts: make(map[string][]Text), open: make(map[joint][]string)}
}

// take shows m's text on its telephone when all of its parts are there.
func (p *phones) take(m *smpp.Message, at time.Time) {
	body, j := m.Body()
	if j.Total > 1 {
		key := joint{m.Source.Number, m.Dest.Number, j.Ref, j.Total}
		parts := p.open[key]
		if parts == nil {
			if len(p.open) >= maxOpen {
				clear(p.open)
			}
			parts = make([]string, j.Total)
			p.open[key] = parts
		}
		parts[j.Part-1] = body
		if slices.Contains(parts, "") {
			return
		}
		delete(p.open, key)
		body = strings.Join(parts, "")
	}
	number := strings.TrimPrefix(m.Dest.Number, "+")
	if _, known := p.texts[number]; !known && len(p.texts) >= maxPhones {
		return
	}
	list := append(p.texts[number], Text{Body: body, At: at})
	if len(list) > maxTexts {
		list = list[1:]
	}
	p.texts[number] = list
}
