package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReadRefusesWhatIsNoPDU(t *testing.T) {
	frame := func(length uint32, rest int) []byte {
		return append(binary.BigEndian.AppendUint32(nil, length), make([]byte, rest)...)
	}
	for name, tc := range map[string]struct {
		in   []byte
		want error
	}{
		"nothing":               {nil, io.EOF},
		"half a header":         {frame(16, 5), io.ErrUnexpectedEOF},
		"shorter than a header": {frame(15, 12), ErrFrame},
		"zero":                  {frame(0, 12), ErrFrame},
		"gigabytes":             {frame(0xFFFFFFFF, 12), ErrFrame},
		"above the bound":       {frame(MaxPDU+1, 12), ErrFrame},
		"a body that ends":      {frame(100, 40), io.ErrUnexpectedEOF},
		"a body that is absent": {frame(100, 12), io.ErrUnexpectedEOF},
		"HTTP":                  {[]byte("HTTP/1.1 200 OK\r\n\r\n"), ErrFrame},
		"an empty PDU":          {frame(16, 12), nil},
		"the largest PDU":       {frame(MaxPDU, MaxPDU-4), nil},
	} {
		if _, err := Read(bytes.NewReader(tc.in)); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestPDUSurvivesTheWire(t *testing.T) {
	for _, p := range []PDU{
		{Command: EnquireLink, Seq: 1},
		{Command: SubmitSM.Response(), Status: Throttled, Seq: 0x7FFFFFFF},
		{Command: DeliverSM, Seq: 7, Body: []byte("body")},
	} {
		got, err := Read(bytes.NewReader(p.Append(nil)))
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
	}
	ask := PDU{Command: DeliverSM, Seq: 9}
	if r := ask.Reply(OK, nil); r.Command != DeliverSM.Response() || r.Seq != 9 || !r.Command.IsResponse() {
		t.Errorf("reply %+v", r)
	}
}

// TestSubmitBytes holds one message against bytes written by hand from the specification.
func TestSubmitBytes(t *testing.T) {
	m := &Message{
		Source: Address{TON: TONAlphanumeric, Number: "TOCSIN"}, Dest: Address{TON: 1, NPI: 1, Number: "32470000000"},
		ESMClass: ESMHeader, Registered: 1, DataCoding: CodingUCS2, Short: []byte{5, 0, 3, 9, 2, 1, 4, 0x16},
		Validity: Absolute(time.Date(2026, 11, 2, 3, 4, 5, 0, time.FixedZone("", 3600))),
		Optional: []TLV{{Tag: TagMessageState, Value: []byte{2}}},
	}
	want := "\x00" + "\x05\x00TOCSIN\x00" + "\x01\x0132470000000\x00" + "\x40\x00\x00" + "\x00" + "261102020405000+\x00" +
		"\x01\x00\x08\x00\x08" + "\x05\x00\x03\x09\x02\x01\x04\x16" + "\x04\x27\x00\x01\x02"
	got, err := m.Append(nil)
	if err != nil || string(got) != want {
		t.Fatalf("%q, %v\nwant %q", got, err, want)
	}
	back, err := DecodeMessage(got)
	if err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("came back as %+v, %v", back, err)
	}
}

func TestFieldsThatDoNotFitAreNamed(t *testing.T) {
	long := strings.Repeat("1", 70)
	for field, m := range map[string]Message{
		"service_type":           {ServiceType: long},
		"source_addr":            {Source: Address{Number: long}},
		"destination_addr":       {Dest: Address{Number: "32\x0047"}},
		"schedule_delivery_time": {Schedule: long},
		"validity_period":        {Validity: long},
		"short_message":          {Short: make([]byte, 255)},
		"optional parameter":     {Optional: []TLV{{Value: make([]byte, 1<<16)}}},
	} {
		if _, err := m.Append(nil); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		} else if strings.Contains(err.Error(), long) {
			t.Errorf("%s: the error repeats the value", field)
		}
	}
	for field, b := range map[string]Bind{
		"system_id": {SystemID: long}, "password": {Password: "ninechars"}, "system_type": {SystemType: long},
	} {
		if _, err := b.Append(nil); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	b := Bind{SystemID: "tocsin", Password: "secret", SystemType: "x"}
	raw, err := b.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeBind(raw); err != nil || got != b {
		t.Errorf("bind came back as %+v, %v", got, err)
	}
}

func TestDecodeRefusesTornMessages(t *testing.T) {
	whole, err := (&Message{
		Source: Address{Number: "1"}, Dest: Address{Number: "2"}, Short: []byte("abc"),
		Optional: []TLV{{Tag: TagMessagePayload, Value: []byte("xyz")}},
	}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	withoutTLV := len(whole) - 7
	for n := range whole {
		if _, err := DecodeMessage(whole[:n]); err == nil && n != withoutTLV {
			t.Errorf("%d of %d bytes were taken for a message", n, len(whole))
		}
	}
	many := append(bytes.Clone(whole), make([]byte, 4*maxTLVs)...)
	if _, err := DecodeMessage(many); err == nil {
		t.Errorf("%d optional parameters were taken", maxTLVs+1)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(PDU{Command: SubmitSM, Seq: 1, Body: []byte("x")}.Append(nil))
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := Read(bytes.NewReader(in))
		if err == nil && !bytes.HasPrefix(in, p.Append(nil)) {
			t.Errorf("%x read as %+v", in, p)
		}
	})
}

func FuzzDecodeMessage(f *testing.F) {
	seed, err := (&Message{
		Source: Address{Number: "1"}, ESMClass: ESMReceipt, Short: []byte("id:1 stat:DELIVRD"),
		Optional: []TLV{{Tag: TagReceiptedMessageID, Value: []byte("1\x00")}},
	}).Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := DecodeMessage(in)
		if err != nil {
			return
		}
		_, j := m.Body()
		if j.Part < 1 || j.Part > j.Total {
			t.Errorf("part %d of %d", j.Part, j.Total)
		}
		if r, ok := ReadReceipt(m); ok && (len(r.ID) > 64 || len(r.TLV) > 64 || r.ID+r.TLV == "") {
			t.Errorf("receipt %+v", r)
		}
		out, err := m.Append(nil)
		if err != nil {
			return // longer fields than we would write
		}
		if again, err := DecodeMessage(out); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%+v came back as %+v, %v", m, again, err)
		}
	})
}
