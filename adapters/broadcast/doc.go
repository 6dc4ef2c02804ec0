// Package broadcast is the channel to radio and television stations: the live
// feed tocsin.feed.v1, and the adapter that watches over it. What follows is
// the protocol, for those who write a client; package receive is one.
//
// # Entry
//
// Every request carries the station's token as "Authorization: Bearer TOKEN",
// never in the address, where logs would keep it. A station sees the alerts of
// its areas: "BE" takes BE-VAN, BE-VAN takes what concerns all of BE, "*" takes
// all. Who got one revision of a case gets every later one, wherever the area
// moves. When rights are withdrawn, open lines end within seconds. Up to four
// sessions at once; a careful station holds one to each of two nodes.
//
//	GET  /v1/feed            WebSocket, subprotocol tocsin.feed.v1
//	GET  /v1/feed/events     Server-Sent Events; Last-Event-ID, ?cursor= or ?start=
//	GET  /v1/feed/poll       long poll; ?cursor= or ?start=, ?wait= 0 to 25 seconds
//	POST /v1/feed/receipts   one receipt
//
// Errors before the line stands are RFC 9457 problem documents.
//
// # The log and its cursor
//
// The feed is one log. A cursor is EPOCH-SEQ and means the same on every node
// and transport. The epoch changes only when the log is made anew or restored.
// The newest cursor of a client is that of the last alert it has stored, or the
// head of a live or heartbeat frame after it.
//
// Frames are JSON text of one object each, with a type. Both sides ignore types
// and fields they do not know. A client's frame is at most 16 KB, and at most
// 50 a second come after a burst of 500.
//
// # Frames of the client
//
//	resume   {cursor} or {start}, and {client}: program and version
//	receipt  {identifier, revision, state, at, by, channel, reason}
//
// A resume comes first, and again at any time after a gap. With a cursor the
// log goes on right after it. Without one, start says where to begin: live
// (the default: every live alert), new (only what comes), all (everything the
// node still keeps), acked (what is live or withdrawn and was not yet
// confirmed, as far as this node knows). A client that sends no resume gets
// what is live after five seconds.
//
// # Frames of the feed
//
//	hello      {session, node, nodes, epoch, head, cursor_ok, reason, heartbeat_s, cred_days}
//	alert      {seq, prev, replay, epoch, identifier, case, revision, msg_type, status, outcome, sent, expires,
//	            areas[{code, names}], languages, texts{lang: {headline, spoken, spoken_seconds, crawl, radiotext}},
//	            media[{kind, lang, url, mime, bytes, sha256}], cap, cap_sha256, repeat{every_s, until}}
//	live       {head}
//	heartbeat  {node, at, epoch, head, live: [[identifier, revision, seq]...], origin{n, at}, degraded, cred_days}
//	receipt_ok, receipt_refused {identifier, revision, state, code, field, detail, retry}
//	bye        {reason, retry_ms, cursor, detail}
//
// hello answers each resume. cursor_ok is false when the cursor is unknown (no
// cursor at all), future, foreign (of another epoch) or expired (older than the
// node keeps); reason begins with that word, and then every live alert follows
// after the withdrawals that the node keeps. Never silence.
//
// alert is one revision. cap is the signed CAP 1.2 document, byte for byte; it
// alone is signed, so a careful client takes nothing from the frame that the
// document does not say. prev is the seq of the alert frame sent before it on
// this connection. The chain begins anew with each hello: at the cursor if that
// was good, at the head with start new, else at 0. So any other prev than the
// last seq seen proves that a frame was lost, and is mended by a resume. What a
// station may not see, what was withdrawn and what has expired is passed over;
// seqs have holes, the chain has none. replay says that the frame is not new: it is
// part of a replay, or sent again because it was not confirmed; receivers
// drop what they have by identifier and revision.
//
// live ends a replay; a heartbeat follows at once, and then every heartbeat_s
// or sooner. Its list of all live alerts proves completeness to the last
// message: an alert in it that the client lacks was lost; an alert that the
// client has and the list lacks is over. A frame's effect on the list is never
// ahead of the frame. origin is a counter written through the log; a node that
// does not see it grow, or has lost the log, says degraded. Before each
// heartbeat goes a WebSocket ping; a client that is not heard of for three
// intervals is closed.
//
// # Receipts
//
// The states are received (only after durable storage), seen, queued, on_air,
// declined and failed (both need a reason: the station decides what it airs),
// and removed (all copies of the case are gone). receipt_ok says that the
// receipt is on the ledger. receipt_refused with retry true: send it again;
// else code is bad (field and detail say why) or unknown (this station was sent
// no such revision). The same receipt twice is one. What is not confirmed
// within 15 seconds is sent again.
//
// # The end
//
// bye names the reason, how long to stay away, and the cursor up to which frames were
// written. Then comes the close code: 4400 bad message, 4401 token no longer
// good, 4403 station removed, 4408 slow, 4409 too many sessions, 4410 the node
// stops or the station's areas changed, 4429 too many frames. A frame over 16 KB
// gets 1009. Inside a connection nothing is dropped: a
// client whose line is blocked for 10 seconds, or is 4 MB behind while it does
// not read, is closed at the end of a frame and resumes.
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
//
// The poll answers {epoch, head, cursor, cursor_ok, reason, more, alerts, live,
// degraded}: the next poll takes cursor.
package broadcast
