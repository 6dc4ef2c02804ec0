package sms

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/adapter"
	"tocsin/internal/adapter/adaptertest"
	"tocsin/internal/alert"
	"tocsin/internal/smpp"
)

func TestConformanceOverSMPP(t *testing.T) {
	adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: overSMPP})
}

func TestConformanceOverHTTP(t *testing.T) {
	adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: overHTTP})
}

// telephones is what both far ends remember: how many whole texts each number
// got, and how it is refused.
type telephones struct {
	mu     sync.Mutex
	texts  map[string]int
	refuse map[string]uint32 // "" refuses all
	hangs  bool
	down   bool // the centre's connections end at the next word
	end    chan struct{}
}

// hand gives the number one message, whole when it is the last part of a text.
func (p *telephones) hand(number string, last bool) (status uint32, hangs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number = strings.TrimPrefix(number, "+")
	if status = p.refuse[number]; status == 0 {
		status = p.refuse[""]
	}
	if last && status == 0 && !p.hangs {
		p.texts[number]++
	}
	return status, p.hangs
}

func (p *telephones) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// far is the handles that both far ends have.
func (p *telephones) far(t testing.TB, env adapter.Env, gateway map[string]any) adaptertest.Far {
	settings, err := json.Marshal(map[string]any{"gateways": []any{gateway}})
	if err != nil {
		t.Fatal(err)
	}
	salt, err := Salt(env.KeyDir)
	if err != nil {
		t.Fatal(err)
	}
	return adaptertest.Far{
		Settings: settings,
		Recipient: func(i int) adapter.Recipient {
			r, err := NewRecipient(number(i), "BE", []string{"BE"}, alert.English, salt)
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
		Taken: func(i int) int {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.texts[strings.TrimPrefix(number(i), "+")]
		},
		Hang: func() { p.set(func() { p.hangs = true }) },
	}
}

// refusal is a status for one number, or for all.
func (p *telephones) refusal(name string, status uint32, class adapter.Class, after time.Duration) adaptertest.Refusal {
	return adaptertest.Refusal{Name: name, Class: class, After: after, Refuse: func(i int) {
		p.set(func() { p.refuse[strings.TrimPrefix(number(i), "+")] = status })
	}}
}

func newTelephones(t testing.TB) *telephones {
	p := &telephones{texts: map[string]int{}, refuse: map[string]uint32{}, end: make(chan struct{})}
	t.Cleanup(func() { close(p.end) })
	return p
}

// overSMPP is a message centre that answers as it is told.
func overSMPP(t testing.TB, env adapter.Env) adaptertest.Far {
	p := newTelephones(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(func() { l.Close() })
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn) })
		}
	})
	far := p.far(t, env, map[string]any{
		"kind": "smpp", "name": "one", "address": l.Addr().String(), "system_id": "tocsin", "source": "TOCSIN",
		"window": 100, "rate": 10_000, "response_s": 60, // longer than the suite waits: the context must end a Send
	})
	far.Down = func() {
		l.Close()
		p.set(func() { p.down = true })
	}
	for _, c := range []struct {
		status smpp.Status
		class  adapter.Class
		after  time.Duration
	}{
		{smpp.Throttled, adapter.Throttled, throttledFor},
		{smpp.QueueFull, adapter.Throttled, throttledFor},
		{smpp.InvDestAddr, adapter.Rejected, 0},
		{smpp.SystemError, adapter.Temporary, 0},
		{0x0A, adapter.Misconfigured, 0}, // the sender's name
	} {
		far.Refusals = append(far.Refusals, p.refusal(c.status.String(), uint32(c.status), c.class, c.after))
	}
	return far
}

// serve is one connection of the centre. While it hangs it reads and says nothing.
func (p *telephones) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		pdu, err := smpp.Read(in)
		if err != nil {
			return
		}
		answer := pdu.Reply(smpp.OK, nil)
		_, hangs := p.hand("", false)
		var down bool
		if p.set(func() { down = p.down }); down {
			return
		}
		switch {
		case pdu.Command == smpp.SubmitSM:
			m, err := smpp.DecodeMessage(pdu.Body)
			if err != nil {
				return
			}
			_, joint := m.Body()
			var status uint32
			status, hangs = p.hand(m.Dest.Number, joint.Part == joint.Total)
			answer = pdu.Reply(smpp.Status(status), smpp.AppendID(nil, fmt.Sprint("id", pdu.Seq)))
		case pdu.Command.IsResponse():
			continue
		}
		if !hangs {
			if _, err := conn.Write(answer.Append(nil)); err != nil {
				return
			}
		}
	}
}

// overHTTP is a provider's gateway. In the live realm, where nothing is sent, it is elsewhere.
func overHTTP(t testing.TB, env adapter.Env) adaptertest.Far {
	p := newTelephones(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the query has it all
		status, hangs := p.hand(r.URL.Query().Get("to"), true)
		if hangs {
			select {
			case <-r.Context().Done():
			case <-p.end:
			}
			return
		}
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "7")
		}
		w.WriteHeader(max(int(status), http.StatusAccepted))
	}))
	t.Cleanup(srv.Close)
	url := srv.URL
	if env.Realm == alert.Live {
		url = "https://sms.example/send"
	}
	far := p.far(t, env, map[string]any{
		"kind": "http", "name": "web", "url": url, "method": "GET", "format": "query", "source": "TOCSIN",
		"window": 100, "rate": 10_000, "params": map[string]any{"to": "to"},
	})
	far.Down = srv.Close
	for _, c := range []struct {
		status uint32
		class  adapter.Class
		after  time.Duration
	}{
		{302, adapter.Misconfigured, 0},
		{400, adapter.Misconfigured, 0},
		{401, adapter.Misconfigured, 0},
		{404, adapter.Misconfigured, 0},
		{429, adapter.Throttled, 7 * time.Second},
		{503, adapter.Throttled, throttledFor},
		{500, adapter.Temporary, 0},
	} {
		far.Refusals = append(far.Refusals, p.refusal(fmt.Sprint(c.status), c.status, c.class, c.after))
	}
	return far
}
