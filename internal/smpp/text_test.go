package smpp

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEveryGSMCharacterSurvives(t *testing.T) {
	all := strings.ReplaceAll(gsmBasic, "\x1b", "") + "\f^{}\\[~]|€"
	b, ok := EncodeGSM(all)
	if !ok || len(b) != 127+2*10 {
		t.Fatalf("%d septets, %v", len(b), ok)
	}
	if got := DecodeGSM(b); got != all {
		t.Errorf("came back as %q", got)
	}
	for _, c := range b {
		if c > 0x7F {
			t.Errorf("%#x is no septet", c)
		}
	}
}

func TestGSMCodes(t *testing.T) {
	for r, want := range map[string]string{
		"@": "\x00", "$": "\x02", "\n": "\x0A", "Δ": "\x10", "É": "\x1F", "A": "A", "§": "\x5F", "¿": "\x60",
		"à": "\x7F", "€": "\x1B\x65", "|": "\x1B\x40", "ß": "\x1E", "ñ": "\x7D",
	} {
		if got, ok := EncodeGSM(r); !ok || string(got) != want {
			t.Errorf("%s is %x, want %x", r, got, want)
		}
	}
	for _, r := range []string{"ê", "ç", "ё", "’", "😀", "\x1b", "`"} {
		if _, ok := EncodeGSM(r); ok {
			t.Errorf("%q is not in the alphabet", r)
		}
	}
	if got := DecodeGSM([]byte{'a', 0x1B, 0x01, 'b', 0xFF, 0x1B}); got != "a b  " {
		t.Errorf("what has no meaning shows as %q", got)
	}
}

func TestPlain(t *testing.T) {
	in := "«Anna»\u00a0— l’enfant… “7\u202fans” – ‘oui’"
	got := Plain(in)
	if want := `"Anna" - l'enfant... "7 ans" - 'oui'`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, ok := EncodeGSM(got); !ok {
		t.Error("the plain text is not in the GSM alphabet")
	}
	if keep := "Ёлка ê 😀"; Plain(keep) != keep {
		t.Errorf("%q was changed", keep)
	}
}

// TestTextsAreWholeOnTheTelephone sends texts of every length through parts and back.
func TestTextsAreWholeOnTheTelephone(t *testing.T) {
	for _, unit := range []string{"a", "€", "a€", "ж", "😀", "ж😀", "aж😀"} {
		for n := range 200 {
			s := strings.Repeat(unit, n)
			e, err := Encode(s)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for i, m := range e.Messages(200) {
				body, j := m.Body()
				if !utf8.ValidString(body) || strings.ContainsRune(body, utf8.RuneError) {
					t.Fatalf("%d×%q: part %d is torn: %q", n, unit, i, body)
				}
				if j.Part != i+1 || j.Total != len(e.Parts) || (j.Total > 1 && j.Ref != 200) {
					t.Fatalf("%d×%q: joint %+v of part %d", n, unit, j, i)
				}
				if e.GSM && len(m.Short) > 160 || !e.GSM && len(m.Short) > 140 {
					t.Fatalf("%d×%q: part of %d bytes", n, unit, len(m.Short))
				}
				got.WriteString(body)
			}
			if got.String() != s {
				t.Fatalf("%d×%q came back as %q", n, unit, got.String())
			}
		}
	}
	if _, err := Encode(strings.Repeat("a", 256*gsmPart)); err == nil {
		t.Error("256 parts were made: the header cannot count them")
	}
}

func TestBodyOfOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		m    Message
		want string
		j    Joint
	}{
		"Latin-1":               {Message{DataCoding: CodingLatin1, Short: []byte("Arr\xeat")}, "Arrêt", Joint{0, 1, 1}},
		"ASCII":                 {Message{DataCoding: CodingASCII, Short: []byte("STOP $")}, "STOP $", Joint{0, 1, 1}},
		"payload":               {Message{Optional: []TLV{{TagMessagePayload, []byte("STOP")}}}, "STOP", Joint{0, 1, 1}},
		"reference of two":      {Message{ESMClass: ESMHeader, Short: []byte("\x06\x08\x04\x01\x02\x03\x01abc")}, "abc", Joint{258, 3, 1}},
		"other element first":   {Message{ESMClass: ESMHeader, Short: []byte("\x08\x24\x01\x01\x00\x03\x07\x02\x02x")}, "x", Joint{7, 2, 2}},
		"part 0":                {Message{ESMClass: ESMHeader, Short: []byte("\x05\x00\x03\x07\x02\x00x")}, "x", Joint{0, 1, 1}},
		"part 3 of 2":           {Message{ESMClass: ESMHeader, Short: []byte("\x05\x00\x03\x07\x02\x03x")}, "x", Joint{0, 1, 1}},
		"header past its end":   {Message{ESMClass: ESMHeader, Short: []byte("\x50\x00")}, "P@", Joint{0, 1, 1}},
		"element past its end":  {Message{ESMClass: ESMHeader, Short: []byte("\x02\x00\x09x")}, "x", Joint{0, 1, 1}},
		"half a UTF-16 unit":    {Message{DataCoding: CodingUCS2, Short: []byte{4, 0x16, 4}}, "Ж", Joint{0, 1, 1}},
		"nothing with a header": {Message{ESMClass: ESMHeader}, "", Joint{0, 1, 1}},
	} {
		if got, j := tc.m.Body(); got != tc.want || j != tc.j {
			t.Errorf("%s: %q %+v, want %q %+v", name, got, j, tc.want, tc.j)
		}
	}
}

func TestReadReceipt(t *testing.T) {
	text := func(s string, o ...TLV) Message {
		return Message{ESMClass: ESMReceipt, Short: []byte(s), Optional: o}
	}
	id := TLV{TagReceiptedMessageID, []byte("4a2f\x00")}
	for name, tc := range map[string]struct {
		m    Message
		want Receipt
		ok   bool
	}{
		"appendix B": {
			text("id:1234567890 sub:001 dlvrd:001 submit date:2611020304 done date:2611020305 stat:DELIVRD err:000 text:Anna"),
			Receipt{ID: "1234567890", State: "DELIVRD", Error: "000"},
			true,
		},
		"failed, other case": {text("ID:0A-1b stat:Undeliv Err:01F"), Receipt{ID: "0A-1b", State: "UNDELIV", Error: "01F"}, true},
		"parameters alone": {
			Message{Optional: []TLV{id, {TagMessageState, []byte{2}}}}, Receipt{TLV: "4a2f", State: "DELIVRD"}, true,
		},
		"parameters win the state": {
			text("id:19 stat:ENROUTE", id, TLV{TagMessageState, []byte{5}}), Receipt{ID: "19", TLV: "4a2f", State: "UNDELIV"}, true,
		},
		"id within another word": {text("mid:5 stat:DELIVRD"), Receipt{State: "DELIVRD"}, false},
		"id before its end":      {text("stat:DELIVRD id:77"), Receipt{ID: "77", State: "DELIVRD"}, true},
		"words after the fields": {text("id:8 stat:DELIVRD err:1 text:id:9"), Receipt{ID: "8", State: "DELIVRD", Error: "1"}, true},
		"a state without end":    {text("id:8 stat:" + strings.Repeat("D", 200)), Receipt{ID: "8"}, false},
		"unknown state number":   {text("id:19", TLV{TagMessageState, []byte{77}}), Receipt{ID: "19"}, false},
		"no id":                  {text("stat:DELIVRD"), Receipt{State: "DELIVRD"}, false},
		"a person's words":       {Message{Short: []byte("id:1 stat:DELIVRD")}, Receipt{}, false},
		"an id without end": {
			text("stat:DELIVRD", TLV{TagReceiptedMessageID, []byte(strings.Repeat("9", 200))}), Receipt{State: "DELIVRD"}, false,
		},
	} {
		if got, ok := ReadReceipt(&tc.m); ok != tc.ok || got != tc.want {
			t.Errorf("%s: %+v %v, want %+v %v", name, got, ok, tc.want, tc.ok)
		}
	}
}
