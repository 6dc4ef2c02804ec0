package recipient

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"tocsin/internal/alert"
)

// unmarshal reads a record. Nearly all of a million were written by encoding/json
// from a citizen's fields, in its order and without escapes: those are read by
// hand, at a sixth of the cost. Whatever looks otherwise goes the common way.
func unmarshal(data []byte, s *stored) error {
	if quick(data, s) {
		return nil
	}
	*s = stored{}
	return json.Unmarshal(data, s)
}

// quick says whether it could read all of data; s is spoilt when not.
func quick(data []byte, s *stored) bool {
	if bytes.IndexByte(data, '\\') >= 0 {
		return false
	}
	c := cursor{rest: data}
	s.ID = c.after(`{"id":"`)
	s.Channel = c.after(`,"channel":"`)
	s.Lang = alert.Lang(c.after(`,"lang":"`))
	c.literal(`,"areas":[`)
	for more := true; more && !c.bad; more = c.has(`,`) {
		s.Areas = append(s.Areas, c.after(`"`))
	}
	c.literal(`]`)
	s.Destination = c.after(`,"destination":"`)
	c.literal(`,"address":`)
	begin := len(data) - len(c.rest)
	c.literal(`{`)
	for more := true; more && !c.bad; more = c.has(`,`) { // texts by name, nothing deeper
		c.span(`"`)
		c.span(`:"`)
	}
	c.literal(`}`)
	end := len(data) - len(c.rest)
	s.Address = data[begin:end:end]
	if c.has(`,"created":"`) {
		s.Created = c.time()
	}
	if c.has(`,"number":`) {
		end := max(0, bytes.IndexByte(c.rest, '}'))
		n, err := strconv.ParseUint(string(c.rest[:end]), 10, 32)
		s.Number, c.bad = uint32(n), c.bad || err != nil
		c.rest = c.rest[end:]
	}
	c.literal(`}`)
	return !c.bad && len(c.rest) == 0
}

// cursor reads a record from left to right; bad once it was not as expected.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) has(s string) bool {
	if c.bad || len(c.rest) < len(s) || string(c.rest[:len(s)]) != s {
		return false
	}
	c.rest = c.rest[len(s):]
	return true
}

func (c *cursor) literal(s string) { c.bad = c.bad || !c.has(s) }

// after is the text between start and the next quote.
func (c *cursor) after(start string) string { return string(c.span(start)) }

func (c *cursor) span(start string) []byte {
	c.literal(start)
	end := bytes.IndexByte(c.rest, '"')
	if c.bad || end < 0 {
		c.bad = true
		return nil
	}
	for _, b := range c.rest[:end] {
		if b < ' ' || b >= 0x80 { // encoding/json has rules for these
			c.bad = true
		}
	}
	s := c.rest[:end]
	c.rest = c.rest[end+1:]
	return s
}

func (c *cursor) time() time.Time {
	t, err := time.Parse(time.RFC3339, c.after(``))
	c.bad = c.bad || err != nil
	return t
}
