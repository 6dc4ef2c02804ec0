package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"tocsin/internal/audit"
)

type exportCmd struct {
	operator
	Case  string `arg:"" optional:"" help:"Case id."`
	Audit string `placeholder:"FILE" help:"Write the audit record of every act into this file instead."`
}

// Help is the example.
func (exportCmd) Help() string {
	return `Example:
  tocsin export 7GQ2XKPB4MNT --data /var/lib/tocsin > record.json
  tocsin verify-record record.json
  tocsin export --audit audit.jsonl --data /var/lib/tocsin
  tocsin verify-audit audit.jsonl`
}

// Run writes the case's events to standard output, to be read, and to be checked
// by verify-record; or the audit record into a file.
func (c exportCmd) Run(ctx context.Context) error {
	switch {
	case (c.Case == "") == (c.Audit == ""):
		return errors.New("name a case, or --audit FILE")
	case c.Audit != "":
		return c.exportAudit(ctx)
	}
	var events []json.RawMessage
	if err := c.call(ctx, "GET", "/cases/"+c.Case+"/record", nil, &events); err != nil {
		return err
	}
	if len(events) == 0 {
		return errors.New("the case has no events")
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(events)
}

// exportAudit writes the record and says what to note elsewhere. A file that
// could not be written whole, or does not verify, is an error. An earlier export is
// never overwritten: it may be the only proof of what the record was.
func (c exportCmd) exportAudit(ctx context.Context) error {
	f, err := os.OpenFile(c.Audit, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", c.Audit)
	}
	if err != nil {
		return fmt.Errorf("export the audit record: %w", err)
	}
	err = c.call(ctx, "GET", "/audit", nil, f)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		// Half a record is none, and must not be in the way of the next try.
		return fmt.Errorf("export the audit record: %w", errors.Join(err, os.Remove(c.Audit)))
	}
	return verifyAudit(c.Audit, "")
}

type verifyAuditCmd struct {
	File string `arg:"" type:"existingfile" help:"The audit record, as export --audit wrote it."`
	Head string `placeholder:"HASH" help:"Hash of the newest entry, as it was noted when the file was made."`
}

// Help is the example.
func (verifyAuditCmd) Help() string {
	return `Checks that no entry was changed, left out, moved or slipped in. Needs no server.
That the newest entries were not cut off shows by the head alone: give the one that
was noted elsewhere.

Example:
  tocsin verify-audit audit.jsonl --head 3f0c...`
}

// Run verifies.
func (c verifyAuditCmd) Run() error { return verifyAudit(c.File, c.Head) }

// verifyAudit checks a file, and its head when one is known.
func verifyAudit(name, head string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	s, err := audit.Verify(f)
	switch {
	case err != nil:
		return fmt.Errorf("%s does NOT hold: %w", name, err)
	case head != "" && head != s.Head:
		return fmt.Errorf("%s does NOT hold: its newest entry has the hash %s, not %s: entries at the end are missing, changed or added", name, s.Head, head)
	case s.Entries == 0:
		return fmt.Errorf("%s is empty", name)
	}
	fmt.Printf("the audit record holds: %d entries, %s to %s\nhead %s\n",
		s.Entries, s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339), s.Head)
	return nil
}
