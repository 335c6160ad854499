//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package evidence

import (
	"errors"
	"os"
	"syscall"
)

// closeFirst: a file can be renamed while it is open.
const closeFirst = false

// lock holds f until it is closed, which also the end of the process does. On a
// file system without locks it does nothing, and removeDead nothing either.
func lock(f *os.File) {
	for errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX), syscall.EINTR) {
	}
}

// LockFolder holds the folder of a model against others that hold it, until
// release is called or the process ends. Who reads ssf.lock and then writes it
// holds it in between.
func LockFolder(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	lock(f)
	return func() { f.Close() }, nil
}

// removeDead removes a draft, unless the process that writes it is alive. One
// that cannot be removed harms nobody.
func removeDead(dir *os.Root, name string) {
	f, err := dir.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		dir.Remove(name)
	}
}

// syncFolder makes the names in a folder last through a loss of power.
func syncFolder(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
