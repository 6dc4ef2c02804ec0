// Package adaptertest is the suite that every channel passes, and the guide
// for the author of the next one.
//
// # A new channel in five steps
//
// 1. Make the folder adapters/NAME with a Driver, a Settings struct that
// adapter.DecodeSettings reads, and an adapter of two methods.
//
// 2. Render. It is pure: no clock, no random number, no map order, no state.
// The approver sees what it returns and releases exactly that. Begin with
// adapter.CheckMessage, which keeps exercise and life apart and refuses message
// types that nobody knows. Take the words from Message.Texts: they are written
// and counted for you, and begin with the word EXERCISE in a drill. Say in
// Parts what a person will read or hear, with its count and its limit; what is
// over a limit is an error that names the field, never a text cut short. A
// withdrawal says nothing of the case, even if it was handed facts.
//
// 3. Send. One attempt, one receipt for each recipient, in order. No retry, no
// log line. Return soon after ctx ends. A recipient whose address makes no
// sense fails alone. Payload bodies belong to everybody: read them only. What
// a failure says goes to the board: no address, no token, no number. What must
// outlive the process (keys, salts) lies in Env.KeyDir, the recipients in
// Env.Recipients; nothing else is there after a restart.
//
// 4. The classes. Ask of each status that the far end can give: would the same
// message be taken later (Temporary, Throttled)? never (Rejected)? is this
// recipient no more, by the far end's own clear word (Gone: he is removed for
// good)? or is it we who are set up wrongly (Misconfigured)? When in doubt it
// is Temporary.
//
// 5. One line in adapters/adapters.go, and a test:
//
//	func TestConformance(t *testing.T) {
//		adaptertest.Run(t, adaptertest.Case{Driver: Driver(), Start: start})
//	}
//
// where start runs a real far end on 127.0.0.1 and says how to reach it, how to
// make it refuse and hang, and what it took: see Far. The conformance_test.go of
// adapters/website is the shortest example.
//
// # What the suite asks
//
// Each check opens a channel of its own against a far end of its own, with
// registry, inbox and alert log in memory. Beside its own question each check
// holds every receipt, error and log line against the recipients' addresses and
// the child's name. Run the suite with -race as well: several checks ask
// their question only there.
//
// It asks nothing of a channel's own protocol, of what its far end shows, or of
// speed: that is for the channel's own tests.
package adaptertest
