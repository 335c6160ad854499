package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
)

// ErrNoCommit is the error of [At] where a revision names no commit here.
var ErrNoCommit = errors.New("no such commit here")

// ErrNoRepository is the error of [At] for a folder that is in none.
var ErrNoRepository = errNoRepository

// At reads the tree of the folder dir as a commit holds it, and the files of
// it. Rev is what Git calls a revision: a branch, a tag, a hash, `HEAD~1`. The
// files are read from Git when they are opened, and nothing is checked out or
// written. What stands in submodules is not among them.
func At(ctx context.Context, dir, rev string) (*ssf.Tree, fs.FS, error) {
	g := git{dir: dir}
	out, err := g.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	switch {
	case errors.Is(err, errNoMatch):
		return nil, nil, fmt.Errorf("reading commit %q: %w", rev, ErrNoCommit)
	case errors.Is(err, exec.ErrNotFound):
		return nil, nil, fmt.Errorf("reading commit %q: git is not installed", rev)
	case errors.Is(err, errNoRepository):
		return nil, nil, fmt.Errorf("reading commit %q: %w", rev, ErrNoRepository)
	case err != nil:
		return nil, nil, fmt.Errorf("reading commit %q: %w", rev, err)
	}
	c := &commitFiles{ctx: ctx, git: g, entries: map[string]*entryInfo{".": {name: ".", mode: fs.ModeDir | 0o555}}}
	t := &ssf.Tree{Commit: strings.TrimSpace(out)}
	if out, err = g.run(ctx, "ls-tree", "-r", "-z", "-l", t.Commit); err != nil {
		return nil, nil, fmt.Errorf("reading commit %q: %w", rev, err)
	}
	for line := range records(out) {
		info, name, ok := strings.Cut(line, "\t")
		f := strings.Fields(info) // mode, type, hash, size
		if !ok || len(f) != 4 {
			return nil, nil, fmt.Errorf("reading git ls-tree: unexpected line %q", line)
		}
		if f[1] != "blob" || !fs.ValidPath(name) {
			continue
		}
		size, _ := strconv.ParseInt(f[3], 10, 64)
		mode := fs.FileMode(0o444)
		if f[0] == "120000" {
			mode |= fs.ModeSymlink
		}
		if t.Files = append(t.Files, name); len(t.Files) > maxFiles {
			return nil, nil, fmt.Errorf("reading commit %q: %w", rev, errTooMany)
		}
		c.add(&entryInfo{name: name, mode: mode, hash: f[2], size: size})
	}
	slices.Sort(t.Files)
	t.Symbols = newSymbols(c.source).of
	return t, c, nil
}

// commitFiles are the files of a commit. It follows no links.
type commitFiles struct {
	ctx     context.Context
	git     git
	entries map[string]*entryInfo
}

func (c *commitFiles) add(e *entryInfo) {
	c.entries[e.name] = e
	for p := e.name; p != "."; {
		dir := path.Dir(p)
		d, ok := c.entries[dir]
		if !ok {
			d = &entryInfo{name: dir, mode: fs.ModeDir | 0o555}
			c.entries[dir] = d
		}
		d.children = append(d.children, c.entries[p])
		if ok {
			return
		}
		p = dir
	}
}

// Open opens a file or folder.
func (c *commitFiles) Open(name string) (fs.File, error) {
	e, err := c.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case e.IsDir():
		return &openFolder{e: e}, nil
	case e.mode&fs.ModeSymlink != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("links are not followed")}
	}
	text, err := c.git.run(c.ctx, "cat-file", "blob", e.hash)
	if err != nil {
		return nil, err
	}
	return &openFile{e, strings.NewReader(text)}, nil
}

// Lstat tells of a file or folder without opening it.
func (c *commitFiles) Lstat(name string) (fs.FileInfo, error) { return c.find("lstat", name) }

// Stat is Lstat, since no link is followed.
func (c *commitFiles) Stat(name string) (fs.FileInfo, error) { return c.find("stat", name) }

// ReadLink refuses to follow a link.
func (c *commitFiles) ReadLink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}

func (c *commitFiles) find(op, name string) (*entryInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if e, ok := c.entries[name]; ok {
		return e, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// source is a file whose symbols are looked up.
func (c *commitFiles) source(name string) ([]byte, error) {
	e, err := c.find("open", name)
	if err != nil {
		return nil, err
	}
	if e.size > maxSource || !e.mode.IsRegular() {
		return nil, fmt.Errorf("reading %s: more than maxSource = %d bytes, or no ordinary file", name, maxSource)
	}
	text, err := c.git.run(c.ctx, "cat-file", "blob", e.hash)
	return []byte(text), err
}

// An entryInfo is one file or folder of a commit.
type entryInfo struct {
	name     string
	mode     fs.FileMode
	hash     string
	size     int64
	children []*entryInfo
}

func (e *entryInfo) Name() string               { return path.Base(e.name) }
func (e *entryInfo) Size() int64                { return e.size }
func (e *entryInfo) Mode() fs.FileMode          { return e.mode }
func (e *entryInfo) Type() fs.FileMode          { return e.mode.Type() }
func (e *entryInfo) ModTime() time.Time         { return time.Time{} }
func (e *entryInfo) IsDir() bool                { return e.mode.IsDir() }
func (e *entryInfo) Sys() any                   { return nil }
func (e *entryInfo) Info() (fs.FileInfo, error) { return e, nil }

type openFile struct {
	*entryInfo
	*strings.Reader
}

func (f *openFile) Size() int64                { return f.entryInfo.size }
func (f *openFile) Stat() (fs.FileInfo, error) { return f.entryInfo, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	e    *entryInfo
	read int
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.e, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.e.name, Err: errors.New("is a folder")}
}

// ReadDir lists the folder by name, n entries at a time.
func (f *openFolder) ReadDir(n int) (out []fs.DirEntry, err error) {
	all := slices.Clone(f.e.children)
	slices.SortFunc(all, func(a, b *entryInfo) int { return strings.Compare(a.name, b.name) })
	for _, e := range all[f.read:] {
		if n > 0 && len(out) == n {
			break
		}
		out = append(out, e)
	}
	f.read += len(out)
	if n > 0 && len(out) == 0 {
		return nil, io.EOF
	}
	return out, nil
}
