package cap

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// The canonical forms this package reads. It writes the exclusive one, which
// holds even when the alert is carried inside another document.
const (
	exclusiveC14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
	inclusiveC14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	c14n11        = "http://www.w3.org/2006/12/xml-c14n11"
)

// canonical is the canonical form (without comments) of n, leaving out the
// element skip. parse has seen to it that there is nothing but elements, text
// and attributes; what it calls odd, and xml: attributes above n, are the
// caller's to refuse.
func canonical(n *node, exclusive bool, skip *node) []byte {
	c := &canonicalizer{exclusive: exclusive, skip: skip}
	c.element(n, nil)
	return c.buf.Bytes()
}

type canonicalizer struct {
	buf       bytes.Buffer
	exclusive bool
	skip      *node
}

// element writes n. rendered are the declarations that the written ancestors made, innermost last.
func (c *canonicalizer) element(n *node, rendered []decl) {
	fresh := c.declarations(n, rendered)
	rendered = append(slices.Clip(rendered), fresh...)

	name := qualified(n.prefix, n.local)
	c.buf.WriteString("<" + name)
	for _, d := range fresh {
		if d.prefix == "" {
			c.attribute("xmlns", d.space)
		} else {
			c.attribute("xmlns:"+d.prefix, d.space)
		}
	}
	attrs := slices.Clone(n.attrs)
	slices.SortFunc(attrs, func(a, b attr) int {
		return cmp.Or(strings.Compare(a.space, b.space), strings.Compare(a.local, b.local))
	})
	for _, a := range attrs {
		c.attribute(qualified(a.prefix, a.local), a.value)
	}
	c.buf.WriteByte('>')
	for _, k := range n.kids {
		switch {
		case k.el == nil:
			escapeText(&c.buf, k.text)
		case k.el != c.skip:
			c.element(k.el, rendered)
		}
	}
	c.buf.WriteString("</" + name + ">")
}

// declarations are the namespaces that n must declare itself, by prefix.
func (c *canonicalizer) declarations(n *node, rendered []decl) []decl {
	var fresh []decl
	for _, prefix := range c.prefixes(n, rendered == nil) {
		space, _ := n.lookup(prefix)
		if prefix == "xml" || space == lastSpace(rendered, prefix) {
			continue
		}
		fresh = append(fresh, decl{prefix, space})
	}
	return fresh
}

// prefixes are those that count at n: in the exclusive form the ones its names
// use, in the inclusive form all in scope at the apex and all declared below it.
func (c *canonicalizer) prefixes(n *node, apex bool) []string {
	var found []string
	switch {
	case c.exclusive:
		found = append(found, n.prefix)
		for _, a := range n.attrs {
			if a.prefix != "" {
				found = append(found, a.prefix)
			}
		}
	default:
		for at := n; at != nil; at = at.parent {
			for _, d := range at.decls {
				found = append(found, d.prefix)
			}
			if !apex {
				break
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (c *canonicalizer) attribute(name, value string) {
	c.buf.WriteString(" " + name + `="`)
	attributeEscapes.WriteString(&c.buf, value)
	c.buf.WriteByte('"')
}

func lastSpace(rendered []decl, prefix string) string {
	for _, d := range slices.Backward(rendered) {
		if d.prefix == prefix {
			return d.space
		}
	}
	return ""
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

var (
	textEscapes      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// escapeText writes s as the text of an element, in canonical form.
func escapeText(buf *bytes.Buffer, s string) { textEscapes.WriteString(buf, s) }
