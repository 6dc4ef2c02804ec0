package app

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/adapters/webpush"
	"tocsin/adapters/website"
	"tocsin/internal/console"
)

// consoleKeys are what others know this server by, as the console shows them.
func (a *App) consoleKeys() ([]console.Key, error) {
	dir, cert := keyDir(a.Config), a.Signer.Certificate()
	list := []console.Key{{Use: console.KeyAlerts, Fingerprint: fingerprint(cert.Raw), Made: cert.NotBefore, Until: cert.NotAfter}}
	if _, on := a.Config.Channels[website.Name]; on {
		key, err := website.PublicKey(dir)
		if err != nil {
			return nil, err
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whpk_"))
		if err != nil {
			return nil, fmt.Errorf("webhook key: %w", err)
		}
		list = append(list, console.Key{Use: console.KeyWebhooks, Fingerprint: fingerprint(raw), Made: written(dir, "webhook.json")})
	}
	if _, on := a.Config.Channels[webpush.Name]; on {
		key, err := webpush.PublicKey(dir)
		if err != nil {
			return nil, err
		}
		raw, err := base64.RawURLEncoding.DecodeString(key)
		if err != nil {
			return nil, fmt.Errorf("VAPID key: %w", err)
		}
		list = append(list, console.Key{Use: console.KeyPush, Fingerprint: fingerprint(raw), Made: written(dir, "vapid.json")})
	}
	return list, nil
}

func fingerprint(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// written is when a key's file was; zero when nobody can say.
func written(dir, name string) time.Time {
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
