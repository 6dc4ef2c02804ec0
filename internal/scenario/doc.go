// Package scenario holds the acceptance tests in the words of the trade: the
// whole server, as a process or in process, with real receivers at the far ends.
package scenario
