package receive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parameters of the CAP document that carry a station's words.
const (
	paramCrawl    = "EASText"
	paramSpoken   = "layer:tocsin:1.0:spoken"
	paramSeconds  = "layer:tocsin:1.0:spokenSeconds"
	paramRadio    = "layer:tocsin:1.0:radiotext"
	paramRevision = "layer:tocsin:1.0:revision"
)

// capDocument is what we need of a verified CAP document.
type capDocument struct {
	XMLName    xml.Name  `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Identifier string    `xml:"identifier"`
	Sent       time.Time `xml:"sent"`
	MsgType    string    `xml:"msgType"`
	Status     string    `xml:"status"`
	Incidents  string    `xml:"incidents"`
	Info       []capInfo `xml:"info"`
}

type capInfo struct {
	Language  string    `xml:"language"`
	Headline  string    `xml:"headline"`
	Expires   time.Time `xml:"expires"`
	Parameter []struct {
		Name  string `xml:"valueName"`
		Value string `xml:"value"`
	} `xml:"parameter"`
	Resource []struct {
		MIME   string `xml:"mimeType"`
		URI    string `xml:"uri"`
		Digest string `xml:"digest"`
	} `xml:"resource"`
}

func (i capInfo) param(name string) string {
	for _, p := range i.Parameter {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// verified is a frame whose document is genuine and says the same as the frame.
type verified struct {
	*alertFrame
	files   map[string]signedFile // by address
	expires time.Time             // as signed
}

// signedFile is what the document says of a picture or sound.
type signedFile struct{ sha1, mime string }

// verify checks the digest, the signature, and then that the frame says
// nothing that the document does not: only the document is signed.
func verify(a *alertFrame, check Verifier) (*verified, error) {
	sum := sha256.Sum256([]byte(a.CAP))
	if hex.EncodeToString(sum[:]) != a.CAPSHA256 {
		return nil, errors.New("cap_sha256 is not the digest of cap")
	}
	if err := check([]byte(a.CAP)); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	var doc capDocument
	if err := xml.NewDecoder(bytes.NewReader([]byte(a.CAP))).Decode(&doc); err != nil {
		return nil, fmt.Errorf("cap: %w", err)
	}
	if len(doc.Info) == 0 {
		return nil, errors.New("cap: no info")
	}
	v := &verified{alertFrame: a, files: map[string]signedFile{}, expires: doc.Info[0].Expires}
	for _, c := range []struct{ field, frame, signed string }{
		{"identifier", a.Identifier, doc.Identifier},
		{"msg_type", a.MsgType, doc.MsgType},
		{"status", a.Status, doc.Status},
		{"case", a.Case, doc.Incidents},
		{"revision", strconv.Itoa(a.Revision), doc.Info[0].param(paramRevision)},
	} {
		if c.frame != c.signed {
			return nil, fmt.Errorf("%s of the frame is not the signed one", c.field)
		}
	}
	if !a.Sent.Truncate(time.Second).Equal(doc.Sent.Truncate(time.Second)) { // CAP has no fractions
		return nil, errors.New("sent of the frame is not the signed one")
	}
	infos := map[string]capInfo{}
	for _, i := range doc.Info {
		infos[i.Language] = i
		for _, r := range i.Resource {
			v.files[r.URI] = signedFile{strings.ToLower(r.Digest), r.MIME}
		}
	}
	for lang, w := range a.Texts {
		i, ok := infos[lang]
		if !ok {
			return nil, fmt.Errorf("texts.%s: the signed document does not speak it", lang)
		}
		if n := i.param(paramSeconds); n != "" && n != strconv.Itoa(w.SpokenSeconds) {
			return nil, fmt.Errorf("texts.%s.spoken_seconds is not what was signed", lang)
		}
		for _, c := range []struct{ field, frame, signed string }{
			{"headline", w.Headline, i.Headline},
			{"spoken", w.Spoken, i.param(paramSpoken)},
			{"crawl", w.Crawl, i.param(paramCrawl)},
			{"radiotext", w.RadioText, i.param(paramRadio)},
		} {
			if fold(c.frame) != fold(c.signed) {
				return nil, fmt.Errorf("texts.%s.%s is not what was signed", lang, c.field)
			}
		}
	}
	return v, nil
}

// Genuine says whether an alert frame, as it came, is well-formed, signed, and
// says nothing that the signed document does not; for those who judge a feed.
func Genuine(frame []byte, check Verifier) error {
	f, err := decodeFrame(frame)
	if err != nil {
		return err
	}
	if err := f.alertFrame.check(); err != nil {
		return err
	}
	v, err := verify(&f.alertFrame, check)
	if err != nil {
		return err
	}
	for _, m := range v.Media {
		if said, ok := v.files[m.URL]; !ok || said.mime != m.MIME {
			return fmt.Errorf("media %s: its address and type are not in the signed document", m.Kind)
		}
	}
	return nil
}

// FeedURL is the WebSocket address of a feed that a person named: its host alone, or the whole.
func FeedURL(raw string) (string, error) { return feedURL(raw) }

// fold makes white space alike: XML may have normalised line ends.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }
