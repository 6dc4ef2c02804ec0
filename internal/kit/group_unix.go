//go:build unix

package kit

import (
	"os/exec"
	"syscall"
)

// aGroup starts cmd in a process group of its own, and ends the whole group when its time is up.
func aGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
