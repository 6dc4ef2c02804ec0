package webpush

import (
	"bytes"
	"testing"

	"golang.org/x/net/http2"
)

// FuzzRawAnswers lets a service say anything at all after a good beginning: the
// Send must end, with a receipt for everybody.
func FuzzRawAnswers(f *testing.F) {
	var b bytes.Buffer
	framer := http2.NewFramer(&b, nil)
	add := func(write func() error) {
		if err := write(); err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(b.Bytes()))
		b.Reset()
	}
	add(func() error {
		return framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block2("201"), EndHeaders: true, EndStream: true})
	})
	add(func() error { return framer.WriteGoAway(1, http2.ErrCodeNo, nil) })
	add(func() error { return framer.WriteRSTStream(1, http2.ErrCodeRefusedStream) })
	add(func() error {
		return framer.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0})
	})
	add(func() error { return framer.WriteWindowUpdate(1, 77) })
	add(func() error { return framer.WriteContinuation(1, true, []byte{0x88}) })
	f.Fuzz(func(t *testing.T, said []byte) {
		a := scripted(t, func(p *peer) {
			p.greet()
			p.asked()
			_, _ = p.conn.Write(said)
		}, one)
		for i, r := range a.mustSend(t, strangers(t, 1)) {
			if r.State == "" {
				t.Errorf("recipient %d has no receipt", i)
			}
		}
	})
}
