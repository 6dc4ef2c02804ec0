// Package wording looks at words that people wrote: what an officer changed in
// the machine's, and what in them the public should not have to read. It warns
// and never refuses; what must be refused is refused by package alert.
package wording

import "unicode"

// Op says what became of a stretch of text.
type Op string

// The ops of a Span.
const (
	Same Op = "same"
	Gone Op = "gone" // in the first text alone
	New  Op = "new"  // in the second text alone
)

// Span is a stretch of whole words.
type Span struct {
	Op   Op
	Text string
}

// maxCells bounds the table of Diff: two accounts of 1,200 words. Longer texts
// than any channel takes are told apart as a whole.
const maxCells = 1_500_000

// Diff is what became of from in to, word by word, as few words changed as
// possible. The texts of its spans without the new ones are from, without the
// gone ones to.
func Diff(from, to string) []Span {
	a, b := words(from), words(to)
	var head, tail int
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var d spans
	d.add(Same, a[:head]...)
	d.between(a[head:len(a)-tail], b[head:len(b)-tail])
	d.add(Same, a[len(a)-tail:]...)
	return d
}

type spans []Span

// add joins what follows its like.
func (d *spans) add(op Op, words ...string) {
	for _, w := range words {
		if n := len(*d); n > 0 && (*d)[n-1].Op == op {
			(*d)[n-1].Text += w
			continue
		}
		*d = append(*d, Span{op, w})
	}
}

// between tells apart what begins and ends differently, by the longest common row of words.
func (d *spans) between(a, b []string) {
	if len(a)*len(b) > maxCells {
		d.add(Gone, a...)
		d.add(New, b...)
		return
	}
	wide := len(b) + 1
	common := make([]uint16, (len(a)+1)*wide) // of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*wide+j] = common[(i+1)*wide+j+1] + 1
			} else {
				common[i*wide+j] = max(common[(i+1)*wide+j], common[i*wide+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			d.add(Same, a[i])
			i, j = i+1, j+1
		case common[(i+1)*wide+j] >= common[i*wide+j+1]:
			d.add(Gone, a[i])
			i++
		default:
			d.add(New, b[j])
			j++
		}
	}
	d.add(Gone, a[i:]...)
	d.add(New, b[j:]...)
}

// words are s cut before each word: the space goes with the word before it.
func words(s string) []string {
	var list []string
	start, space := 0, false
	for i, r := range s {
		if space && !unicode.IsSpace(r) {
			list = append(list, s[start:i])
			start = i
		}
		space = unicode.IsSpace(r)
	}
	if start < len(s) {
		list = append(list, s[start:])
	}
	return list
}

// Changed says whether d has anything but what is the same.
func Changed(d []Span) bool {
	for _, s := range d {
		if s.Op != Same {
			return true
		}
	}
	return false
}
