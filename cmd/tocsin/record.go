package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"tocsin/internal/casework"
	"tocsin/internal/receive/receivecmd"
)

// maxRecord is far more than the longest case's record: each revision has some 100 KB.
const maxRecord = 256 << 20

type verifyRecordCmd struct {
	File string `arg:"" type:"existingfile" help:"The record, as export wrote it."`
}

// Help is the example.
func (verifyRecordCmd) Help() string {
	return `Checks that no event was changed, left out or slipped in, that each release is
of the content beside it, and that the approver's passkey signed it. Needs no
server. That the newest events were not cut off shows by the last hash alone:
compare it with one noted elsewhere.

Example:
  tocsin export 7GQ2XKPB4MNT --data /var/lib/tocsin > record.json
  tocsin verify-record record.json`
}

// Run verifies.
func (c verifyRecordCmd) Run() error {
	data, err := receivecmd.ReadFile(c.File, maxRecord)
	if err != nil {
		return err
	}
	return verifyRecord(os.Stdout, c.File, data)
}

// verifyRecord writes what the record proves.
func verifyRecord(w io.Writer, name string, data []byte) error {
	var events []json.RawMessage
	if err := json.Unmarshal(data, &events); err != nil || len(events) == 0 {
		return fmt.Errorf("%s is no record: it is not a JSON array of events", name)
	}
	raw := make([][]byte, len(events))
	for i, ev := range events {
		var stored bytes.Buffer // the export is indented to be read; the hashes are over what was stored
		if err := json.Compact(&stored, ev); err != nil {
			return fmt.Errorf("%s: event %d: %w", name, i+1, err)
		}
		raw[i] = stored.Bytes()
	}
	proofs, err := casework.Examine(raw)
	if err != nil {
		return fmt.Errorf("%s does NOT hold: %w", name, err)
	}
	fmt.Fprintf(w, "the record holds: %d events, last hash %s\n", len(raw), casework.LastHash(raw))
	for _, p := range proofs {
		ev := p.Event
		fmt.Fprintf(w, "released %s by %s at %s, content %s", ev.Message.Identifier, ev.Officer, ev.At.UTC().Format(time.RFC3339), ev.Digest)
		if !p.Whole {
			fmt.Fprint(w, " (its texts are not on the record)")
		}
		fmt.Fprint(w, criteriaOf(ev))
		if s := ev.Signature; s != nil {
			fmt.Fprintf(w, ", signed by passkey %s of %s\n", s.Key, s.Host)
		} else if ev.Code != "" {
			fmt.Fprintln(w, ", NOT signed by a passkey: confirmed by a code")
		} else {
			fmt.Fprintln(w, ", NOT signed by a passkey")
		}
	}
	return nil
}

// criteriaOf says under which criteria an alert was released, and why although
// not all were fulfilled.
func criteriaOf(ev casework.Event) string {
	if ev.Criteria == nil {
		return ""
	}
	said := fmt.Sprintf(", criteria %s version %d", ev.Criteria.Set, ev.Criteria.Version)
	if ev.Override != "" {
		said += fmt.Sprintf(" NOT all fulfilled, released because %q", ev.Override)
	}
	return said
}
