package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"unicode/utf8"

	"tocsin/internal/alert"
	"tocsin/internal/bench/measure"
	"tocsin/internal/smpp"
)

// script is the centre and the other sender.
//
//go:embed npm.js
var script string

// septets of a part: what a telephone can join.
const septets = 153

// task is what a sender is told before the rounds.
type task struct {
	KeyDir  string         `json:"key_dir"`
	Port    int            `json:"port"`
	Window  int            `json:"window"`
	Numbers []string       `json:"numbers"` // without +
	Parts   []string       `json:"parts"`
	Message *alert.Message `json:"message"`
}

// order asks a sender for a round.
type order struct {
	Messages int `json:"messages"`
}

// arrived is what the centre saw since it was last asked.
type arrived struct {
	Parts int     `json:"parts"`
	Right int     `json:"right"` // telephones that show the whole text
	CPU   float64 `json:"cpu"`   // microseconds since its start
}

// sender is one of the two that are compared.
type sender struct {
	name   string
	part   *measure.Process
	rounds []measure.Used
	theirs float64 // the centre's CPU in the measured rounds, microseconds
}

// stage is one centre and both senders.
type stage struct {
	dir      string
	window   int
	messages int
	text     string
	parts    int
	centre   *measure.Process
	cpu      float64 // the centre's so far
	senders  []*sender
}

func openStage(o options, window int) (_ *stage, err error) {
	s := &stage{window: window, messages: o.messages}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return nil, err
	}
	t := task{KeyDir: s.dir, Window: window}
	if t.Message, err = measure.Alert(); err != nil {
		return nil, err
	}
	s.text = smpp.Plain(t.Message.Texts[alert.English].SMS)
	if t.Parts, err = parts(s.text); err != nil {
		return nil, err
	}
	s.parts = len(t.Parts)
	for i := range o.messages {
		t.Numbers = append(t.Numbers, fmt.Sprintf("32470%06d", i))
	}
	cmd, err := measure.Node(script, "smpp", "centre")
	if err != nil {
		return nil, err
	}
	if s.centre, err = measure.Start(cmd); err != nil {
		return nil, err
	}
	if err := s.centre.Ask(true, &t); err != nil { // its port
		return nil, fmt.Errorf("centre: %w", err)
	}
	return s, s.join(t)
}

// join starts both senders and tells them their task.
func (s *stage) join(t task) error {
	ours, err := measure.Self("-role", "tocsin")
	if err != nil {
		return err
	}
	theirs, err := measure.Node(script, "smpp", "client")
	if err != nil {
		return err
	}
	for i, cmd := range []*exec.Cmd{ours, theirs} {
		p := &sender{name: []string{"tocsin", "npm smpp"}[i]}
		if p.part, err = measure.Start(cmd); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		s.senders = append(s.senders, p)
		var ok bool
		if err := p.part.Ask(t, &ok); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// parts divides text as the product does, for a peer that cannot.
func parts(text string) ([]string, error) {
	t, err := smpp.Encode(text)
	if err != nil {
		return nil, err
	}
	if !t.GSM || t.Units != utf8.RuneCountInString(text) {
		return nil, fmt.Errorf("the text %q has characters of more than one septet", text)
	}
	if len(t.Parts) == 1 {
		return []string{text}, nil
	}
	var all []string
	for r := []rune(text); len(r) > 0; r = r[min(septets, len(r)):] {
		all = append(all, string(r[:min(septets, len(r))]))
	}
	return all, nil
}

// round has one sender send to everybody.
func (s *stage) round(who *sender, counts bool) error {
	var used measure.Used
	if err := who.part.Ask(order{s.messages}, &used); err != nil {
		return fmt.Errorf("%s: %w", who.name, err)
	}
	if used.Failed > 0 {
		return fmt.Errorf("%s: %d of %d messages failed: %s", who.name, used.Failed, s.messages, used.Why)
	}
	var got arrived
	if err := s.centre.Ask(map[string]string{"text": s.text}, &got); err != nil {
		return fmt.Errorf("centre: %w", err)
	}
	if got.Right != s.messages || got.Parts != s.messages*s.parts {
		return fmt.Errorf("%s: %d of %d telephones show the text, after %d parts", who.name, got.Right, s.messages, got.Parts)
	}
	if counts {
		who.rounds = append(who.rounds, used)
		who.theirs += got.CPU - s.cpu
	}
	s.cpu = got.CPU
	return nil
}

// close ends every part.
func (s *stage) close() {
	for _, p := range append([]*sender{{part: s.centre}}, s.senders...) {
		if p.part != nil {
			p.part.Stop()
		}
	}
	_ = os.RemoveAll(s.dir)
}

// ratio is how many times as much npm smpp takes.
func (s *stage) ratio(of func(measure.Used) float64) float64 {
	return measure.Ratio(s.senders[1].rounds, s.senders[0].rounds, of)
}

// report prints the table.
func (s *stage) report(w io.Writer) {
	n := float64(s.messages)
	fmt.Fprintf(w, "one text of %d parts to %d telephones, window %d, medians of %d rounds\n",
		s.parts, s.messages, s.window, len(s.senders[0].rounds))
	fmt.Fprintf(w, "%-14s %10s %12s %10s %14s %16s %8s\n",
		"", "ms", "messages/s", "parts/s", "CPU µs/message", "centre µs/mess.", "peak MB")
	for _, p := range s.senders {
		took := measure.Typical(p.rounds, measure.Seconds)
		fmt.Fprintf(w, "%-14s %10.0f %12.0f %10.0f %14.0f %16.0f %8.0f\n", p.name, took*1000, n/took, n*float64(s.parts)/took,
			measure.Typical(p.rounds, measure.CPUTime)/n, p.theirs/n/float64(len(p.rounds)), measure.Typical(p.rounds, measure.Peak))
	}
}
