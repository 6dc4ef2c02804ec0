package broadcast

import (
	"encoding/binary"
	"net"
	"sync"
)

// batchBytes is how much goes into one write. It is what a slow line must take
// within the write time-out, and keeps a long replay from filling memory.
const batchBytes = 256 << 10

// The WebSocket opcodes the server sends, with the FIN bit.
const (
	opText  = 0x81
	opClose = 0x88
	opPing  = 0x89
	opPong  = 0x8A
)

// batch is several frames for one write. The large parts are shared by all
// connections and only referred to; the small ones lie in scratch.
type batch struct {
	bufs    net.Buffers
	rest    net.Buffers // what a write that broke off left of bufs
	sent    int         // bytes that are gone already
	ends    []int       // size of the batch after each frame, to cut a broken write at a frame's end
	size    int
	scratch []byte
	flat    []byte
	try     *attempt
}

var batches = sync.Pool{New: func() any { return &batch{try: newAttempt()} }}

func newBatch() *batch { return batches.Get().(*batch) }

// free gives the batch back. The large parts are let go, so that a withdrawn case does not stay in a pool.
func (b *batch) free() {
	clear(b.bufs)
	if cap(b.flat) > 4*batchBytes {
		b.flat = nil
	}
	clear(b.flat)
	*b = batch{bufs: b.bufs[:0], ends: b.ends[:0], scratch: b.scratch[:0], flat: b.flat[:0], try: b.try}
	batches.Put(b)
}

// small copies p into the scratch and refers to it there.
func (b *batch) small(p []byte) {
	n := len(b.scratch)
	b.scratch = append(b.scratch, p...) // an older part keeps its own array when this one grows
	b.refer(b.scratch[n:])
}

func (b *batch) refer(p []byte) {
	b.bufs = append(b.bufs, p)
	b.size += len(p)
}

// begin makes rest what is still to be written.
func (b *batch) begin() {
	b.rest = b.bufs
	for n := b.sent; n > 0 && len(b.rest) > 0; {
		if n < len(b.rest[0]) {
			b.rest[0] = b.rest[0][n:]
			return
		}
		n -= len(b.rest[0])
		b.rest = b.rest[1:]
	}
}

func (b *batch) endFrame() { b.ends = append(b.ends, b.size) }

// leftover says how many bytes of the frame at offset n are still to be written.
func (b *batch) leftover(n int) int {
	if n == 0 {
		return 0
	}
	for _, end := range b.ends {
		if end >= n {
			return end - n
		}
	}
	return 0
}

// framing is how a transport wraps messages.
type framing interface {
	// message adds one JSON message: the small head, then the shared rest. id is its cursor, or "".
	message(b *batch, id string, head, rest []byte)
	// control adds a ping, pong or close frame where the transport has them.
	control(b *batch, op byte, payload []byte)
}

// webSocket frames by RFC 6455. A server's frames are not masked, so the bytes
// are the same for all, and several go into one write of the socket.
type webSocket struct{}

func (webSocket) message(b *batch, _ string, head, rest []byte) {
	start := len(b.scratch)
	b.scratch = append(appendFrame(b.scratch, len(head)+len(rest)), head...)
	b.refer(b.scratch[start:])
	if len(rest) > 0 {
		b.refer(rest)
	}
	b.endFrame()
}

// appendFrame writes the head of a text frame of n bytes.
func appendFrame(b []byte, n int) []byte {
	switch {
	case n < 126:
		return append(b, opText, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, opText, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, opText, 127), uint64(n))
	}
}

func (webSocket) control(b *batch, op byte, payload []byte) {
	payload = payload[:min(len(payload), 125)]
	b.small(append([]byte{op, byte(len(payload))}, payload...))
	b.endFrame()
}

// eventStream frames as Server-Sent Events. JSON has no raw line break, so a message is one data line.
type eventStream struct{}

func (eventStream) message(b *batch, id string, head, rest []byte) {
	if id != "" {
		b.small([]byte("id: " + id + "\n"))
	}
	b.small([]byte("data: "))
	b.small(head)
	if len(rest) > 0 {
		b.refer(rest)
	}
	b.small([]byte("\n\n"))
	b.endFrame()
}

func (eventStream) control(*batch, byte, []byte) {}
