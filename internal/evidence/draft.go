package evidence

import (
	"crypto/rand"
	"errors"
	"os"
	"path"
)

// Failpoint, if set, is called at each point where a process may die while it
// writes: `record-begin`, `record-half`, `record-written`, `record-renamed`, and
// the same of `blob`, `ignore` and `lock`; and at `key-looked-at`, where others may
// change what was looked at before it is used. It is for tests.
var Failpoint func(name string)

func fail(name string) {
	if Failpoint != nil {
		Failpoint(name)
	}
}

// A draft is a file that is being written. As long as its process lives it holds
// a lock on it, so that another can tell what a dead one has left.
type draft struct {
	dir  *os.Root
	file *os.File
	name string // empty once it is kept or dropped
	kind string // of what: the first half of a failpoint
	half bool   // half of it, or of its first part, is written
}

// newDraft begins a file in the folder at of dir; empty: in dir itself.
func newDraft(dir *os.Root, at, kind string) (*draft, error) {
	for range 100 {
		d := &draft{dir: dir, kind: kind, name: path.Join(at, draftPrefix+rand.Text())}
		var err error
		if d.file, err = dir.OpenFile(d.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
			return nil, err
		}
		lock(d.file)
		mine, err := d.file.Stat()
		if err != nil {
			d.drop()
			return nil, err
		}
		// Before the lock it looked like that of a dead process.
		if now, err := dir.Lstat(d.name); err != nil || !os.SameFile(mine, now) {
			d.file.Close()
			continue
		}
		fail(kind + "-begin")
		return d, nil
	}
	return nil, errors.New("every new file was taken away at once")
}

func (d *draft) Write(b []byte) (n int, err error) {
	if !d.half && len(b) > 1 {
		d.half = true
		if n, err = d.file.Write(b[:len(b)/2]); err != nil {
			return n, err
		}
		fail(d.kind + "-half")
	}
	m, err := d.file.Write(b[n:])
	return n + m, err
}

// keep gives the file its name, at which there may be one already: as names are
// digests, that holds the same, or should.
func (d *draft) keep(name string) error {
	if err := d.file.Sync(); err != nil {
		return err
	}
	fail(d.kind + "-written")
	if closeFirst {
		if err := d.file.Close(); err != nil {
			return err
		}
	}
	if err := d.dir.Rename(d.name, name); err != nil {
		return err
	}
	d.name = ""
	fail(d.kind + "-renamed")
	if !closeFirst {
		if err := d.file.Close(); err != nil {
			return err
		}
	}
	return syncFolder(d.dir)
}

// drop takes the file away, unless it is kept.
func (d *draft) drop() {
	if d.name != "" {
		if closeFirst {
			d.file.Close()
		}
		d.dir.Remove(d.name)
		d.file.Close()
		d.name = ""
	}
}
