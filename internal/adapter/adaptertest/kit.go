package adaptertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// kit is one check's own far end, and the channel open to it.
type kit struct {
	tester
	c       Case
	env     adapter.Env
	alerts  *alerts
	log     *logbook
	far     Far
	channel adapter.Adapter
	close   func() error // may be called twice; set by open

	people []adapter.Recipient

	mu   sync.Mutex
	said map[string]string // what the channel said: the text, and where; held against the secrets at the end
}

// prepare starts the far end and opens nothing.
func prepare(t tester, c Case, realm alert.Realm) *kit {
	t.Helper()
	k := &kit{tester: t, c: c, said: map[string]string{}}
	k.env, k.alerts, k.log = newEnv(t, realm)
	k.far = c.Start(t, k.env)
	return k
}

// start starts the far end and opens the channel to it.
func start(t tester, c Case, realm alert.Realm) *kit {
	t.Helper()
	k := prepare(t, c, realm)
	k.begin()
	return k
}

// begin opens the channel with good settings.
func (k *kit) begin() {
	k.Helper()
	if err := k.open(); err != nil {
		k.Fatalf("Open with good settings: %v", err)
	}
	if k.far.Opened != nil {
		k.far.Opened(k.channel)
	}
}

// open opens the channel and closes it with the check.
func (k *kit) open() error {
	// The channel outlives the context of its opening, as the server's does.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a, closeIt, err := k.c.Driver.Open(ctx, k.far.Settings, k.env)
	if err != nil {
		return err
	}
	k.channel = a
	k.close = sync.OnceValue(func() error {
		if closeIt == nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), k.c.patience/2)
		defer cancel()
		var err error
		if !k.within(func() { err = closeIt(ctx) }) {
			return errStuck
		}
		return err
	})
	k.Cleanup(func() {
		if err := k.close(); err != nil {
			k.Errorf("close: %v", err)
		}
		k.hear("the log", k.log.String())
		k.discreet()
	})
	return nil
}

var errStuck = errors.New("it does not end with its context")

// some are the recipients from..from+n-1, on the registry.
func (k *kit) some(from, n int) []adapter.Recipient {
	k.Helper()
	for i := len(k.people); i < from+n; i++ {
		r := k.far.Recipient(i)
		if err := k.env.Recipients.Put(context.Background(), r); err != nil {
			k.Fatal(err)
		}
		k.people = append(k.people, r)
	}
	return append([]adapter.Recipient(nil), k.people[from:from+n]...)
}

// deliver renders m in each language and puts it on the alert log: what the
// server has done before the first Send.
func (k *kit) deliver(m *alert.Message) adapter.Delivery {
	k.Helper()
	d := adapter.Delivery{Message: m, Payloads: map[alert.Lang]adapter.Payload{}}
	for _, lang := range m.Languages {
		p, err := k.channel.Render(m, lang)
		if err != nil {
			k.Fatalf("Render(%s, %s): %v", m.MsgType, lang, err)
		}
		d.Payloads[lang] = p
	}
	k.alerts.put(m)
	return d
}

// send makes one attempt with the time that the runner gives it.
func (k *kit) send(d adapter.Delivery, batch []adapter.Recipient) []adapter.Receipt {
	k.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), min(k.c.Driver.Limits.Timeout, 3*k.c.patience))
	defer cancel()
	return k.attempt(ctx, d, batch)
}

// attempt calls Send and reads its answer as the runner does: there is always
// one receipt for each.
func (k *kit) attempt(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) []adapter.Receipt {
	k.Helper()
	got, err := k.channel.Send(ctx, d, batch)
	if err != nil {
		k.hear("the error", err.Error())
		f, ok := errors.AsType[*adapter.Failure](err)
		if !ok {
			f = &adapter.Failure{Reason: err.Error()}
		}
		return alike(len(batch), f)
	}
	if len(got) != len(batch) {
		k.Errorf("Send gave %d receipts for %d recipients", len(got), len(batch))
		return alike(len(batch), &adapter.Failure{Reason: "no receipt"})
	}
	for i, r := range got {
		k.sane(i, r)
	}
	return got
}

func alike(n int, f *adapter.Failure) []adapter.Receipt {
	out := make([]adapter.Receipt, n)
	for i := range out {
		out[i].Failure = f
	}
	return out
}

// allTaken wants every one of the receipts to be a success, and each of the
// recipients from..from+n-1 to have taken want messages by now or soon.
func (k *kit) allTaken(got []adapter.Receipt, from, want int) {
	k.Helper()
	for i, r := range got {
		if r.Failure != nil {
			k.Errorf("recipient %d of %d: %v", i, len(got), r.Failure)
			return // the others would say the same
		}
		if n := k.soon(from+i, want); n != want {
			k.Errorf("recipient %d of %d took %d messages, want %d", i, len(got), n, want)
			return
		}
	}
}

// soon waits until recipient i has taken want messages, and says how many it has.
func (k *kit) soon(i, want int) int {
	for end := time.Now().Add(k.c.patience); ; time.Sleep(2 * time.Millisecond) {
		if n := k.far.Taken(i); n >= want || time.Now().After(end) {
			return n
		}
	}
}

// within runs f and says whether it returned in time.
func (k *kit) within(f func()) bool {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
		return true
	case <-time.After(k.c.patience):
		return false
	}
}
