package scenario

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// traces are what must not be found: words and pieces of pictures, each in
// every form in which it may lie somewhere.
type traces map[string][]byte

// word adds a word: as text, and as it looks inside base64. One of plain letters
// looks the same in UTF-8, JSON, XML and addresses.
func (s traces) word(name, text string) traces {
	s[name] = []byte(text)
	// Base64 cuts by threes: what the word's middle becomes depends on where it begins.
	for skip := range 3 {
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", skip) + text))
		from := (skip*8 + 5) / 6 // the first character without a bit of what stands before
		to := (skip + len(text)) * 8 / 6
		s[fmt.Sprintf("%s in base64 (%d)", name, skip)] = []byte(whole[from:to])
	}
	return s
}

// picture adds pieces from all over a picture's bytes.
func (s traces) picture(name string, data []byte) traces {
	const piece, pieces = 48, 9
	for i := range pieces {
		at := (len(data) - piece) * i / pieces
		if i == 0 {
			at = len(data) / (2 * pieces) // every JPEG begins alike
		}
		s[fmt.Sprintf("%s from byte %d", name, at)] = data[at : at+piece]
	}
	return s
}

// in names what is found in data.
func (s traces) in(data []byte) []string {
	var found []string
	for name, needle := range s {
		if bytes.Contains(data, needle) {
			found = append(found, name)
		}
	}
	return found
}

// files names what is found in the files below dir but those below a skipped
// folder, and says how many were read: none would prove nothing.
func (s traces) files(t *testing.T, dir string, skip func(path string) bool) (found []string, read int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || skip(path):
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return nil // a file that the server has removed meanwhile
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil // removed meanwhile
		}
		read++
		for _, name := range s.in(data) {
			found = append(found, fmt.Sprintf("%s in %s", name, strings.TrimPrefix(path, dir)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, read
}

// The search itself must be able to find.
func TestTracesAreFound(t *testing.T) {
	s := traces{}.word("name", "Quillais")
	for skip := range 3 {
		hidden := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 30+skip) + "Quillais and so on"))
		if len(s.in([]byte(hidden))) == 0 {
			t.Errorf("not found in %s", hidden)
		}
	}
	if len(s.in([]byte(`{"given_name":"Quillais"}`))) == 0 || len(s.in([]byte("nobody"))) != 0 {
		t.Error("plain text is judged wrongly")
	}
	pic := traces{}.picture("photo", portrait(t))
	if n := len(pic.in(portrait(t))); n > 1 { // a header at most
		t.Errorf("another picture has %d pieces of this one", n)
	}
}
