// Package stream is Tocsin's only data engine: NATS JetStream, embedded in the
// process or as outside servers. It is the only importer of nats.go and
// nats-server, so the rest of the program speaks of logs, queues and objects.
//
// Streams: CASES, AUDIT, ALERTS, LEDGER, SUBSCRIBERS (logs), NODES (what the processes tell
// each other), DELIVERY (work queue), DEAD (dead letters) and the object store MEDIA. Every subject starts with the
// realm; callers name subjects without it ("alerts.POLICE.7GQ2").
//
// # What it promises
//
//   - A write that was acknowledged survives kill -9 and power loss: every write is
//     synced before its answer.
//   - A write is tried again with the same ID until its context ends (30 s without a
//     deadline). The same ID is stored once within twenty minutes; with Entry.After
//     also later. ErrUnavailable may mean stored: try again with the same ID.
//   - What was withdrawn or erased is overwritten on disk, not only forgotten
//     (erase.go), and cannot come back after a crash.
//   - A full disk refuses receipts, jobs, photos and subscribers first, and cases and
//     alerts last, so that a withdrawal still gets out (room.go).
//   - Readers see a log in order and each record once, through restarts and leader
//     changes; Consume and Work, which must not lose anything, may hand out a record
//     twice after a crash.
//
// # Settings, and why
//
//	SyncAlways            the default syncs every two minutes and loses acknowledged writes
//	DontListen, NoSigs    in process only: no port to guard; signals are the program's
//	file "tocsin.lock"    two servers on one folder would damage it; the kernel drops the lock with the process
//	file "realm"          an exercise's folder never becomes a real one
//	duplicates 20 min     covers every retry; longer costs 100 bytes for each message of the window
//	no per-subject limit  with one, deleted keys come back after an unclean end; NODES has one, and nothing in it is ever deleted
//	async persistence     NODES on one node alone: a counter every five seconds needs no sync
//	deny delete, purge    CASES, AUDIT and LEDGER are the record; ALERTS, SUBSCRIBERS and MEDIA deny purge and roll-up headers, which leave bytes on disk
//	compression s2        LEDGER alone: where things are erased, a search of the files must prove it
//	DELIVERY 1 GiB        refuses new jobs when full (a quarter of the free disk when embedded, if that is less)
//	DEAD 256 MiB, 30 days forgets the oldest: it tells an operator what went wrong, nothing waits for it
//	pull expiry 5 s, heartbeat 1 s   the default leaves a hole of 30 s when a consumer's leader changes
//	one consumer, max ack pending 1  Consume: order, also with several processes
//	reconnect for ever, no buffer    a cluster may be away for hours; what was reported as unavailable must not be stored minutes later
//
// # Who may do what
//
// NATS runs with an operator whose keys lie in Options.Keys, and accounts that he
// signs: SYS, TOCSIN with every stream, and one for each station with direct NATS
// (claims.go). The running service has a user in TOCSIN that cannot make, change,
// delete, purge, copy or restore a stream, nor touch one record of CASES, AUDIT and LEDGER
// (rights.go); the streams are made by a set-up user who is dropped at once. Outside
// servers get the same accounts by WriteServerFiles; deploy/nats is the book. A
// refused permission is an error at once, not a time-out (denied.go).
//
// CASES, AUDIT and LEDGER are looked at every minute on every replica and read through
// once a day, for nats-server hides what a flipped bit damaged (scrub.go).
//
// An outside server needs `jetstream { sync_interval: always }` and room for the
// reserved 1.35 GiB; the program cannot check the first. A cluster has 3 or 5 nodes.
package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"tocsin/internal/alert"
)

// What callers must tell apart.
var (
	// ErrConflict: the subject moved on since Entry.After; read again and decide anew.
	ErrConflict = errors.New("changed by somebody else meanwhile")
	// ErrNone: there is no such record or object, and there never was.
	ErrNone = errors.New("not found")
	// ErrGone: the object existed and was deleted.
	ErrGone = errors.New("deleted")
	// ErrFull: the disk or the stream's bound is full. Nothing was stored.
	ErrFull = errors.New("no space left on the event stream")
	// ErrUnavailable: no answer from NATS within the time given; the write may be tried again with the same ID.
	ErrUnavailable = errors.New("event stream unavailable")
)

// Options say which NATS to use.
type Options struct {
	Dir   string // embedded: data folder, used by one process alone
	URL   string // outside servers instead: "nats://a:4222,nats://b:4222"
	Creds string // credentials file for URL; empty = none
	// SetupCreds, with URL, make the streams that are missing and are dropped then.
	// Empty: Creds make them, or, having no right to, say which is missing.
	SetupCreds string
	// Keys is the folder of the NATS operator's keys. Embedded: they are made when
	// absent, and empty means Dir/keys. With URL: only those who hold them can admit stations.
	Keys string
	// Listen is where the embedded server takes stations with direct NATS; empty = nowhere.
	// Without TLS only on loopback.
	Listen string
	TLS    *tls.Config

	Realm    alert.Realm
	Replicas int // of every stream, with URL: 1, 3 or 5; 0 = 1
	Log      *slog.Logger
}

// Entry is one message to append.
type Entry struct {
	Subject string
	ID      string // Nats-Msg-Id: the same ID is stored once
	Data    []byte
	// After, when not nil, is the sequence that the subject's newest record must have (0 = none yet), else ErrConflict.
	After *uint64
	// Rollup erases all earlier records of the subject from the stream and from disk.
	Rollup bool
}

// Record is one stored message.
type Record struct {
	Seq     uint64
	Subject string // without the realm
	ID      string
	Data    []byte
	Time    time.Time
}

// Job is one message on the work queue.
type Job struct {
	Subject string // "jobs.CHANNEL.PRIORITY.PART.CASE.REVISION.SHARD"
	ID      string
	Data    []byte
}

// Task is a job in a worker's hands. Exactly one of Done, Retry and Bury ends it;
// a task that is not ended goes to another worker after the queue's ack wait.
type Task interface {
	Job() Job
	Attempt() int                     // 1, 2, 3 ... of the queue, not of the channel
	Asked() time.Time                 // when the worker asked for jobs: its ack wait began after it, at most PullFor
	Extend(ctx context.Context) error // still at work: start the ack wait anew; confirmed by the server
	Done(ctx context.Context) error   // confirmed by the server before it returns
	Retry(ctx context.Context, after time.Duration) error
	Bury(ctx context.Context, reason string) error // to DEAD, then off the queue
}

// Work says which jobs a worker takes and how many at once.
type Work struct {
	Name     string // durable name: workers of the same name share the jobs
	Filter   string // "jobs.sms.p0.>"
	InFlight int    // tasks handed out and not yet ended: bounds memory
	AckWait  time.Duration
	// Others are names that took some of these jobs when they were cut otherwise. One
	// that stands in the way and whom nobody uses is taken away.
	Others []string
}
