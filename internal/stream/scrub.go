package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A disk that flips one bit makes nats-server hide messages without a word: it
// says that it is well, may lead, and repairs nothing. From CASES and LEDGER
// nothing is ever deleted, so each hole in their sequences is damage. Two looks
// find it:
//   - every minute, what each replica says of itself: after an unclean end it has
//     counted anew, and holes show in its figures;
//   - at start and once a day, a reading of every message's header through the
//     leader: the figures of a clean end are believed by nats-server itself, and
//     only who reads meets the hole.
//
// The mend with three replicas: stop that server, move the stream's folder away,
// start it; it fetches the others' copy. With one: the copy from your backup.
const (
	scrubEvery = time.Minute
	scrubRead  = 24 * time.Hour
	// scrubAnswers is how long the replicas of a cluster may take to speak up.
	scrubAnswers = time.Second
)

// Damage is a replica of a stream that has lost records.
type Damage struct {
	Server  string // its name; "leader" when found by reading
	Stream  string
	Missing uint64 // records
}

// String is for the log and for /readyz.
func (d Damage) String() string {
	return fmt.Sprintf("%s has lost %d records on %s", d.Stream, d.Missing, d.Server)
}

// Damage lists the replicas that the last looks found damaged.
func (e *Engine) Damage() []Damage {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Concat(e.holes, e.unread)
}

// scrubbed are the streams that nothing is ever deleted from.
func scrubbed() []string {
	var names []string
	for _, c := range configs(1) {
		if c.DenyDelete && c.DenyPurge {
			names = append(names, c.Name)
		}
	}
	return names
}

// scrub looks until the engine closes.
func (e *Engine) scrub() {
	var read time.Time
	for first := true; first || e.sleep(e.life, scrubEvery); first = false {
		e.scrubStates(e.life)
		if time.Since(read) > scrubRead && e.scrubReads(e.life) {
			read = time.Now()
		}
	}
}

// scrubStates looks at what the replicas say. No answer is no damage.
func (e *Engine) scrubStates(ctx context.Context) {
	var found []Damage
	var states []replica
	var err error
	if e.registrar != nil {
		states, err = e.registrar.replicaStates(ctx)
	}
	if len(states) == 0 { // no right to ask, or servers that do not know our account
		states, err = e.leaderStates(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.log.Debug("event stream: no look at the replicas", "error", err)
		}
		return
	}
	for _, s := range states {
		if n := s.missing(); n > 0 {
			found = append(found, Damage{s.server, s.stream, n})
		}
	}
	e.mu.Lock()
	before := e.holes
	e.holes = found
	e.mu.Unlock()
	e.alarm(before, found)
}

// alarm logs what was not known before.
func (e *Engine) alarm(before, found []Damage) {
	for _, d := range found {
		if !slices.Contains(before, d) {
			e.log.Error("event stream: damaged", "stream", d.Stream, "server", d.Server, "missing", d.Missing)
		}
	}
}

// replica is one server's figures of one stream.
type replica struct {
	server, stream       string
	messages, first, end uint64
	deleted              uint64
	bounded              bool // the operator lets old records go, so the first need not be 1
}

// missing is how many records the figures lack.
func (r replica) missing() uint64 {
	if r.end == 0 {
		return 0
	}
	first := r.first
	if !r.bounded {
		first = 1
	}
	whole := r.end + 1 - min(first, r.end+1)
	if r.messages < whole {
		return whole - r.messages
	}
	return r.deleted
}

func bounded(c jetstream.StreamConfig) bool {
	return c.MaxAge > 0 || c.MaxMsgs > 0 || c.MaxBytes > 0
}

// leaderStates is for processes that may not ask the servers: the leader's figures alone.
func (e *Engine) leaderStates(ctx context.Context) ([]replica, error) {
	var out []replica
	for _, name := range scrubbed() {
		info, err := e.info(ctx, name, "")
		if err != nil {
			return nil, err
		}
		r := replica{
			server: "leader", stream: name, messages: info.State.Msgs, first: info.State.FirstSeq,
			end: info.State.LastSeq, deleted: uint64(info.State.NumDeleted), bounded: bounded(info.Config),
		}
		if info.Cluster != nil && info.Cluster.Leader != "" {
			r.server = info.Cluster.Leader
		}
		out = append(out, r)
	}
	return out, nil
}

// replicaStates asks every server for its own copies.
func (r *registrar) replicaStates(ctx context.Context) ([]replica, error) {
	answers := make(chan *nats.Msg, 64) // more servers than any cluster has
	inbox := r.conn.NewRespInbox()
	sub, err := r.conn.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	ask := fmt.Appendf(nil, `{"account":%q,"streams":true,"config":true}`, publicOf(r.keys.account))
	if err := r.conn.PublishRequest("$SYS.REQ.SERVER.PING.JSZ", inbox, ask); err != nil {
		return nil, err
	}
	var out []replica
	wait := time.NewTimer(scrubAnswers)
	defer wait.Stop()
	for {
		select {
		case m := <-answers:
			all, err := replicasOf(m.Data)
			if err != nil {
				return nil, err
			}
			out = append(out, all...)
		case <-wait.C:
			return out, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func replicasOf(data []byte) ([]replica, error) {
	var answer struct {
		Server struct {
			Name string `json:"name"`
		} `json:"server"`
		Data struct {
			Accounts []struct {
				Streams []struct {
					Name   string                  `json:"name"`
					Config *jetstream.StreamConfig `json:"config"`
					State  jetstream.StreamState   `json:"state"`
				} `json:"stream_detail"`
			} `json:"account_details"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("a server's figures: %w", err)
	}
	names := scrubbed()
	var out []replica
	for _, account := range answer.Data.Accounts {
		for _, s := range account.Streams {
			if !slices.Contains(names, s.Name) {
				continue
			}
			out = append(out, replica{
				server: answer.Server.Name, stream: s.Name, messages: s.State.Msgs, first: s.State.FirstSeq,
				end: s.State.LastSeq, deleted: uint64(s.State.NumDeleted), bounded: s.Config != nil && bounded(*s.Config),
			})
		}
	}
	return out, nil
}

// scrubReads reads every header through the leader; false: it could not, and is to try again.
func (e *Engine) scrubReads(ctx context.Context) bool {
	var found []Damage
	for _, name := range scrubbed() {
		missing, err := e.unreadable(ctx, name)
		if err != nil {
			if ctx.Err() == nil {
				e.log.Debug("event stream: not read through", "stream", name, "error", err)
			}
			return false
		}
		if missing > 0 {
			found = append(found, Damage{"leader", name, missing})
		}
	}
	e.mu.Lock()
	before := e.unread
	e.unread = found
	e.mu.Unlock()
	e.alarm(before, found)
	return true
}

var errAgain = errors.New("the consumer lost its place")

// unreadable is how many records between the stream's first and its head a reader does not get.
func (e *Engine) unreadable(ctx context.Context, stream string) (missing uint64, err error) {
	info, err := e.info(ctx, stream, "")
	if err != nil || info.State.LastSeq == 0 {
		return 0, err
	}
	head, last := info.State.LastSeq, info.State.FirstSeq-1
	try, cancel := context.WithTimeout(ctx, e.tune.try)
	cons, err := e.js.CreateConsumer(try, stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true,
		InactiveThreshold: 30 * time.Second, MemoryStorage: true, Replicas: 1,
	})
	cancel()
	if err != nil {
		return 0, err
	}
	defer func() {
		// Best effort: the server forgets it anyway.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 200*time.Millisecond)
		defer cancel()
		_ = e.js.DeleteConsumer(ctx, stream, cons.CachedInfo().Name)
	}()
	for count := uint64(0); last < head; {
		batch, err := cons.Fetch(500, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return 0, err
		}
		got := false
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return 0, err
			}
			if count++; meta.Sequence.Consumer != count {
				return 0, errAgain
			}
			if got = true; meta.Sequence.Stream <= head {
				missing += meta.Sequence.Stream - last - 1
			} else if last < head {
				missing += head - last
			}
			last = meta.Sequence.Stream
		}
		if err := batch.Error(); err != nil && !strings.Contains(err.Error(), "timeout") {
			return 0, err
		}
		if got {
			continue
		}
		now, err := cons.Info(ctx)
		if err != nil {
			return 0, err
		}
		if now.NumPending == 0 { // the rest cannot be read
			return missing + head - last, nil
		}
	}
	return missing, nil
}
