//go:build unix

package receive

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock keeps a second receiver out of the folder: the two would overwrite each
// other's state. The system lets go of the lock when the process dies.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("dir %s: another receiver is using it; stop that one, or give this one a folder of its own", dir)
	}
	return func() { f.Close() }, nil
}
