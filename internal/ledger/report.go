package ledger

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/adapter"
)

const (
	// earlyWait is how long a report may run ahead of the response that tells
	// us the message's id; after it the gateway is asked to try again.
	earlyWait = 5 * time.Second
	// maxEarly bounds the reports that wait: a gateway gone mad must not fill our memory.
	maxEarly = 10_000
)

// Report takes what arrives outside of an attempt: a delivery report, a
// station's own word. It is durable when nil is returned. ErrUnknown: there is
// no such delivery.
func (l *Ledger) Report(ctx context.Context, r adapter.Report) error {
	b, err := l.news(ctx, r)
	if err != nil || len(b.Entries) == 0 {
		return err
	}
	return l.Record(ctx, b)
}

// ReportAll is Report for many at once, with one write for each revision they are
// about; the errors are in the reports' order.
func (l *Ledger) ReportAll(ctx context.Context, all []adapter.Report) []error {
	errs := make([]error, len(all))
	news := make(map[head]Batch)
	about := make(map[head][]int) // indexes of the reports
	var order []head
	for i, r := range all {
		b, err := l.news(ctx, r)
		if err != nil || len(b.Entries) == 0 {
			errs[i] = err
			continue
		}
		h := headOf(b)
		group, ok := news[h]
		if !ok {
			order = append(order, h)
			group = b
		} else {
			group.Entries = append(group.Entries, b.Entries...)
		}
		news[h] = group
		about[h] = append(about[h], i)
	}
	for _, h := range order {
		if err := l.Record(ctx, news[h]); err != nil {
			for _, i := range about[h] {
				errs[i] = err
			}
		}
	}
	return errs
}

// news is what r tells, as a batch of one entry; without entries when it tells nothing new.
func (l *Ledger) news(ctx context.Context, r adapter.Report) (Batch, error) {
	a, recipient, err := l.find(ctx, r)
	if err != nil {
		return Batch{}, err
	}
	e := Entry{
		Recipient: recipient, State: r.State, Reason: r.Reason, By: r.By, Outlet: r.Outlet,
		At: r.At, Final: r.State == adapter.Failed, Said: r.Ref == "",
	}
	// No clock but ours can put a receipt before the release or into the future.
	if now := time.Now(); e.At.IsZero() || e.At.After(now) || e.At.Before(a.head.Released) {
		e.At = now
	}
	l.mu.RLock()
	have := a.status[recipient]
	head := a.head
	known := have.said(e)
	if !e.Said { // a gateway's word: only the furthest counts
		known = rank(e) < rank(have.Entry) || (have.State == e.State && have.Reason == e.Reason)
	}
	l.mu.RUnlock()
	if known {
		return Batch{}, nil
	}
	head.Entries = []Entry{e}
	return head, nil
}

// find says which account r is news for. A station may be faster than the
// planner: then the revision's head comes from the alert itself.
func (l *Ledger) find(ctx context.Context, r adapter.Report) (*account, string, error) {
	if r.Ref != "" {
		return l.findRef(ctx, r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.ids[r.Identifier]; ok && at.revision == r.Revision {
		if a := l.cases[at.caseID][at.revision][r.Channel]; a != nil {
			return a, r.Recipient, nil
		}
	}
	if head, ok := l.resolve(r.Identifier); ok && head.Revision == r.Revision {
		head.Channel = r.Channel
		return l.account(head), r.Recipient, nil
	}
	return nil, "", fmt.Errorf("%w: %s revision %d on %s", ErrUnknown, r.Identifier, r.Revision, r.Channel)
}

func (l *Ledger) findRef(ctx context.Context, r adapter.Report) (*account, string, error) {
	key := r.Channel + "/" + r.Ref
	l.mu.Lock()
	p, ok := l.refs[key]
	early := l.early[key]
	if !ok && early == nil && len(l.early) < maxEarly {
		early = make(chan struct{})
		l.early[key] = early
	}
	l.mu.Unlock()
	if ok {
		return p.account, p.recipient, nil
	}
	if early == nil {
		return nil, "", fmt.Errorf("%w: too many early reports on %s", ErrUnknown, r.Channel)
	}
	timer := time.NewTimer(earlyWait)
	defer timer.Stop()
	select {
	case <-early:
		l.mu.RLock()
		defer l.mu.RUnlock()
		p = l.refs[key]
		return p.account, p.recipient, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.early[key] == early {
		delete(l.early, key)
	}
	if p, ok := l.refs[key]; ok {
		return p.account, p.recipient, nil
	}
	return nil, "", fmt.Errorf("%w: a report on %s came for a message that was never sent", ErrUnknown, r.Channel)
}
