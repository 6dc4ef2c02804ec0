package webpush

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	push "github.com/SherClockHolmes/webpush-go"
)

const (
	// tokenUse is how long one VAPID token is used. webpush-go always signs for
	// 12 h; the hour between covers clocks that differ.
	tokenUse = 11 * time.Hour
	// tokenRest is how soon a refused token may be replaced: Apple wants at
	// most one an hour.
	tokenRest = time.Hour
	// maxOrigins bounds the tokens kept: *.push.apple.com lets strangers invent
	// as many origins as they like.
	maxOrigins = 512
)

// tokens are the VAPID headers in use, one for each origin.
type tokens struct {
	mint func(origin string) (string, error)
	mu   sync.Mutex
	held map[string]token
}

type token struct {
	header string
	made   time.Time
}

// header is the Authorization header for origin.
func (t *tokens) header(origin string, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock() // held while signing: ten thousand pushes wait for one signature instead of making their own
	if have, ok := t.held[origin]; ok && now.Sub(have.made) < tokenUse {
		return have.header, nil
	}
	header, err := t.mint(origin)
	if err != nil {
		return "", err
	}
	if t.held == nil || len(t.held) >= maxOrigins {
		t.held = map[string]token{}
	}
	t.held[origin] = token{header, now}
	return header, nil
}

// refused lets the next push sign anew, when the token has had its rest.
func (t *tokens) refused(origin string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have, ok := t.held[origin]; ok && now.Sub(have.made) >= tokenRest {
		delete(t.held, origin)
	}
}

// errCaptured ends the request whose header was wanted.
var errCaptured = errors.New("captured")

// capture is an HTTP client that keeps the header and sends nothing.
type capture struct{ header string }

func (c *capture) Do(r *http.Request) (*http.Response, error) {
	c.header = r.Header.Get("Authorization")
	return nil, errCaptured
}

// mint makes a VAPID header for origin: webpush-go signs one for each message
// and has no call for it alone, so a message that never leaves is caught.
func (a *Adapter) mint(origin string) (string, error) {
	var c capture
	nobody := push.Subscription{
		Endpoint: origin + "/",
		Keys:     push.Keys{P256dh: a.keys.Public, Auth: b64.EncodeToString(make([]byte, 16))},
	}
	_, err := push.SendNotificationWithContext(context.Background(), nil, &nobody, &push.Options{
		HTTPClient: &c, RecordSize: recordOverhead, TTL: 1,
		Subscriber: a.subject, VAPIDPublicKey: a.keys.Public, VAPIDPrivateKey: a.keys.Private,
	})
	if err != nil && !errors.Is(err, errCaptured) {
		return "", err
	}
	return c.header, nil
}
