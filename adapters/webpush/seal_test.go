package webpush

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"testing"

	push "github.com/SherClockHolmes/webpush-go"

	"tocsin/internal/peers/pushservice"
)

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := b64.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSealAsTheStandard holds sealing to the example of RFC 8291, appendix A.
func TestSealAsTheStandard(t *testing.T) {
	ours, err := ecdh.P256().NewPrivateKey(raw(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	point := raw(t, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
	theirs, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	var p pair
	copy(p.public[:], ours.PublicKey().Bytes())
	secret, err := ours.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.secret[:], secret)
	plain := []byte("When I grow up, I want to be a watermelon")
	got, err := seal(nil, &p, (*[saltLen]byte)(raw(t, "DGv6ra1nlYgDCS1FRnbzlw")), point[1:], raw(t, "BTBZMqHH6r4Tts7J_aSIgg"), plain)
	if err != nil {
		t.Fatal(err)
	}
	want := "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_" +
		"yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if b64.EncodeToString(got) != want {
		t.Errorf("sealed %s\nwant   %s", b64.EncodeToString(got), want)
	}
}

// kept is an HTTP client that keeps the body it should have posted.
type kept struct{ body []byte }

func (k *kept) Do(r *http.Request) (answer *http.Response, err error) {
	if k.body, err = io.ReadAll(r.Body); err == nil {
		err = errCaptured
	}
	return nil, err
}

// TestBothEncodersDecryptAlike has one subscriber open what we sealed and what
// webpush-go sealed, of every length from nothing to the longest.
func TestBothEncodersDecryptAlike(t *testing.T) {
	s := service(t, pushservice.Options{})
	a := drill(t, s)
	u, err := s.NewSubscriber(a.keys.Public)
	if err != nil {
		t.Fatal(err)
	}
	xy, auth := raw(t, u.P256dh())[1:], raw(t, u.Auth())
	for _, n := range []int{0, 1, 15, 16, 17, 600, 2048, maxPlain - 1, maxPlain} {
		plain := make([]byte, n)
		rand.Read(plain)
		if n > 0 {
			plain[n-1] |= 1 // a decoder may strip zeros of padding
		}
		var p pair
		if err := makePair(&p, xy); err != nil {
			t.Fatal(err)
		}
		var salt [saltLen]byte
		rand.Read(salt[:])
		ours, err := seal(nil, &p, &salt, xy, auth, plain)
		if err != nil {
			t.Fatal(err)
		}
		var theirs kept
		_, err = push.SendNotification(bytes.Clone(plain), &push.Subscription{Endpoint: u.Endpoint, Keys: push.Keys{P256dh: u.P256dh(), Auth: u.Auth()}}, &push.Options{
			HTTPClient: &theirs, RecordSize: uint32(n + recordOverhead), TTL: 1,
			Subscriber: a.subject, VAPIDPublicKey: a.keys.Public, VAPIDPrivateKey: a.keys.Private,
		})
		if !errors.Is(err, errCaptured) {
			t.Fatal(err)
		}
		if len(ours) != len(theirs.body) || len(ours) != n+recordOverhead {
			t.Errorf("%d bytes: sealed to %d, by webpush-go to %d", n, len(ours), len(theirs.body))
		}
		for who, body := range map[string][]byte{"we": ours, "webpush-go": theirs.body} {
			if got, err := u.Decrypt(pushservice.Message{Cipher: body}); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes, sealed by %s: %v", n, who, err)
			}
		}
	}
}

func TestSealRefuses(t *testing.T) {
	var p pair
	if _, err := seal(nil, &p, new([saltLen]byte), make([]byte, xyLen), make([]byte, authLen), make([]byte, maxPlain+1)); err == nil {
		t.Error("a payload that no service takes was sealed")
	}
	if err := makePair(&p, make([]byte, xyLen)); !errors.Is(err, errKey) {
		t.Errorf("a key that is no point: %v", err)
	}
	if p != (pair{}) {
		t.Error("a failed pair left something behind")
	}
}

// Sealing must not write into the payload that all recipients share, nor beyond what it appends.
func TestSealAppends(t *testing.T) {
	s := service(t, pushservice.Options{})
	u, err := s.NewSubscriber("")
	if err != nil {
		t.Fatal(err)
	}
	xy, auth, plain := raw(t, u.P256dh())[1:], raw(t, u.Auth()), []byte("words that all share")
	before := bytes.Clone(plain)
	room := make([]byte, 3, 4096)
	for range 2 {
		var p pair
		if err := makePair(&p, xy); err != nil {
			t.Fatal(err)
		}
		from := len(room)
		if room, err = seal(room, &p, new([saltLen]byte), xy, auth, plain); err != nil {
			t.Fatal(err)
		}
		if got, err := u.Decrypt(pushservice.Message{Cipher: room[from:]}); err != nil || !bytes.Equal(got, before) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if !bytes.Equal(plain, before) || !bytes.Equal(room[:3], make([]byte, 3)) {
		t.Error("sealing wrote where it should only read")
	}
}

func TestHMAC(t *testing.T) {
	for _, n := range []int{1, 16, 32, 64} {
		for _, m := range []int{0, 1, 28, 32, 145, 160} {
			key, msg := make([]byte, n), make([]byte, m)
			rand.Read(key)
			rand.Read(msg)
			want := hmac.New(sha256.New, key)
			want.Write(msg)
			if got := hmacSHA256(key, msg); !bytes.Equal(got[:], want.Sum(nil)) {
				t.Errorf("key of %d, message of %d: another sum than crypto/hmac's", n, m)
			}
		}
	}
}

// BenchmarkPair is what arming costs for each subscription.
func BenchmarkPair(b *testing.B) {
	xy := raw(b, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")[1:]
	var p pair
	for b.Loop() {
		if err := makePair(&p, xy); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeal is what is left to do for an armed one.
func BenchmarkSeal(b *testing.B) {
	xy := raw(b, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")[1:]
	var p pair
	if err := makePair(&p, xy); err != nil {
		b.Fatal(err)
	}
	plain, auth, buf := make([]byte, 700), make([]byte, authLen), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal(buf, &p, new([saltLen]byte), xy, auth, plain); err != nil {
			b.Fatal(err)
		}
	}
}
