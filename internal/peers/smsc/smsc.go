// Package smsc is a message centre for the demo and the tests: it takes
// binds, answers messages with ids, puts long texts together as a telephone
// does, sends delivery receipts, and can be told to fail.
package smsc

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/smpp"
)

// Options say how the centre behaves. The zero value accepts everybody and
// everything and sends receipts at once.
type Options struct {
	Address            string // "127.0.0.1:0" by default
	SystemID, Password string // empty: any
	// ReceiptAfter is the delay of delivery receipts; NoReceipts turns them off.
	ReceiptAfter time.Duration
	NoReceipts   bool
	Faults       Faults
}

// Faults are the ways to fail.
type Faults struct {
	Throttle    int         // the first so many messages get ESME_RTHROTTLED
	DropAfter   int         // the connection is cut after so many messages, once
	Silent      bool        // messages are taken and never answered
	RefuseBind  smpp.Status // every bind is refused with it
	Garbage     bool        // the first message is answered by bytes that are no SMPP, once
	Undelivered string      // numbers that end so get an UNDELIV receipt
	HexIDs      bool        // ids are hexadecimal in answers and decimal in receipts
}

// Stats is what happened so far.
type Stats struct {
	Binds    int // binds accepted
	Open     int // binds now
	MostOpen int // binds at once, at the most
	Messages int // messages taken, each part of a long text by itself
	Refused  int // messages throttled
	Receipts int // receipts the sender acknowledged
	Lost     int // receipts given up
}

// SMSC is a running centre.
type SMSC struct {
	o        Options
	listener net.Listener
	all      sync.WaitGroup
	stop     chan struct{}
	nextID   atomic.Uint64

	mu    sync.Mutex
	conns map[*conn]bool
	stats Stats
	phones
	dropped, spoiled bool
}

// maxConns bounds the connections: a demo's centre has a handful.
const maxConns = 64

// Start listens.
func Start(o Options) (*SMSC, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("smsc: %w", err)
	}
	s := &SMSC{o: o, listener: l, stop: make(chan struct{}), conns: make(map[*conn]bool), phones: newPhones()}
	s.nextID.Store(1_000_000_000)
	s.all.Go(s.accept)
	return s, nil
}

// Addr is host:port.
func (s *SMSC) Addr() string { return s.listener.Addr().String() }

// Stats is what happened so far.
func (s *SMSC) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Texts lists what the telephone with this number got, oldest first. The number
// may begin with +.
func (s *SMSC) Texts(number string) []Text {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Text(nil), s.texts[strings.TrimPrefix(number, "+")]...)
}

// Close ends all connections and waits for them.
func (s *SMSC) Close() error {
	close(s.stop)
	err := s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
	return err
}

// Send hands a person's message from a number to the first bind, as when
// somebody answers STOP.
func (s *SMSC) Send(from, to, text string) error {
	s.mu.Lock()
	var c *conn
	for k := range s.conns {
		if k.bound {
			c = k
		}
	}
	s.mu.Unlock()
	if c == nil {
		return errors.New("smsc: nobody is bound")
	}
	t, err := smpp.Encode(text)
	if err != nil {
		return err
	}
	for _, m := range t.Messages(1) {
		m.Source = smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Number: strings.TrimPrefix(from, "+")}
		m.Dest = smpp.Address{Number: to}
		if err := c.deliver(&m); err != nil {
			return err
		}
	}
	return nil
}

func (s *SMSC) accept() {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := &conn{Conn: nc, smsc: s, pending: make(map[uint32]chan smpp.Status), done: make(chan struct{})}
		s.mu.Lock()
		full := len(s.conns) >= maxConns
		if !full {
			s.conns[c] = true
		}
		s.mu.Unlock()
		if full {
			_ = nc.Close()
			continue
		}
		s.all.Go(c.serve)
	}
}

// conn is one connection.
type conn struct {
	net.Conn
	smsc  *SMSC
	bound bool // guarded by smsc.mu

	mu      sync.Mutex // for writing and what follows
	seq     uint32
	pending map[uint32]chan smpp.Status
	done    chan struct{}
}

func (c *conn) serve() {
	defer func() {
		_ = c.Close()
		close(c.done)
		c.smsc.mu.Lock()
		defer c.smsc.mu.Unlock()
		delete(c.smsc.conns, c)
		if c.bound {
			c.smsc.stats.Open--
		}
	}()
	r := bufio.NewReader(c)
	for {
		p, err := smpp.Read(r)
		if err != nil || !c.take(p) {
			return
		}
	}
}

// write puts p on the wire.
func (c *conn) write(p smpp.PDU) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second)) // a sender that does not read is cut off
	_, err := c.Write(p.Append(nil))
	return err == nil
}

// take works one PDU; false ends the connection.
func (c *conn) take(p smpp.PDU) bool {
	switch p.Command {
	case smpp.BindTransceiver, smpp.BindTransmitter, smpp.BindReceiver:
		return c.bind(p)
	case smpp.SubmitSM:
		return c.submit(p)
	case smpp.EnquireLink:
		return c.write(p.Reply(smpp.OK, nil))
	case smpp.Unbind:
		c.write(p.Reply(smpp.OK, nil))
		return false
	case smpp.DeliverSM.Response():
		c.mu.Lock()
		defer c.mu.Unlock()
		if answer := c.pending[p.Seq]; answer != nil {
			delete(c.pending, p.Seq)
			answer <- p.Status
		}
		return true
	default:
		return p.Command.IsResponse() || c.write(smpp.PDU{Command: smpp.GenericNack, Status: smpp.InvCmdID, Seq: p.Seq})
	}
}

func (c *conn) bind(p smpp.PDU) bool {
	b, err := smpp.DecodeBind(p.Body)
	s, o := c.smsc, c.smsc.o
	status := smpp.OK
	switch {
	case err != nil:
		status = smpp.InvCmdLen
	case o.Faults.RefuseBind != smpp.OK:
		status = o.Faults.RefuseBind
	case o.SystemID != "" && b.SystemID != o.SystemID:
		status = smpp.InvSystemID
	case o.Password != "" && b.Password != o.Password:
		status = smpp.InvPassword
	}
	if status != smpp.OK {
		c.write(p.Reply(status, nil))
		return false
	}
	s.mu.Lock()
	if !c.bound {
		c.bound = true
		s.stats.Binds++
		s.stats.Open++
		s.stats.MostOpen = max(s.stats.MostOpen, s.stats.Open)
	}
	s.mu.Unlock()
	return c.write(p.Reply(smpp.OK, []byte("tocsin-demo\x00")))
}
