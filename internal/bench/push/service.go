package main

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/internal/bench/measure"
	"tocsin/internal/peers/pushservice"
)

// sampled is how many subscribers' messages are decrypted after the rounds.
const sampled = 50

// placing asks for a service with subscribers.
type placing struct {
	People int           `json:"people"`
	Key    string        `json:"key"` // the VAPID public key that they are bound to
	Delay  time.Duration `json:"delay"`
}

// place is where the service is and who is there.
type place struct {
	Certificate   []byte         `json:"certificate"`
	Subscriptions []subscription `json:"subscriptions"`
}

// question to the service: what it has seen, or whether its subscribers can
// read their messages as Payload.
type question struct {
	Payload string `json:"payload,omitempty"`
}

// seen is what the service counted so far.
type seen struct {
	pushservice.Stats
	CPU float64 // microseconds
}

// read is what a sample of subscribers found.
type read struct{ Right, Wrong int }

// service is the far side.
type service struct {
	*pushservice.Service
	people []*pushservice.Subscriber
	place  place
}

func newService(q json.RawMessage) (answerer, error) {
	var p placing
	if err := json.Unmarshal(q, &p); err != nil {
		return nil, err
	}
	srv, err := pushservice.Start(pushservice.Options{TLS: true, Delay: p.Delay})
	if err != nil {
		return nil, err
	}
	s := &service{Service: srv, place: place{Certificate: srv.Certificate()}}
	for range p.People {
		u, err := srv.NewSubscriber(p.Key)
		if err != nil {
			return nil, err
		}
		var sub subscription
		if err := json.Unmarshal(u.JSON(), &sub); err != nil {
			return nil, fmt.Errorf("subscription: %w", err)
		}
		s.people = append(s.people, u)
		s.place.Subscriptions = append(s.place.Subscriptions, sub)
	}
	return s, nil
}

func (s *service) ready() any { return s.place }

func (s *service) answer(raw json.RawMessage) (any, error) {
	var q question
	if err := json.Unmarshal(raw, &q); err != nil {
		return nil, err
	}
	if q.Payload == "" {
		return seen{s.Stats(), float64(measure.CPU().Microseconds())}, nil
	}
	var r read
	for i := 0; i < len(s.people); i += max(1, len(s.people)/sampled) {
		for _, m := range s.people[i].Messages() {
			plain, err := s.people[i].Decrypt(m)
			if err == nil && string(plain) == q.Payload {
				r.Right++
			} else {
				r.Wrong++
			}
		}
	}
	return r, nil
}
