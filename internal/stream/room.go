package stream

import (
	"context"
	"fmt"
	"math"
	"syscall"
	"time"
)

// room says ErrFull before the disk is full. nats-server switches JetStream off
// when a write meets a full disk, so the last bytes are never asked for; and the
// bulk (receipts, jobs, photos, subscribers) stops earlier than cases and
// alerts, so that a child who is found can still be withdrawn.
func (e *Engine) room(urgent bool) error {
	if e.host == nil {
		return nil // the outside servers' operator watches their disks; their refusals arrive as ErrFull too
	}
	need := e.tune.reserve
	if urgent {
		need = e.tune.lastRoom
	}
	if free := freeSpace(e.host.dir); free < need {
		return fmt.Errorf("%w: %d MiB free in %s, %d MiB are kept in reserve: make room on that disk", ErrFull, free>>20, e.host.dir, need>>20)
	}
	return nil
}

// freeSpace is the room left for an ordinary user; a disk that cannot be asked counts as free.
func freeSpace(dir string) int64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return math.MaxInt64 / 2
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

// watch starts the embedded server anew after a write failed (room was left when
// we looked, and then somebody else filled the disk), once there is room again. The
// connection finds the new server by itself.
func (e *Engine) watch() {
	for e.sleep(e.life, time.Second) {
		fault := e.host.fault()
		if fault == nil || e.room(false) != nil || !e.sleep(e.life, time.Second) || e.host.fault() == nil {
			continue // a fault that passes by itself needs no new server
		}
		e.log.Warn("event stream: starting the embedded server anew", "error", fault)
		e.host.stopServer()
		ctx, cancel := context.WithTimeout(e.life, e.tune.openWait)
		if err := e.host.start(ctx); err != nil {
			e.log.Error("event stream: the embedded server does not start", "error", err)
		}
		cancel()
		e.sleep(e.life, 5*time.Second) // a disk that is broken is not asked all the time
	}
}
