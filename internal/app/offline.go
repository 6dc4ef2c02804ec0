package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/audit"
	"tocsin/internal/region"
)

// What the operator does to a data folder without its server waits there, in a file,
// for the start from which on it counts: then it comes on the audit record.

// offlineFile is that file in a data folder; offlineMax is more than a life's acts.
const (
	offlineFile = "operator-acts.jsonl"
	offlineMax  = 1 << 20
)

// StoreRegions makes table a State's own boundaries in a data folder, from the next
// start on. country is its ISO 3166-1 code.
func StoreRegions(data, country string, table []byte) error {
	return offline(data, "regions import", country, func() error { return region.Store(RegionDir(data), country, table) })
}

// RemoveRegions gives a State the bundled boundaries back, from the next start on.
func RemoveRegions(data, country string) error {
	return offline(data, "regions remove", country, func() error { return region.Remove(RegionDir(data), country) })
}

// offline does what is written down first, and writes down as well when it failed.
func offline(data, what, about string, do func() error) error {
	if err := writeOffline(data, what, about); err != nil {
		return err
	}
	err := do()
	if err != nil {
		err = errors.Join(err, writeOffline(data, what+" refused", about))
	}
	return err
}

func writeOffline(data, what, about string) error {
	line, err := json.Marshal(audit.Event{At: time.Now(), Kind: audit.Command, By: audit.Operator, About: about, Detail: what})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(data, offlineFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the act cannot be written down for the audit record: %w", err)
	}
	_, err = fmt.Fprintf(f, "\n%s\n", line) // a line of its own, also after one that a power cut halved
	return errors.Join(err, f.Sync(), f.Close())
}

// recordOffline puts on the audit record what was done without the server. Cut off in
// the middle it says an act twice rather than never; a server whose record does not
// answer starts all the same, and says it at the next start.
func (a *App) recordOffline(ctx context.Context) error {
	path := filepath.Join(a.Config.Data, offlineFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the operator's acts: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	lines := bufio.NewScanner(io.LimitReader(f, offlineMax))
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var ev audit.Event
		if err := json.Unmarshal(lines.Bytes(), &ev); err != nil {
			a.log.Error("a line of the operator's acts cannot be read and is passed over", "file", path, "error", err)
			continue // half a line of a power cut: what it says was not done yet
		}
		act := audit.Event{At: ev.At, Kind: audit.Command, By: audit.Operator, About: ev.About, Detail: ev.Detail}
		if err := a.Audit.Must(ctx, act); err != nil {
			a.log.Error("the operator's acts are not on the audit record yet", "file", path, "error", err)
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the operator's acts: %w", err)
	}
	return os.Remove(path)
}
