package cap

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tocsin/internal/peertest"
)

// random makes an alert of any shape that the schema can hold.
func random(r *rand.Rand) *Alert {
	pick := func(words []string) string { return words[r.IntN(len(words))] }
	text := func() string {
		const runes = "ab <>&\"'\t\n\r]]>–éЩ漢😀\u00a0\u200f\u0085\ufffd;#x"
		all := []rune(runes)
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteRune(all[r.IntN(len(all))])
		}
		return b.String()
	}
	when := func() time.Time {
		if r.IntN(3) == 0 {
			return time.Time{}
		}
		return time.Unix(r.Int64N(4e9), 0).In(time.FixedZone("", (r.IntN(113)-56)*900))
	}
	address := func() string {
		return pick([]string{"", "https://alerts.example/a?b=c&d=%20#e", "tel:+32", "https://[2001:db8::1]/x", "relative/x;y=1", "urn:x:y"})
	}
	values := func() (all []Value) {
		for range r.IntN(3) {
			all = append(all, Value{"n" + text(), text()})
		}
		return all
	}
	a := &Alert{
		Identifier: text(), Sender: text(), Sent: sent, Status: pick(statuses), MsgType: pick(msgTypes), Source: text(),
		Scope: pick(scopes), Restriction: text(), Addresses: text(), Note: text(), References: text(), Incidents: text(),
	}
	for range r.IntN(3) {
		a.Code = append(a.Code, "c"+text())
	}
	for range r.IntN(3) {
		i := Info{
			Language: pick([]string{"fr", "en-US", "x-12345678-a"}), Category: []string{pick(categories), pick(categories)}, Event: text(),
			Urgency: pick(urgencies), Severity: pick(severities), Certainty: pick(certainties), Audience: text(), EventCode: values(),
			Effective: when(), Onset: when(), Expires: when(), SenderName: text(), Headline: text(), Description: text(), Instruction: text(),
			Web: address(), Contact: text(), Parameter: values(),
		}
		for range r.IntN(3) {
			i.ResponseType = append(i.ResponseType, pick(responseTypes))
			i.Resource = append(i.Resource, Resource{text(), text(), r.Int64N(1e9), address(), text(), text()})
			i.Area = append(i.Area, Area{
				AreaDesc: text(), Polygon: []string{"p" + text()}, Circle: []string{"c" + text()}, Geocode: values(),
				Altitude: new(r.NormFloat64() * 1e4), Ceiling: new(float64(r.IntN(9))),
			})
		}
		a.Info = append(a.Info, i)
	}
	return a
}

// instants makes two alerts comparable: the same instant in another zone value is the same.
func instants(a *Alert) *Alert {
	all := []*time.Time{&a.Sent}
	for n := range a.Info {
		all = append(all, &a.Info[n].Effective, &a.Info[n].Onset, &a.Info[n].Expires)
	}
	for _, t := range all {
		if !t.IsZero() {
			*t = t.UTC()
		}
	}
	return a
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	docs := map[string][]byte{}
	for n := range 400 {
		a := random(r)
		doc := mustEncode(t, a)
		docs[fmt.Sprintf("%d.xml", n)] = doc
		back, err := Decode(doc)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if again := mustEncode(t, back); string(again) != string(doc) {
			t.Fatalf("encoded again differs:\n%s\n%s", doc, again)
		}
		if !reflect.DeepEqual(instants(back), instants(a)) {
			t.Fatalf("want %+v\ngot %+v\n%s", a, back, doc)
		}
	}
	wantSchema(t, docs)
}

func TestTimes(t *testing.T) {
	for want, at := range map[string]time.Time{
		"2026-11-22T03:00:00+01:00": sent,
		"2026-11-22T02:00:00-00:00": sent.UTC(),
		"2026-11-21T22:30:00-03:30": sent.In(time.FixedZone("", -12600)),
		"2026-11-22T03:00:00-00:00": time.Date(2026, 11, 22, 3, 0, 0, 999, time.FixedZone("GMT", 0)),
		// xs:dateTime has neither seconds of offset nor more than 14 hours of it.
		"1999-12-31T23:59:00-00:00": time.Date(2000, 1, 1, 0, 16, 30, 0, time.FixedZone("LMT", 1050)),
		"2000-01-01T00:00:00-00:00": time.Date(2000, 1, 1, 15, 0, 0, 0, time.FixedZone("", 15*3600)),
	} {
		if got := FormatTime(at); got != want {
			t.Errorf("FormatTime(%v) = %s, want %s", at, got, want)
		}
		if back, err := ParseTime(want); err != nil || !back.Equal(at.Truncate(time.Second)) {
			t.Errorf("ParseTime(%s) = %v, %v", want, back, err)
		}
	}
	for _, s := range []string{
		"", "2026-11-22T02:00:00Z", "2026-11-22T02:00:00.5+01:00", "2026-11-22 02:00:00+01:00", "2026-11-22T02:00:00",
		"2026-13-22T02:00:00+01:00", "2026-11-22T02:00:00,+1:00", "2026-11-22T24:00:00+01:00",
	} {
		if at, err := ParseTime(s); err == nil {
			t.Errorf("ParseTime(%q) = %v", s, at)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Alert)
		field string
	}{
		"NUL":             {func(a *Alert) { a.Info[1].Headline = "a\x00b" }, "info[1].headline"},
		"escape":          {func(a *Alert) { a.Identifier = "\x1b[31m" }, "identifier"},
		"broken UTF-8":    {func(a *Alert) { a.Info[0].Area[0].AreaDesc = "Br\xfcssel" }, "info[0].area[0].areaDesc"},
		"U+FFFE":          {func(a *Alert) { a.Info[0].Resource[0].ResourceDesc = "\ufffe" }, "info[0].resource[0].resourceDesc"},
		"in a parameter":  {func(a *Alert) { a.Info[0].Parameter[0].Value = "\x02" }, "info[0].parameter[0].value"},
		"no sent":         {func(a *Alert) { a.Sent = time.Time{} }, "sent"},
		"year 12026":      {func(a *Alert) { a.Sent = sent.AddDate(10000, 0, 0) }, "sent"},
		"status":          {func(a *Alert) { a.Status = "actual" }, "status"},
		"msgType":         {func(a *Alert) { a.MsgType = "" }, "msgType"},
		"scope":           {func(a *Alert) { a.Scope = "" }, "scope"},
		"no category":     {func(a *Alert) { a.Info[0].Category = nil }, "info[0].category"},
		"category":        {func(a *Alert) { a.Info[0].Category[0] = "Child" }, "info[0].category"},
		"urgency":         {func(a *Alert) { a.Info[1].Urgency = "" }, "info[1].urgency"},
		"language":        {func(a *Alert) { a.Info[1].Language = "français" }, "info[1].language"},
		"long language":   {func(a *Alert) { a.Info[1].Language = "abcdefghi" }, "info[1].language"},
		"web with space":  {func(a *Alert) { a.Info[0].Web = "https://a.example/a b" }, "info[0].web"},
		"web with half %": {func(a *Alert) { a.Info[0].Web = "https://a.example/?x=%2" }, "info[0].web"},
		"web with sign":   {func(a *Alert) { a.Info[0].Web = "https://a.example/%+1" }, "info[0].web"},
		"web in brackets": {func(a *Alert) { a.Info[0].Web = "https://a.example/[x]" }, "info[0].web"},
		"infinite height": {func(a *Alert) { a.Info[0].Area[0].Altitude = new(1 / zero) }, "info[0].area[0].altitude"},
		"too long":        {func(a *Alert) { a.Note = strings.Repeat("x", MaxDocument) }, "alert"},
	} {
		a := good()
		c.spoil(a)
		if _, err := Encode(a); err == nil || !strings.Contains(err.Error(), c.field+": ") {
			t.Errorf("%s: want a fault at %s, got %v", name, c.field, err)
		}
	}
}

var zero float64

func TestEncodeWritesTheDefaultLanguage(t *testing.T) {
	a := good()
	a.Info[0].Language = ""
	if doc := mustEncode(t, a); !strings.Contains(string(doc), "<language>en-US</language>") {
		t.Errorf("%s", doc)
	}
}

const prolog = `<alert xmlns="` + Namespace + `"><identifier>x</identifier><sent>2026-11-22T03:00:00+01:00</sent>`

func TestDecodeIsLenient(t *testing.T) {
	for name, doc := range map[string]string{
		"empty optional elements": prolog + `<source/><note></note><code/><info><language/><expires/><web> </web><category/>` +
			`<eventCode/><resource><size/></resource><area><altitude/><polygon/><geocode/></area></info></alert>`,
		"extensions":             prolog + `<x:y xmlns:x="urn:x"><x:z/></x:y><more xmlns="">?</more><severity>of later versions</severity></alert>`,
		"prefix":                 `<c:alert xmlns:c="` + Namespace + `"><c:identifier>x</c:identifier><c:sent>2026-11-22T03:00:00+01:00</c:sent></c:alert>`,
		"byte order mark":        "\xef\xbb\xbf" + prolog + `</alert>`,
		"comments, PI":           "<?xml version='1.0'?><!-- a --><?b c?>" + prolog + `<!-- d --></alert><!-- e -->`,
		"schemaLocation":         prolog + "<y xmlns:s='urn:s' s:schemaLocation='urn:a\n\ta.xsd'/></alert>",
		"same name, other space": `<alert xmlns="` + Namespace + `"><identifier xmlns="urn:x">other</identifier>` + strings.TrimPrefix(prolog, `<alert xmlns="`+Namespace+`">`) + `</alert>`,
		"another order":          `<alert xmlns="` + Namespace + `"><sent>2026-11-22T03:00:00+01:00</sent><identifier>x</identifier></alert>`,
		"CDATA, references":      `<alert xmlns="` + Namespace + `"><identifier><![CDATA[x]]></identifier><sent>2026-11-22T03:00:00&#43;01:00</sent></alert>`,
		"space in a time":        `<alert xmlns="` + Namespace + `"><identifier>x</identifier><sent> 2026-11-22T03:00:00+01:00 </sent></alert>`,
	} {
		a, err := Decode([]byte(doc))
		if err != nil || a.Identifier != "x" || !a.Sent.Equal(sent) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	secret := peertest.Root(t) + "/go.mod"
	if _, err := os.Stat(secret); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ doc, want string }{
		"nothing":             {"", "no element"},
		"text":                {"hello", "text outside"},
		"HTML":                {"<html></html>", "not alert"},
		"CAP 1.1":             {`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>`, "this is CAP 1.1"},
		"no namespace":        {`<alert/>`, "no namespace"},
		"another namespace":   {`<alert xmlns="urn:x"/>`, "not alert of urn:oasis"},
		"DOCTYPE":             {`<!DOCTYPE alert>` + prolog + `</alert>`, "DOCTYPE"},
		"external entity":     {`<!DOCTYPE a [<!ENTITY e SYSTEM "file://` + secret + `">]>` + prolog + `<note>&e;</note></alert>`, "DOCTYPE"},
		"billion laughs":      {`<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>` + prolog + `<note>&b;</note></alert>`, "DOCTYPE"},
		"entity of nowhere":   {prolog + `<note>&e;</note></alert>`, "not well-formed"},
		"over a megabyte":     {prolog + strings.Repeat(" ", MaxDocument) + `</alert>`, "more than"},
		"deep":                {prolog + strings.Repeat("<a>", 100_000), "nested"},
		"many":                {prolog + strings.Repeat("<a/>", 100_000), "elements"},
		"many attributes":     {strings.TrimSuffix(prolog[:6], ">") + attributes(100) + ` xmlns="` + Namespace + `"/>`, "attributes"},
		"end missing":         {prolog, "ends inside"},
		"end of another":      {prolog + `<note></alert></note>`, "unexpected end"},
		"two roots":           {prolog + `</alert>` + prolog + `</alert>`, "more than one root"},
		"text after":          {prolog + `</alert>x`, "text outside"},
		"colon first":         {prolog + `<:y/></alert>`, "not declared"},
		"colon in attribute":  {prolog + `<y z:="1"/></alert>`, "not declared"},
		"three-part name":     {prolog + `<x:y:z xmlns:x="urn:x"/></alert>`, "not well-formed"},
		"prefix undeclared":   {prolog + `<x:y/></alert>`, "not declared"},
		"attribute's prefix":  {prolog + `<y x:z="1"/></alert>`, "not declared"},
		"attribute twice":     {prolog + `<y z="1" z="2"/></alert>`, "twice"},
		"attribute twice, ns": {prolog + `<y xmlns:a="u" xmlns:b="u" a:z="1" b:z="2"/></alert>`, "twice"},
		"declaration twice":   {prolog + `<y xmlns:a="u" xmlns:a="v"/></alert>`, "twice"},
		"prefix unbound":      {prolog + `<y xmlns:a=""/></alert>`, "cannot be declared"},
		"declaration late":    {" <?xml version='1.0'?>" + prolog + `</alert>`, "must come first"},
		"Latin-1":             {`<?xml version="1.0" encoding="ISO-8859-1"?>` + prolog + `</alert>`, "not well-formed"},
		"bad UTF-8":           {prolog + "<note>\xff</note></alert>", "not well-formed"},
		"NUL":                 {prolog + "<note>\x00</note></alert>", "not well-formed"},
		"identifier twice":    {prolog + `<identifier>y</identifier></alert>`, "identifier: written twice"},
		"element in text":     {prolog + `<note>a<b/>c</note></alert>`, "note: holds an element"},
		"Z time":              {`<alert xmlns="` + Namespace + `"><sent>2026-11-22T03:00:00Z</sent></alert>`, "sent: "},
		"no sent":             {`<alert xmlns="` + Namespace + `"></alert>`, "sent: missing"},
		"second expires":      {prolog + `<info/><info><expires>tomorrow</expires></info></alert>`, "info[1].expires"},
		"size in words":       {prolog + `<info><resource/><resource><size>big</size></resource></info></alert>`, "info[0].resource[1].size"},
		"altitude":            {prolog + `<info><area><altitude>1e3</altitude></area></info></alert>`, "info[0].area[0].altitude"},
	} {
		if a, err := Decode([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v, %v", name, c.want, a, err)
		}
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="x"`, i)
	}
	return b.String()
}

// FuzzDecode: whatever comes in, no panic; what is read can be written unless
// it holds words of another vocabulary, and reads the same again.
func FuzzDecode(f *testing.F) {
	f.Add(mustEncode(f, good()))
	f.Add([]byte(prolog + `<x:y xmlns:x="urn:x"/><note><![CDATA[<]]>&#xD;</note></alert>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Decode(data)
		if err != nil {
			return
		}
		Validate(a, sent)
		doc, err := Encode(a)
		if err != nil {
			return
		}
		back, err := Decode(doc)
		if err != nil {
			t.Fatalf("own output not read: %v\n%s", err, doc)
		}
		if again := mustEncode(t, back); string(again) != string(doc) {
			t.Fatalf("encoded again differs:\n%s\n%s", doc, again)
		}
	})
}
