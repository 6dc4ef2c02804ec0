//go:build linux

package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// dialect is how one kind of server is spoken to.
type dialect interface {
	// request is the handshake's path and more header lines.
	request(f *fleet, c *client) (path, header string)
	// begin says the client's first words on an upgraded line.
	begin(t *thread, c *client)
	// take reads one message.
	take(t *thread, c *client, payload []byte)
}

// dialects by the server's kind.
var dialects = map[string]dialect{
	"tocsin": feed{}, "bound": feed{}, "nats": natsWire{}, "jetstream": natsWire{durable: true}, "nchan": channel{},
}

// marks of an alert's frame: its number stands after mark within the first bytes.
var (
	alertHead = []byte(`{"type":"alert","seq":`)
	mark      = []byte(`"identifier":"bench-`)
)

// markWithin bounds the search for the mark: it stands near the beginning.
const markWithin = 400

// number reads the number of an alert and its place in the server's log; ok is false for other frames.
func number(p []byte) (n int, seq uint64, ok bool) {
	if !bytes.HasPrefix(p, alertHead) {
		return 0, 0, false
	}
	for _, d := range p[len(alertHead):] {
		if d < '0' || d > '9' {
			break
		}
		seq = seq*10 + uint64(d-'0')
	}
	i := bytes.Index(p[:min(len(p), markWithin)], mark)
	if i < 0 || len(p) < i+len(mark)+6 {
		return 0, seq, false
	}
	for _, d := range p[i+len(mark) : i+len(mark)+6] {
		n = n*10 + int(d-'0')
	}
	return n, seq, true
}

// feed is tocsin.feed.v1, which the bound speaks too.
type feed struct{}

func (feed) request(_ *fleet, c *client) (path, header string) {
	return "/v1/feed", "Authorization: Bearer " + c.token + "\r\n"
}

func (feed) begin(t *thread, c *client) {
	if epoch := t.f.epoch.Load(); c.seq > 0 && epoch != nil {
		t.say(opText, fmt.Appendf(nil, `{"type":"resume","cursor":"%s-%d"}`, *epoch, c.seq))
		return
	}
	t.say(opText, []byte(`{"type":"resume","start":"new"}`))
}

func (feed) take(t *thread, c *client, p []byte) {
	if n, seq, ok := number(p); ok {
		c.seq = seq
		t.got(c, n)
		if t.f.receipts.Load() {
			t.say(opText, fmt.Appendf(nil, `{"type":"receipt","identifier":"bench-%06d","revision":1,"state":"received"}`, n))
		}
		return
	}
	switch {
	case bytes.HasPrefix(p, []byte(`{"type":"heartbeat"`)):
	case bytes.HasPrefix(p, []byte(`{"type":"receipt_ok"`)):
		if t.f.answered.Add(1) == t.f.awaited.Load() {
			close(t.f.stored)
		}
	case bytes.HasPrefix(p, []byte(`{"type":"hello"`)):
		if bytes.Contains(p, []byte(`"cursor_ok":false`)) {
			t.f.note(string(p))
			t.f.refused.Add(1)
		}
		if t.f.epoch.Load() == nil {
			t.f.epoch.Store(new(epochOf(p)))
		}
	case bytes.HasPrefix(p, []byte(`{"type":"live"`)):
		if t.f.ready.Load() < int64(len(t.f.clients)) { // a storm's clients were counted before
			t.f.subscribed()
		}
	default:
		t.f.note(string(p[:min(len(p), 300)]))
		t.f.refused.Add(1)
	}
}

// epochOf is the epoch that a frame names, or "".
func epochOf(p []byte) string {
	_, after, _ := bytes.Cut(p, []byte(`"epoch":"`))
	epoch, _, _ := bytes.Cut(after, []byte(`"`))
	return string(epoch)
}

// channel is nchan's subscriber: messages alone.
type channel struct{}

func (channel) request(f *fleet, c *client) (path, header string) {
	if id := f.epoch.Load(); id != nil && c.seq > 0 {
		return "/sub?last_event_id=" + *id, ""
	}
	return "/sub", ""
}

func (channel) begin(t *thread, c *client) {
	if c.seq == 0 {
		t.f.subscribed()
	}
}

func (channel) take(t *thread, c *client, p []byte) {
	if n, seq, ok := number(p); ok {
		c.seq = seq
		t.got(c, n)
	}
}

// natsWire is the client protocol of nats-server inside WebSocket frames: a core
// subscription, or a JetStream consumer for each client.
type natsWire struct{ durable bool }

func (natsWire) request(*fleet, *client) (path, header string) { return "/", "" }

func (w natsWire) begin(t *thread, c *client) {
	hello := "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false,\"protocol\":1}\r\n"
	if !w.durable {
		t.say(opBinary, []byte(hello+"SUB "+natsSubject+" 1\r\nPING\r\n"))
		return
	}
	where := `"deliver_policy":"new"`
	if c.seq > 0 {
		where = fmt.Sprintf(`"deliver_policy":"by_start_sequence","opt_start_seq":%d`, c.seq+1)
	}
	// A push consumer in memory that asks for no acks: one request, no round
	// trips afterwards. Pull needs one more request for each batch.
	id := fmt.Sprintf("%d.%d", c.n, c.next)
	ask := fmt.Sprintf(`{"stream_name":"%s","config":{%s,"ack_policy":"none","deliver_subject":"d.%s","mem_storage":true,"num_replicas":1}}`, natsStream, where, id)
	t.say(opBinary, fmt.Appendf(nil, "%sSUB d.%s 1\r\nSUB r.%s 2\r\nPUB $JS.API.CONSUMER.CREATE.%s r.%s %d\r\n%s\r\n", hello, id, id, natsStream, id, len(ask), ask))
}

func (w natsWire) take(t *thread, c *client, p []byte) {
	if len(c.stream) > 0 {
		c.stream = append(c.stream, p...)
		p = c.stream
	}
	rest := w.messages(t, c, p)
	if len(rest) == 0 {
		c.stream = nil
		return
	}
	c.stream = append([]byte(nil), rest...)
}

// messages takes every whole protocol message of p and returns what is left.
func (w natsWire) messages(t *thread, c *client, p []byte) []byte {
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			return p
		}
		line := p[:max(end-1, 0)]
		switch {
		case bytes.HasPrefix(line, []byte("MSG ")):
			size, err := strconv.Atoi(string(line[bytes.LastIndexByte(line, ' ')+1:]))
			if err != nil || len(p) < end+1+size+2 {
				return p
			}
			w.message(t, c, line, p[end+1:end+1+size])
			p = p[end+1+size+2:]
			continue
		case bytes.HasPrefix(line, []byte("PING")):
			t.say(opBinary, []byte("PONG\r\n"))
		case bytes.HasPrefix(line, []byte("PONG")):
			t.f.subscribed()
		case bytes.HasPrefix(line, []byte("-ERR")):
			t.f.note(string(line))
			t.f.refused.Add(1)
		}
		p = p[end+1:]
	}
}

// message takes one MSG: an alert, or the answer to the consumer's creation.
func (w natsWire) message(t *thread, c *client, line, payload []byte) {
	if n, seq, ok := number(payload); ok {
		c.seq = seq
		t.got(c, n)
		return
	}
	if !bytes.HasPrefix(line, []byte("MSG r.")) {
		return
	}
	if bytes.Contains(payload, []byte(`"error"`)) {
		t.f.note(string(payload[:min(len(payload), 300)]))
		t.f.refused.Add(1)
		return
	}
	if t.f.ready.Load() < int64(len(t.f.clients)) {
		t.f.subscribed()
	}
}
