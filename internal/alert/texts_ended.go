package alert

// withoutCase writes what has no facts: a withdrawal, and the test of the links.
func (w *writer) withoutCase() (Texts, error) {
	l, head, e := w.l, "", w.l.linkTest
	head = e.headline
	erase := ""
	if w.m.MsgType == TypeCancel {
		var ok bool
		if e, ok = l.endings[w.m.Outcome]; !ok {
			var faults Invalid
			faults.Add("outcome", "unknown", "a withdrawal needs an outcome: found, error, expired or other")
			return Texts{}, faults
		}
		head, erase = l.ended, l.erase
	}
	warning := l.warning[w.m.Status]
	if w.m.MsgType != TypeCancel {
		warning = "" // the test's own words say it
	}
	t := Texts{
		Description: sentences(w.prefix(), warning, e.account),
		Instruction: sentences(w.prefix(), e.account),
		Spoken:      sentences(w.prefix(), warning, stop(head), e.account, erase, warning),
	}
	if erase != "" {
		t.Description += "\n" + erase
		t.Instruction = sentences(w.prefix(), erase)
	}
	t.SpokenSeconds = l.seconds(t.Spoken)
	return t, w.shorten(&t, w.endedTexts(head, e, erase))
}

// endedTexts are the short texts of a withdrawal. The areas stand for the case, which has no name any more.
func (w *writer) endedTexts(head string, e ending, erase string) shortTexts {
	prefix := fixed(w.lead0())
	title := sayBare(prefix, fixed(head), w.areaSlot())
	if erase == "" {
		title = sayBare(prefix, fixed(head))
	}
	first := say(title.slots...)
	account := say(slot{forms: []string{e.account}}.or(70, stop(capital(e.headline))).orNothing(90))
	please := say(slot{forms: []string{erase}}.orNothing(80))
	page := sayBare(slot{forms: []string{PageURL(w.m, w.l.code)}}.orNothing(60))
	headline := title
	if erase != "" {
		headline = sayBare(append(title.slots, fixed(w.l.colon+e.headline))...)
	}
	return shortTexts{
		headline:  []line{headline},
		crawl:     []line{first, account, please},
		radiotext: []line{first, account},
		pushTitle: []line{title},
		pushBody:  []line{say(prefix), account, please},
		sms:       []line{first, account, please, page},
		short90:   []line{first, account},
		long360:   []line{first, account, please, page},
	}
}

// areaSlot is " (Brussels, Antwerp)": the areas where they are few and there is room.
func (w *writer) areaSlot() slot {
	var names []string
	for _, a := range w.m.Areas {
		names = append(names, clean(a.Name(w.l.code)))
	}
	if len(names) == 0 {
		return fixed("")
	}
	s := fixed(" (" + names[0] + ")")
	if len(names) > 3 {
		s = fixed("") // one of many would mislead
	} else if len(names) > 1 {
		s = slot{forms: []string{" (" + join(", ", names) + ")"}}
	}
	return s.orNothing(50)
}
