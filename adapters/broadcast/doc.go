// Package broadcast is the channel to radio and television stations: the live
// feed tocsin.feed.v1, and the adapter that watches over it. FEED.md is the
// protocol, for those who write a client; package receive is one.
//
// One log, one cursor, three transports (websocket.go, events.go, poll.go) that
// share one loop (writer.go, fanout.go). Every serving node brings each message to its
// own sessions and sends again what they do not confirm (resend.go); Send, which
// runs wherever the delivery's job does, only looks: at the ledger for what is
// confirmed, and at all nodes for who is connected (send.go, presence.go). What a
// station may enter with is in credential.go and admit.go.
//
// # Design
//
// One follower of the log for each process, however many clients. Each message
// is encoded once; a connection adds its own few bytes (seq, prev, replay) and
// holds only its position, so replay and live are the same loop. The ring keeps
// 4,096 messages or 64 MB, and every live alert beside it. What is older is not
// read again from the log: it is superseded, withdrawn or over, and a station
// that was away for so long needs what is live, which is what it gets.
//
// One at a time writes to a connection, all that is due in one write. Resting
// WebSockets have no writer: the fan-out goes over them after each message and
// writes to those that take it at once, the same bytes for all that stand at the
// same place of the log with the same areas. A line that does not take it gets a
// goroutine until it has caught up. Receipts that arrive while the ledger writes
// go into its next write together, and each session's answers into one. With a
// withdrawal the earlier revisions of the case leave the node's memory; so does an
// alert that expires.
package broadcast
