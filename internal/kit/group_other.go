//go:build !unix

package kit

import "os/exec"

// aGroup leaves cmd as it is: there are no process groups here.
func aGroup(*exec.Cmd) {}
