package smsc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/smpp"
)

// submit takes one message; false ends the connection.
func (c *conn) submit(p smpp.PDU) bool {
	m, err := smpp.DecodeMessage(p.Body)
	if err != nil {
		return c.write(p.Reply(smpp.InvCmdLen, nil))
	}
	s := c.smsc
	verdict := s.judge(c, m)
	switch verdict {
	case taken:
	case throttled:
		return c.write(p.Reply(smpp.Throttled, nil))
	case unbound:
		return c.write(p.Reply(smpp.InvBindStatus, nil))
	case nonsense:
		_, _ = c.Write([]byte(strings.Repeat("HTTP/1.1 200 OK\r\n\r\n", 4)))
		return true
	case silent:
		return true
	case cut:
		return false
	}
	n := s.nextID.Add(1)
	id := strconv.FormatUint(n, 10)
	if s.o.Faults.HexIDs {
		id = strconv.FormatUint(n, 16)
	}
	ok := c.write(p.Reply(smpp.OK, smpp.AppendID(nil, id)))
	if ok && m.Registered&1 != 0 && !s.o.NoReceipts {
		s.all.Go(func() { s.receipt(c, m, strconv.FormatUint(n, 10)) })
	}
	return ok
}

// verdict is what becomes of a message.
type verdict int

const (
	taken verdict = iota
	throttled
	unbound
	nonsense
	silent
	cut
)

func (s *SMSC) judge(c *conn, m *smpp.Message) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.o.Faults
	switch {
	case !c.bound:
		return unbound
	case s.stats.Refused < f.Throttle:
		s.stats.Refused++
		return throttled
	case f.Garbage && !s.spoiled:
		s.spoiled = true
		return nonsense
	}
	s.stats.Messages++
	switch {
	case f.Silent:
		return silent
	case f.DropAfter > 0 && !s.dropped && s.stats.Messages > f.DropAfter:
		s.dropped = true
		return cut
	}
	s.phones.take(m, time.Now())
	return taken
}

const (
	// tries bounds how often a receipt is sent.
	tries = 8
	// answerTime bounds the wait for its acknowledgement.
	answerTime = 15 * time.Second
)

// receipt sends the delivery receipt for m, again when the sender asks for it.
func (s *SMSC) receipt(c *conn, m *smpp.Message, id string) {
	state, code, dlvrd := "DELIVRD", "000", "001"
	if e := s.o.Faults.Undelivered; e != "" && strings.HasSuffix(m.Dest.Number, e) {
		state, code, dlvrd = "UNDELIV", "001", "000"
	}
	at := time.Now().UTC().Format("0601021504")
	r := &smpp.Message{
		Source: m.Dest, Dest: m.Source, ESMClass: smpp.ESMReceipt,
		Short: fmt.Appendf(nil, "id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%s text:",
			id, dlvrd, at, at, state, code),
	}
	for try := range tries {
		wait := s.o.ReceiptAfter
		if try > 0 {
			wait = time.Second
		}
		select {
		case <-time.After(wait):
		case <-s.stop:
			return
		}
		if s.bindFor(c).deliver(r) == nil {
			s.mu.Lock()
			s.stats.Receipts++
			s.mu.Unlock()
			return
		}
	}
	s.mu.Lock()
	s.stats.Lost++
	s.mu.Unlock()
}

// bindFor is c, or another bind when c is gone: receipts belong to the account.
func (s *SMSC) bindFor(c *conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[c] {
		return c
	}
	for k := range s.conns {
		if k.bound {
			return k
		}
	}
	return c
}

// deliver sends m and waits for the sender's OK.
func (c *conn) deliver(m *smpp.Message) error {
	body, err := m.Append(nil)
	if err != nil {
		return err
	}
	answer := make(chan smpp.Status, 1)
	c.mu.Lock()
	c.seq++
	seq := c.seq
	c.pending[seq] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.pending, seq)
		c.mu.Unlock()
	}()
	if !c.write(smpp.PDU{Command: smpp.DeliverSM, Seq: seq, Body: body}) {
		return errors.New("smsc: the connection is closed")
	}
	select {
	case st := <-answer:
		if st != smpp.OK {
			return &smpp.StatusError{Command: smpp.DeliverSM, Status: st}
		}
		return nil
	case <-c.done:
		return errors.New("smsc: the connection was closed")
	case <-time.After(answerTime):
		return errors.New("smsc: no answer to a receipt")
	}
}
