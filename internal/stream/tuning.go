package stream

import "time"

// tuning holds the bounds of the engine. They are no options: a State that needs
// others needs a cluster. Tests use small ones.
type tuning struct {
	openWait time.Duration // Open gives up after this: a million records after a crash take 7 s to read back
	try      time.Duration // one publish or request waits this long for an answer
	pause    time.Duration // between two tries
	patience time.Duration // a publish without a deadline gives up after this; a leader's crash costs 4-8 s, a cut-off one 16 s

	memory   int64 // bound of JetStream's memory in the process; our streams are on disk, consumers' state is small
	store    int64 // bound of the store folder. Not what the disk has: nats-server would refuse to load streams that reserved more when the disk was emptier; room watches the disk
	reserve  int64 // free bytes below which only cases and alerts are stored, so that a withdrawal always gets out
	lastRoom int64 // free bytes below which nothing is stored: nats-server switches JetStream off when a write fails
}

func defaults() tuning {
	return tuning{
		openWait: 60 * time.Second,
		try:      2 * time.Second,
		pause:    250 * time.Millisecond,
		patience: 30 * time.Second,
		memory:   64 << 20,
		store:    1 << 40,
		reserve:  256 << 20,
		lastRoom: 64 << 20,
	}
}
