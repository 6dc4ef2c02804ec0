package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"tocsin/internal/alert"
)

// Bounds of a station's consumer.
const (
	// directAckWait: what a station has not acknowledged by then comes again, as on the feed.
	directAckWait = 15 * time.Second
	directPending = 100             // handed out and not acknowledged: 6 MB of alerts in six languages
	directPulls   = 16              // pulls that wait at once
	directBatch   = 1000            // messages in one pull
	directExpires = 5 * time.Minute // of one pull
	// directSince is how far back a new station's log begins: further than any alert
	// lives, so it has what is live. What was withdrawn since is there without its words.
	directSince = 8 * 24 * time.Hour

	// strangerGrace is how long a process that just read the registry's end may be
	// behind another one's.
	strangerGrace = time.Minute

	receiptWorkers = 32   // receipts that are written to the ledger at once
	receiptQueue   = 2048 // receipts that wait in memory, 32 MB at most; more are dropped, and sent again by who gets no answer
)

// Admit makes the accounts those, and no others, that may follow the log over NATS
// itself: each gets its consumer and its rights; one that is admitted no longer is
// cut off at once and its cursor forgotten. It is meant to be called with the whole
// list after each change, again after an error, and now and then. Errors:
// ErrUnavailable, or what keeps this process from admitting anybody.
func (e *Engine) Admit(ctx context.Context, accounts []string) error {
	if e.registrar == nil {
		if len(accounts) == 0 {
			return nil
		}
		return errNoKeys
	}
	e.admission.Lock()
	defer e.admission.Unlock()
	if err := e.registrar.introduce(ctx); err != nil {
		return fmt.Errorf("admit stations: %w", err)
	}
	present, err := e.registrar.stations(ctx, e.realm, func(a string) bool { return e.admitted[a] })
	if err != nil {
		return fmt.Errorf("admit stations: %w", err)
	}
	var errs []error
	for _, account := range accounts {
		if e.admitted[account] && slices.Contains(present, account) {
			continue
		}
		if err := e.admitOne(ctx, account); err != nil {
			errs = append(errs, fmt.Errorf("admit station %s: %w", account, err))
			continue
		}
		e.admitted[account] = true
	}
	for _, account := range present {
		if slices.Contains(accounts, account) || !e.removed(account) {
			continue
		}
		if err := e.cutOne(ctx, account); err != nil {
			errs = append(errs, fmt.Errorf("cut station %s off: %w", account, err))
			continue
		}
		delete(e.admitted, account)
		delete(e.strangers, account)
	}
	return errors.Join(errs...)
}

// removed says that a station at the servers that is not on our list was taken off
// it, and is not one that another process has admitted a moment before we read of it.
func (e *Engine) removed(account string) bool {
	if e.admitted[account] || e.host != nil { // nobody else admits at the embedded server
		return true
	}
	if e.strangers[account].IsZero() {
		e.strangers[account] = time.Now()
	}
	return time.Since(e.strangers[account]) > strangerGrace
}

// CanAdmit is nil when this process can admit stations, else what is missing.
func (e *Engine) CanAdmit() error {
	if e.registrar == nil {
		return errNoKeys
	}
	return nil
}

func (e *Engine) admitOne(ctx context.Context, account string) error {
	token, err := e.registrar.keys.stationClaims(e.realm, account)
	if err != nil {
		return err
	}
	if err := e.ensureConsumer(ctx, account); err != nil {
		return err
	}
	return e.registrar.put(ctx, token)
}

// ensureConsumer makes the station's durable consumer. One that is there keeps its
// place; its bounds become those of this version.
func (e *Engine) ensureConsumer(ctx context.Context, account string) error {
	cfg := jetstream.ConsumerConfig{
		Durable:           account,
		Description:       "direct NATS of a station",
		FilterSubject:     string(e.realm) + ".alerts.>",
		DeliverPolicy:     jetstream.DeliverByStartTimePolicy,
		OptStartTime:      new(time.Now().Add(-directSince).UTC()),
		AckPolicy:         jetstream.AckExplicitPolicy,
		AckWait:           directAckWait,
		MaxAckPending:     directPending,
		MaxDeliver:        -1,
		MaxWaiting:        directPulls,
		MaxRequestBatch:   directBatch,
		MaxRequestExpires: directExpires,
		Metadata:          map[string]string{epochKey: e.epoch},
	}
	return e.persist(ctx, func(ctx context.Context) error {
		have, err := e.js.Consumer(ctx, streamAlerts, account)
		if err == nil {
			cfg.OptStartTime = have.CachedInfo().Config.OptStartTime // cannot be changed
		} else if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
		_, err = e.js.CreateOrUpdateConsumer(ctx, streamAlerts, cfg)
		return err
	})
}

// cutOne takes the rights first: from then on nothing goes out.
func (e *Engine) cutOne(ctx context.Context, account string) error {
	if err := e.registrar.drop(ctx, account); err != nil {
		return err
	}
	err := e.persist(ctx, func(ctx context.Context) error {
		err := e.js.DeleteConsumer(ctx, streamAlerts, account)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("its consumer: %w", err)
	}
	return nil
}

// Following lists the accounts of stations that ask for messages at this moment.
func (e *Engine) Following(ctx context.Context) ([]string, error) {
	var out []string
	err := e.persist(ctx, func(ctx context.Context) error {
		out = nil
		all := e.handles[streamAlerts].ListConsumers(ctx)
		for info := range all.Info() {
			if info.NumWaiting > 0 && nkeys.IsValidPublicAccountKey(info.Name) {
				out = append(out, info.Name)
			}
		}
		return all.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("stations' consumers: %w", err)
	}
	return out, nil
}

// Receipts gives fn each receipt that a station sends over NATS, and the station
// fn's answer. NATS itself vouches for the account. With several processes each
// receipt goes to one of them; several calls of fn run at once. It returns when ctx ends.
func (e *Engine) Receipts(ctx context.Context, fn func(ctx context.Context, account string, receipt []byte) []byte) error {
	ctx, release, err := e.hold(ctx)
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	defer release()
	msgs := make(chan *nats.Msg, receiptQueue)
	sub, err := e.conn.ChanQueueSubscribe(receiptSubject(e.realm, "*"), "receipts", msgs)
	if err != nil {
		return fmt.Errorf("receipts: %w", plain(err))
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection may be gone first
	var workers sync.WaitGroup
	defer workers.Wait()
	for range receiptWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case m := <-msgs:
					e.receipt(ctx, m, fn)
				}
			}
		})
	}
	<-ctx.Done()
	return ctx.Err()
}

func (e *Engine) receipt(ctx context.Context, m *nats.Msg, fn func(context.Context, string, []byte) []byte) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked(v)
		}
	}()
	answer := fn(ctx, strings.TrimPrefix(m.Subject, receiptSubject(e.realm, "")), m.Data)
	if m.Reply == "" {
		return
	}
	if err := m.Respond(answer); err != nil {
		e.log.Warn("event stream: a receipt's answer did not get out", "error", err)
	}
}

// headers of what stations read without us in between.
const (
	headerEpoch   = "Tocsin-Epoch"
	headerSchema  = "Tocsin-Schema"
	headerContent = "Content-Type"
)

// label tells a reader outside what a message of ALERTS is: the epoch makes its
// sequence a cursor.
func (e *Engine) label(m *nats.Msg) {
	m.Header.Set(headerContent, "application/json")
	m.Header.Set(headerSchema, fmt.Sprint(alert.Schema))
	m.Header.Set(headerEpoch, e.epoch)
}

// ListenAddr is where the embedded server takes stations; empty when it does not.
func (e *Engine) ListenAddr() string {
	if e.host == nil {
		return ""
	}
	return e.host.addr()
}
