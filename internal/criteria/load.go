package criteria

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/internal/alert"
)

//go:embed sets/*.json
var examples embed.FS

// maxFile bounds a set's file: a dozen questions in six languages have 20 KB.
const maxFile = 256 << 10

// name is an embedded set: "pl", the newest version, or "pl@1".
var name = regexp.MustCompile(`^([a-z][a-z0-9-]*)(?:@([0-9]{1,4}))?$`)

// Names are the embedded examples, by what Load takes.
func Names() []string {
	newest := map[string]bool{}
	for _, s := range Examples() {
		newest[s.ID] = true
	}
	return slices.Sorted(maps.Keys(newest))
}

// Examples are the embedded sets, every version.
func Examples() []*Set {
	files, err := examples.ReadDir("sets")
	if err != nil { // impossible: they are in the program
		return nil
	}
	var all []*Set
	for _, f := range files {
		data, err := examples.ReadFile("sets/" + f.Name())
		if err != nil {
			continue
		}
		if s, err := Parse(data); err == nil { // a test reads each
			all = append(all, s)
		}
	}
	return all
}

// Load is an embedded set by its name ("osce", "pl", "pl@1"), else that of the
// file. "" is no set: nothing is asked. The error names the field at fault.
func Load(nameOrFile string) (*Set, error) {
	if nameOrFile == "" {
		return nil, nil
	}
	if m := name.FindStringSubmatch(nameOrFile); m != nil {
		version, _ := strconv.Atoi(m[2])
		return example(m[1], version)
	}
	f, err := os.Open(nameOrFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	s, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOrFile, err)
	}
	return s, nil
}

// example is the embedded set, the newest version for 0.
func example(id string, version int) (*Set, error) {
	var found *Set
	for _, s := range Examples() {
		if s.ID == id && (version == s.Version || version == 0 && (found == nil || s.Version > found.Version)) {
			found = s
		}
	}
	if found == nil {
		return nil, fmt.Errorf("there is no such set; name one of %s, or a file with its folder: ./criteria.json", strings.Join(Names(), ", "))
	}
	return found, nil
}

// Parse reads a set strictly. Its error names every fault: an alert.Invalid
// where the document can be read at all.
func Parse(data []byte) (*Set, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the set of criteria is over %d KB", maxFile>>10)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the set of criteria is not valid UTF-8")
	}
	if field, err := doubled(json.NewDecoder(bytes.NewReader(data)), ""); err == nil && field != "" {
		var v faults
		v.wrong(field, "double", "This is written twice; remove one.")
		return nil, alert.Invalid(v)
	}
	var s Set
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("the set of criteria cannot be read: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the set of criteria cannot be read: there is more after the closing brace")
	}
	if err := s.check().Err(); err != nil {
		return nil, err
	}
	return &s, nil
}

// doubled is the path of the first name that an object has twice: of two texts
// in one language encoding/json would silently take the last.
func doubled(dec *json.Decoder, at string) (string, error) {
	tok, err := dec.Token()
	if err != nil {
		return "", err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return "", nil
	}
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		here := fmt.Sprintf("%s[%d]", at, i)
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return "", err
			}
			here = strings.TrimPrefix(fmt.Sprintf("%s.%v", at, key), ".")
			if seen[here] {
				return here, nil
			}
			seen[here] = true
		}
		if field, err := doubled(dec, here); err != nil || field != "" {
			return field, err
		}
	}
	_, err = dec.Token()
	return "", err
}
