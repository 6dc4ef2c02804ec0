package main

import (
	"encoding/json"
	"time"

	"tocsin/internal/bench/measure"
	"tocsin/internal/peers/pushservice"
)

// placing asks for a service with subscribers.
type placing struct {
	People int           `json:"people"`
	Key    string        `json:"key"` // the VAPID public key that they are bound to
	Delay  time.Duration `json:"delay"`
}

// place is where the service is and who is there.
type place struct {
	Certificate []byte             `json:"certificate"`
	People      pushservice.People `json:"people"`
}

// question to the service: what it has seen since the last one; with Payload,
// whether a sample of its subscribers can read their messages as that.
type question struct {
	Payload string `json:"payload,omitempty"`
}

// seen is what the service counted.
type seen struct {
	pushservice.Stats         // since the start
	CPU               float64 // microseconds, since the start
	Reached           int     // subscribers, since the last question
	Duplicates        int     // pushes too many to them
}

// read is what a sample of subscribers found.
type read struct{ Right, Wrong int }

// service is the far side.
type service struct {
	*pushservice.Service
	crowd *pushservice.Crowd
}

func newService(q json.RawMessage) (answerer, error) {
	var p placing
	if err := json.Unmarshal(q, &p); err != nil {
		return nil, err
	}
	srv, err := pushservice.Start(pushservice.Options{TLS: true, Delay: p.Delay, Lean: true})
	if err != nil {
		return nil, err
	}
	crowd, err := srv.NewCrowd(p.People, p.Key)
	if err != nil {
		return nil, err
	}
	return &service{srv, crowd}, nil
}

func (s *service) ready() any { return place{s.Certificate(), s.crowd.People} }

func (s *service) answer(raw json.RawMessage) (any, error) {
	var q question
	if err := json.Unmarshal(raw, &q); err != nil {
		return nil, err
	}
	if q.Payload == "" {
		got := seen{Stats: s.Stats(), CPU: float64(measure.CPU().Microseconds())}
		got.Reached, got.Duplicates = s.crowd.Count()
		return got, nil
	}
	var r read
	r.Right, r.Wrong = s.crowd.Read(q.Payload)
	return r, nil
}
