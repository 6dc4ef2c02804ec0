package app

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"tocsin/adapters"
	"tocsin/internal/adapter"
	"tocsin/internal/recipient"
)

const (
	// armEvery is how soon after one round of arming the next may begin: a round looks
	// at every recipient, and a newcomer who is not armed gets his alert all the same.
	armEvery = time.Minute
	// armSoonest is the same when an officer writes: whoever came since the last round
	// is armed before the release. Where nobody came, and no alert used up what was
	// prepared, his edits begin no round.
	armSoonest = 5 * time.Second
)

const (
	// manyRecipients is from how many on memory is worth more than the collector's time.
	manyRecipients = 100_000
	// thriftyGC is the heap's growth in percent between collections then: the usual
	// 100 would let a country's subscriptions take twice their size. While they are
	// read in, time counts for more.
	thriftyGC = 30
	loadingGC = 80
)

// thrift has a process with many recipients collect garbage more often, unless the
// operator set GOGC himself.
func (a *App) thrift(percent int) {
	if a.Registry.Progress() > manyRecipients && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// compact tells the registry which channels pack, and drops what was prepared for
// those who leave.
func (a *App) compact() {
	for _, d := range adapters.All() {
		if d.Pack != nil {
			a.Registry.Compact(d.Name, d.Pack)
			if of := a.Config.Parts[d.Name]; of > 1 && a.Config.Part > 0 {
				a.Registry.Hold(d.Name, recipient.Part{N: a.Config.Part, Of: of})
			}
		}
	}
	a.Registry.OnLeave(func(channel string, slot uint32) {
		armers := a.armers.Load()
		if armers == nil {
			return
		}
		if armer, ok := (*armers)[channel]; ok {
			armer.Forget(slot)
		}
	})
}

// startArming keeps the channels prepared that can be: at the start, and again
// after recipients came or what was prepared has been used up by an alert.
func (a *App) startArming(context.Context) error {
	armers := make(map[string]adapter.Armer)
	for _, c := range a.channels {
		if armer, ok := c.Adapter.(adapter.Armer); ok {
			armers[c.Driver.Name] = armer
		}
	}
	a.armers.Store(&armers)
	for name, armer := range armers {
		a.loop("arming of "+name, func(ctx context.Context) error { return a.arm(ctx, name, armer) })
	}
	return nil
}

func (a *App) arm(ctx context.Context, name string, armer adapter.Armer) error {
	came, unwatch := a.Registry.Watch(name)
	defer unwatch()
	alerts, unwatchAlerts := a.Current.Watch()
	defer unwatchAlerts()
	var drafts <-chan struct{} // nil: a worker alone knows of none
	if a.Cases != nil {
		var unwatchDrafts func()
		drafts, unwatchDrafts = a.Cases.Watch("")
		defer unwatchDrafts()
	}
	for {
		if err := armer.Arm(ctx, a.Registry.Each(name)); err != nil {
			return err
		}
		if err := untilDue(ctx, came, alerts, drafts); err != nil {
			return err
		}
	}
}

// untilDue waits after a round of arming until the next is due: after a minute once
// somebody has come or an alert went out, and sooner when an officer writes then.
func untilDue(ctx context.Context, came, alerts, drafts <-chan struct{}) error {
	select {
	case <-time.After(armSoonest):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	rested := time.After(armEvery - armSoonest)
	for due, calm := false, false; !due || !calm; {
		select {
		case <-came:
			due = true
		case <-alerts:
			due = true
		case <-rested:
			calm = true
		case <-drafts:
			if due || pulsed(came) || pulsed(alerts) {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// pulsed takes a pulse that waits.
func pulsed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
