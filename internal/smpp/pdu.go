// Package smpp speaks SMPP 3.4, the protocol between a sender of short
// messages (ESME) and a message centre (SMSC): the PDU codec, the alphabets
// and the splitting of long texts, and a client that keeps one bind alive.
//
// It knows the protocol and nothing of Tocsin.
package smpp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Command is a PDU's command_id.
type Command uint32

// The commands of SMPP 3.4 that a sender meets. A response has the request's
// number with the top bit set.
const (
	GenericNack     Command = 0x80000000
	BindReceiver    Command = 0x00000001
	BindTransmitter Command = 0x00000002
	SubmitSM        Command = 0x00000004
	DeliverSM       Command = 0x00000005
	Unbind          Command = 0x00000006
	BindTransceiver Command = 0x00000009
	EnquireLink     Command = 0x00000015
	DataSM          Command = 0x00000103
)

// Response is the command that answers c.
func (c Command) Response() Command { return c | GenericNack }

// IsResponse says whether c answers a request.
func (c Command) IsResponse() bool { return c&GenericNack != 0 }

const (
	headerSize = 16
	// MaxPDU bounds a PDU: the longest lawful one is a message_payload of 64 KB,
	// ours are under 400 bytes, and a length field from garbage must not make us
	// allocate gigabytes.
	MaxPDU = 64 << 10
)

// ErrFrame says that what arrived is not SMPP. The connection is lost: nothing
// tells where the next PDU begins.
var ErrFrame = errors.New("not an SMPP frame")

// PDU is one protocol data unit. Body is what follows the header.
type PDU struct {
	Command Command
	Status  Status
	Seq     uint32
	Body    []byte
}

// Read reads one PDU. A length outside of 16 bytes to MaxPDU is ErrFrame.
func Read(r io.Reader) (PDU, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return PDU{}, err
	}
	n := binary.BigEndian.Uint32(h[:])
	if n < headerSize || n > MaxPDU {
		return PDU{}, fmt.Errorf("%w: length %d", ErrFrame, n)
	}
	p := PDU{
		Command: Command(binary.BigEndian.Uint32(h[4:])),
		Status:  Status(binary.BigEndian.Uint32(h[8:])),
		Seq:     binary.BigEndian.Uint32(h[12:]),
	}
	if n > headerSize {
		p.Body = make([]byte, n-headerSize)
		if _, err := io.ReadFull(r, p.Body); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return PDU{}, err
		}
	}
	return p, nil
}

// Append writes p to b.
func (p PDU) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(headerSize+len(p.Body)))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Command))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Status))
	b = binary.BigEndian.AppendUint32(b, p.Seq)
	return append(b, p.Body...)
}

// Reply is the answer to p, with a body for those that have one.
func (p PDU) Reply(s Status, body []byte) PDU {
	return PDU{Command: p.Command.Response(), Status: s, Seq: p.Seq, Body: body}
}
