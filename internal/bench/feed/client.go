//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// client is one connection. Its thread alone reads it.
type client struct {
	n       int
	to      *syscall.SockaddrInet4
	token   string
	fd      int // -1 = not connected
	open    bool
	rest    []byte // the beginning of a frame that is not whole yet
	stream  []byte // NATS: the beginning of a message that is not whole yet
	next    int    // number of the alert that comes next
	seq     uint64 // of the newest alert, in the server's own count
	reached int64  // when the round's last alert came, Unix nanoseconds
}

// dial connects c and asks for the upgrade.
func (t *thread) dial(c *client) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := syscall.Connect(fd, c.to); err != nil {
		_ = syscall.Close(fd)
		return fmt.Errorf("connect: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c.fd, c.open, c.rest, c.stream = fd, false, nil, nil
	// A reset at the end: 19,000 sockets in TIME_WAIT would leave no ports for the next round.
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	if err := syscall.EpollCtl(t.ep, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.n)}); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	path, header := t.f.kind.request(t.f, c)
	_, err = syscall.Write(fd, []byte("GET "+path+" HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+header+"\r\n"))
	return err
}

// run handles the thread's sockets until its set is closed.
func (t *thread) run() {
	runtime.LockOSThread()
	events := make([]syscall.EpollEvent, 512)
	for {
		n, err := syscall.EpollWait(t.ep, events, 1000)
		t.mu.Lock()
		if t.stop {
			t.mu.Unlock()
			return
		}
		if err == nil {
			for _, e := range events[:n] {
				t.read(t.f.clients[e.Fd])
			}
		}
		t.mu.Unlock()
	}
}

// read takes what one socket has.
func (t *thread) read(c *client) {
	if c.fd < 0 {
		return
	}
	buf := t.buf
	have := copy(buf, c.rest)
	c.rest = c.rest[:0]
	n, err := syscall.Read(c.fd, buf[have:])
	if n <= 0 {
		if err == syscall.EAGAIN || err == syscall.EINTR {
			c.rest = append(c.rest, buf[:have]...)
			return
		}
		t.f.lost.Add(1)
		t.hangUp(c)
		return
	}
	data := buf[:have+n]
	t.out = t.out[:0]
	if !c.open {
		data = t.upgraded(c, data)
	}
	if c.open {
		data = t.frames(c, data)
	}
	if c.fd >= 0 && len(data) > 0 {
		c.rest = append(c.rest, data...)
	} else if cap(c.rest) > 4<<10 {
		c.rest = nil // so that this process, too, keeps little for each client
	}
	if len(t.out) > 0 && c.fd >= 0 {
		if n, err := syscall.Write(c.fd, t.out); err != nil || n < len(t.out) {
			t.f.note(fmt.Sprintf("a client's words were not taken: %d of %d bytes, %v", n, len(t.out), err))
			t.f.refused.Add(1)
		}
	}
}

// upgraded reads the answer to the handshake and says the client's first words.
func (t *thread) upgraded(c *client, data []byte) []byte {
	_, after, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		return data
	}
	if !bytes.HasPrefix(data, []byte("HTTP/1.1 101")) {
		t.f.note(string(data[:min(len(data), 300)]))
		t.f.refused.Add(1)
		t.hangUp(c)
		return nil
	}
	<-t.f.slots
	c.open = true
	t.f.kind.begin(t, c)
	return after
}

// WebSocket opcodes.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// frames hands each whole frame of data on and returns what is left.
func (t *thread) frames(c *client, data []byte) []byte {
	for len(data) >= 2 && c.fd >= 0 {
		size, at := int(data[1]), 2 // a server does not mask
		switch {
		case size == 126 && len(data) >= 4:
			size, at = int(binary.BigEndian.Uint16(data[2:])), 4
		case size == 127 && len(data) >= 10:
			size, at = int(binary.BigEndian.Uint64(data[2:])), 10
		case size >= 126:
			return data
		}
		if len(data) < at+size {
			return data
		}
		payload := data[at : at+size]
		switch data[0] & 0x0f {
		case opPing:
			t.say(opPong, payload)
		case opClose:
			t.f.note("closed: " + string(payload[min(2, size):]))
			t.f.lost.Add(1)
			t.hangUp(c)
		default:
			t.f.kind.take(t, c, payload)
		}
		data = data[at+size:]
	}
	return data
}

// say adds a frame to what the client in hand will write. Its mask is zero, which is a mask.
func (t *thread) say(op byte, payload []byte) {
	n := len(payload)
	switch {
	case n < 126:
		t.out = append(t.out, 0x80|op, 0x80|byte(n))
	default:
		t.out = append(t.out, 0x80|op, 0x80|126, byte(n>>8), byte(n))
	}
	t.out = append(append(t.out, 0, 0, 0, 0), payload...)
}

// got notes alert n: each must come once and in order.
func (t *thread) got(c *client, n int) {
	f := t.f
	switch {
	case n < c.next:
		f.twice.Add(1)
		return
	case n > c.next:
		f.disorder.Add(1)
	}
	c.next = n + 1
	if int64(n) == f.target.Load() {
		c.reached = time.Now().UnixNano()
		if f.reached.Add(1) == int64(len(f.clients)) {
			close(f.whole)
		}
	}
}

// subscribed counts c in when it will get what comes.
func (f *fleet) subscribed() {
	if f.ready.Add(1) == int64(len(f.clients)) {
		close(f.all)
	}
}

// hangUp closes c's socket, if it has one.
func (t *thread) hangUp(c *client) {
	if c.fd >= 0 {
		if !c.open {
			<-t.f.slots // its handshake has ended
		}
		_ = syscall.Close(c.fd)
		c.fd, c.open, c.rest, c.stream = -1, false, nil, nil
	}
}
