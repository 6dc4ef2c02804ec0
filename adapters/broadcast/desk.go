package broadcast

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// deskSize bounds what the desk remembers. What it forgets is written to the
// ledger once more, which changes nothing there.
const deskSize = 1 << 16

// maxReceipts bounds what one station may write to the ledger about one revision:
// a station of ten programmes that airs it every 15 minutes for three hours sends
// 120. The ledger is for ever, and a program gone mad must not fill it.
const maxReceipts = 500

// desk remembers the receipts that came to this process: the same one is stored
// once, and who has confirmed a revision is not sent it again before the ledger
// has come round. What came to others, or before a restart, the ledger knows.
type desk struct {
	mu    sync.Mutex
	set   map[[sha256.Size]byte]struct{}
	order [][sha256.Size]byte // oldest first from at on
	at    int
	count map[[sha256.Size]byte]int // receipts by station and revision; begun anew when it is full
}

func newDesk() *desk {
	return &desk{set: map[[sha256.Size]byte]struct{}{}, count: map[[sha256.Size]byte]int{}}
}

// receiptKey is a digest of the parts, each with its length, so that no two lists are alike.
func receiptKey(parts ...string) [sha256.Size]byte {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	return sha256.Sum256(b)
}

func fullKey(id string, r receiptFrame) [sha256.Size]byte {
	var room [32]byte
	at := binary.AppendVarint(binary.AppendVarint(room[:0], r.At.Unix()), int64(r.At.Nanosecond()))
	return receiptKey("receipt", id, r.Identifier, r.State, string(at), r.By, r.Channel, r.Reason)
}

func confirmKey(id, identifier string) [sha256.Size]byte {
	return receiptKey("has", id, identifier)
}

// known says whether exactly this receipt is on the ledger.
func (d *desk) known(id string, r receiptFrame) bool { return d.contains(fullKey(id, r)) }

// has says whether the station has confirmed the revision in any way but by failing.
func (d *desk) has(id, identifier string) bool { return d.contains(confirmKey(id, identifier)) }

func (d *desk) contains(k [sha256.Size]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.set[k]
	return ok
}

// take reserves a place for one more receipt of the station about the revision;
// false: it has had its say. A receipt that is not stored gives the place back.
func (d *desk) take(id, identifier string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.count) >= deskSize {
		clear(d.count)
	}
	k := confirmKey(id, identifier)
	if d.count[k] >= maxReceipts {
		return false
	}
	d.count[k]++
	return true
}

// giveBack frees a place that take reserved.
func (d *desk) giveBack(id, identifier string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k := confirmKey(id, identifier); d.count[k] > 0 {
		d.count[k]--
	}
}

// note remembers a stored receipt.
func (d *desk) note(id string, r receiptFrame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.add(fullKey(id, r))
	if r.State != "failed" {
		d.add(confirmKey(id, r.Identifier))
	}
}

func (d *desk) add(k [sha256.Size]byte) {
	if _, ok := d.set[k]; ok {
		return
	}
	d.set[k] = struct{}{}
	if len(d.order) < deskSize {
		d.order = append(d.order, k)
		return
	}
	delete(d.set, d.order[d.at])
	d.order[d.at] = k
	d.at = (d.at + 1) % deskSize
}
