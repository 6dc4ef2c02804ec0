package cap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Decode reads a CAP 1.2 document that nobody vouches for; use Verify where
// origin matters. It is lenient on empty optional elements, order, prefixes and
// extensions of others, deaf to DTDs, and bounded. An error names the element.
func Decode(data []byte) (*Alert, error) {
	doc, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("CAP document: %w", err)
	}
	a, err := decode(doc.root)
	if err != nil {
		return nil, fmt.Errorf("CAP document: %w", err)
	}
	return a, nil
}

func decode(root *node) (*Alert, error) {
	if !root.is(Namespace, "alert") {
		return nil, wrongRoot(root)
	}
	d := &decoder{}
	a := &Alert{}
	d.fill(root, "", map[string]any{
		"identifier":  &a.Identifier,
		"sender":      &a.Sender,
		"sent":        &a.Sent,
		"status":      token{&a.Status},
		"msgType":     token{&a.MsgType},
		"source":      &a.Source,
		"scope":       token{&a.Scope},
		"restriction": &a.Restriction,
		"addresses":   &a.Addresses,
		"code":        &a.Code,
		"note":        &a.Note,
		"references":  &a.References,
		"incidents":   &a.Incidents,
		"info":        group(func(n *node, path string) { a.Info = append(a.Info, d.info(n, path)) }),
	})
	if d.err == nil && a.Sent.IsZero() {
		d.err = errors.New("sent: missing; every message says when it was sent")
	}
	if d.err != nil {
		return nil, d.err
	}
	return a, nil
}

// wrongRoot says in a sentence what the document is instead.
func wrongRoot(root *node) error {
	const family = "urn:oasis:names:tc:emergency:cap:"
	switch {
	case root.local == "alert" && strings.HasPrefix(root.space, family):
		return fmt.Errorf("this is CAP %.10s; only CAP 1.2 (%s) is read", root.space[len(family):], Namespace)
	case root.local == "alert" && root.space == "":
		return fmt.Errorf(`the alert element has no namespace; write <alert xmlns="%s">`, Namespace)
	default:
		return fmt.Errorf("the root is %.40q of %.80q, not alert of %s", root.local, root.space, Namespace)
	}
}

func (d *decoder) info(n *node, path string) Info {
	var i Info
	d.fill(n, path, map[string]any{
		"language":     token{&i.Language},
		"category":     tokens{&i.Category},
		"event":        &i.Event,
		"responseType": tokens{&i.ResponseType},
		"urgency":      token{&i.Urgency},
		"severity":     token{&i.Severity},
		"certainty":    token{&i.Certainty},
		"audience":     &i.Audience,
		"eventCode":    d.values(&i.EventCode),
		"effective":    &i.Effective,
		"onset":        &i.Onset,
		"expires":      &i.Expires,
		"senderName":   &i.SenderName,
		"headline":     &i.Headline,
		"description":  &i.Description,
		"instruction":  &i.Instruction,
		"web":          token{&i.Web},
		"contact":      &i.Contact,
		"parameter":    d.values(&i.Parameter),
		"resource":     group(func(n *node, path string) { i.Resource = append(i.Resource, d.resource(n, path)) }),
		"area":         group(func(n *node, path string) { i.Area = append(i.Area, d.area(n, path)) }),
	})
	return i
}

func (d *decoder) resource(n *node, path string) Resource {
	var r Resource
	d.fill(n, path, map[string]any{
		"resourceDesc": &r.ResourceDesc,
		"mimeType":     &r.MimeType,
		"size":         &r.Size,
		"uri":          token{&r.URI},
		"derefUri":     &r.DerefURI,
		"digest":       &r.Digest,
	})
	return r
}

func (d *decoder) area(n *node, path string) Area {
	var a Area
	d.fill(n, path, map[string]any{
		"areaDesc": &a.AreaDesc,
		"polygon":  &a.Polygon,
		"circle":   &a.Circle,
		"geocode":  d.values(&a.Geocode),
		"altitude": &a.Altitude,
		"ceiling":  &a.Ceiling,
	})
	return a
}

func (d *decoder) values(into *[]Value) group {
	return func(n *node, path string) {
		var v Value
		d.fill(n, path, map[string]any{"valueName": &v.Name, "value": &v.Value})
		if v != (Value{}) {
			*into = append(*into, v)
		}
	}
}

// Where an element's text goes. A token has no space around it that counts.
type (
	token  struct{ to *string }
	tokens struct{ to *[]string }
	group  func(n *node, path string)
)

// decoder keeps the first error.
type decoder struct{ err error }

// fill puts the CAP children of n where into says. Elements of others are not ours to judge.
func (d *decoder) fill(n *node, path string, into map[string]any) {
	seen := map[string]int{}
	for _, k := range n.kids {
		if k.el == nil || k.el.space != Namespace {
			continue
		}
		name := k.el.local
		to, known := into[name]
		if !known {
			continue
		}
		count := seen[name]
		seen[name]++
		field := path + name
		if f, ok := to.(group); ok {
			f(k.el, fmt.Sprintf("%s[%d].", field, count))
			continue
		}
		text, err := k.el.text()
		if err == nil {
			err = store(to, text, count)
		}
		if err != nil && d.err == nil {
			d.err = fmt.Errorf("%s: %w", field, err)
		}
	}
}

// store puts text into to. Empty is absent; two of what there is one of is
// refused, since readers would differ on which counts.
func store(to any, text string, count int) error {
	trimmed := strings.TrimSpace(text)
	switch to := to.(type) {
	case *[]string:
		if text != "" {
			*to = append(*to, text)
		}
		return nil
	case tokens:
		if trimmed != "" {
			*to.to = append(*to.to, trimmed)
		}
		return nil
	}
	if count > 0 {
		return errors.New("written twice; write it once")
	}
	if text == "" {
		return nil
	}
	switch to := to.(type) {
	case *string:
		*to = text
	case token:
		*to.to = trimmed
	case *time.Time:
		return storeTime(to, trimmed)
	case *int64:
		return storeSize(to, trimmed)
	case **float64:
		return storeNumber(to, trimmed)
	}
	return nil
}

func storeTime(to *time.Time, s string) (err error) {
	if s != "" {
		*to, err = ParseTime(s)
	}
	return err
}

func storeSize(to *int64, s string) (err error) {
	if s == "" {
		return nil
	}
	if *to, err = strconv.ParseInt(s, 10, 64); err != nil {
		return fmt.Errorf("%.40q is no number of bytes", s)
	}
	return nil
}

func storeNumber(to **float64, s string) error {
	if s == "" {
		return nil
	}
	f, err := parseDecimal(s)
	if err != nil {
		return err
	}
	*to = &f
	return nil
}

// text is n's text. Elements inside it would be read by some and skipped by others.
func (n *node) text() (string, error) {
	var b strings.Builder
	for _, k := range n.kids {
		if k.el != nil {
			return "", errors.New("holds an element where only text may be")
		}
		b.WriteString(k.text)
	}
	return b.String(), nil
}
