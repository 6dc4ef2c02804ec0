// Package chain links the records of a log by hashes, so that a record which was
// changed, left out, moved or slipped in shows to whoever reads the log, without
// the server that wrote it. The officers' record of a case and the audit record
// are such chains.
package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ErrBroken: a record does not name the hash of the one before it.
var ErrBroken = errors.New("it does not follow the record before it")

// Hash is the link from one record to the next, in hex: over the bytes as
// stored, so that nobody has to agree on how to write JSON to check a log.
func Hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Chain is how far a log has been followed. The zero value is its beginning.
type Chain struct {
	Len  uint64 // records
	Head string // hash of the newest; "" of none: what to note elsewhere, for only it shows that the newest were cut off
}

// Add follows one more record, which says that prev is the hash of the one
// before it. ErrBroken when it is not; the chain then stays where it was.
func (c *Chain) Add(raw []byte, prev string) error {
	if prev != c.Head {
		return ErrBroken
	}
	c.Len, c.Head = c.Len+1, Hash(raw)
	return nil
}
