package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// recordSize is what the header of a message declares (RFC 8188, section 2.1).
	// Ours are one record, without padding, and never larger: what every push
	// service takes.
	recordSize = 4096
	// recordOverhead is what sealing adds: 86 bytes of header, 16 of tag and 1 of end mark.
	recordOverhead = headerLen + 16 + 1
	// headerLen is salt 16, record size 4, key length 1, key 65.
	headerLen = 86

	saltLen  = 16
	authLen  = 16
	pointLen = 65 // an uncompressed point on P-256: 4, x, y
	xyLen    = pointLen - 1
)

// errKey is a subscription whose public key is no point on P-256.
var errKey = errors.New("p256dh: not a point on P-256")

// pair is a key pair for one message to one subscription, as far as it is still
// needed: the public key and the secret that the private one shares with the
// subscription's. Using it twice would let two messages be told to be ours by
// their key, and with the same salt would break both.
type pair struct {
	public [pointLen]byte
	secret [32]byte
}

// wipe forgets the pair.
func (p *pair) wipe() { *p = pair{} }

// makePair makes a fresh pair for the subscription with the public key xy. It is
// the costly half of a push: some 65 microseconds of one core.
func makePair(p *pair, xy []byte) error {
	var point [pointLen]byte
	point[0] = 4
	copy(point[1:], xy)
	theirs, err := ecdh.P256().NewPublicKey(point[:])
	if err != nil {
		return errKey // ecdh's words would say no more
	}
	ours, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("key pair: %w", err)
	}
	secret, err := ours.ECDH(theirs)
	if err != nil {
		return errKey
	}
	copy(p.public[:], ours.PublicKey().Bytes())
	copy(p.secret[:], secret)
	clear(secret)
	return nil
}

// The labels of RFC 8291, section 3.4, and RFC 8188, section 2.2 and 2.3, with
// the one byte that HKDF adds to a first block.
var (
	keyInfo   = []byte("WebPush: info\x00")
	cekInfo   = []byte("Content-Encoding: aes128gcm\x00\x01")
	nonceInfo = []byte("Content-Encoding: nonce\x00\x01")
)

// seal appends plain to dst as a message of RFC 8291 for the subscription with
// the public key xy and the secret auth. The pair and the salt must be fresh;
// plain is at most maxPlain long and is not changed.
func seal(dst []byte, p *pair, salt *[saltLen]byte, xy, auth, plain []byte) ([]byte, error) {
	if len(plain) > maxPlain {
		return nil, fmt.Errorf("payload: %d bytes, push services take %d", len(plain), maxPlain)
	}
	var info [len("WebPush: info\x00") + 2*pointLen + 1]byte
	n := copy(info[:], keyInfo)
	info[n] = 4
	n += 1 + copy(info[n+1:], xy)
	n += copy(info[n:], p.public[:])
	info[n] = 1

	prk := hmacSHA256(auth, p.secret[:])
	ikm := hmacSHA256(prk[:], info[:])
	prk = hmacSHA256(salt[:], ikm[:])
	cek := hmacSHA256(prk[:], cekInfo)
	nonce := hmacSHA256(prk[:], nonceInfo)
	defer func() { // what opens the message stays nowhere
		clear(prk[:])
		clear(ikm[:])
		clear(cek[:])
	}()
	block, err := aes.NewCipher(cek[:16])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	dst = append(dst, salt[:]...)
	dst = binary.BigEndian.AppendUint32(dst, recordSize)
	dst = append(dst, pointLen)
	dst = append(dst, p.public[:]...)
	at := len(dst)
	dst = append(dst, plain...)
	dst = append(dst, 2) // the mark of the last record
	return gcm.Seal(dst[:at], nonce[:12], dst[at:], nil), nil
}

// hmacSHA256 is HMAC for keys of at most a block and messages of at most 160
// bytes. crypto/hmac would leave copies of the keys on the heap, five for each
// message, that nobody can clear.
func hmacSHA256(key, msg []byte) (out [sha256.Size]byte) {
	var inner [sha256.BlockSize + 160]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := copy(inner[sha256.BlockSize:], msg)
	sum := sha256.Sum256(inner[:sha256.BlockSize+n])
	copy(outer[sha256.BlockSize:], sum[:])
	out = sha256.Sum256(outer[:])
	clear(inner[:])
	clear(outer[:])
	return out
}
