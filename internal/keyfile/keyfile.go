// Package keyfile keeps secrets that a server makes for itself on its first
// start: each in a file of its own, whole, for its owner's eyes, and never made
// twice.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteOnce makes path with data, whole or not at all, in a folder that is made
// when absent. If another process was faster, its file stays and is the one that
// counts: read it back.
func WriteOnce(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // else a power cut may take the name away
}

// Private refuses a file that others than its owner may read. That it is absent
// is for whoever reads it to find.
func Private(path string) error {
	if st, err := os.Stat(path); err == nil && st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others than its owner; run chmod 600 on it, and make a new key if somebody may have read it", path)
	}
	return nil
}
