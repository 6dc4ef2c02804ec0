package alert

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What a telephone opens when somebody touches it, whatever stands around it.
func TestLinksAreFound(t *testing.T) {
	for _, address := range []string{
		"https://x.example/a", "javascript://x", "www.police", "politie.com", "bit.ly/abc", "BIT.LY/ABC", "Bit.Ly/abc", "t.co/x", "T.CO/x",
		"wa.me/32470123456", "goo.gl/x", "is.gd/x", "politie.be/x", "politie.be", "POLITIE.BE", "news.police.uk", "bit.ly", "x1.ru", "1x.ru",
		"полиция.рф", "полиция.рф/розыск", "evil.gallery/x", "tips@politie.be", "a.b@mail.police.example", "child-alert.app", "g.page/x",
	} {
		for _, around := range []string{"%", "Tip %.", "(%)", "Tip: %, call", "\n%\n"} {
			text := "EXERCISE. " + strings.Replace(around, "%", address, 1)
			if got := link(text); !strings.Contains(got, address) || strings.ContainsAny(got, " \n") {
				t.Errorf("%q: found %q", text, got)
			}
		}
	}
	if got := link("see politie.be/" + strings.Repeat("é", 500)); len([]rune(got)) != maxShownLink {
		t.Errorf("a fault would repeat %d bytes", len(got))
	}
}

// What officers write in a hurry, and no telephone makes a link of.
func TestInnocentTexts(t *testing.T) {
	for lang, texts := range map[Lang][]string{
		English: {"Seen at 3 p.m./4 p.m. by Dr.Who.", "Last seen at home.She wore red.", "He is 40-45, 1.80 m, and/or with a dog.", "U.S./EU plates, e.g. 1-ABC-234.", "No.12/4, Mr.Be", "Call 02.554.40.00 or 116.000", "school.At 5 she left", "i.e. a red coat/jacket", "@ the station"},
		French:  {"Vue le 3.mai vers 15.30/16.00.", "M./Mme, c.-à-d. p.ex. un sac", "Elle a disparu.Il la cherche", "Tél.02.554.40.00", "env. 1,32 m/30 kg, N.4/a", "À la gare.De là, en bus", "av. J.-C./Bd.Emile", "St.Gilles"},
		German:  {"Am 3.Mai um 15.30 Uhr, z.B. in St.Gallen/SG.", "Tel.Nr. 0800/123456", "ca. 1.32 m, d.h. klein", "Hr./Fr. Meier, i.d.R. zu Fuß", "u.a./o.ä.", "Str.12/4", "Bhf.Es war 5 Uhr.", "und/oder"},
		Italian: {"Il 3.maggio, p.es. in via S.Giovanni/Roma.", "alle 15.30/16.00", "Sig./Sig.ra Rossi", "n.12/a", "È scomparsa.Al momento", "c.a. 1.32 m"},
		Russian: {"3.мая в 15.30/16.00, г.Москва/обл.", "ул.Ленина/пр.Мира, д.12/4", "т.е. девочка 9 лет, рост 132 см.", "г.р. 2017, тел.02.554", "Пропала.Ушла из дома.", "и/или", "кв.м/ч"},
		Spanish: {"El 3.mayo a las 15.30/16.00, p.ej. en Sta.María/Palma.", "Sr./Sra. López, C/Mayor 12", "núm.12/4", "Desapareció.Es morena.", "p.es. una mochila", "a.m./p.m."},
	} {
		for _, text := range texts {
			if got := link(text); got != "" {
				t.Errorf("%s: %q has a link %q", lang, text, got)
			}
		}
	}
}

// The machine's words can be saved as they are: its own two addresses are no fault.
func TestTheMachineWritesNoOtherLink(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	checked := 0
	for range 40 {
		m := randomMessage(r)
		if WriteAll(m) != nil {
			continue
		}
		for _, lang := range m.Languages {
			for _, name := range TextNames {
				text := m.Texts[lang].Named(name)
				_, faults := CheckEdit(m, lang, name, text)
				if slices.ContainsFunc(faults, func(f Fault) bool { return f.Code == "url" }) {
					t.Errorf("%s.%s: %v of %q", lang, name, faults, text)
				}
				checked++
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d texts: the test tests little", checked)
	}
}
