package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/internal/adapter"
	"tocsin/internal/alert"
)

// office is the far end of a channel made up for these tests: boxes with numbers.
type office struct {
	mu     sync.Mutex
	taken  map[string]int
	refuse map[string]int
	hangs  bool
	down   bool
	closed chan struct{}
}

var (
	errHanging = errors.New("post office: no answer")
	errDown    = errors.New("post office: closed")
)

// put leaves a letter in a box and answers by a status, as HTTP would.
func (o *office) put(ctx context.Context, box string) (int, error) {
	o.mu.Lock()
	status, hangs := o.refuse[box], o.hangs
	if o.down {
		o.mu.Unlock()
		return 0, errDown
	}
	if status == 0 && !hangs {
		o.taken[box]++
	}
	o.mu.Unlock()
	if hangs {
		select {
		case <-ctx.Done():
		case <-o.closed:
		}
		return 0, errHanging
	}
	if status == 0 {
		return 200, nil
	}
	return status, nil
}

func (o *office) takenBy(box string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.taken[box]
}

func (o *office) set(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// fault is what a broken copy of the channel does differently; the zero value is the good one.
type fault struct {
	driver func(*adapter.Driver)
	open   func(ctx context.Context, p *post) error
	render func(p *post, m *alert.Message, lang alert.Lang, out adapter.Payload, err error) (adapter.Payload, error)
	send   func(p *post, ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error)
	end    func(p *post) error
	routes []adapter.Route
	check  error
}

// post is the made-up channel.
type post struct {
	fault
	env    adapter.Env
	office *office
	calls  atomic.Int64
}

type box struct {
	Box string `json:"box"`
	URL string `json:"url"`
}

type letter struct {
	Text string `json:"text"`
	Type string `json:"type"`
}

const maxLetter = 160

func (p *post) Render(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	out, err := p.good(m, lang)
	if p.render != nil {
		return p.render(p, m, lang, out, err)
	}
	return out, err
}

func (p *post) good(m *alert.Message, lang alert.Lang) (adapter.Payload, error) {
	if err := adapter.CheckMessage(m, p.env.Realm, lang); err != nil {
		return adapter.Payload{}, err
	}
	text := m.Texts[lang].Headline
	n := utf8.RuneCountInString(text)
	if n == 0 || n > maxLetter {
		return adapter.Payload{}, fmt.Errorf("texts.%s.headline: %d characters, write 1 to %d", lang, n, maxLetter)
	}
	body, err := json.Marshal(letter{text, string(m.MsgType)})
	return adapter.Payload{MIME: "application/json", Body: body, Parts: []adapter.Part{
		{Name: "Letter", Text: text, Count: n, Limit: maxLetter, Unit: "characters"},
	}}, err
}

func (p *post) Send(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	if p.send != nil {
		return p.send(p, ctx, d, batch)
	}
	return p.sendAll(ctx, d, batch)
}

func (p *post) sendAll(ctx context.Context, d adapter.Delivery, batch []adapter.Recipient) ([]adapter.Receipt, error) {
	out := make([]adapter.Receipt, len(batch))
	for i, r := range batch {
		out[i] = p.one(ctx, d, r)
	}
	return out, nil
}

// one is one letter to one box.
func (p *post) one(ctx context.Context, _ adapter.Delivery, r adapter.Recipient) adapter.Receipt {
	b, ok := boxOf(r)
	if !ok {
		return failed(adapter.Rejected, "address", "the box makes no sense")
	}
	if ctx.Err() != nil {
		return failed(adapter.Temporary, "time-out", "no time was left")
	}
	status, err := p.office.put(ctx, b.Box)
	if err != nil {
		return failed(adapter.Temporary, "time-out", "the post office did not answer")
	}
	classes := map[int]adapter.Class{503: adapter.Temporary, 410: adapter.Gone, 401: adapter.Misconfigured, 429: adapter.Throttled}
	if class, refused := classes[status]; refused {
		f := failed(class, fmt.Sprint(status), "the post office refuses the letter")
		if class == adapter.Throttled {
			f.Failure.After = 7 * time.Second
		}
		return f
	}
	return adapter.Receipt{State: adapter.Accepted, Ref: fmt.Sprint("letter-", p.calls.Add(1))}
}

func boxOf(r adapter.Recipient) (box, bool) {
	var b box
	err := json.Unmarshal(r.Address, &b)
	return b, err == nil && strings.HasPrefix(b.Box, "box-number-") && strings.HasPrefix(b.URL, "https://127.0.0.1/")
}

func failed(class adapter.Class, code, reason string) adapter.Receipt {
	return adapter.Receipt{Failure: &adapter.Failure{Class: class, Code: code, Reason: reason}}
}

func (p *post) Routes() []adapter.Route {
	if p.routes != nil {
		return p.routes
	}
	return []adapter.Route{{Pattern: "POST /v1/post/{box}", Handler: http.NotFoundHandler()}}
}

func (p *post) Check(context.Context) error { return p.check }

// broken is the case of a channel with fault f; without one the suite must pass.
func broken(f fault) Case {
	var mu sync.Mutex
	offices := map[string]*office{}             // by key folder: Open finds the far end that Start made
	c := Case{patience: 400 * time.Millisecond} // what must be waited for in vain, dozens of times
	c.Driver = adapter.Driver{
		Name: "post", Title: "Letters",
		Limits: adapter.Limits{Batch: 20, Concurrency: 4, PerDestination: 2, Timeout: 5 * time.Second, ShardSize: 40},
		Open: func(ctx context.Context, raw json.RawMessage, env adapter.Env) (adapter.Adapter, func(context.Context) error, error) {
			var set struct {
				Stamp  string `json:"stamp"`
				Nested struct {
					Colour string `json:"colour"`
				} `json:"nested"`
			}
			if err := adapter.DecodeSettings(raw, &set); err != nil {
				return nil, nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			p := &post{fault: f, env: env, office: offices[env.KeyDir]}
			if f.open != nil {
				if err := f.open(ctx, p); err != nil {
					return nil, nil, err
				}
			}
			if f.end == nil {
				return p, nil, nil
			}
			return p, func(context.Context) error { return f.end(p) }, nil
		},
	}
	if f.driver != nil {
		f.driver(&c.Driver)
	}
	c.Start = func(t testing.TB, env adapter.Env) Far {
		o := &office{taken: map[string]int{}, refuse: map[string]int{}, closed: make(chan struct{})}
		t.Cleanup(func() { close(o.closed) })
		mu.Lock()
		defer mu.Unlock()
		offices[env.KeyDir] = o
		return far(o)
	}
	return c
}

func far(o *office) Far {
	name := func(i int) string { return fmt.Sprintf("box-number-%06d", i) }
	refusal := func(status int, class adapter.Class, after time.Duration) Refusal {
		return Refusal{Name: fmt.Sprint(status), Class: class, After: after, Refuse: func(i int) {
			o.set(func() { o.refuse[name(i)] = status })
		}}
	}
	return Far{
		Settings: json.RawMessage(`{"stamp":"red","nested":{"colour":"blue"}}`),
		Recipient: func(i int) adapter.Recipient {
			return adapter.Recipient{
				ID: fmt.Sprint("r", i), Lang: alert.English, Areas: []string{"BE"}, Destination: "office",
				Address: encode(box{name(i), "https://127.0.0.1/" + name(i)}),
			}
		},
		Taken: func(i int) int { return o.takenBy(name(i)) },
		Hang:  func() { o.set(func() { o.hangs = true }) },
		Down:  func() { o.set(func() { o.down = true }) },
		Refusals: []Refusal{
			refusal(503, adapter.Temporary, 0), refusal(410, adapter.Gone, 0),
			refusal(401, adapter.Misconfigured, 0), refusal(429, adapter.Throttled, 7*time.Second),
		},
	}
}
