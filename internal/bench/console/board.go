package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/adapters/broadcast"
	"tocsin/adapters/website"
	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/app"
	"tocsin/internal/casework"
	"tocsin/internal/ledger"
)

// crowd is who is on the board: stations and partners by name, citizens by number.
type crowd struct {
	stations, partners []string
	citizens           int
}

// register makes the named ones; the citizens live in the ledger alone.
func (s *stage) register(ctx context.Context, c *crowd, stations, partners int) error {
	var err error
	names := func(n int, kind, endpoint string) []app.NewRecipient {
		all := make([]app.NewRecipient, n)
		for i := range all {
			all[i] = app.NewRecipient{Name: fmt.Sprint(kind, " ", i+1), Areas: []string{"*"}, Lang: alert.French}
			if endpoint != "" {
				all[i].Endpoint = fmt.Sprintf(endpoint, i)
			}
		}
		return all
	}
	ids := func(all []app.Secret) (out []string) {
		for _, x := range all {
			out = append(out, x.ID)
		}
		return out
	}
	made, err := s.app.AddRecipients(ctx, broadcast.Name, names(stations, "Radio locale", ""))
	if err != nil {
		return err
	}
	c.stations = ids(made)
	made, err = s.app.AddRecipients(ctx, website.Name, names(partners, "Ville", "http://127.0.0.1:9/hooks/%d"))
	c.partners = ids(made)
	return err
}

// plan puts the crowd on the board of a case as the planner would.
func (s *stage) plan(ctx context.Context, k casework.Case, c crowd) (time.Time, error) {
	released := time.Now()
	for channel, p := range map[string]ledger.Plan{
		broadcast.Name: {Recipients: len(c.stations), Named: c.stations},
		website.Name:   {Recipients: len(c.partners), Named: c.partners},
		"webpush":      {Recipients: c.citizens},
	} {
		b := head(k, channel, released)
		b.Planned = &p
		if err := s.app.Ledger.Record(ctx, b); err != nil {
			return released, err
		}
	}
	return released, nil
}

func head(k casework.Case, channel string, released time.Time) ledger.Batch {
	return ledger.Batch{Case: k.ID, Identifier: "BENCH-" + k.ID, Revision: 1, MsgType: alert.TypeAlert, Released: released, Channel: channel}
}

// poured is what the board did while receipts poured in.
type poured struct {
	receipts int
	took     time.Duration   // from the first receipt to the last
	lags     []time.Duration // of each look: how old the newest receipt missing on it was
	updates  int
	lists    []time.Duration // of the list of cases, opened meanwhile
}

// pour records receipts at an even pace while a browser follows the board as
// board.js does, and another officer opens the list of cases.
func (s *stage) pour(ctx context.Context, k casework.Case, c crowd, released time.Time, pace time.Duration) (p poured, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &track{}
	looked := make(chan error, 1)
	ready := make(chan struct{})
	go func() { looked <- s.follow(ctx, k, t, ready) }()
	select {
	case <-ready:
	case err := <-looked:
		return p, err
	}
	var beside sync.WaitGroup
	beside.Go(func() {
		for ctx.Err() == nil {
			if a, err := s.get(ctx, "/console/cases?tab=drafts"); err == nil {
				p.lists = append(p.lists, a.took)
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	begun := time.Now()
	for i, b := range receipts(k, c, released) {
		if wait := time.Until(begun.Add(time.Duration(i) * pace)); wait > 0 {
			time.Sleep(wait)
		}
		if err := s.app.Ledger.Record(ctx, b); err != nil {
			return p, err
		}
		n := 0
		for _, k := range b.Bulk {
			n += len(k.Members)
		}
		t.recorded(n + len(b.Entries))
	}
	p.took, p.receipts = time.Since(begun), t.total()
	select {
	case err = <-looked:
	case <-time.After(10 * time.Second):
		err = fmt.Errorf("the board never showed all %d", p.receipts)
	}
	cancel()
	beside.Wait()
	p.lags, p.updates = t.lags, t.looks
	return p, err
}

// receipts is the crowd's news in the batches that workers write: citizens by
// fifty, stations and partners one by one between them.
func receipts(k casework.Case, c crowd, released time.Time) []ledger.Batch {
	var all []ledger.Batch
	names := slices.Concat(c.stations, c.partners)
	for n := 1; n <= c.citizens || len(names) > 0; n += 50 {
		if n <= c.citizens {
			b := head(k, "webpush", released)
			for m := n; m < n+50 && m <= c.citizens; m++ {
				e := ledger.Entry{State: adapter.Accepted, At: time.Now()}
				if m%97 == 0 {
					e = ledger.Entry{State: adapter.Failed, Class: "temporary", Code: "503", Reason: "the push service is in trouble", At: e.At}
				}
				b.Add(&adapter.Recipient{Number: uint32(m), Destination: "https://fcm.googleapis.com"}, e)
			}
			all = append(all, b)
		}
		for range min(4, len(names)) {
			id := names[0]
			names = names[1:]
			channel, e := broadcast.Name, ledger.Entry{Recipient: id, State: adapter.Received, Said: true, At: time.Now()}
			if slices.Contains(c.partners, id) {
				channel, e = website.Name, ledger.Entry{Recipient: id, State: adapter.Accepted, At: time.Now()}
			}
			b := head(k, channel, released)
			b.Entries = []ledger.Entry{e}
			all = append(all, b)
		}
	}
	return all
}

// track knows when which receipt was recorded, and how late the board shows it.
type track struct {
	mu    sync.Mutex
	at    []time.Time // of each receipt, in order
	shown int
	lags  []time.Duration
	looks int
	done  bool
}

func (t *track) recorded(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for range n {
		t.at = append(t.at, now)
	}
}

func (t *track) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	return len(t.at)
}

// saw takes note that a page shows n receipts, and says whether these are all there will be.
func (t *track) saw(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looks++
	now := time.Now()
	for i := t.shown; i < min(n, len(t.at)); i++ {
		t.lags = append(t.lags, now.Sub(t.at[i]))
	}
	t.shown = max(t.shown, min(n, len(t.at)))
	return t.done && t.shown == len(t.at)
}

// follow is a browser on the board: it hears that something changed, fetches
// the part anew, one at a time, and reads the figures on it.
func (s *stage) follow(ctx context.Context, k casework.Case, t *track, ready chan<- struct{}) (err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/v1/cases/"+k.ID+"/deliveries?rows=0", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	res, err := s.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	pulse := make(chan struct{}, 1)
	go func() {
		defer close(pulse)
		lines := bufio.NewReaderSize(res.Body, 256<<10)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "event: board") {
				select {
				case pulse <- struct{}{}:
				default: // one is waiting: board.js fetches once more after it too
				}
			}
		}
	}()
	close(ready)
	for range pulse {
		a, err := s.get(ctx, "/console/cases/"+k.ID+"/board?part=1&channel=")
		if err != nil {
			return err
		}
		n, err := told(a.body)
		if err != nil {
			return err
		}
		if t.saw(n) {
			return nil
		}
	}
	return errors.New("the board's stream ended")
}

var (
	figures  = regexp.MustCompile(`<p class="figure"><b>([0-9,]+)</b>`)
	troubles = regexp.MustCompile(`<li class="red">([0-9,]+) being tried again`)
)

// told is how many receipts the part shows: who has it, and who is being tried again.
func told(part []byte) (sum int, err error) {
	if !bytes.Contains(part, []byte("tiles")) {
		return 0, nil // nothing has gone out yet
	}
	for _, re := range []*regexp.Regexp{figures, troubles} {
		for _, m := range re.FindAllSubmatch(part, -1) {
			n, err := strconv.Atoi(strings.ReplaceAll(string(m[1]), ",", ""))
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}
