package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/internal/chain"
)

// ErrBroken: the record is not what was written.
var ErrBroken = errors.New("the audit record is broken")

// maxLine is more than the longest entry; a longer line is none.
const maxLine = 16 << 10

// Summary is what a whole record shows.
type Summary struct {
	Entries     uint64
	First, Last time.Time // zero of an empty one
	Head        string    // hash of the newest entry
}

// Verify reads an exported record, one entry a line, and checks that no entry
// was changed, left out, moved or slipped in. The error wraps ErrBroken and names
// the line. That the newest entries were cut off, or the newest changed, shows by
// Head alone: compare it with one noted elsewhere.
func Verify(r io.Reader) (Summary, error) {
	var links chain.Chain
	var s Summary
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		e, err := follow(&links, lines.Bytes())
		if err != nil {
			return Summary{}, fmt.Errorf("%w: line %d: %w", ErrBroken, links.Len+1, err)
		}
		if links.Len == 1 {
			s.First = e.At
		}
		s.Last = e.At
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Summary{}, fmt.Errorf("%w: line %d is longer than any entry", ErrBroken, links.Len+1)
	} else if err != nil {
		return Summary{}, fmt.Errorf("reading the audit record: %w", err)
	}
	s.Entries, s.Head = links.Len, links.Head
	return s, nil
}

// follow checks one more entry of a chain. One that can be read is given also when
// it does not fit: the acts of the source that it holds are in the record.
func follow(links *chain.Chain, raw []byte) (Event, error) {
	e, err := decode(raw)
	if err != nil {
		return Event{}, err
	}
	if e.N != links.Len+1 {
		return e, fmt.Errorf("it says that it is entry %d", e.N)
	}
	return e, links.Add(raw, e.Prev)
}
