package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	push "github.com/SherClockHolmes/webpush-go"
)

// b64 is base64url without padding, as all of web push writes it.
var b64 = base64.RawURLEncoding

// keys are the VAPID key pair, base64url. Every subscription is bound to the
// public key: a new pair loses every citizen.
type keys struct {
	Public  string `json:"public"`
	Private string `json:"private"`
}

// loadKeys reads dir/vapid.json, and makes it when there is none. It never
// writes over one. A realm has its own dir, so a drill cannot sign for life.
func loadKeys(dir string) (keys, error) {
	if dir == "" {
		return keys{}, errors.New("key folder: not set")
	}
	path := filepath.Join(dir, "vapid.json")
	k, err := readKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := makeKeys(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return keys{}, fmt.Errorf("VAPID key: %w", err)
	}
	return readKeys(path) // ours, or that of a process which was quicker
}

func readKeys(path string) (k keys, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return k, fmt.Errorf("VAPID key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return k, fmt.Errorf("VAPID key: others may read %s: chmod 600 it", path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return k, fmt.Errorf("VAPID key: %w", err)
	}
	if err := json.Unmarshal(raw, &k); err != nil {
		return k, fmt.Errorf("VAPID key: %s is damaged, put its backup back: %w", path, err)
	}
	secret, err := b64.DecodeString(k.Private)
	if err != nil {
		return k, fmt.Errorf("VAPID key: %s: private is not base64url, put its backup back", path)
	}
	private, err := ecdh.P256().NewPrivateKey(secret)
	if err != nil || b64.EncodeToString(private.PublicKey().Bytes()) != k.Public {
		return k, fmt.Errorf("VAPID key: %s: public and private are not a pair, put its backup back", path)
	}
	return k, nil
}

// makeKeys writes a new pair under another name and links it into place, which
// fails with fs.ErrExist rather than replace a pair that appeared meanwhile.
func makeKeys(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	private, public, err := push.GenerateVAPIDKeys()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(keys{Public: public, Private: private})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "vapid-*.new") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(raw, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// PublicKey is the VAPID key that push services know us by, base64url, from the
// folder of the realm's keys; the pair is made when there is none.
func PublicKey(dir string) (string, error) {
	k, err := loadKeys(dir)
	return k.Public, err
}
