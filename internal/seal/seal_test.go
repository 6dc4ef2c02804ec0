package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type thing struct{ Who string }

func TestSeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := NewKey()
		s := k.For("ticket")
		sealed, err := s.Seal(thing{"anna"}, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := s.Seal(thing{"anna"}, time.Now().Add(time.Minute)); again == sealed || strings.Contains(sealed, "anna") {
			t.Error("the same value looks the same, or can be read")
		}
		changed := []byte(sealed)
		changed[40] ^= 1
		for name, tt := range map[string]struct {
			by     Sealer
			sealed string
			holds  bool
		}{
			"right":           {s, sealed, true},
			"another purpose": {k.For("cookie"), sealed, false},
			"another key":     {NewKey().For("ticket"), sealed, false},
			"changed":         {s, string(changed), false},
			"cut":             {s, sealed[:len(sealed)-4], false},
			"empty":           {s, "", false},
			"short":           {s, "AAAA", false},
			"not base64":      {s, "!" + sealed, false},
		} {
			var v thing
			err := tt.by.Open(tt.sealed, &v)
			if holds := err == nil; holds != tt.holds || !holds && !errors.Is(err, ErrSeal) || holds && v.Who != "anna" {
				t.Errorf("%s: %v, %+v", name, err, v)
			}
		}
		var v []int
		if err := s.Open(sealed, &v); !errors.Is(err, ErrSeal) {
			t.Errorf("another kind of value: %v", err)
		}
		time.Sleep(time.Minute)
		if err := s.Open(sealed, new(thing)); !errors.Is(err, ErrSeal) {
			t.Errorf("after its end: %v", err)
		}
		ever, err := s.Seal(thing{"bram"}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * 365 * 24 * time.Hour)
		if err := s.Open(ever, new(thing)); err != nil {
			t.Errorf("without an end: %v", err)
		}
	})
}

func TestKeyFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := LoadOrCreate(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", st.Mode(), err)
	}
	if again, err := LoadOrCreate(dir); err != nil || again != k {
		t.Errorf("read again: another key, %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("the folder holds %v", files)
	}
	if bytes.Equal(k.Derive("a"), k.Derive("b")) {
		t.Error("two purposes share a key")
	}
	if Lost(dir) {
		t.Error("the key is lost")
	}
	if err := os.WriteFile(filepath.Join(dir, lostName), nil, 0o600); err != nil || !Lost(dir) {
		t.Errorf("the operator is not heard: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(dir); err == nil {
		t.Error("a key that others may read is taken")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, KeySize - 1, KeySize + 1} {
		if err := os.WriteFile(path, make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadOrCreate(dir); err == nil {
			t.Errorf("a key of %d bytes is taken", n)
		}
	}
}
