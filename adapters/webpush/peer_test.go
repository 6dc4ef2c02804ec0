package webpush

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// peer is a push service that follows a script, frame by frame.
type peer struct {
	t      *testing.T
	number int // of the connection, from 1
	conn   net.Conn
	framer *http2.Framer
	fields *hpack.Decoder
	// generous: the connection's window opens by what each request took of it.
	generous bool
}

// request2 is what a peer was asked.
type request2 struct {
	id      uint32
	headers map[string]string
	body    []byte
}

var errScript = errors.New("the script has ended")

// scripted is an adapter whose connections, all of one push service, are played by script.
func scripted(t *testing.T, script func(p *peer), change ...func(*Settings)) *Adapter {
	a := drill(t, nil, change...)
	var n atomic.Int32
	a.client.connect = func(context.Context, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		p := &peer{t: t, number: int(n.Add(1)), conn: theirs, framer: http2.NewFramer(theirs, theirs)}
		p.fields = hpack.NewDecoder(4096, nil)
		p.framer.SetMaxReadFrameSize(16 << 10)
		go func() {
			defer theirs.Close()
			defer func() {
				if why := recover(); why != nil && why != errScript { //nolint:errorlint // thrown as it is
					panic(why)
				}
			}()
			script(p)
		}()
		return ours, nil
	}
	return a
}

// strangers are n recipients at the scripted service.
func strangers(t *testing.T, n int) (all []adapter.Recipient) {
	for i := range n {
		address, err := json.Marshal(subscription{fmt.Sprintf("https://127.0.0.1/push/%04d", i), goodPoint, goodSecret})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, adapter.Recipient{ID: fmt.Sprint(i), Lang: alert.English, Address: address})
	}
	return all
}

func (a *Adapter) mustSend(t *testing.T, batch []adapter.Recipient) []adapter.Receipt {
	t.Helper()
	receipts, err := a.Send(t.Context(), delivery(t, a, message(alert.TypeAlert, 1)), batch)
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// must ends the script when the connection has ended.
func (p *peer) must(err error) {
	if err != nil {
		panic(errScript)
	}
}

// greet reads the preface and sends the service's settings.
func (p *peer) greet(settings ...http2.Setting) {
	preface := make([]byte, len(http2.ClientPreface))
	_, err := io.ReadFull(p.conn, preface)
	p.must(err)
	if string(preface) != http2.ClientPreface {
		p.t.Errorf("preface %q", preface)
	}
	f, err := p.framer.ReadFrame()
	p.must(err)
	if s, ok := f.(*http2.SettingsFrame); !ok {
		p.t.Errorf("the first frame is %v", f)
	} else if v, ok := s.Value(http2.SettingEnablePush); !ok || v != 0 {
		p.t.Error("server push is not refused")
	}
	p.must(p.framer.WriteSettings(settings...))
}

// next is the next frame that is not about settings or windows.
func (p *peer) next() http2.Frame {
	for {
		f, err := p.framer.ReadFrame()
		p.must(err)
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				p.must(p.framer.WriteSettingsAck())
			}
		case *http2.WindowUpdateFrame:
		default:
			return f
		}
	}
}

// begun reads one request's headers.
func (p *peer) begun() request2 {
	next := p.next()
	f, ok := next.(*http2.HeadersFrame)
	if !ok {
		p.t.Errorf("want headers, got %v", next)
		panic(errScript)
	}
	r := request2{id: f.StreamID, headers: map[string]string{}}
	p.fields.SetEmitFunc(func(f hpack.HeaderField) { r.headers[f.Name] = f.Value })
	if _, err := p.fields.Write(f.HeaderBlockFragment()); err != nil || p.fields.Close() != nil {
		p.t.Errorf("headers cannot be read: %v", err)
	}
	return r
}

// asked reads one whole request, whose frames must stand together.
func (p *peer) asked() request2 {
	r := p.begun()
	for {
		f, ok := p.next().(*http2.DataFrame)
		if !ok || f.StreamID != r.id {
			p.t.Errorf("want the body of stream %d", r.id)
			panic(errScript)
		}
		r.body = append(r.body, f.Data()...)
		if f.StreamEnded() {
			if p.generous {
				p.must(p.framer.WriteWindowUpdate(0, uint32(len(r.body))))
			}
			return r
		}
	}
}

// answer answers a stream with a status alone.
func (p *peer) answer(id uint32, status string, fields ...hpack.HeaderField) {
	p.must(p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block2(status, fields...), EndHeaders: true, EndStream: true}))
}

func block2(status string, fields ...hpack.HeaderField) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range append([]hpack.HeaderField{{Name: ":status", Value: status}}, fields...) {
		_ = e.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: true}) // a buffer; not into the table, which is the connection's
	}
	return b.Bytes()
}

// serve answers every request with 201, until the connection ends.
func (p *peer) serve() {
	for {
		p.answer(p.asked().id, "201")
	}
}

// listen takes everything and says nothing, until the connection ends.
func (p *peer) listen() { _, _ = io.Copy(io.Discard, p.conn) }

// wantReset wants the client to give a stream up.
func (p *peer) wantReset(id uint32, code http2.ErrCode) {
	if f, ok := p.next().(*http2.RSTStreamFrame); !ok || f.StreamID != id || f.ErrCode != code {
		p.t.Errorf("want stream %d reset with %s", id, code)
	}
}

func wantAll(t *testing.T, receipts []adapter.Receipt, class adapter.Class, code string) {
	t.Helper()
	for i, r := range receipts {
		if classOf(r) != class || class >= 0 && r.Failure.Code != code {
			t.Errorf("receipt %d: %s (%v), want class %s with %q", i, r.State, r.Failure, class, code)
		}
	}
}
