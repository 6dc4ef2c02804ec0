package adaptertest

import (
	"encoding/json"
	"testing"
	"time"

	"tocsin/internal/adapter"
)

// Case is one channel under test.
type Case struct {
	Driver adapter.Driver
	// Start starts a far end of its own for one check; t.Cleanup ends it. env is
	// what the channel will be opened with. In the drill realm it lets the
	// channel reach 127.0.0.1; in the live realm nothing is sent.
	Start func(t testing.TB, env adapter.Env) Far
	// Parse says what is wrong with a body of a media type that the suite does not
	// know (it knows JSON, XML, HTML and plain text), and returns the text in it.
	Parse func(mime string, body []byte) (text string, err error)

	patience time.Duration // how long to wait for what must happen; 0 = ten seconds
}

// Far is a far end that runs, and the handles the suite needs of it.
type Far struct {
	// Settings lead the channel here. Time-outs in them are longer than the suite
	// waits (ten seconds), so that a Send which ends in time was ended by its context.
	Settings json.RawMessage
	// Opened, where set, gets the open channel: for recipients who dial in, and
	// for channels that make their recipients.
	Opened func(a adapter.Adapter)
	// Recipient is somebody at the far end, called once for each i from 0 on,
	// after Opened.
	Recipient func(i int) adapter.Recipient
	// Taken is how many messages recipient i has taken by now.
	Taken func(i int) int
	// Hang makes the far end take everything and answer nothing from now on, until
	// its end. nil: Send waits for nobody on this channel.
	Hang func()
	// Down ends the far end: connections break, nobody listens any more. nil: there is no such thing.
	Down func()
	// Refusals are the answers by which the far end can refuse: one for each status that has a class.
	Refusals []Refusal
}

// Refusal is one way in which the far end refuses.
type Refusal struct {
	Name   string        // "429", "ESME_RTHROTTLED"
	Refuse func(i int)   // from now on, for recipient i
	All    bool          // it meets every recipient alike
	Class  adapter.Class // what it means
	After  time.Duration // Throttled: the time the far end asks for; 0 = it names none
}

// patience is how long a check waits for what must happen: long enough for a
// loaded machine under -race, short enough to end a test that hangs.
const patience = 10 * time.Second

// check is one question of the suite.
type check struct {
	name string
	ask  func(t tester, c Case)
}

var checks = []check{
	{"limits are sane", limits},
	{"settings are read strictly", strictSettings},
	{"opens and closes while the far end hangs", openHanging},
	{"render is pure", pure},
	{"render works in a preview", preview},
	{"parts are counted and within their limits", parts},
	{"what does not fit is refused", misfits},
	{"an exercise says so and life does not", exercise},
	{"realms are apart", realms},
	{"a withdrawal names nobody", withdrawal},
	{"hostile text stays text", hostile},
	{"one receipt for each, in order", receipts},
	{"alert, update and withdrawal arrive", story},
	{"a restart loses nobody", restart},
	{"duplicates are answered each", duplicates},
	{"send ends with its context", hanging},
	{"a far end that is away", away},
	{"a bad address fails alone", badAddresses},
	{"refusals have their class", refusals},
	{"payloads are read only", readOnly},
	{"send from several goroutines", together},
	{"nothing is left after close", leftovers},
	{"the channel checks itself", selfCheck},
	{"routes stand strangers", routes},
}

// Run asks every question of the suite.
func Run(t *testing.T, c Case) {
	if c.patience == 0 {
		c.patience = patience
	}
	for _, q := range checks {
		t.Run(q.name, func(t *testing.T) { q.ask(tester{t, t}, c) })
	}
}

// tester is the test to which a check reports. The suite's own tests put a
// recorder in the place of TB; root runs what only a real test can.
type tester struct {
	testing.TB
	root *testing.T
}
