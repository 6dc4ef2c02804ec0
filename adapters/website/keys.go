package website

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keyFile holds the private key that signs for all partners alike (v1a).
type keyFile struct {
	Seed []byte `json:"ed25519_seed"`
}

// loadKey reads the key of dir, or makes it on first need. It is never
// overwritten: partners pin it.
func loadKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, "webhook.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	var k keyFile
	if err := json.Unmarshal(data, &k); err != nil || len(k.Seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("webhook key: %s is damaged; restore it from your backup, or remove it and tell every partner the new key", path)
	}
	return ed25519.NewKeyFromSeed(k.Seed), nil
}

func makeKey(dir, path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	data, err := json.Marshal(keyFile{Seed: key.Seed()})
	if err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("webhook key: %w", err)
	}
	return key, nil
}

// PublicKey is the key partners check v1a signatures with, as Standard Webhooks writes it: "whpk_...".
func PublicKey(dir string) (string, error) {
	key, err := loadKey(dir)
	if err != nil {
		return "", err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("webhook key: not an ed25519 key")
	}
	return "whpk_" + base64.StdEncoding.EncodeToString(public), nil
}
