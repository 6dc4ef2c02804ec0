//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"tocsin/internal/alert"
	"tocsin/internal/bench/measure"
	"tocsin/internal/cap"
)

// whole asks for the signed alert as it is, instead of a size.
const whole = 0

// identifier names a release so that a client finds it without decoding JSON.
func identifier(n int) string { return fmt.Sprintf("bench-%06d", n) }

// message is release n in a frame of about size bytes, or whole.
func message(n, size int) (*alert.Message, error) {
	if size != whole {
		return sample(n, size), nil
	}
	m, err := signed()
	if err != nil {
		return nil, err
	}
	released := *m
	released.Identifier, released.Case = identifier(n), fmt.Sprintf("case%d", n)
	return &released, nil
}

// signed is a drill's alert in two languages with its signed CAP document. One
// signature serves all releases: who signs is not what is measured here.
var signed = sync.OnceValues(func() (*alert.Message, error) {
	m, err := measure.Alert()
	if err != nil {
		return nil, err
	}
	m.Sent = time.Now().Truncate(time.Second)
	dir, err := os.MkdirTemp("", "tocsin-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	signer, err := cap.LoadOrCreateSigner(dir, "Tocsin bench")
	if err != nil {
		return nil, err
	}
	doc, err := cap.FromMessage(m)
	if err != nil {
		return nil, err
	}
	m.CAP, err = signer.Sign(doc)
	return m, err
})

// sample is a message whose frame has about size bytes.
func sample(n, size int) *alert.Message {
	now := time.Now().Truncate(time.Second)
	text := alert.Texts{
		Headline: "Missing child: Zoé, 7, Antwerp", Spoken: "Zoé, seven years old, was last seen at Antwerp Central station.",
		SpokenSeconds: 5, Crawl: "Missing: Zoé, 7, Antwerp. Call 116 000", RadioText: "Missing: Zoe, 7. Call 116000",
	}
	m := &alert.Message{
		Schema: 1, Realm: alert.Drill, Identifier: identifier(n), Case: fmt.Sprintf("case%d", n), Revision: 1, MsgType: alert.TypeAlert,
		Status: alert.StatusExercise, Languages: []alert.Lang{alert.English}, Areas: []alert.Area{{Code: "BE-VAN"}},
		Sent: now, Expires: now.Add(time.Hour), Texts: map[alert.Lang]alert.Texts{alert.English: text},
	}
	m.CAP = []byte("<alert>" + strings.Repeat("<x>word</x>\n", max(0, size-900)/13) + "</alert>")
	return m
}

// frame is release n as the peers send it: the product's fields and length.
func frame(n, size int) ([]byte, error) {
	m, err := message(n, size)
	if err != nil {
		return nil, err
	}
	texts := map[alert.Lang]any{} // what a station reads out or shows
	for lang, t := range m.Texts {
		texts[lang] = map[string]any{
			"headline": t.Headline, "spoken": t.Spoken, "spoken_seconds": t.SpokenSeconds, "crawl": t.Crawl, "radiotext": t.RadioText,
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":"alert","seq":%d,"prev":%d,"replay":false,"epoch":"abcdefghijklmnopqrstuvwxyz","identifier":"%s",`, n, n-1, m.Identifier)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // escaped, a CAP document grows by half
	at := b.Len()
	err = enc.Encode(map[string]any{
		"areas": m.Areas, "texts": texts, "media": m.Media, "cap": string(m.CAP), "sent": m.Sent, "expires": m.Expires,
	})
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	raw = append(raw[:at], raw[at+1:]...) // two objects become one
	if pad := size - len(raw); pad > 0 {  // as many bytes as the other frame
		raw = append(raw, bytes.Repeat([]byte(" "), pad)...)
	}
	return raw, err
}
