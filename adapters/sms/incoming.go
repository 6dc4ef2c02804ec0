package sms

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"tocsin/internal/adapter"
	"tocsin/internal/smpp"
)

// incoming takes what a centre sends: a receipt, or a person's answer. The
// status goes back to the centre: anything but OK makes it come again.
func (s *SMS) incoming(ctx context.Context, b *bind, m *smpp.Message) smpp.Status {
	if r, ok := smpp.ReadReceipt(m); ok {
		return again(s.receipt(ctx, b.receipted(r), state(r.State), reason(r)))
	}
	if m.ESMClass&0x3C != 0 {
		return smpp.OK // a receipt we cannot read, or a kind we do not ask for: to come again would not help
	}
	body, _ := m.Body()
	return again(s.answer(ctx, m.Source.Number, body))
}

func again(err error) smpp.Status {
	if err != nil {
		return smpp.TempAppError
	}
	return smpp.OK
}

// state is what a receipt's word means; empty: nothing to report yet.
func state(word string) adapter.State {
	switch word {
	case "DELIVRD":
		return adapter.Delivered
	case "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
		return adapter.Failed
	default: // ENROUTE, ACCEPTD, UNKNOWN
		return ""
	}
}

func reason(r smpp.Receipt) string {
	if r.Error == "" || strings.Trim(r.Error, "0") == "" {
		return "the network reports " + r.State
	}
	return "the network reports " + r.State + ", error " + r.Error
}

// receipt reports what became of the message that one of refs names.
func (s *SMS) receipt(ctx context.Context, refs []string, st adapter.State, why string) error {
	if st == "" {
		return nil
	}
	report := adapter.Report{Channel: Name, Ref: refs[0], State: st}
	if st == adapter.Failed {
		report.Reason = why
	}
	p := s.parts.find(ctx, refs)
	if p == nil { // from before a restart: the ledger knows the last parts
		return s.env.Inbox.Report(ctx, report)
	}
	if err := p.wait(ctx); err != nil {
		return err
	}
	if p.ref == "" {
		return nil // its attempt failed and is made again; this part changes nothing
	}
	if st == adapter.Delivered && !s.parts.deliver(p) {
		return nil
	}
	report.Ref = p.ref
	return s.env.Inbox.Report(ctx, report)
}

// answered is the canonical form of an id from an answer, receipted of one from
// a receipt: some centres write one hexadecimal and the other decimal, and some
// pad with zeros.
func (b *bind) answered(id string) string {
	if b.HexIDs {
		return decimal(id)
	}
	return unpadded(id)
}

func (b *bind) receipted(r smpp.Receipt) []string {
	var ids []string
	if r.ID != "" {
		ids = append(ids, unpadded(r.ID))
	}
	if r.TLV != "" {
		if b.HexIDs { // the parameter usually has the answer's form
			ids = append(ids, decimal(r.TLV))
		}
		ids = append(ids, unpadded(r.TLV))
	}
	for i, id := range ids {
		ids[i] = b.Name + "/" + id
	}
	return ids
}

func decimal(id string) string {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		return id
	}
	return strconv.FormatUint(n, 10)
}

func unpadded(id string) string {
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return id
		}
	}
	if s := strings.TrimLeft(id, "0"); s != "" {
		return s
	}
	return id
}

// stops are the words that take a number off the list, as people write them in
// the languages of the channel, upper case and without accents.
var stops = map[string]bool{
	"STOP": true, "STOPP": true, "STOPALL": true, "UNSUBSCRIBE": true, "QUIT": true, "ARRET": true, "ARRETER": true,
	"DESABONNER": true, "ABBESTELLEN": true, "ABMELDEN": true, "ENDE": true, "ALTO": true, "BAJA": true, "PARAR": true,
	"FERMA": true, "BASTA": true, "ANNULLA": true, "СТОП": true, "ОТПИСАТЬСЯ": true, "ОТПИСКА": true,
}

// answer works a person's message: only the request to leave has a meaning.
func (s *SMS) answer(ctx context.Context, from, body string) error {
	words := strings.FieldsFunc(fold(body), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 || !stops[words[0]] || s.env.Recipients == nil {
		return nil
	}
	from = strings.TrimPrefix(strings.TrimSpace(from), "+") // a + that a query turned into a space, too
	return s.env.Recipients.Remove(ctx, Name, identify("+"+from, s.salt))
}

// maxAnswer bounds what of a person's message is looked at.
const maxAnswer = 64

// fold is the beginning of s in upper case without the accents that occur in stops.
func fold(s string) string {
	if r := []rune(s); len(r) > maxAnswer {
		s = string(r[:maxAnswer])
	}
	return unaccented.Replace(strings.ToUpper(s))
}

var unaccented = strings.NewReplacer("Ê", "E", "É", "E", "È", "E", "Ё", "Е")
