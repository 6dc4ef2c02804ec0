package region

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ownSuffix ends the names of a State's own tables: "BE.tsv.gz".
const ownSuffix = ".tsv.gz"

// Open is the atlas with the States' own boundaries that Store put into dir; the
// plain atlas where there is no such folder. A damaged file is an error: alerts
// must not go by other borders than the State decided, unnoticed.
func Open(dir string) (*Atlas, error) {
	a, err := Load()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("own boundaries: %w", err)
	}
	for _, e := range entries {
		country, ok := strings.CutSuffix(e.Name(), ownSuffix)
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("own boundaries: %w", err)
		}
		if a, err = a.with(country, data); err != nil {
			return nil, fmt.Errorf("own boundaries of %s: %w", country, err)
		}
	}
	return a, nil
}

// with is a copy of the atlas in which country's units are those of a packed table.
func (a *Atlas) with(country string, packed []byte) (*Atlas, error) {
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	table, err := io.ReadAll(io.LimitReader(zr, maxUnpacked))
	if err != nil {
		return nil, err
	}
	own, err := parse(string(table))
	if err != nil {
		return nil, err
	}
	merged := &Atlas{byCode: map[string]int{}}
	for _, p := range own.places {
		if !strings.HasPrefix(p.area.Code, country+"-") {
			return nil, fmt.Errorf("%s is not a unit of it", p.area.Code)
		}
	}
	for _, p := range a.places {
		if !strings.HasPrefix(p.area.Code, country+"-") {
			merged.places = append(merged.places, p)
		}
	}
	merged.places = append(merged.places, own.places...)
	slices.SortFunc(merged.places, func(x, y place) int { return strings.Compare(x.area.Code, y.area.Code) })
	for i, p := range merged.places {
		merged.byCode[p.area.Code] = i
	}
	return merged, nil
}

// Store keeps a table of ReadGeoJSON for Open, whole or not at all. Running
// servers take it at their next start.
func Store(dir, country string, table []byte) error {
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, err := zw.Write(table)
	if err = errors.Join(err, zw.Close()); err != nil {
		return err
	}
	if base, err := Load(); err != nil {
		return err
	} else if _, err := base.with(country, packed.Bytes()); err != nil { // what cannot be read again must not stop the next start
		return fmt.Errorf("the table cannot be read again: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, country+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already when all went well
	_, err = temp.Write(packed.Bytes())
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), filepath.Join(dir, country+ownSuffix))
}

// Remove gives a State the bundled boundaries back; it is no error when it had none of its own.
func Remove(dir, country string) error {
	err := os.Remove(filepath.Join(dir, country+ownSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
