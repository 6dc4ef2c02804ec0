package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/bench/measure"
	"tocsin/internal/peers/pushservice"
)

// script is npm web-push's part.
//
//go:embed npm.js
var script string

// task is what a sender is told before the rounds.
type task struct {
	KeyDir      string `json:"key_dir"`
	Public      string `json:"public"`
	Private     string `json:"private"`
	Certificate string `json:"certificate"` // a PEM file
	Subject     string `json:"subject"`     // mailto:
	AtOnce      int    `json:"at_once"`     // of the plain senders
	Connections int    `json:"connections"` // of tocsin
	Wire        string `json:"wire"`        // of tocsin
	Notice      notice `json:"notice"`

	People pushservice.People `json:"people"`
	// Subscriptions are the first of the people spelt out, for the sender that is not ours.
	Subscriptions []subscription `json:"subscriptions,omitempty"`
}

// subscription as a browser's PushSubscription.toJSON gives it.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

func (t task) subscription(i int) (s subscription) {
	s.Endpoint, s.Keys.P256dh, s.Keys.Auth = t.People.Subscription(i)
	return s
}

// notice is the push that all send.
type notice struct {
	Payload string `json:"payload"`
	Topic   string `json:"topic"`
	Urgency string `json:"urgency"`
	TTL     int    `json:"ttl"` // seconds
}

// order asks a sender for a round to People subscribers, or, with Arm, to prepare one.
type order struct {
	From   int  `json:"from,omitempty"` // of tocsin alone
	People int  `json:"people"`
	Arm    bool `json:"arm,omitempty"`
}

// portion is how many are asked for at once: a part has three minutes to answer,
// and a person wants to see that a long run goes on.
const portion = 50_000

// kind is a sender and the way it is used.
type kind struct {
	name  string
	role  string // empty: npm
	share int    // its rounds are so many times shorter than the longest
	wire  string
	armed bool
}

// The senders. The first is what the others are held against.
var senders = []kind{
	{name: "webpush-go", role: "webpush-go", share: 4},
	{name: "npm web-push", share: 10},
	{name: "tocsin cold", role: "tocsin", share: 2, wire: "raw"},
	{name: "tocsin armed, net/http", role: "tocsin", share: 1, wire: "net/http", armed: true},
	{name: "tocsin armed", role: "tocsin", share: 1, wire: "raw", armed: true},
}

// sender is one of those who are compared.
type sender struct {
	kind
	part   *measure.Process
	absent string         // why it is not here
	rounds []measure.Used // of one push each, on the mean
	arming []measure.Used // the same, of arming
	pushes int            // in the measured rounds
	conns  int            // connections opened over all rounds
	theirs float64        // the service's CPU in the measured rounds, microseconds
	wire   int            // bytes to the service in the measured rounds
	back   int            // and from it
}

// stage is one service and all its senders.
type stage struct {
	options
	dir     string
	pushes  int // accepted pushes, by the senders' own account
	twice   int // pushes too many
	task    task
	service *measure.Process
	senders []*sender
}

func openStage(o options) (_ *stage, err error) {
	s := &stage{options: o}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return nil, err
	}
	s.task = task{
		KeyDir: s.dir, Subject: "mailto:alerts@police.example", AtOnce: o.atOnce, Connections: o.connections,
		Certificate: filepath.Join(s.dir, "roots.pem"),
	}
	if err := s.task.makeKeys(); err != nil {
		return nil, err
	}
	if s.service, err = start(nil, "service"); err != nil {
		return nil, err
	}
	var at place
	if err := s.service.Ask(placing{People: o.people, Key: s.task.Public, Delay: o.delay}, &at); err != nil {
		return nil, fmt.Errorf("push service: %w", err)
	}
	s.task.People = at.People
	if err := os.WriteFile(s.task.Certificate, at.Certificate, 0o600); err != nil {
		return nil, err
	}
	s.task.Notice, err = words()
	return s, err
}

// join starts a sender and tells it its task.
func (s *stage) join(k kind) error {
	p := &sender{kind: k}
	s.senders = append(s.senders, p)
	t := s.task
	t.Wire = k.wire
	var cmd *exec.Cmd
	if k.role == "" {
		var err error
		if cmd, err = measure.Node(script, "web-push"); err != nil {
			p.absent = err.Error()
			return nil
		}
		t.AtOnce = min(t.AtOnce, plainAtOnce) // its agent opens a connection for each
		t.People.Keys = nil
		for i := range max(1, s.people/k.share) {
			t.Subscriptions = append(t.Subscriptions, s.task.subscription(i))
		}
	}
	var err error
	if p.part, err = start(cmd, k.role); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	var ok bool
	if err := p.part.Ask(t, &ok); err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return nil
}

// start starts cmd, or this program in a role.
func start(cmd *exec.Cmd, role string) (*measure.Process, error) {
	if cmd == nil {
		var err error
		if cmd, err = measure.Self("-role", role); err != nil {
			return nil, err
		}
	}
	return measure.Start(cmd)
}

// makeKeys makes the VAPID pair that all subscribers are bound to, and lays it
// where the product looks for it.
func (t *task) makeKeys() (err error) {
	if t.Private, t.Public, err = push.GenerateVAPIDKeys(); err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]string{"public": t.Public, "private": t.Private})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(t.KeyDir, "vapid.json"), raw, 0o600)
}

// round has one sender send to people subscribers.
func (s *stage) round(who *sender, people int, counts bool) error {
	if who.part == nil {
		return nil
	}
	var armed measure.Used
	if who.armed {
		var err error
		if armed, err = who.ask(people, true); err != nil {
			return err
		}
	}
	before, err := s.seen()
	if err != nil {
		return err
	}
	used, err := who.ask(people, false)
	if err != nil {
		return err
	}
	if used.Failed > 0 {
		return fmt.Errorf("%s: %d of %d pushes failed: %s", who.name, used.Failed, people, used.Why)
	}
	after, err := s.seen()
	if err != nil {
		return err
	}
	if after.Reached != people {
		return fmt.Errorf("%s: the service saw %d of %d subscribers reached", who.name, after.Reached, people)
	}
	s.pushes += people
	s.twice += after.Duplicates
	who.conns += after.Connections - before.Connections
	if counts {
		who.rounds = append(who.rounds, each(used, people))
		who.arming = append(who.arming, each(armed, people))
		who.pushes += people
		who.theirs += after.CPU - before.CPU
		who.wire += after.BytesIn - before.BytesIn
		who.back += after.BytesOut - before.BytesOut
	}
	return nil
}

// ask has a sender arm, or send to, the first people subscribers, in portions.
func (p *sender) ask(people int, arm bool) (sum measure.Used, err error) {
	for from := 0; from < people; from += portion {
		var u measure.Used
		if err := p.part.Ask(order{From: from, People: min(portion, people-from), Arm: arm}, &u); err != nil {
			return sum, fmt.Errorf("%s: %w", p.name, err)
		}
		if sum.Failed == 0 {
			sum.Why = u.Why
		}
		sum.Seconds += u.Seconds
		sum.CPU += u.CPU
		sum.Failed += u.Failed
		sum.PeakMB = u.PeakMB
		if people > portion {
			fmt.Fprintf(os.Stderr, "\r%s: %s %d of %d ", p.name, map[bool]string{true: "armed", false: "sent"}[arm], from+min(portion, people-from), people)
		}
	}
	if people > portion {
		fmt.Fprintln(os.Stderr)
	}
	return sum, nil
}

// each is u divided among n pushes.
func each(u measure.Used, n int) measure.Used {
	u.Seconds /= float64(n)
	u.CPU /= float64(n)
	return u
}

func (s *stage) seen() (seen seen, err error) {
	return seen, s.service.Ask(question{}, &seen)
}

// check has the service decrypt what a sample of the subscribers got.
func (s *stage) check() error {
	var got read
	if err := s.service.Ask(question{Payload: s.task.Notice.Payload}, &got); err != nil {
		return err
	}
	if got.Wrong > 0 || got.Right == 0 {
		return fmt.Errorf("of the messages of a sample of subscribers %d decrypt to the payload and %d do not", got.Right, got.Wrong)
	}
	return nil
}

// close ends every part.
func (s *stage) close() {
	for _, p := range s.senders {
		if p.part != nil {
			p.part.Stop()
		}
	}
	if s.service != nil {
		s.service.Stop()
	}
	if err := os.RemoveAll(s.dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "bench push:", err)
	}
}
