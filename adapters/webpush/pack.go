package webpush

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tocsin/internal/adapter"
)

// A packed address is
//
//	1 byte    which of starts the endpoint begins with; 0 = none
//	64 bytes  the subscription's public key, x and y
//	16 bytes  its secret
//	9 bytes   the citizen's wishes, see wishes.go
//	2 bytes   the length of the origin, and the origin; only after 0
//	rest      of the endpoint: path and query
//
// It lives in this process's memory alone, so it may change with any version.
const (
	keyAt  = 1
	authAt = keyAt + xyLen
	wishAt = authAt + authLen
	restAt = wishAt + wishesLen
)

// starts are how the endpoints of the large push services begin: a million
// citizens need not each hold the same forty characters.
var starts = []struct{ origin, path string }{
	{}, // 0: spelt out
	{"https://fcm.googleapis.com", "/fcm/send/"},
	{"https://fcm.googleapis.com", "/wp/"},
	{"https://jmt17.google.com", "/fcm/send/"},
	{"https://updates.push.services.mozilla.com", "/wpush/v2/"},
	{"https://updates.push.services.mozilla.com", "/wpush/v1/"},
	{"https://web.push.apple.com", "/"},
}

// target is where a push goes: a view into a packed address.
type target struct {
	origin []byte // "https://host", never empty
	start  string // the path's shared beginning
	rest   []byte // the path's rest, with the query
	xy     []byte // public key
	auth   []byte
	wishes []byte // see wishes.go
}

// pack is Driver.Pack: it checks an address as the guard does, but for the list
// of allowed hosts, which is the open channel's and is asked by Send.
func pack(address json.RawMessage) ([]byte, error) {
	var sub stored
	if !sub.quick(string(address)) {
		sub = stored{}
		if err := json.Unmarshal(address, &sub); err != nil {
			return nil, errors.New("the stored subscription cannot be read")
		}
	}
	at, err := anyHost.check(sub.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint %w", err)
	}
	path := at.url[len(at.origin):]
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the endpoint must be plain ASCII without spaces") // it goes into a header as it is
	}
	point, err := decodeKey(sub.P256dh)
	if err != nil || len(point) != pointLen || point[0] != 4 {
		return nil, errors.New("p256dh: not a point on P-256 in base64url")
	}
	auth, err := decodeKey(sub.Auth)
	if err != nil || len(auth) != authLen {
		return nil, errors.New("auth: not 16 bytes in base64url")
	}
	code := 0
	for i, s := range starts[1:] {
		if at.origin == s.origin && strings.HasPrefix(path, s.path) {
			code, path = i+1, path[len(s.path):]
			break
		}
	}
	p := make([]byte, 0, restAt+2+len(at.origin)+len(path))
	p = append(p, byte(code))
	p = append(p, point[1:]...)
	p = append(p, auth...)
	p = appendWishes(p, sub)
	if code == 0 {
		p = binary.BigEndian.AppendUint16(p, uint16(len(at.origin)))
		p = append(p, at.origin...)
	}
	return bytes.Clone(append(p, path...)), nil // Clone: without the room
}

// quick reads an address as we write it ourselves, at a tenth of the cost of
// encoding/json, or says that it is not one: a million are read at every start.
func (s *stored) quick(address string) bool {
	if strings.Contains(address, `\`) {
		return false
	}
	rest, ok := strings.CutPrefix(address, `{"endpoint":"`)
	s.Endpoint, rest, _ = strings.Cut(rest, `"`)
	rest, ok2 := strings.CutPrefix(rest, `,"p256dh":"`)
	s.P256dh, rest, _ = strings.Cut(rest, `"`)
	rest, ok3 := strings.CutPrefix(rest, `,"auth":"`)
	s.Auth, rest, _ = strings.Cut(rest, `"`)
	if day, more := strings.CutPrefix(rest, `,"confirmed":"`); more {
		s.Confirmed, rest, _ = strings.Cut(day, `"`)
	}
	return ok && ok2 && ok3 && rest == "}" // wishes go the common way
}

// unpack is the target of r. An error says what is wrong with the address, without repeating it.
func unpack(r adapter.Recipient) (t target, err error) {
	p := r.Packed
	if p == nil {
		if p, err = pack(r.Address); err != nil {
			return t, err
		}
	}
	if len(p) <= restAt || int(p[0]) >= len(starts) {
		return t, errors.New("the packed subscription cannot be read")
	}
	t.xy, t.auth, t.wishes, t.rest = p[keyAt:authAt], p[authAt:wishAt], p[wishAt:restAt], p[restAt:]
	if s := starts[p[0]]; p[0] > 0 {
		t.origin, t.start = startOrigins[p[0]], s.path
		return t, nil
	}
	if len(t.rest) < 2 {
		return t, errors.New("the packed subscription cannot be read")
	}
	n := int(binary.BigEndian.Uint16(t.rest))
	if len(t.rest) <= 2+n || n == 0 {
		return t, errors.New("the packed subscription cannot be read")
	}
	t.origin, t.rest = t.rest[2:2+n], t.rest[2+n:]
	return t, nil
}

// startOrigins are the origins of starts as bytes.
var startOrigins = func() (all [][]byte) {
	for _, s := range starts {
		all = append(all, []byte(s.origin))
	}
	return all
}()
