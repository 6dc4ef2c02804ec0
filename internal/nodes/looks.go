package nodes

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"tocsin/internal/stream"
)

// Look is an officer who has a page of a case open.
type Look struct {
	Case    string    `json:"case"`
	Officer string    `json:"officer"`
	Page    string    `json:"page"` // the console's name for it; "" on the wire = he left
	Since   time.Time `json:"since"`
}

// lookLife is how long a look counts after it was last said: a page without
// script says it once, and a node that dies says no farewell.
const lookLife = 30 * time.Second

// Bounds: of what one page shows, and of what all pages together may keep. Each
// look is under 200 bytes, and who is not among them is merely not shown.
const (
	maxLooksOfCase = 20
	maxCasesLooked = 5_000
	lookQueue      = 256
)

// looks are all that this process knows of. Guarded by Table.mu.
type looks struct {
	cases   map[string]map[string]seen // case, officer
	waiting map[chan struct{}]string   // pages that wait for news of a case
	say     chan Look                  // to the other processes; what does not fit is said at the next beat
}

// seen is a look as it was last said.
type seen struct {
	Look
	at     time.Time
	ticket string // of who said it here; a farewell counts only from him
}

func newLooks() looks {
	return looks{cases: map[string]map[string]seen{}, waiting: map[chan struct{}]string{}, say: make(chan Look, lookQueue)}
}

// Look says that an officer has a page of a case open, here and to the other
// processes; it counts for 30 seconds. The ticket is for Leave.
func (t *Table) Look(caseID, officer, page string) (ticket string) {
	now := time.Now()
	ticket = rand.Text()
	t.mu.Lock()
	l := Look{Case: caseID, Officer: officer, Page: page, Since: now}
	if old, ok := t.looks.cases[caseID][officer]; ok && old.Page == page && now.Sub(old.at) < lookLife {
		l.Since = old.Since
	}
	t.looked(l, now, ticket)
	t.mu.Unlock()
	t.tell(l)
	return ticket
}

// Leave takes back what Look said under the ticket, unless he has looked again since.
func (t *Table) Leave(caseID, officer, ticket string) {
	t.mu.Lock()
	had := t.looks.cases[caseID][officer]
	gone := had.ticket == ticket && ticket != ""
	if gone {
		t.looked(Look{Case: caseID, Officer: officer}, time.Now(), "")
	}
	t.mu.Unlock()
	if gone {
		t.tell(Look{Case: caseID, Officer: officer, Since: had.Since})
	}
}

// Looking is who has a page of the case open, on any node, the longest first.
func (t *Table) Looking(caseID string) []Look {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Look
	now := time.Now()
	for _, s := range t.looks.cases[caseID] {
		if now.Sub(s.at) < lookLife {
			all = append(all, s.Look)
		}
	}
	slices.SortFunc(all, func(a, b Look) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Officer, b.Officer))
	})
	return all
}

// WatchLooks pulses when somebody comes to the case or leaves it, until the function is called.
func (t *Table) WatchLooks(caseID string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looks.waiting[ch] = caseID
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.looks.waiting, ch)
	}
}

// looked takes one look, or a farewell. The caller holds the lock.
func (t *Table) looked(l Look, at time.Time, ticket string) {
	of := t.looks.cases[l.Case]
	old, known := of[l.Officer]
	switch {
	case l.Page == "" && !known:
		return
	case l.Page == "":
		if delete(of, l.Officer); len(of) == 0 {
			delete(t.looks.cases, l.Case)
		}
	case of == nil:
		if len(t.looks.cases) >= maxCasesLooked && !t.tidy(at) {
			return
		}
		t.looks.cases[l.Case] = map[string]seen{l.Officer: {l, at, ticket}}
	case !known && len(of) >= maxLooksOfCase && dropSilent(of, at) >= maxLooksOfCase:
		return
	default:
		of[l.Officer] = seen{l, at, ticket}
	}
	if known && old.Page == l.Page && at.Sub(old.at) < lookLife {
		return // the same beat again is no news
	}
	for ch, id := range t.looks.waiting {
		if id == l.Case {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}

// dropSilent drops who no longer counts from a case and says how many are left.
func dropSilent(of map[string]seen, now time.Time) int {
	maps.DeleteFunc(of, func(_ string, s seen) bool { return now.Sub(s.at) >= lookLife })
	return len(of)
}

// tidy drops what no longer counts and says whether there is room now. The caller holds the lock.
func (t *Table) tidy(now time.Time) bool {
	for id, of := range t.looks.cases {
		if dropSilent(of, now) == 0 {
			delete(t.looks.cases, id)
		}
	}
	return len(t.looks.cases) < maxCasesLooked
}

// tell hands a look to the writer. It never waits: a page must not hang on another node.
func (t *Table) tell(l Look) {
	select {
	case t.looks.say <- l:
	default:
	}
}

// writeLooks says this process's looks to the others until ctx ends. One subject
// an officer keeps the log small however many cases he opens.
func (t *Table) writeLooks(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-t.looks.say:
			sum := sha256.Sum256([]byte(l.Officer))
			data, err := json.Marshal(l)
			if err == nil {
				err = t.append(ctx, "nodes.look."+t.process+"."+hex.EncodeToString(sum[:8]), data)
			}
			if err != nil && ctx.Err() == nil {
				t.log.Warn("who has a case open is not told to the other nodes", "error", err)
			}
		}
	}
}

// hearLook takes another process's look. The caller holds the lock.
func (t *Table) hearLook(r stream.Record, now time.Time) {
	var l Look
	if err := json.Unmarshal(r.Data, &l); err != nil || l.Case == "" || l.Officer == "" {
		t.log.Error("unreadable look of a node", "seq", r.Seq, "error", err)
		return
	}
	if l.Page == "" {
		// He left a page there; he may have another one open here.
		if had := t.looks.cases[l.Case][l.Officer]; !had.Since.Equal(l.Since) {
			return
		}
	}
	at := now
	if !t.caught && r.Time.Before(now) {
		at = r.Time // stored: its author may be long gone
	}
	t.looked(l, at, "")
}
