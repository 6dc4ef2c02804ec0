package adaptertest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// markup is what must reach a reader as these very characters, or be refused.
const markup = `<img src=x onerror=alert(1)>`

// attacks are texts that have broken formats before: markup, the ends of
// strings, scripts, comments and sections, line ends, lines that look like
// headers, templates, and characters that turn the direction of writing.
var attacks = []string{
	markup, `"', \" \' \`, `</script><!-- ]]> &amp; &#60;`, "line\r\nSet-Cookie: a=b\n.\n",
	`{{.Facts}} ${x} %s %00 $(id)`, "\u202eesrever\u202c \u200f \u2028 \u2029", `","removed":true,"x":"`, "🧒🏽 é ﷽",
}

func hostile(t tester, c Case) {
	everyKind(t, c, func(k *kit, is kind) {
		if is.status == alert.StatusTest {
			return // it has no words of a case
		}
		for _, attack := range attacks {
			m := k.attacked(is, attack)
			for _, lang := range m.Languages {
				p, err := k.channel.Render(m, lang)
				if err != nil {
					continue // refused
				}
				text, err := parse(c, p)
				if err != nil {
					k.Errorf("%s in %s: %q makes the body invalid: %v", is, lang, attack, err)
				} else if attack == markup && !strings.Contains(text, markup) {
					k.Errorf("%s in %s: %q is not in the body as text: %.300q", is, lang, attack, text)
				}
			}
		}
	})
	k := start(t, c, alert.Drill)
	m := k.attacked(kinds[0], markup)
	k.allTaken(k.send(k.deliver(m), k.some(0, 1)), 0, 1)
}

// attacked is a message that holds attack wherever a stranger's or an officer's words can be.
func (k *kit) attacked(is kind, attack string) *alert.Message {
	m := is.message()
	m.Areas[0].Names = alert.Localized{alert.English: attack}
	if m.Facts != nil {
		m.Facts.Children[0].GivenName = attack
		m.Facts.LastSeen.Place, m.Facts.Authority = attack, attack
		m.Media[0].Name = attack
		m.Facts.Note = everywhere(attack)
	}
	_ = alert.WriteAll(m) // an attack too long for the words stays in the facts alone
	for _, lang := range m.Languages {
		x := m.Texts[lang]
		word := alert.StatusWord(is.status, lang)
		s := strings.TrimSpace(word + " " + attack)
		x.Headline, x.PushTitle, x.PushBody, x.SMS, x.Short90 = s, s, s, s, s
		x.Spoken, x.Crawl, x.RadioText, x.Long360, x.SpokenSeconds = s, s, s, s, 5
		x.Description, x.Instruction = x.Description+s, x.Instruction+s
		m.Texts[lang] = x
	}
	return m
}

// parse reads p's body by its media type and returns the text in it.
func parse(c Case, p adapter.Payload) (string, error) {
	kind, _, err := mime.ParseMediaType(p.MIME)
	if err != nil {
		return "", fmt.Errorf("media type %q: %w", p.MIME, err)
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return parseJSON(p.Body)
	case kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml"):
		return parseXML(p.Body)
	case kind == "text/html":
		return parseHTML(p.Body)
	case kind == "text/plain":
		return parsePlain(p.Body)
	case c.Parse != nil:
		return c.Parse(p.MIME, p.Body)
	}
	return "", fmt.Errorf("the suite does not know media type %q: set Case.Parse", p.MIME)
}

func parseJSON(body []byte) (string, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&v); err != nil {
		return "", err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("more than one value")
	}
	if !utf8.Valid(body) { // the decoder mends it silently
		return "", errors.New("not UTF-8")
	}
	return strings.Join(texts(v), "\n"), nil
}

func parseXML(body []byte) (string, error) {
	var text strings.Builder
	dec := xml.NewDecoder(bytes.NewReader(body))
	for depth, roots := 0, 0; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			for _, a := range token.Attr {
				text.WriteString(a.Value + "\n")
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			text.Write(token)
		}
		if roots > 1 {
			return "", errors.New("more than one root")
		}
	}
}

// htmlText undoes what makes text harmless in HTML.
var htmlText = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&quot;", `"`, "&amp;", "&")

// parseHTML looks for the attack alone: what else HTML means needs a browser.
func parseHTML(body []byte) (string, error) {
	if strings.Contains(strings.ToLower(string(body)), "<img src=x") {
		return "", errors.New("text has become markup")
	}
	return htmlText.Replace(string(body)), nil
}

func parsePlain(body []byte) (string, error) {
	if !utf8.Valid(body) {
		return "", errors.New("not UTF-8")
	}
	for _, r := range string(body) {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return "", fmt.Errorf("control character %U", r)
		}
	}
	return string(body), nil
}
