package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/bench/measure"
)

// script is the third sender.
//
//go:embed npm.js
var script string

// subscription as a browser's PushSubscription.toJSON gives it.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// task is what a sender is told before the rounds.
type task struct {
	KeyDir        string         `json:"key_dir"`
	Public        string         `json:"public"`
	Private       string         `json:"private"`
	Certificate   string         `json:"certificate"` // a PEM file
	Subject       string         `json:"subject"`     // mailto:
	Subscriptions []subscription `json:"subscriptions"`
	AtOnce        int            `json:"at_once"`
	Notice        notice         `json:"notice"`
}

// notice is the push that all send.
type notice struct {
	Payload string `json:"payload"`
	Topic   string `json:"topic"`
	Urgency string `json:"urgency"`
	TTL     int    `json:"ttl"` // seconds
}

// order asks a sender for a round to the first People subscribers.
type order struct {
	People int `json:"people"`
}

// sender is one of those who are compared.
type sender struct {
	name   string
	part   *measure.Process
	absent string // why it is not here
	rounds []measure.Used
	conns  int     // connections opened over all rounds
	theirs float64 // the service's CPU in the measured rounds, microseconds
}

// stage is one service and all its senders.
type stage struct {
	dir      string
	people   int
	delay    time.Duration
	pushes   int // accepted pushes, by the senders' own account
	notice   notice
	service  *measure.Process
	senders  []*sender
	prepared float64 // tocsin's CPU for each subscription before any alert, microseconds
}

func openStage(o options, delay time.Duration) (_ *stage, err error) {
	s := &stage{people: o.people, delay: delay}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return nil, err
	}
	t := task{KeyDir: s.dir, Subject: "mailto:alerts@police.example", AtOnce: o.atOnce, Certificate: filepath.Join(s.dir, "roots.pem")}
	if err := t.makeKeys(); err != nil {
		return nil, err
	}
	var at place
	if s.service, err = start(nil, "service"); err != nil {
		return nil, err
	}
	if err := s.service.Ask(placing{People: o.people, Key: t.Public, Delay: delay}, &at); err != nil {
		return nil, fmt.Errorf("push service: %w", err)
	}
	if err := os.WriteFile(t.Certificate, at.Certificate, 0o600); err != nil {
		return nil, err
	}
	t.Subscriptions = at.Subscriptions

	ours := &sender{name: "tocsin"}
	s.senders = []*sender{ours, {name: "webpush-go"}, {name: "web-push"}}
	var ready prepared
	if ours.part, err = start(nil, "tocsin"); err != nil {
		return nil, err
	}
	if err := ours.part.Ask(t, &ready); err != nil {
		return nil, fmt.Errorf("tocsin: %w", err)
	}
	s.notice, s.prepared = ready.Notice, ready.CPU/float64(o.people)
	t.Notice = ready.Notice // the peers send what the product sends
	if err := s.senders[1].join(nil, t); err != nil {
		return nil, err
	}
	node, absent := measure.Node(script, "web-push")
	if absent != nil {
		s.senders[2].absent = absent.Error()
		return s, nil
	}
	return s, s.senders[2].join(node, t)
}

// join starts a peer and tells it its task.
func (p *sender) join(cmd *exec.Cmd, t task) (err error) {
	if p.part, err = start(cmd, p.name); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	var ok bool
	if err := p.part.Ask(t, &ok); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
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
	before, err := s.seen()
	if err != nil {
		return err
	}
	var used measure.Used
	if err := who.part.Ask(order{people}, &used); err != nil {
		return fmt.Errorf("%s: %w", who.name, err)
	}
	if used.Failed > 0 {
		return fmt.Errorf("%s: %d of %d pushes failed: %s", who.name, used.Failed, people, used.Why)
	}
	after, err := s.seen()
	if err != nil {
		return err
	}
	if got := after.Accepted - before.Accepted; got != people {
		return fmt.Errorf("%s: the service accepted %d of %d pushes", who.name, got, people)
	}
	s.pushes += people
	who.conns += after.Connections - before.Connections
	if counts {
		who.rounds = append(who.rounds, used)
		who.theirs += after.CPU - before.CPU
	}
	return nil
}

func (s *stage) seen() (seen seen, err error) {
	return seen, s.service.Ask(question{}, &seen)
}

// check has the service decrypt what a sample of the subscribers got.
func (s *stage) check() error {
	var got read
	if err := s.service.Ask(question{Payload: s.notice.Payload}, &got); err != nil {
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
