package webpush

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// TestHeadersOfManyAlerts mixes the pushes of more alerts than there are blocks
// kept, in any order and with tables of several sizes: what was kept must never
// be used after the table has moved under it.
func TestHeadersOfManyAlerts(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 8))
	for _, size := range []uint32{0, 64, 500, 1000, 4096} {
		var e headEncoder
		e.init()
		e.resize(size)
		d := hpack.NewDecoder(4096, nil)
		short := 0
		heads := make([]*head, 0, 8)
		for i := range cap(heads) {
			h := &head{fields: fields{authority: "push.example", token: "vapid t=" + strings.Repeat("x", 300), urgency: urgencyHigh, ttl: strconv.Itoa(3600 - i/2)}}
			if i%2 == 0 {
				h.topic = "topic" + strconv.Itoa(i)
			}
			heads = append(heads, h)
		}
		for range 3000 {
			// In runs, as batches come, and now and then another table.
			h := heads[random.IntN(len(heads))]
			for range random.IntN(4) {
				f := &flight{head: h, target: target{start: "/push/", rest: []byte(strconv.Itoa(random.Int()))}, body: make([]byte, random.IntN(4000))}
				if f.index = random.IntN(3); f.index == 0 { // a path that Huffman's code makes longer, of any length
					f.rest = []byte(strings.Repeat("~", random.IntN(400)))
				}
				got := map[string]string{}
				var order []string
				d.SetEmitFunc(func(f hpack.HeaderField) { got[f.Name] = f.Value; order = append(order, f.Name) })
				block := e.encode(f)
				if _, err := d.Write(block); err != nil || d.Close() != nil {
					t.Fatalf("table of %d: %v", size, err)
				}
				if got[":path"] != f.start+string(f.rest) || got["ttl"] != h.ttl || got["topic"] != h.topic || got["authorization"] != h.token ||
					got["content-length"] != strconv.Itoa(len(f.body)) || got[":authority"] != h.authority || order[3] != ":path" {
					t.Fatalf("table of %d: %v read as %v", size, h.fields, got)
				}
				if len(block) < len(f.rest)+40 {
					short++
				}
			}
		}
		if size == 4096 && short < 2000 {
			t.Errorf("only %d blocks were short: the table is not used", short)
		}
	}
}
