//go:build !unix

package receive

// lock does nothing where the system has no advisory locks: start one receiver for each folder.
func lock(string) (unlock func(), err error) { return func() {}, nil }
