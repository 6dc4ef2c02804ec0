package alert

// withoutCase writes what has no facts: a withdrawal, and the test of the links.
func (w *writer) withoutCase() (Texts, error) {
	if w.m.MsgType != TypeCancel {
		return w.linkTest()
	}
	l := w.l
	e, ok := l.endings[w.m.Outcome]
	if !ok {
		var faults Invalid
		faults.Add("outcome", "unknown", "a withdrawal needs an outcome: found, error, expired or other")
		return Texts{}, faults
	}
	warning := l.warning[w.m.Status]
	t := Texts{
		Description: sentences(w.prefix(), warning, e.account) + "\n" + l.erase,
		Instruction: sentences(w.prefix(), l.erase),
		Spoken:      sentences(w.prefix(), warning, stop(l.ended), e.account, l.erase, warning),
	}
	t.SpokenSeconds = l.seconds(t.Spoken)
	return t, w.shorten(&t, w.endedTexts(l.ended, e, l.erase))
}

// linkTest writes the weekly test of the links to all channels.
func (w *writer) linkTest() (Texts, error) {
	e := w.l.linkTest
	account := sentences(w.prefix(), e.account)
	t := Texts{Description: account, Instruction: account, Spoken: account, SpokenSeconds: w.l.seconds(account)}
	return t, w.shorten(&t, w.testTexts(e))
}

// endedTexts are the short texts of a withdrawal. The areas stand for the case, which has no name any more.
func (w *writer) endedTexts(head string, e ending, erase string) shortTexts {
	prefix := fixed(w.lead0())
	first := []slot{prefix, w.headSlot(head)}
	account := say(slot{forms: []string{e.account}}.or(lossPlate, capital(e.headline)).orNothing(lossName))
	please := say(fixed(erase).orNothing(lossUpdate))
	page := sayBare(fixed(PageURL(w.m, w.l.code)).orNothing(lossPage))
	return shortTexts{
		headline:  []line{sayBare(append(first, fixed(w.l.colon+e.headline))...)},
		crawl:     []line{say(first...), account, please},
		radiotext: []line{say(first...), account},
		pushTitle: []line{sayBare(first...)},
		pushBody:  []line{say(prefix), account, please},
		sms:       []line{say(first...), account, please, page},
		short90:   []line{say(first...), account},
		long360:   []line{say(first...), account, please, page},
	}
}

// testTexts are the short texts of a link test: its title where room is short, else its account.
func (w *writer) testTexts(e ending) shortTexts {
	title := []line{sayBare(fixed(w.lead0()), fixed(e.headline).orNothing(lossName))}
	account := []line{say(fixed(w.lead0()), fixed(e.account).or(lossName, e.headline).orNothing(lossPage))}
	return shortTexts{
		headline: title, pushTitle: title,
		crawl: account, radiotext: account, pushBody: account, sms: account, short90: account, long360: account,
	}
}

// headSlot is "Child alert ended (Brussels, Antwerp)": with the areas where they
// are few, and nothing where else the outcome would have to go.
func (w *writer) headSlot(head string) slot {
	var names []string
	for _, a := range w.m.Areas {
		names = append(names, clean(a.Name(w.l.code)))
	}
	s := fixed(head)
	if n := len(names); n > 0 && n <= 3 { // one of many would mislead
		s = fixed(head+" ("+join(", ", names)+")").or(lossCircle, head)
	}
	return s.orNothing(lossPlate + 1)
}
