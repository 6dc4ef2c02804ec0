package cap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What a document may hold at most. They protect a receiver's memory and stack
// from a document made to exhaust them; a six-language alert needs under a tenth.
const (
	MaxDocument   = 1 << 20 // bytes
	maxDepth      = 24      // nested elements; CAP needs 5, a signature 6
	maxElements   = 20_000
	maxAttributes = 32 // of one element
)

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// document is a parsed document.
type document struct {
	root *node
	// odd names what lies in the document beside elements and text, "" if
	// nothing does: harmless in what nobody signed, refused in what somebody did.
	odd string
}

// node is an element with its names as written, for the canonical form, and resolved.
type node struct {
	parent        *node
	prefix, local string
	space         string // namespace of the element
	decls         []decl
	attrs         []attr
	kids          []kid
}

type decl struct{ prefix, space string }

type attr struct{ prefix, local, space, value string }

// kid is an element, or a run of text when el is nil.
type kid struct {
	el   *node
	text string
}

// parse reads a document within the bounds. It refuses every DOCTYPE, so that
// there are neither entities nor outside files, and names or prefixes that two
// parsers could read differently.
func parse(data []byte) (*document, error) {
	if len(data) > MaxDocument {
		return nil, fmt.Errorf("the document has %d bytes, more than the %d that are read", len(data), MaxDocument)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := &parser{dec: xml.NewDecoder(bytes.NewReader(data)), doc: &document{}}
	for {
		token, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed XML: %w", err)
		}
		if err := p.take(token); err != nil {
			return nil, err
		}
	}
	switch {
	case p.doc.root == nil:
		return nil, errors.New("the document holds no element")
	case p.open != nil:
		return nil, fmt.Errorf("not well-formed XML: the document ends inside %s", p.open.local)
	}
	return p.doc, nil
}

type parser struct {
	dec      *xml.Decoder
	doc      *document
	open     *node // the element whose end is awaited
	depth    int
	elements int
	begun    bool // something was read, so an XML declaration comes too late
}

func (p *parser) take(token xml.Token) error {
	begun := p.begun
	p.begun = true
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("the document has a DOCTYPE, which could pull in other files; send it without one")
	case xml.ProcInst:
		if t.Target != "xml" {
			p.doc.odd = "a processing instruction"
		} else if begun {
			return errors.New("not well-formed XML: the XML declaration must come first")
		}
	case xml.Comment:
		if p.open != nil && p.doc.odd == "" {
			p.doc.odd = "a comment"
		}
	case xml.CharData:
		if p.open != nil {
			p.open.kids = append(p.open.kids, kid{text: string(t)})
		} else if len(bytes.TrimSpace(t)) > 0 {
			return errors.New("not well-formed XML: text outside the root element")
		}
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		if p.open == nil || p.open.prefix != t.Name.Space || p.open.local != t.Name.Local {
			return fmt.Errorf("not well-formed XML: unexpected end of %.40q", t.Name.Local)
		}
		p.open = p.open.parent
		p.depth--
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	p.depth++
	p.elements++
	switch {
	case p.open == nil && p.doc.root != nil:
		return errors.New("not well-formed XML: more than one root element")
	case p.depth > maxDepth:
		return fmt.Errorf("elements are nested more than %d deep", maxDepth)
	case p.elements > maxElements:
		return fmt.Errorf("the document has more than %d elements", maxElements)
	case len(t.Attr) > maxAttributes:
		return fmt.Errorf("an element has more than %d attributes", maxAttributes)
	}
	n := &node{parent: p.open, prefix: t.Name.Space, local: t.Name.Local}
	if err := p.attributes(n, t.Attr); err != nil {
		return err
	}
	if err := n.resolve(); err != nil {
		return err
	}
	if p.open == nil {
		p.doc.root = n
	} else {
		p.open.kids = append(p.open.kids, kid{el: n})
	}
	p.open = n
	return nil
}

// attributes sorts what is written on n into declarations and attributes.
func (p *parser) attributes(n *node, written []xml.Attr) error {
	for _, a := range written {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			n.decls = append(n.decls, decl{"", a.Value})
		case a.Name.Space == "xmlns":
			if a.Value == "" || a.Name.Local == "xml" || a.Name.Local == "xmlns" || a.Value == xmlSpace {
				return fmt.Errorf("not well-formed XML: the prefix %.40q cannot be declared so", a.Name.Local)
			}
			n.decls = append(n.decls, decl{a.Name.Local, a.Value})
		default:
			if strings.ContainsAny(a.Value, "\t\n\r") {
				// Go does not fold these as XML wants, so a canonical form could not be told.
				p.doc.odd = "a line end or tab in an attribute"
			}
			n.attrs = append(n.attrs, attr{prefix: a.Name.Space, local: a.Name.Local, value: a.Value})
		}
	}
	for i, d := range n.decls {
		for _, other := range n.decls[:i] {
			if d.prefix == other.prefix {
				return fmt.Errorf("not well-formed XML: the prefix %.40q is declared twice", d.prefix)
			}
		}
	}
	return nil
}

// resolve gives n and its attributes their namespaces.
func (n *node) resolve() error {
	var known bool
	if n.space, known = n.lookup(n.prefix); !known || strings.Contains(n.local, ":") {
		return fmt.Errorf("not well-formed XML: the prefix of %.40q is not declared", n.local)
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.prefix != "" {
			a.space, known = n.lookup(a.prefix)
		}
		if !known || strings.Contains(a.local, ":") {
			return fmt.Errorf("not well-formed XML: the prefix of the attribute %.40q is not declared", a.local)
		}
		for _, other := range n.attrs[:i] {
			if a.local == other.local && a.space == other.space {
				return fmt.Errorf("not well-formed XML: the attribute %.40q is written twice", a.local)
			}
		}
	}
	return nil
}

// lookup is the namespace that prefix stands for at n. No prefix and no
// declaration is no namespace, which is known.
func (n *node) lookup(prefix string) (space string, known bool) {
	if prefix == "xml" {
		return xmlSpace, true
	}
	for at := n; at != nil; at = at.parent {
		for _, d := range at.decls {
			if d.prefix == prefix {
				return d.space, true
			}
		}
	}
	return "", prefix == ""
}

// is says whether n is the element local of the namespace space.
func (n *node) is(space, local string) bool { return n.space == space && n.local == local }
