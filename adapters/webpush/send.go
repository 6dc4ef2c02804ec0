package webpush

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

const (
	// maxTTL is four weeks: the longest the large services take.
	maxTTL = 28 * 24 * time.Hour
	// sealAtOnce is how many pushes are sealed before they are lined up together.
	sealAtOnce = 32
	// sealAhead is how many sealed pushes of one Send wait for a place on a
	// connection. What waits is lost work when the service stops us.
	sealAhead = 128
	// A push that the service did not process is sent again at once, as net/http
	// does; one whose connection died under it, once. Each time sealed anew.
	triesUnprocessed = 3
	triesLost        = 2
)

// The urgencies of RFC 8030 that we use.
const (
	urgencyHigh   = "high"
	urgencyNormal = "normal"
)

// notice is one payload in its languages, ready to go to anybody.
type notice struct {
	body    func(alert.Lang) []byte
	quiet   func(alert.Lang) []byte // body without its sound; nil = there is none to take away
	grave   bool                    // sounds also for those who asked for few
	topic   string                  // empty: replaces nothing
	urgency string
	until   time.Time // nobody is told after this
}

// Send posts d to each recipient, all at once as far as the push services'
// connections and pace allow, and returns when all have an answer. Whoever a
// service's Retry-After or refusal of our key meets before his turn is returned
// with it, and nothing is sent to him.
func (a *Adapter) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	m := d.Message
	if m.Realm != a.env.Realm {
		return nil, &adapter.Failure{Class: adapter.Rejected, Code: "realm", Reason: fmt.Sprintf("a message of the %s realm cannot leave from the %s realm", m.Realm, a.env.Realm)}
	}
	n := notice{
		body:  func(lang alert.Lang) []byte { return d.Payload(lang).Body },
		topic: Topic(m), urgency: urgencyHigh, until: m.Expires,
	}
	if m.MsgType == alert.TypeCancel {
		n.urgency = urgencyNormal // an all-clear need not wake a sleeping telephone
	} else {
		n.quiet, n.grave = hush(n.body), grave(m)
	}
	return a.post(ctx, n, batch, d.Land), nil
}

// post posts n to each of batch; landed is told of each that has ended.
func (a *Adapter) post(ctx context.Context, n notice, batch []adapter.Recipient, landed func(i int)) []adapter.Receipt {
	a.sends.Add(1)
	defer a.sends.Add(-1)
	s := &sending{Adapter: a, ctx: ctx, notice: n, batch: batch, landed: landed, receipts: make([]adapter.Receipt, len(batch))}
	// The runner's batches have one destination; a batch with more must not have
	// one service wait for another.
	var legs []*leg
	for i, r := range batch {
		t, err := unpack(r)
		if err != nil {
			s.settle(i, failed(adapter.Rejected, "address", err.Error()))
			continue
		}
		l, err := a.client.line(t.origin)
		if errors.Is(err, errClosed) {
			s.settle(i, unanswered(err))
			continue
		} else if err != nil {
			s.settle(i, failed(adapter.Rejected, "endpoint", err.Error()))
			continue
		}
		p := legOf(legs, l)
		if p == nil {
			p = &leg{sending: s, line: l, tally: newTally(ctx), flights: make([]flight, 0, len(batch)-i)}
			legs = append(legs, p)
		}
		p.flights = append(p.flights, flight{home: p.tally, index: i, target: t})
	}
	if len(legs) == 0 {
		return s.receipts
	}
	var others sync.WaitGroup
	for _, p := range legs[1:] {
		others.Go(p.run)
	}
	legs[0].run()
	others.Wait()
	return s.receipts
}

func legOf(legs []*leg, l *line) *leg {
	for _, p := range legs {
		if p.line == l {
			return p
		}
	}
	return nil
}

// sending is one Send.
type sending struct {
	*Adapter
	ctx      context.Context
	notice   notice
	batch    []adapter.Recipient
	receipts []adapter.Receipt
	landed   func(i int)
}

// settle writes down what came of recipient i.
func (s *sending) settle(i int, r adapter.Receipt) {
	s.receipts[i] = r
	s.landed(i)
}

// leg is a Send's recipients at one push service.
type leg struct {
	*sending
	*tally
	line    *line
	flights []flight
	out     int   // lined up or under way
	head    *head // of the last sealed
	seconds int   // its TTL
	tried   bool  // whether refusals have ended
	bodies  []byte
	salts   []byte
}

// run brings every flight to its end.
func (p *leg) run() {
	defer context.AfterFunc(p.sending.ctx, func() { p.line.abandon(p.tally) })()
	next := 0
	for next < len(p.flights) || p.out > 0 {
		if next < len(p.flights) && p.unposted.Load() < sealAhead {
			next += p.depart(p.flights[next:])
			continue
		}
		<-p.bell // rung for each flight that ends, and they all end: abandon sees to it
		p.arrive()
	}
}

// depart lines up the first of fs, or settles them, and says how many.
func (p *leg) depart(fs []flight) int {
	now := p.now()
	if p.sending.ctx.Err() != nil {
		return p.settleAll(fs, failed(adapter.Temporary, "time-out", "the time of this attempt ran out before this recipient's turn"))
	}
	why, probe := p.line.verdict(now, p.tried)
	if why != nil {
		return p.settleAll(fs, adapter.Receipt{State: adapter.Failed, Failure: why})
	}
	if probe {
		p.tried = true
		defer p.line.probed()
		p.launch(fs[:1], now)
		for p.out > 0 {
			<-p.bell
			p.arrive()
		}
		return 1
	}
	if wait := p.line.hopeless(); wait > 0 {
		return p.settleAll(fs, adapter.Receipt{State: adapter.Failed, Failure: slower("pace", min(wait, maxRetryAfter))})
	}
	fs = fs[:min(len(fs), sealAtOnce)]
	p.launch(fs, now)
	return len(fs)
}

func (p *leg) settleAll(fs []flight, r adapter.Receipt) int {
	for i := range fs {
		p.settle(fs[i].index, r)
	}
	return len(fs)
}

// launch seals fs and lines them up.
func (p *leg) launch(fs []flight, now time.Time) {
	ready := make([]*flight, 0, len(fs))
	for i := range fs {
		f := &fs[i]
		if r := p.seal(f, now); r != nil {
			p.settle(f.index, *r)
			continue
		}
		ready = append(ready, f)
	}
	p.lineUp(ready)
}

// lineUp hands sealed flights to the line.
func (p *leg) lineUp(fs []*flight) {
	p.out += len(fs)
	p.line.enqueue(fs)
	if p.sending.ctx.Err() != nil { // it may have ended after it was last looked at, and abandon have passed
		p.line.abandon(p.tally)
	}
}

// seal makes f ready, or says why it cannot be. A panic is this recipient's alone.
func (p *leg) seal(f *flight, now time.Time) (no *adapter.Receipt) {
	defer func() {
		if recover() != nil {
			no = new(failed(adapter.Temporary, "panic", "the web push adapter panicked on this recipient"))
		}
	}()
	seconds := int(min(p.notice.until.Sub(now), maxTTL) / time.Second)
	if seconds <= 0 { // some services refuse 0, and nothing goes out after expiry
		return &adapter.Receipt{State: adapter.Expired}
	}
	token, err := p.tokens.header(p.line.origin, now)
	if err != nil {
		return new(failed(adapter.Misconfigured, "vapid", "no VAPID token could be signed: check vapid.json"))
	}
	r, t := p.batch[f.index], f.target
	body := p.notice.body
	if p.notice.quiet != nil && t.silent(now, p.notice.grave) {
		body = p.notice.quiet
	}
	plain := body(r.Lang)
	var pr pair
	defer pr.wipe()
	if !p.armory.take(&pr, r.Slot, t.xy) {
		if err := makePair(&pr, t.xy); err != nil {
			return new(failed(adapter.Rejected, "encrypt", "the subscription's keys cannot be used"))
		}
	}
	if cap(p.bodies)-len(p.bodies) < len(plain)+recordOverhead {
		p.bodies = make([]byte, 0, sealAtOnce*(len(plain)+recordOverhead))
	}
	at := len(p.bodies)
	sealed, err := seal(p.bodies, &pr, p.salt(), t.xy, t.auth, plain)
	if err != nil {
		return new(failed(adapter.Rejected, "encrypt", err.Error()))
	}
	p.bodies = sealed
	if p.head == nil || p.head.token != token || p.seconds != seconds {
		p.seconds = seconds
		p.head = &head{fields: fields{
			authority: p.line.authority, token: token, topic: p.notice.topic, urgency: p.notice.urgency, ttl: strconv.Itoa(seconds),
		}}
	}
	*f = flight{
		home: p.tally, index: f.index, tries: f.tries + 1, target: t, head: p.head, body: sealed[at:len(sealed):len(sealed)],
	}
	return nil
}

// salt is sixteen fresh random bytes.
func (p *leg) salt() *[saltLen]byte {
	if len(p.salts) == 0 {
		p.salts = make([]byte, saltLen*sealAtOnce)
		rand.Read(p.salts) // never fails
	}
	s := (*[saltLen]byte)(p.salts)
	p.salts = p.salts[saltLen:]
	return s
}

// arrive settles the flights that have ended; some set out again, sealed anew.
func (p *leg) arrive() {
	now := p.now()
	for _, f := range p.take() {
		p.out--
		if !p.again(f) {
			p.settle(f.index, p.receipt(f, now))
		} else if r := p.seal(f, now); r != nil {
			p.settle(f.index, *r)
		} else {
			p.lineUp([]*flight{f})
		}
	}
}

// again says whether f is worth another try at once.
func (p *leg) again(f *flight) bool {
	return p.sending.ctx.Err() == nil &&
		(errors.Is(f.err, errUnprocessed) && f.tries < triesUnprocessed || errors.Is(f.err, errLost) && f.tries < triesLost)
}

// receipt says what f's end means.
func (p *leg) receipt(f *flight, now time.Time) adapter.Receipt {
	switch {
	case errors.Is(f.err, errStopped):
		return adapter.Receipt{State: adapter.Failed, Failure: p.line.stoppedBy(now)}
	case f.err != nil:
		return unanswered(f.err)
	}
	r := classify(f.status, f.after, now)
	if r.Failure != nil && r.Failure.Class == adapter.Misconfigured {
		p.tokens.refused(p.line.origin, now)
	}
	return r
}

func failed(class adapter.Class, code, reason string) adapter.Receipt {
	return adapter.Receipt{State: adapter.Failed, Failure: &adapter.Failure{Class: class, Code: code, Reason: reason}}
}
