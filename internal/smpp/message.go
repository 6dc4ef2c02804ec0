package smpp

import (
	"fmt"
	"time"
)

// Address is a number or name with its type (TON) and plan (NPI).
type Address struct {
	TON, NPI byte
	Number   string
}

// The types and plans of addresses in use.
const (
	TONInternational byte = 1
	TONNetwork       byte = 3
	TONAlphanumeric  byte = 5
	NPIISDN          byte = 1
)

// Bits of esm_class.
const (
	ESMReceipt byte = 0x04 // a deliver_sm with a delivery receipt
	ESMHeader  byte = 0x40 // the message begins with a user data header
)

// Alphabets by data_coding.
const (
	CodingDefault byte = 0x00 // GSM 03.38, one septet in each byte
	CodingASCII   byte = 0x01
	CodingLatin1  byte = 0x03
	CodingUCS2    byte = 0x08
)

// Message is a submit_sm or a deliver_sm: they have the same fields.
type Message struct {
	ServiceType  string
	Source, Dest Address
	ESMClass     byte
	Protocol     byte
	Priority     byte
	Schedule     string
	Validity     string
	Registered   byte // 1: a delivery receipt is wanted
	Replace      byte
	DataCoding   byte
	DefaultID    byte
	Short        []byte // at most 254 bytes
	Optional     []TLV
}

// maxShort is the longest short_message of SMPP 3.4.
const maxShort = 254

// Append writes m as a PDU's body. An error names the field.
func (m *Message) Append(b []byte) ([]byte, error) {
	if len(m.Short) > maxShort {
		return nil, fmt.Errorf("short_message: at most %d bytes", maxShort)
	}
	var err error
	text := func(name, s string, size int) {
		if err == nil {
			b, err = appendText(b, name, s, size)
		}
	}
	text("service_type", m.ServiceType, 6)
	b = append(b, m.Source.TON, m.Source.NPI)
	text("source_addr", m.Source.Number, 21)
	b = append(b, m.Dest.TON, m.Dest.NPI)
	text("destination_addr", m.Dest.Number, 21)
	b = append(b, m.ESMClass, m.Protocol, m.Priority)
	text("schedule_delivery_time", m.Schedule, 17)
	text("validity_period", m.Validity, 17)
	if err != nil {
		return nil, err
	}
	b = append(b, m.Registered, m.Replace, m.DataCoding, m.DefaultID, byte(len(m.Short)))
	b = append(b, m.Short...)
	return appendTLVs(b, m.Optional)
}

// DecodeMessage reads the body of a submit_sm or deliver_sm.
func DecodeMessage(body []byte) (*Message, error) {
	d := decoder{b: body}
	m := &Message{ServiceType: d.text()}
	m.Source = Address{TON: d.byte(), NPI: d.byte(), Number: d.text()}
	m.Dest = Address{TON: d.byte(), NPI: d.byte(), Number: d.text()}
	m.ESMClass, m.Protocol, m.Priority = d.byte(), d.byte(), d.byte()
	m.Schedule, m.Validity = d.text(), d.text()
	m.Registered, m.Replace, m.DataCoding, m.DefaultID = d.byte(), d.byte(), d.byte(), d.byte()
	m.Short = d.bytes(int(d.byte()))
	m.Optional = d.tlvs()
	if d.err != nil {
		return nil, fmt.Errorf("message: %w", d.err)
	}
	return m, nil
}

// Option is the value of an optional parameter, or nil.
func (m *Message) Option(t Tag) []byte {
	for _, o := range m.Optional {
		if o.Tag == t {
			return o.Value
		}
	}
	return nil
}

// Payload is the message's bytes, wherever they travel.
func (m *Message) Payload() []byte {
	if len(m.Short) == 0 {
		return m.Option(TagMessagePayload)
	}
	return m.Short
}

// Absolute writes t as SMPP's absolute time in UTC.
func Absolute(t time.Time) string { return t.UTC().Format("060102150405") + "000+" }

// DecodeID reads the message id of a submit_sm_resp; empty when there is none.
func DecodeID(body []byte) string {
	d := decoder{b: body}
	return d.text()
}

// AppendID writes the body of a submit_sm_resp.
func AppendID(b []byte, id string) []byte { return append(append(b, id...), 0) }

// Bind is the body of the three bind requests.
type Bind struct {
	SystemID, Password, SystemType string
}

const version34 = 0x34

// Append writes v as a PDU's body. An error names the field, never its value.
func (v Bind) Append(b []byte) ([]byte, error) {
	b, err := appendText(b, "system_id", v.SystemID, 16)
	if err == nil {
		b, err = appendText(b, "password", v.Password, 9)
	}
	if err == nil {
		b, err = appendText(b, "system_type", v.SystemType, 13)
	}
	if err != nil {
		return nil, err
	}
	return append(b, version34, 0, 0, 0), nil
}

// DecodeBind reads the body of a bind request.
func DecodeBind(body []byte) (Bind, error) {
	d := decoder{b: body}
	v := Bind{SystemID: d.text(), Password: d.text(), SystemType: d.text()}
	d.bytes(3)
	_ = d.text()
	if d.err != nil {
		return Bind{}, fmt.Errorf("bind: %w", d.err)
	}
	return v, nil
}
