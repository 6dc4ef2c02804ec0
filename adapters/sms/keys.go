package sms

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	saltSize   = 32
	secretSize = 26 // rand.Text: 130 bits
)

// Salt is the installation's salt in keyDir, made on first need. It is never
// overwritten: with another one every number would be registered twice.
func Salt(keyDir string) ([]byte, error) {
	return keep(keyDir, "sms-salt", saltSize, func() []byte {
		b := make([]byte, saltSize)
		_, _ = rand.Read(b) // crypto/rand never fails
		return b
	})
}

// callbackSecret is the part of the callbacks' addresses that nobody can guess.
// The file is text: the operator gives the address to his provider.
func callbackSecret(keyDir string) (string, error) {
	b, err := keep(keyDir, "sms-callback", secretSize, func() []byte { return []byte(rand.Text()) })
	return string(b), err
}

// keep reads the size bytes that were kept under name, or makes them.
func keep(dir, name string, size int, fresh func() []byte) ([]byte, error) {
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = write(dir, path, fresh())
		if err == nil || errors.Is(err, fs.ErrExist) { // another process was faster
			data, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("sms key: %w", err)
	}
	if len(data) != size {
		return nil, fmt.Errorf("sms key: %s has %d bytes instead of %d; restore it from your backup", path, len(data), size)
	}
	return data, nil
}

// write puts the whole file under another name first: a crash must not leave
// half a key that stops every later start.
func write(dir, path string, data []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".sms-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // fails when path exists: never overwritten
}
