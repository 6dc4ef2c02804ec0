package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/internal/alert"
)

const (
	streamCases       = "CASES"
	streamAlerts      = "ALERTS"
	streamLedger      = "LEDGER"
	streamSubscribers = "SUBSCRIBERS"
	streamDelivery    = "DELIVERY"
	streamDead        = "DEAD"
	streamMedia       = "OBJ_MEDIA" // the object store MEDIA, as nats tools name it
	streamNodes       = "NODES"
	streamAudit       = "AUDIT"

	epochKey = "tocsin.epoch"

	// dedupeWindow is how long NATS remembers message ids. A publisher retries for
	// seconds and a crashed one is back within minutes, so twenty cover every retry;
	// longer would cost memory (about 100 bytes for each message of the window:
	// 120,000 receipts of a big alert are 12 MB).
	dedupeWindow = 20 * time.Minute
)

// configs are the streams. Reasons:
//   - no stream but NODES has a per-subject limit: with one, keys that were deleted
//     come back after an unclean end;
//   - CASES, AUDIT and LEDGER deny delete and purge: the record of what officers did and of
//     what was sent stays;
//   - ALERTS, SUBSCRIBERS and MEDIA allow the deletion of single messages, because
//     erase.go overwrites them on disk, and refuse purge and roll-up headers, because
//     those only forget the index and leave a child's name in the file;
//   - none of those three is compressed, so that a search of the files proves an erasure;
//   - DELIVERY refuses new jobs when it is full rather than forgetting old ones; DEAD
//     forgets the oldest, since it only tells an operator what went wrong. Their bounds
//     are also reserved on an outside server, so they are small;
//   - NODES keeps the newest word on each subject, the one place where a per-subject
//     limit does no harm: what it holds is true for seconds, and a revived record is
//     stale by its time. It is written every few seconds for ever, so one node alone
//     does not sync it.
func configs(replicas int) []jetstream.StreamConfig {
	all := []jetstream.StreamConfig{
		{Name: streamCases, Subjects: subjects("cases", "officers"), DenyDelete: true, DenyPurge: true, AllowAtomicPublish: true},
		{Name: streamAlerts, Subjects: subjects("alerts"), DenyPurge: true, AllowAtomicPublish: true},
		{Name: streamLedger, Subjects: subjects("ledger"), DenyDelete: true, DenyPurge: true, AllowAtomicPublish: true, Compression: jetstream.S2Compression},
		{Name: streamSubscribers, Subjects: subjects("subscribers"), DenyPurge: true, AllowAtomicPublish: true},
		{Name: streamDelivery, Subjects: subjects("jobs"), Retention: jetstream.WorkQueuePolicy, AllowAtomicPublish: true, Discard: jetstream.DiscardNew, MaxBytes: 1 << 30},
		{Name: streamDead, Subjects: subjects("dead"), MaxAge: 30 * 24 * time.Hour, MaxBytes: 256 << 20},
		{Name: streamMedia, Subjects: []string{"$O.MEDIA.C.>", "$O.MEDIA.M.>"}, DenyPurge: true, Discard: jetstream.DiscardNew},
		{Name: streamAudit, Subjects: subjects("audit"), DenyDelete: true, DenyPurge: true, AllowAtomicPublish: true},
		{Name: streamNodes, Subjects: subjects("nodes"), MaxAge: 60 * 24 * time.Hour, MaxBytes: 64 << 20},
	}
	for i := range all {
		all[i].Storage = jetstream.FileStorage
		all[i].Replicas = replicas
		all[i].Duplicates = dedupeWindow
		all[i].MaxMsgsPerSubject = -1
	}
	nodes := &all[len(all)-1]
	nodes.MaxMsgsPerSubject = 1
	if replicas == 1 {
		nodes.PersistMode = jetstream.AsyncPersistMode // NATS offers it to one replica alone
	}
	return all
}

// subjects are those of both realms: an outside cluster may serve both. ("*.cases.>"
// is refused: it would also catch NATS's own "$JS" subjects.)
func subjects(heads ...string) []string {
	var all []string
	for _, realm := range []alert.Realm{alert.Live, alert.Drill} {
		for _, head := range heads {
			all = append(all, string(realm)+"."+head+".>")
		}
	}
	return all
}

// ensure makes the streams that are missing, by a connection that may, and verifies the others.
func (e *Engine) ensure(ctx context.Context, maker jetstream.JetStream, replicas int) error {
	for _, want := range configs(replicas) {
		if want.Name == streamAlerts {
			want.Metadata = map[string]string{epochKey: rand.Text()}
		}
		if e.host != nil && want.Discard == jetstream.DiscardNew && want.MaxBytes > 0 {
			want.MaxBytes = min(want.MaxBytes, max(freeSpace(e.host.dir)/4, 16<<20))
		}
		info, err := e.ensureOne(ctx, maker, want)
		if err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if err := verify(info.Config, want); err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if want.Name == streamAlerts {
			e.epoch = info.Config.Metadata[epochKey]
		}
	}
	if e.epoch == "" {
		return fmt.Errorf("stream %s has no %s in its metadata: it was not made by tocsin; move it away", streamAlerts, epochKey)
	}
	return nil
}

func (e *Engine) ensureOne(ctx context.Context, maker jetstream.JetStream, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	for {
		one, done := context.WithTimeout(ctx, 2*e.tune.try) // a cluster that still elects its leader answers nothing at all
		info, err := e.createOrLook(one, maker, want)
		done()
		if err == nil {
			return info, nil
		}
		api, refused := errors.AsType[*jetstream.APIError](err)
		if refused && api.Code != 503 && api.ErrorCode != jetstream.JSErrCodeStreamNameInUse && api.ErrorCode != codeNoPeers {
			return nil, plain(err)
		}
		if e.denied.has("$JS.API.STREAM.CREATE." + want.Name) {
			return nil, errors.New("it does not exist, and these credentials may not make it: start once with the set-up's credentials (--setup-creds) as well")
		}
		if !e.sleep(ctx, e.tune.pause) {
			return nil, plain(err)
		}
	}
}

func (e *Engine) createOrLook(ctx context.Context, maker jetstream.JetStream, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	s, err := e.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if _, err = maker.CreateStream(ctx, want); err == nil {
			s, err = e.js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	e.handles[want.Name] = s
	return s.CachedInfo(), nil
}

// verify refuses a stream that would lose or keep what it must not. Sizes and
// ages are the operator's.
func verify(have, want jetstream.StreamConfig) error {
	for _, c := range []struct {
		field      string
		have, want any
	}{
		{"subjects", have.Subjects, want.Subjects},
		{"retention", have.Retention, want.Retention},
		{"storage", have.Storage, want.Storage},
		{"num_replicas", have.Replicas, want.Replicas},
		{"deny_delete", have.DenyDelete, want.DenyDelete},
		{"deny_purge", have.DenyPurge, want.DenyPurge},
		{"max_msgs_per_subject", max(have.MaxMsgsPerSubject, -1), want.MaxMsgsPerSubject},
		{"allow_atomic", have.AllowAtomicPublish, want.AllowAtomicPublish},
		{"duplicate_window", have.Duplicates, want.Duplicates},
		{"allow_rollup_hdrs", have.AllowRollup, want.AllowRollup},
		{"persist_mode", have.PersistMode, want.PersistMode},
	} {
		if fmt.Sprint(c.have) != fmt.Sprint(c.want) {
			return fmt.Errorf("its setting %s is %v and must be %v: change the stream, or move it away and start again", c.field, c.have, c.want)
		}
	}
	return nil
}

// info asks for a stream's state, and how many messages each subject of the filter has ("" = do not count).
func (e *Engine) info(ctx context.Context, name, filter string) (*jetstream.StreamInfo, error) {
	var opts []jetstream.StreamInfoOpt
	if filter != "" {
		opts = append(opts, jetstream.WithSubjectFilter(filter))
	}
	var info *jetstream.StreamInfo
	err := e.persist(ctx, func(ctx context.Context) error {
		var err error
		info, err = e.handles[name].Info(ctx, opts...)
		return err
	})
	return info, err
}

// last is the newest message of a subject, or ErrNone.
func (e *Engine) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	var raw *jetstream.RawStreamMsg
	err := e.persist(ctx, func(ctx context.Context) error {
		var err error
		raw, err = e.handles[stream].GetLastMsgForSubject(ctx, subject)
		return err
	})
	return raw, err
}

// persist repeats a question that has no effect, or the same effect twice, until
// it is answered or ctx ends.
func (e *Engine) persist(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, e.tune.try)
		err := ask(one)
		done()
		if err == nil {
			return nil
		}
		if api, ok := errors.AsType[*jetstream.APIError](err); ok {
			if _, retry := fault(api.ErrorCode, api.Description); !retry {
				return plain(err)
			}
		}
		if errors.Is(err, nats.ErrConnectionClosed) || !e.sleep(ctx, e.tune.pause) {
			return plain(err)
		}
	}
}

// bounded gives a call without a deadline the engine's patience.
func (e *Engine) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, e.tune.patience)
}
