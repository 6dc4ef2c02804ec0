package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
	"tocsin/internal/current"
	"tocsin/internal/stream"
)

// Live is what is published and neither withdrawn nor expired, and what was withdrawn lately.
type Live interface {
	Live() []current.Revision
	Ended() []current.Revision
}

// Newcomer puts a job for one recipient on the queue for each live alert that is
// meant for it: whoever subscribes while a child is being searched for hears of
// that child, and not only of the next one. The same for whoever has changed his
// areas: he may have slipped through between the shards of a revision under way,
// and who got the alert must hear of its end. What it has already is not sent
// again. Durable when it returns nil; errors are the queue's.
//
// A shard that is being worked at this very moment may meet the same recipient;
// then it is told twice, with the same revision.
func Newcomer(ctx context.Context, d Deps, live Live, channel, id string) error {
	// An alert that was planned elsewhere before he was stored must be known here.
	newest, err := d.Alerts.Newest(ctx)
	if err != nil {
		return err
	}
	if err := d.Current.Wait(ctx, newest); err != nil {
		return err
	}
	var errs []error
	for _, r := range slices.Concat(live.Live(), live.Ended()) {
		m := r.Message
		if m.Status == alert.StatusTest || m.Expired(time.Now()) {
			continue
		}
		if who, concerned := d.concerned(m, channel, id); !concerned || d.settled(m, &who) {
			continue
		}
		data, err := json.Marshal(job{
			Case: m.Case, Identifier: m.Identifier, Revision: m.Revision, Seq: r.Seq, Channel: channel, Shards: 1, Only: id,
		})
		if err != nil {
			return err
		}
		if err := d.Queue.Enqueue(ctx, []stream.Job{{
			Subject: subject(channel, priorityOf(m), d.partOf(channel, id), m.Case, m.Revision, id),
			// The queue drops a job whose id it has just had: somebody who presses twice is one job.
			ID:   m.Identifier + "." + channel + "." + id,
			Data: data,
		}}); err != nil {
			errs = append(errs, fmt.Errorf("queue %s: %w", m.Identifier, err))
		}
	}
	return errors.Join(errs...)
}

// people are those whom j is for.
func (d Deps) people(m *alert.Message, j job) []adapter.Recipient {
	if j.Only == "" {
		return d.selectShard(m, j.Channel, j.tier(), j.Shard, j.Shards)
	}
	if j.Again {
		if who, ok := d.reach(m, j.Channel, j.Only); ok {
			return []adapter.Recipient{who}
		}
		return nil
	}
	if who, ok := d.concerned(m, j.Channel, j.Only); ok {
		return []adapter.Recipient{who}
	}
	return nil
}

// concerned is one recipient, and whether m is for him: those in its areas and
// whoever may hold an earlier revision, but an end is news only for the latter.
func (d Deps) concerned(m *alert.Message, channel, id string) (adapter.Recipient, bool) {
	who, meant := d.Recipients.Meant(channel, id, m.AreaCodes())
	if who.ID == "" {
		return who, false
	}
	also := d.also(m, channel)
	had := also != nil && also(id, who.Number)
	return who, had || meant && m.MsgType != alert.TypeCancel
}
