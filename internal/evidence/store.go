package evidence

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"ssf"
)

// A Store keeps the evidence of one model in its folder. Several processes may
// use the same folder at once: each file is written beside, synced and renamed,
// and two records that were added at once are two heads. One Store is for one
// goroutine.
type Store struct {
	root *os.Root
	read map[ssf.Digest]ssf.Evidence // records that Append has seen; only ID and Prev are kept
}

// Open opens the store of the model in the folder dir. It makes nothing yet, and
// takes away what processes that died have left half.
func Open(dir string) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening evidence: %w", err)
	}
	s := &Store{root, map[ssf.Digest]ssf.Evidence{}}
	if err := s.sweep(); err != nil {
		root.Close()
		return nil, fmt.Errorf("opening evidence: %w", err)
	}
	return s, nil
}

// Close lets go of the folder.
func (s *Store) Close() error { return s.root.Close() }

// Read reads the records that are there now; see [Read].
func (s *Store) Read() (*Log, error) { return Read(s.root.FS()) }

// Append signs a record that follows the heads of today and writes it. When it
// returns, the record stays through a loss of power; when it fails or the
// process dies, the record is there as a whole or not at all. A record that is too
// large loses of its longest messages what is over. It returns the record as it
// stands there, with ID, Key and Prev.
func (s *Store) Append(e ssf.Evidence, key Key) (ssf.Evidence, error) {
	e, err := s.append(e, key)
	if err != nil {
		return ssf.Evidence{}, fmt.Errorf("adding evidence: %w", err)
	}
	return e, nil
}

func (s *Store) append(e ssf.Evidence, key Key) (ssf.Evidence, error) {
	dir, err := s.folder(Records)
	if err != nil {
		return e, err
	}
	defer dir.Close()
	if e.Prev, err = s.heads(); err != nil {
		return e, err
	}
	text, id, err := Encode(e, key)
	if errors.Is(err, errRecord) {
		text, id, err = Encode(shorten(e, key), key)
	}
	if err != nil {
		return e, err
	}
	if e, err = Decode(text); err != nil {
		return e, err
	}
	d, err := newDraft(dir, "", "record")
	if err != nil {
		return e, err
	}
	defer d.drop()
	if _, err := d.Write(text); err != nil {
		return e, err
	}
	if err := d.keep(id.String() + recordEnding); err != nil {
		return e, err
	}
	s.read[id] = ssf.Evidence{ID: id, Prev: e.Prev}
	return e, nil
}

// heads are the heads of today. A record that was read once is not read again,
// as long as it is there.
func (s *Store) heads() ([]ssf.Digest, error) {
	fsys := s.root.FS()
	files, problems, err := listFiles(fsys)
	if err != nil {
		return nil, err
	}
	if len(files) >= MaxRecords {
		return nil, over("MaxRecords", MaxRecords, "records")
	}
	for _, p := range problems {
		if p.Kind == OverLimit {
			return nil, fmt.Errorf("%s: %s", p.File, p.Message)
		}
	}
	there := make(map[ssf.Digest]ssf.Evidence, len(files))
	records := make([]ssf.Evidence, 0, len(files))
	for _, f := range files {
		e, ok := s.read[f.id]
		if !ok {
			full, _, problem, err := readRecord(fsys, f)
			if err != nil {
				return nil, err
			}
			if problem != nil {
				continue
			}
			e = ssf.Evidence{ID: full.ID, Prev: full.Prev}
		}
		there[e.ID] = e
		records = append(records, e)
	}
	s.read = there
	return heads(records), nil
}

// Blob keeps what write writes, and returns its digest, by which the file in
// Blobs is named. If write or anything else fails, nothing is kept.
func (s *Store) Blob(write func(io.Writer) error) (ssf.Digest, error) {
	id, err := s.blob(write)
	if err != nil {
		return ssf.Digest{}, fmt.Errorf("keeping a blob: %w", err)
	}
	return id, nil
}

func (s *Store) blob(write func(io.Writer) error) (id ssf.Digest, err error) {
	dir, err := s.folder(Blobs)
	if err != nil {
		return id, err
	}
	defer dir.Close()
	d, err := newDraft(dir, "", "blob")
	if err != nil {
		return id, err
	}
	defer d.drop()
	sum := sha256.New()
	if err := write(io.MultiWriter(d, sum)); err != nil {
		return id, err
	}
	sum.Sum(id[:0])
	return id, d.keep(id.String())
}

// WriteLock writes the file name of the model's folder, which holds checkpoints:
// the whole of it, or nothing. What a process that dies leaves half of it is in
// Folder, where version control does not look.
func (s *Store) WriteLock(name, text string) error {
	dir, err := s.folder(Records)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer dir.Close()
	d, err := newDraft(s.root, Folder, "lock")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer d.drop()
	if _, err = io.WriteString(d, text); err == nil {
		err = d.keep(name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// ignore keeps blobs and drafts out of version control.
const ignore = "/blobs/\n" + draftPrefix + "*\n"

// folder opens Records or Blobs, and makes what is missing on the way: both
// folders above it too, and the .gitignore beside it.
func (s *Store) folder(name string) (*os.Root, error) {
	top, err := openFolder(s.root, Folder, Folder)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	if _, err := top.Lstat(".gitignore"); errors.Is(err, fs.ErrNotExist) {
		d, err := newDraft(top, "", "ignore")
		if err != nil {
			return nil, err
		}
		defer d.drop()
		if _, err := io.WriteString(d, ignore); err != nil {
			return nil, err
		}
		if err := d.keep(".gitignore"); err != nil {
			return nil, err
		}
	}
	return openFolder(top, path.Base(name), name)
}

// openFolder opens a folder, and makes it if it is missing. A link is refused,
// also one that takes the place of the folder meanwhile. Errors call it shown.
func openFolder(in *os.Root, name, shown string) (*os.Root, error) {
	switch err := in.Mkdir(name, 0o777); {
	case err == nil:
		if err := syncFolder(in); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	if _, err := isFolder(in.FS(), name, shown); err != nil {
		return nil, err
	}
	before, err := in.Lstat(name)
	if err != nil {
		return nil, err
	}
	dir, err := in.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if after, err := dir.Stat("."); err != nil || !os.SameFile(before, after) {
		dir.Close()
		return nil, errors.Join(fmt.Errorf("%s is not the folder that it was", shown), err)
	}
	return dir, nil
}

// sweep takes away the drafts of processes that died.
func (s *Store) sweep() error {
	for _, name := range []string{Folder, Records, Blobs} {
		if there, err := isFolder(s.root.FS(), name, name); err != nil {
			return err
		} else if !there {
			continue
		}
		dir, err := s.root.OpenRoot(name)
		if err != nil {
			return err
		}
		err = sweep(dir)
		dir.Close()
		if err != nil {
			return fmt.Errorf("clearing %s: %w", name, err)
		}
	}
	return nil
}

func sweep(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, draftPrefix) {
			continue
		}
		if info, err := dir.Lstat(name); err == nil && info.Mode().IsRegular() {
			removeDead(dir, name)
		}
	}
	return nil
}
