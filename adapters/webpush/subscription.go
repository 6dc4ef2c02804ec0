package webpush

import (
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// maxRegions bounds one citizen's choice.
const maxRegions = 20

// regionForm is an ISO 3166-1 or 3166-2 code.
var regionForm = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// subscription is where a device is reached, and by which keys.
type subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}

// RecipientID is the stable name of the subscription at a canonical endpoint:
// subscribing twice is one recipient, and the ledger never holds the address.
func RecipientID(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return b64.EncodeToString(sum[:])[:32]
}

// request is what a browser sends to subscribe.
type request struct {
	Subscription struct { // PushSubscription.toJSON(); unknown members are the browser's business
		Endpoint string `json:"endpoint"`
		Keys     struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	} `json:"subscription"`
	Regions []string   `json:"regions"`
	Lang    alert.Lang `json:"lang"`
	wishes
	// Replaces is the endpoint that this subscription takes the place of, when
	// the browser has made a new one.
	Replaces string `json:"replaces"`
}

// recipient checks r, naming every fault at once.
func (a *Adapter) recipient(r request, now time.Time) (adapter.Recipient, error) {
	var faults alert.Invalid
	target, err := a.guard.check(r.Subscription.Endpoint)
	if err != nil {
		faults.Add("subscription.endpoint", "refused", "The endpoint "+err.Error()+".")
	}
	point, err := decodeKey(r.Subscription.Keys.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(point)
	}
	if err != nil {
		faults.Add("subscription.keys.p256dh", "format", "The key must be a point on P-256 in base64url: send the browser's PushSubscription as it is.")
	}
	auth, err := decodeKey(r.Subscription.Keys.Auth)
	if err != nil || len(auth) != 16 {
		faults.Add("subscription.keys.auth", "format", "The secret must be 16 bytes in base64url: send the browser's PushSubscription as it is.")
	}
	a.checkRegions(r.Regions, &faults)
	if _, ok := words[r.Lang]; !ok {
		faults.Add("lang", "unknown", "Choose one of en, fr, de, it, ru and es.")
	}
	if r.Quiet != nil && zoneNumber(r.Quiet.Zone) == 0 {
		faults.Add("quiet.zone", "unknown", "Name a time zone such as Europe/Brussels: the browser knows its own.")
	}
	if r.Quiet != nil && r.Quiet.From == r.Quiet.To {
		faults.Add("quiet.to", "contradiction", "Let the quiet hours end at another time than they begin, or leave them out.")
	}
	if len(faults) > 0 {
		return adapter.Recipient{}, faults
	}
	address, err := json.Marshal(stored{
		subscription{target.url, b64.EncodeToString(point), b64.EncodeToString(auth)}, r.wishes, now.UTC().Format(dayForm),
	})
	if err != nil {
		return adapter.Recipient{}, err
	}
	return adapter.Recipient{
		ID: RecipientID(target.url), Channel: Name, Lang: r.Lang, Areas: r.Regions,
		Destination: target.origin, Address: address, Created: now.UTC().Truncate(time.Second),
	}, nil
}

func (a *Adapter) checkRegions(codes []string, faults *alert.Invalid) {
	switch {
	case len(codes) == 0:
		faults.Add("regions", "required", "Choose at least one region.")
		return
	case len(codes) > maxRegions:
		faults.Add("regions", "too_many", "Choose at most 20 regions, or a whole country.")
		return
	}
	for _, code := range codes {
		if !regionForm.MatchString(code) || !a.offers(code) {
			faults.Add("regions", "unknown", "Choose ISO 3166 codes of regions that this server serves, such as BE or BE-VAN.")
			return
		}
	}
}

// offers says whether code is one of the set regions or below one.
func (a *Adapter) offers(code string) bool {
	if len(a.regions) == 0 {
		return true
	}
	for _, r := range a.regions {
		if code == r || strings.HasPrefix(code, r+"-") {
			return true
		}
	}
	return false
}

// decodeKey takes base64url or base64, padded or not: libraries between the
// browser and us write all four. The bound keeps a stranger's text short.
func decodeKey(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if len(s) > 128 {
		return nil, base64.CorruptInputError(128)
	}
	return b64.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(s))
}
