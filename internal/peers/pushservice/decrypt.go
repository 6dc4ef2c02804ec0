package pushservice

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// cipherHead is the length of an aes128gcm header with a P-256 key:
// salt 16, record size 4, key length 1, key 65 (RFC 8188, section 2.1).
const cipherHead = 86

// decrypt opens a web push message (RFC 8291), written from the standard and
// apart from the sender's library, so that the two check each other.
func decrypt(body []byte, private *ecdh.PrivateKey, auth []byte) ([]byte, error) {
	if err := checkCipher(body); err != nil {
		return nil, err
	}
	salt, sender := body[:16], body[21:cipherHead]
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, fmt.Errorf("sender's key: %w", err)
	}
	shared, err := private.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("shared secret: %w", err)
	}
	info := "WebPush: info\x00" + string(private.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, shared, auth, info, 32)
	if err != nil {
		return nil, fmt.Errorf("key material: %w", err)
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, fmt.Errorf("content key: %w", err)
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, body[cipherHead:], nil)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	plain = bytes.TrimRight(plain, "\x00")
	if len(plain) == 0 || plain[len(plain)-1] != 2 { // 2 marks the last record
		return nil, errors.New("body: no end mark of the last record")
	}
	return plain[:len(plain)-1], nil
}
