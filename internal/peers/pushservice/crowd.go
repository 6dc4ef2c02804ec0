package pushservice

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// crowdKeys is how many key pairs a crowd shares: a million of them would take
	// the service longer to make than the pushes to send.
	crowdKeys = 1024
	// crowdSample is one of how many members keep what they got, to decrypt it.
	crowdSample = 997
	// crowdID is the length of a member's name: that of an FCM token.
	crowdID = 8 + 7 + 3*43
)

// People is a crowd as a sender may know it: endpoints and secrets are distinct,
// the public keys come out of a pool. It is small however many there are, and
// each process works out its subscriptions for itself.
type People struct {
	Origin string   `json:"origin"`
	Count  int      `json:"count"`
	Keys   []string `json:"keys"` // public keys, base64url
}

// Subscription is member i's endpoint, public key and secret, the latter two base64url.
func (p People) Subscription(i int) (endpoint, p256dh, auth string) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	filler := b64.EncodeToString(sum[:])
	return fmt.Sprintf("%s/push/%08x:APA91b%s", p.Origin, i, strings.Repeat(filler, 3)),
		p.Keys[i%len(p.Keys)], b64.EncodeToString(sum[:16])
}

// Crowd is synthetic subscribers by the million: the service checks each push to
// them as any other, counts it, and keeps a sample.
type Crowd struct {
	People
	key    string // the VAPID key that may push
	pairs  []*ecdh.PrivateKey
	counts []atomic.Uint32
	taken  atomic.Int64

	mu     sync.Mutex
	sample map[int][]byte // the last message of one in crowdSample
}

// NewCrowd subscribes n members for the VAPID public key serverKey. A service has one crowd.
func (s *Service) NewCrowd(n int, serverKey string) (*Crowd, error) {
	c := &Crowd{
		People: People{Origin: s.pushURL, Count: n}, key: serverKey,
		counts: make([]atomic.Uint32, n), sample: map[int][]byte{},
	}
	for range min(n, crowdKeys) {
		pair, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("crowd's key: %w", err)
		}
		c.pairs = append(c.pairs, pair)
		c.Keys = append(c.Keys, b64.EncodeToString(pair.PublicKey().Bytes()))
	}
	if !s.crowd.CompareAndSwap(nil, c) {
		return nil, errors.New("the service has a crowd already")
	}
	return c, nil
}

// member is the place of the subscription id, if it is one of the crowd's.
func (c *Crowd) member(id string) (int, bool) {
	if c == nil || len(id) != crowdID {
		return 0, false
	}
	i, err := strconv.ParseUint(id[:8], 16, 32)
	return int(i), err == nil && i < uint64(len(c.counts))
}

// take counts a push to member i.
func (c *Crowd) take(i int, key string, m Message) error {
	if key != c.key {
		return refusal{http.StatusForbidden, "vapid k: not the key of this subscription"}
	}
	c.counts[i].Add(1)
	c.taken.Add(1)
	if i%crowdSample == 0 {
		c.mu.Lock()
		c.sample[i] = m.Cipher
		c.mu.Unlock()
	}
	return nil
}

// Taken is how many pushes have come to the crowd in all.
func (c *Crowd) Taken() int { return int(c.taken.Load()) }

// Count says how many members have got a push since the last Count, and how many
// pushes too many came to them.
func (c *Crowd) Count() (reached, duplicates int) {
	for i := range c.counts {
		if n := int(c.counts[i].Swap(0)); n > 0 {
			reached++
			duplicates += n - 1
		}
	}
	return reached, duplicates
}

// Read decrypts what the sample got, and says how many read payload and how many do not.
func (c *Crowd) Read(payload string) (right, wrong int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, body := range c.sample {
		_, _, auth := c.Subscription(i)
		secret, err := b64.DecodeString(auth)
		if err == nil {
			var plain []byte
			plain, err = decrypt(body, c.pairs[i%len(c.pairs)], secret)
			if err == nil && string(plain) == payload {
				right++
				continue
			}
		}
		wrong++
	}
	return right, wrong
}
