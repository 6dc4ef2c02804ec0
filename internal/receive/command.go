package receive

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// execute runs the command for one revision after another: playout machines
// want order, and a slow command must not hold up the feed.
func (r *Receiver) execute(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-r.runs:
			r.runOne(ctx, id)
		}
	}
}

// runOne runs the command for the newest revision of a case. A failure is an
// alarm and is not tried again: only the station knows what half a run has done.
func (r *Receiver) runOne(ctx context.Context, id string) {
	r.mu.Lock()
	h := r.state.Cases[id]
	if h == nil || !h.Run {
		r.mu.Unlock()
		return
	}
	rev := *h
	r.mu.Unlock()
	runCtx, cancel := context.WithTimeout(ctx, execWait)
	defer cancel()
	cmd := exec.CommandContext(runCtx, r.opt.Exec[0], r.opt.Exec[1:]...)
	cmd.WaitDelay = 5 * time.Second // a child of the command may hold its output open
	cmd.Dir = r.opt.Dir
	cmd.Env = append(os.Environ(),
		"TOCSIN_DIR="+filepath.Join(r.opt.Dir, "alerts", folder(id, rev.Revision)),
		"TOCSIN_CASE="+id,
		"TOCSIN_IDENTIFIER="+rev.Identifier,
		"TOCSIN_REVISION="+strconv.Itoa(rev.Revision),
		"TOCSIN_MSG_TYPE="+rev.MsgType,
		"TOCSIN_STATUS="+rev.Status,
	)
	err := cmd.Run()
	if ctx.Err() != nil {
		return // it runs again after the restart
	}
	detail := ""
	if err != nil {
		detail = err.Error()
		r.alarm("", AlarmExec, fmt.Sprintf("command for case %s revision %d: %v", id, rev.Revision, err))
	} else {
		r.settle(AlarmExec)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log("command", id, rev.Revision, detail)
	if h := r.state.Cases[id]; h != nil && h.Revision == rev.Revision && h.wanted == rev.wanted {
		h.Run = false
		_ = r.save() // a failure is an alarm; then it runs once more after a restart
	}
}
