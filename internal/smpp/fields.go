package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// errShort says that a PDU ends inside of a field.
var errShort = errors.New("the PDU ends too early")

// decoder takes fields off a body; after the first error it yields zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) bytes(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n > len(d.b) {
		d.err = errShort
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

// text takes a C-octet string. The specification's lengths are not held against
// the sender: the PDU's bound is enough, and real centres exceed them.
func (d *decoder) text() string {
	if d.err != nil {
		return ""
	}
	i := bytes.IndexByte(d.b, 0)
	if i < 0 {
		d.err = errShort
		return ""
	}
	s := string(d.b[:i])
	d.b = d.b[i+1:]
	return s
}

// appendText writes a C-octet string of at most size bytes with its end.
func appendText(b []byte, name, s string, size int) ([]byte, error) {
	if len(s) >= size {
		return nil, fmt.Errorf("%s: at most %d characters", name, size-1)
	}
	for i := range len(s) {
		if s[i] == 0 {
			return nil, fmt.Errorf("%s: a zero byte", name)
		}
	}
	return append(append(b, s...), 0), nil
}

// Tag names an optional parameter.
type Tag uint16

// The optional parameters that carry a receipt or a long text.
const (
	TagReceiptedMessageID Tag = 0x001E
	TagMessagePayload     Tag = 0x0424
	TagMessageState       Tag = 0x0427
)

// maxTLVs bounds the optional parameters of one PDU: 64 KB of empty ones would be 16,000.
const maxTLVs = 64

// TLV is an optional parameter.
type TLV struct {
	Tag   Tag
	Value []byte
}

func (d *decoder) tlvs() []TLV {
	var out []TLV
	for d.err == nil && len(d.b) > 0 {
		h := d.bytes(4)
		if d.err != nil {
			break
		}
		v := d.bytes(int(binary.BigEndian.Uint16(h[2:])))
		if len(out) == maxTLVs {
			d.err = fmt.Errorf("more than %d optional parameters", maxTLVs)
		}
		out = append(out, TLV{Tag: Tag(binary.BigEndian.Uint16(h)), Value: v})
	}
	return out
}

func appendTLVs(b []byte, tlvs []TLV) ([]byte, error) {
	for _, t := range tlvs {
		if len(t.Value) > 0xFFFF {
			return nil, fmt.Errorf("optional parameter 0x%04X: longer than 65535 bytes", uint16(t.Tag))
		}
		b = binary.BigEndian.AppendUint16(b, uint16(t.Tag))
		b = binary.BigEndian.AppendUint16(b, uint16(len(t.Value)))
		b = append(b, t.Value...)
	}
	return b, nil
}
