//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package evidence

import "os"

// closeFirst: a file cannot be renamed while it is open.
const closeFirst = true

func lock(*os.File) {}

// LockFolder does nothing here.
func LockFolder(string) (release func(), err error) { return func() {}, nil }

// removeDead removes a draft. One that is open cannot be removed here, so those
// of processes that are alive stay.
func removeDead(dir *os.Root, name string) { dir.Remove(name) }

func syncFolder(*os.Root) error { return nil }
