package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"

	"tocsin/internal/alert"
)

// act is one thing that no station may do. say is what it sends; OTHER is another station.
type act struct{ name, subject, say string }

var forbidden = []act{
	{"forge an alert", "live.alerts.P.9", `{"n":9}`},
	{"forge an alert of the other realm", "drill.alerts.P.9", `{"n":9}`},
	{"forge an alert through the prefix", "tocsin.live.alerts.P.9", `{"n":9}`},
	{"forge a case", "live.cases.1", `{}`},
	{"forge an officer", "live.officers.1", `{}`},
	{"forge a receipt on the ledger", "live.ledger.1", `{}`},
	{"forge a job", "live.jobs.sms.p0.0", `{}`},
	{"forge a subscriber", "live.subscribers.broadcast.st-1", `{}`},
	{"bury an object", "$O.MEDIA.C.x", "x"},
	{"write another's receipt", "live.receipts.OTHER", `{}`},
	{"write another's receipt through the prefix", "tocsin.receipts.OTHER", `{}`},
	{"write its own receipt under another name", "live.receipts.OTHER.", `{}`},
	{"move another's cursor on", "$JS.ACK.ALERTS.OTHER.1.1.1.1.0", "+ACK"},
	{"move another's cursor on to the end", "$JS.ACK.ALERTS.OTHER.1.2.2.1.0", "+ACK"},
	{"fetch another's messages", "$JS.API.CONSUMER.MSG.NEXT.ALERTS.OTHER", `{"batch":1}`},
	{"fetch another's messages through the prefix", "tocsin.CONSUMER.MSG.NEXT.ALERTS.OTHER", `{"batch":1}`},
	{"look at another's consumer", "$JS.API.CONSUMER.INFO.ALERTS.OTHER", ""},
	{"look at another's consumer through the prefix", "tocsin.CONSUMER.INFO.ALERTS.OTHER", ""},
	{"list consumers", "tocsin.CONSUMER.LIST.ALERTS", ""},
	{"make a consumer", "tocsin.CONSUMER.CREATE.LEDGER.mine", `{"stream_name":"LEDGER","config":{"name":"mine","ack_policy":"none"}}`},
	{"make a consumer by the whole API", "$JS.API.CONSUMER.CREATE.CASES.mine", `{"stream_name":"CASES","config":{"name":"mine","ack_policy":"none"}}`},
	{"delete its own consumer", "$JS.API.CONSUMER.DELETE.ALERTS.MINE", ""},
	{"delete its own consumer through the prefix", "tocsin.CONSUMER.DELETE.ALERTS.feed", ""},
	{"delete another's consumer", "$JS.API.CONSUMER.DELETE.ALERTS.OTHER", ""},
	{"pause the feed", "$JS.API.CONSUMER.PAUSE.ALERTS.OTHER", `{"pause_until":"2099-01-01T00:00:00Z"}`},
	{"make a stream", "$JS.API.STREAM.CREATE.MINE", `{"name":"MINE","subjects":["mine.>"],"storage":"file","retention":"limits"}`},
	{"make a stream through the prefix", "tocsin.STREAM.CREATE.MINE", `{"name":"MINE","subjects":["mine.>"]}`},
	{"change a stream", "$JS.API.STREAM.UPDATE.ALERTS", `{"name":"ALERTS","max_msgs":1}`},
	{"delete a stream", "$JS.API.STREAM.DELETE.ALERTS", ""},
	{"delete a stream through the prefix", "tocsin.STREAM.DELETE.ALERTS", ""},
	{"purge a stream", "$JS.API.STREAM.PURGE.ALERTS", ""},
	{"purge a stream through the prefix", "tocsin.STREAM.PURGE.DELIVERY", ""},
	{"delete an alert", "$JS.API.STREAM.MSG.DELETE.ALERTS", `{"seq":1}`},
	{"take a copy of a stream", "$JS.API.STREAM.SNAPSHOT.CASES", `{"deliver_subject":"_INBOX.x"}`},
	{"restore a stream", "$JS.API.STREAM.RESTORE.MINE", `{"config":{"name":"MINE"},"state":{}}`},
	{"look at a stream", "tocsin.STREAM.INFO.ALERTS", ""},
	{"look at a stream by the whole API", "$JS.API.STREAM.INFO.CASES", ""},
	{"list the streams", "$JS.API.STREAM.NAMES", ""},
	{"read CASES", "$JS.API.STREAM.MSG.GET.CASES", `{"seq":1}`},
	{"read LEDGER", "tocsin.STREAM.MSG.GET.LEDGER", `{"seq":1}`},
	{"read SUBSCRIBERS", "$JS.API.DIRECT.GET.SUBSCRIBERS", `{"seq":1}`},
	{"read DELIVERY", "$JS.API.STREAM.MSG.GET.DELIVERY", `{"seq":1}`},
	{"depose the leader", "$JS.API.STREAM.LEADER.STEPDOWN.ALERTS", ""},
	{"ask the servers", "$SYS.REQ.SERVER.PING", ""},
	{"list the accounts", "$SYS.REQ.CLAIMS.LIST", ""},
	{"take an account away", "$SYS.REQ.CLAIMS.DELETE", "x"},
	{"read another's account", "$SYS.REQ.ACCOUNT.OTHER.CLAIMS.LOOKUP", ""},
	{"answer in our place", "_R_.x.y", "x"},
	{"write into another's inbox", "_INBOX.other", "x"},
}

// wide are the subscriptions by which a station might overhear something.
var wide = []string{">", "*", "live.>", "*.alerts.>", "live.receipts.*", "*.*.*", "$JS.>", "$JS.ACK.>", "$SYS.>", "_R_.>", "$O.>", "tocsin.>"}

// ours is a text of everything that a station must not change.
func ours(t *testing.T, e *Engine, other string) string {
	t.Helper()
	js := master(t, e)
	var b strings.Builder
	for s := range js.ListStreams(t.Context()).Info() {
		if slices.Contains(scrubbed(), s.Config.Name) {
			s.State.Consumers = 0 // the scrub's own come and go; "mine" is looked for below
		}
		fmt.Fprintln(&b, s.Config, s.State.Msgs, s.State.FirstSeq, s.State.LastSeq, s.State.Consumers)
	}
	for _, name := range scrubbed() {
		if _, err := js.Consumer(t.Context(), name, "mine"); err == nil {
			fmt.Fprintln(&b, "a consumer of the station's on", name)
		}
	}
	c, err := js.Consumer(t.Context(), streamAlerts, other)
	if err != nil {
		t.Fatal(err)
	}
	info := c.CachedInfo()
	fmt.Fprintln(&b, info.Delivered.Stream, info.AckFloor.Stream, info.NumPending, info.NumAckPending, info.Paused)
	return b.String()
}

// Each forbidden act, first with the file that a station gets, then by a station
// that has somehow got every right within its own account: then the account alone must hold.
func TestForbidden(t *testing.T) {
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprintf("every right in its account %v", all), func(t *testing.T) { testForbidden(t, all) })
	}
}

func testForbidden(t *testing.T, all bool) {
	e := listening(t)
	for i, l := range []*Log{e.Alerts(), e.Cases(), e.Ledger(), e.Subscribers()} {
		appendTo(t, l, Entry{Subject: l.heads[0] + ".P.1", ID: fmt.Sprint(i), Data: []byte(`{"n":1}`)})
	}
	enqueue(t, e, "jobs.sms.p0.0", "job")
	o, other := newOutsider(t, e.ListenAddr()), newOutsider(t, e.ListenAddr())
	if err := e.Admit(t.Context(), []string{o.account, other.account}); err != nil {
		t.Fatal(err)
	}
	if all {
		unbind(t, e, o.account)
	}
	var strange atomic.Int32
	go func() {
		_ = e.Receipts(t.Context(), func(_ context.Context, account string, _ []byte) []byte {
			if account != o.account {
				strange.Add(1)
			}
			return []byte("ok")
		})
	}()
	if err := errors.Join(o.dial(), other.dial()); err != nil {
		t.Fatal(err)
	}
	handed := other.next(other.feed()) // something that could be acknowledged for it
	before := ours(t, e, other.account)
	overheard := o.listenWide(!all)
	if all { // with every right it hears itself; that is not overhearing
		o.Close()
		if err := o.dial(); err != nil {
			t.Fatal(err)
		}
	}
	names := strings.NewReplacer("OTHER", other.account, "MINE", o.account)
	for _, a := range forbidden {
		m, err := o.Request(names.Replace(a.subject), []byte(names.Replace(a.say)), 60*time.Millisecond)
		if err == nil && !strings.Contains(string(m.Data), `"error"`) {
			t.Errorf("%s: %s was answered with %s %v", a.name, a.subject, m.Data, m.Header)
		}
	}
	// What is ours goes on meanwhile, and reaches whom it is for.
	appendTo(t, e.Ledger(), Entry{Subject: "ledger.1", ID: "x"})
	if m, err := other.Request("tocsin.receipts", nil, 2*time.Second); err != nil || string(m.Data) != "ok" {
		t.Errorf("the other station's receipt: %v", err)
	}
	if got := strange.Load(); got != 1 {
		t.Errorf("%d receipts in the other station's name, 1 of them its own", got)
	}
	if got := overheard.Load(); got != nil && !all {
		t.Errorf("a message on %v was overheard", got)
	}
	after := ours(t, e, other.account)
	if got, want := lines(after, "LEDGER"), lines(before, "LEDGER"); got != want {
		t.Errorf("what is ours has changed from\n%s\nto\n%s", want, got)
	}
	if err := handed.DoubleAck(t.Context()); err != nil {
		t.Errorf("the other station's own acknowledgement: %v", err)
	}
}

// listenWide subscribes to whatever might be overheard, and gives the subject of a
// message that was. refused says that each must be refused.
func (o *outsider) listenWide(refused bool) *atomic.Value {
	o.t.Helper()
	overheard := new(atomic.Value)
	for _, s := range wide {
		if _, err := o.Subscribe(s, func(m *nats.Msg) { overheard.Store(m.Subject) }); err != nil {
			o.t.Fatal(err)
		}
	}
	if err := o.Flush(); err != nil {
		o.t.Fatal(err)
	}
	for i := range wide {
		if !refused {
			break
		}
		select {
		case err := <-o.errs:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				o.t.Error(err)
			}
		case <-time.After(2 * time.Second):
			o.t.Fatalf("%d of %d wide subscriptions were refused", i, len(wide))
		}
	}
	return overheard
}

// lines are those of s without a word.
func lines(s, without string) string {
	var out []string
	for l := range strings.Lines(s) {
		if !strings.Contains(l, without) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

// unbind takes the default permissions out of a station's account.
func unbind(t *testing.T, e *Engine, account string) {
	t.Helper()
	change(t, e, account, func(c *jwt.AccountClaims) { c.DefaultPermissions = jwt.Permissions{} })
}

func change(t *testing.T, e *Engine, account string, fn func(*jwt.AccountClaims)) {
	t.Helper()
	token, err := e.registrar.keys.stationClaims(alert.Live, account)
	if err != nil {
		t.Fatal(err)
	}
	c, err := jwt.DecodeAccountClaims(token)
	if err != nil {
		t.Fatal(err)
	}
	fn(c)
	if token, err = c.Encode(e.registrar.keys.operator); err != nil {
		t.Fatal(err)
	}
	if err := e.registrar.put(t.Context(), token); err != nil {
		t.Fatal(err)
	}
}

// Even a slip of ours that signs an import of another's subjects is refused by the server.
func TestNoAccountImportsAnothers(t *testing.T) {
	e := listening(t)
	o, other := newOutsider(t, e.ListenAddr()), newOutsider(t, e.ListenAddr())
	if err := e.Admit(t.Context(), []string{o.account, other.account}); err != nil {
		t.Fatal(err)
	}
	appendTo(t, e.Alerts(), Entry{Subject: "alerts.P.1", ID: "a"})
	change(t, e, o.account, func(c *jwt.AccountClaims) {
		c.DefaultPermissions = jwt.Permissions{}
		for _, i := range c.Imports {
			i.Subject = jwt.Subject(strings.ReplaceAll(string(i.Subject), o.account, other.account))
		}
	})
	var receipts atomic.Int32
	go func() {
		_ = e.Receipts(t.Context(), func(context.Context, string, []byte) []byte { receipts.Add(1); return []byte("ok") })
	}()
	if err := o.dial(); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{localInfo, localNext, ackExport + other.account + ".1.1.1.1.0", localReceipts} {
		if m, err := o.Request(subject, []byte(`{"batch":1}`), 100*time.Millisecond); err == nil {
			t.Errorf("%s was answered with %s", subject, m.Data)
		}
	}
	if receipts.Load() != 0 {
		t.Error("a receipt in another station's name arrived")
	}
}

// One station that runs wild is bounded.
func TestStationIsBounded(t *testing.T) {
	e := listening(t)
	o := newOutsider(t, e.ListenAddr())
	if err := e.Admit(t.Context(), []string{o.account}); err != nil {
		t.Fatal(err)
	}
	for range stationConns {
		if err := o.dial(); err != nil {
			t.Fatal(err)
		}
	}
	last := o.Conn
	if err := o.dial(); err == nil {
		t.Errorf("connection %d of one station was taken", stationConns+1)
	}
	o.Conn = last
	if err := o.Publish(localReceipts, make([]byte, stationPayload+1)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("a receipt of %d bytes: %v", stationPayload+1, err)
	}
	c := o.feed().CachedInfo().Config
	if c.MaxAckPending != directPending || c.MaxWaiting != directPulls || c.AckWait != directAckWait || c.MaxRequestBatch != directBatch {
		t.Errorf("its consumer is %+v", c)
	}
	for i := range 2 * stationSubs {
		_, _ = o.Subscribe(fmt.Sprintf("_INBOX.%d", i), func(*nats.Msg) {}) // the refusal comes later
	}
	_ = o.Flush()
	select {
	case err := <-o.errs:
		if !strings.Contains(strings.ToLower(err.Error()), "maximum subscriptions") {
			t.Errorf("too many subscriptions: %v", err)
		}
	case <-time.After(2 * time.Second):
		t.Errorf("%d subscriptions were taken", 2*stationSubs)
	}
}
