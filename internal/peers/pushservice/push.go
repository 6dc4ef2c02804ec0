package pushservice

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const (
	// maxBody is what RFC 8030 lets a service refuse above.
	maxBody = 4096
	// maxTTL is four weeks, the longest the large services keep a message.
	maxTTL = 28 * 24 * 3600
	// maxQueue bounds what waits for a user agent that is away.
	maxQueue = 64
)

var (
	topicForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	urgencies = map[string]bool{"": true, "very-low": true, "low": true, "normal": true, "high": true}
)

// refusal is an answer other than 201.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

// servePush takes one push: POST to a subscription's endpoint.
func (s *Service) servePush(w http.ResponseWriter, r *http.Request) {
	s.entered()
	defer s.inFlight.Add(-1)
	if s.o.Delay > 0 {
		time.Sleep(s.o.Delay)
	}
	id := r.PathValue("id")
	fault, free, ok := s.faults.take(id)
	if ok && s.play(w, r, fault, free) {
		s.refused.Add(1)
		return
	}
	head := pushHead{
		authorization: r.Header.Get("Authorization"), ttl: r.Header.Get("TTL"), topic: r.Header.Get("Topic"),
		urgency: r.Header.Get("Urgency"), encoding: r.Header.Get("Content-Encoding"),
	}
	m, err := s.accept(id, head, func() ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, maxBody+1)) })
	if err != nil {
		s.refused.Add(1)
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	s.accepted.Add(1)
	if fault.breaks() {
		s.snap(r, fault)
	}
	w.Header().Set("Location", s.pushURL+"/message/"+m.Version)
	w.Header().Set("TTL", strconv.Itoa(m.TTL))
	w.WriteHeader(http.StatusCreated)
}

// entered counts a push that begins.
func (s *Service) entered() {
	for now := s.inFlight.Add(1); ; {
		if peak := s.peak.Load(); now <= peak || s.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

func statusOf(err error) int {
	if no, ok := errors.AsType[refusal](err); ok {
		return no.status
	}
	return http.StatusBadRequest
}

// pushHead is the headers of a push that mean something; "" where one is missing.
type pushHead struct{ authorization, ttl, topic, urgency, encoding string }

// accept checks a push and gives it to its subscriber.
func (s *Service) accept(id string, h pushHead, body func() ([]byte, error)) (Message, error) {
	crowd := s.crowd.Load()
	member, one := crowd.member(id)
	s.mu.Lock()
	c := s.channels[id]
	s.mu.Unlock()
	if c == nil && !one {
		return Message{}, refusal{http.StatusNotFound, "no such subscription"}
	}
	m, err := h.read()
	if err != nil {
		return Message{}, err
	}
	if h.authorization == "" {
		return Message{}, refusal{http.StatusUnauthorized, "authorization: missing"}
	}
	key, err := s.vapid.check(h.authorization, s.pushURL, time.Now())
	if err != nil {
		return Message{}, refusal{http.StatusForbidden, err.Error()}
	}
	if m.Cipher, err = body(); err != nil {
		return Message{}, err
	}
	if err := checkCipher(m.Cipher); err != nil {
		return Message{}, err
	}
	if one {
		m.Version = id[:8]
		return m, crowd.take(member, key, m)
	}
	return s.give(c, key, m)
}

func (h pushHead) read() (m Message, err error) {
	if m.TTL, err = strconv.Atoi(h.ttl); err != nil || m.TTL < 0 {
		return m, errors.New("TTL: missing or not a number of seconds")
	}
	m.TTL = min(m.TTL, maxTTL)
	if m.Topic = h.topic; m.Topic != "" && !topicForm.MatchString(m.Topic) {
		return m, errors.New("topic: want at most 32 characters of base64url")
	}
	if m.Urgency = h.urgency; !urgencies[m.Urgency] {
		return m, errors.New("urgency: want very-low, low, normal or high")
	}
	if h.encoding != "aes128gcm" {
		return m, errors.New("content-encoding: want aes128gcm")
	}
	return m, nil
}

// checkCipher checks the shape of an aes128gcm body: salt, record size, key.
func checkCipher(body []byte) error {
	if len(body) > maxBody {
		return refusal{http.StatusRequestEntityTooLarge, "body: more than 4,096 bytes"}
	}
	if len(body) < cipherHead+17 || body[20] != 65 || body[21] != 4 {
		return errors.New("body: not an aes128gcm message with a P-256 key")
	}
	if size := int(binary.BigEndian.Uint32(body[16:20])); size < len(body)-cipherHead {
		return errors.New("body: more than one record")
	}
	return nil
}
