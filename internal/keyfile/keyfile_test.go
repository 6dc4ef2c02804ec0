package keyfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Of two that start at once one makes the key, and neither ever holds another.
func TestWriteOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "a.key")
	held := make(chan string, 20)
	var wg sync.WaitGroup
	for i := range cap(held) {
		wg.Go(func() {
			if err := WriteOnce(path, bytes.Repeat(fmt.Appendf(nil, "%02d", i), 1000)); err != nil {
				t.Error(err)
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) != 2000 {
				t.Errorf("%d bytes are read back: %v", len(data), err)
			}
			held <- string(data)
		})
	}
	wg.Wait()
	first := <-held
	for range cap(held) - 1 {
		if <-held != first {
			t.Fatal("two processes hold different keys")
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
	for name, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if st, err := os.Stat(name); err != nil || st.Mode() != mode {
			t.Errorf("%s: %v, %v; want %v", name, st.Mode(), err, mode)
		}
	}
	if err := WriteOnce(filepath.Join(path, "b.key"), nil); err == nil {
		t.Error("a key was made in a file")
	}
}

func TestPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	if err := Private(path); err != nil {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := Private(path); (err == nil) != good {
			t.Errorf("%o: %v", mode, err)
		}
	}
}
