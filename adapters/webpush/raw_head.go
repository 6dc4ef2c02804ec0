package webpush

import (
	"bytes"
	"strconv"

	"golang.org/x/net/http2/hpack"
)

const (
	// userAgent names us to the services.
	userAgent = "tocsin"
	// maxBlocks bounds the header blocks kept ready: alerts in different seconds
	// of their lives, and more than one of them at once.
	maxBlocks = 4
)

// headEncoder writes the header blocks of one connection. The headers that
// pushes share are put into the service's table once (HPACK, RFC 7541), the
// VAPID token of some 300 bytes among them, and are one byte each from then on.
// A block made of such bytes alone stays good until something else is put into
// the table, so it is kept and not encoded again.
type headEncoder struct {
	buf    bytes.Buffer
	hpack  *hpack.Encoder
	blocks []block
	out    []byte
}

// block is the shared headers of a head, as one byte each.
type block struct {
	fields  fields
	pseudo  []byte // what stands before the path
	regular []byte // what stands after it
}

func (e *headEncoder) init() { e.hpack = hpack.NewEncoder(&e.buf) }

// resize follows the service's setting for its table.
func (e *headEncoder) resize(n uint32) {
	e.hpack.SetMaxDynamicTableSizeLimit(n)
	e.hpack.SetMaxDynamicTableSize(min(n, 4096))
	e.blocks = e.blocks[:0]
}

// encode is f's header block, good until the next call.
func (e *headEncoder) encode(f *flight) []byte {
	for i := range e.blocks {
		if b := &e.blocks[i]; b.fields == f.head.fields {
			return e.join(f, b.pseudo, b.regular)
		}
	}
	e.buf.Reset()
	field := func(name, value string) {
		_ = e.hpack.WriteField(hpack.HeaderField{Name: name, Value: value}) // a buffer takes everything
	}
	field(":method", "POST")
	field(":scheme", "https")
	field(":authority", f.head.authority)
	n := e.buf.Len()
	field("authorization", f.head.token)
	field("content-encoding", "aes128gcm")
	field("content-type", "application/octet-stream")
	field("ttl", f.head.ttl)
	field("urgency", f.head.urgency)
	field("user-agent", userAgent)
	if f.head.topic != "" {
		field("topic", f.head.topic)
	}
	all := e.buf.Bytes()
	if known(all) {
		if len(e.blocks) >= maxBlocks {
			e.blocks = append(e.blocks[:0], e.blocks[1:]...)
		}
		all = bytes.Clone(all)
		e.blocks = append(e.blocks, block{f.head.fields, all[:n], all[n:]})
	} else {
		e.blocks = e.blocks[:0] // something was put into the table, and all numbers have moved
	}
	return e.join(f, all[:n], all[n:])
}

// known says whether a block is made of one-byte references alone.
func known(block []byte) bool {
	for _, b := range block {
		if b&0x80 == 0 {
			return false
		}
	}
	return true
}

// join puts f's own headers between the shared ones: its path, and its length.
// Neither is put into the table: they are of no use to the next push.
func (e *headEncoder) join(f *flight, pseudo, regular []byte) []byte {
	out := append(e.out[:0], pseudo...)
	out = append(out, 0x04) // a literal, not indexed, under the name of entry 4: :path
	out = e.path(out, f)
	out = append(out, regular...)
	out = append(out, 0x0f, 28-15) // the same under the name of entry 28: content-length
	at := len(out)
	out = append(out, 0)
	out = strconv.AppendInt(out, int64(len(f.body)), 10)
	out[at] = byte(len(out) - at - 1) // at most four digits
	e.out = out
	return out
}

// path appends f's path as a literal, in Huffman's code where that is shorter: a
// fifth of the whole header, for tokens of random letters.
func (e *headEncoder) path(out []byte, f *flight) []byte {
	text := f.start + string(f.rest)
	if n := hpack.HuffmanEncodeLength(text); n < uint64(len(text)) {
		return hpack.AppendHuffmanString(appendLength(out, 0x80, int(n)), text)
	}
	return append(appendLength(out, 0, len(text)), text...)
}

// appendLength appends the length of a literal (RFC 7541, section 5.1, seven bits) behind a flag.
func appendLength(out []byte, flag byte, n int) []byte {
	if n < 127 {
		return append(out, flag|byte(n))
	}
	out = append(out, flag|127)
	for n -= 127; n >= 128; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

// answerFields is what we want of an answer's headers.
type answerFields struct {
	status int
	after  string
}

// take is the decoder's callback for one field.
func (a *answerFields) take(f hpack.HeaderField) {
	switch f.Name {
	case ":status":
		n, err := strconv.Atoi(f.Value)
		if err != nil || n < 100 || n > 999 {
			n = 0
		}
		a.status = n
	case "retry-after":
		if len(f.Value) <= 64 { // a number or a date
			a.after = f.Value
		}
	}
}
