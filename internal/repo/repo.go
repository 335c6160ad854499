// Package repo reads what a repository holds: the files of a folder, the
// commit they stand at, and the symbols of a Go file.
//
// It asks git where there is one, and never runs anything that the repository
// itself names (hooks, monitors, filters, helpers): a repository from a
// stranger is data. Worktrees and history are not here.
//
// Read [Open] first, then git.go for what is switched off and why.
package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"ssf"
)

// Limits on what one tree may be. Each is named in the error of what exceeds it.
const (
	maxFiles  = 1 << 20
	maxOutput = 256 << 20 // bytes that git may print
	maxDepth  = 8         // submodules within submodules
	timeLimit = 2 * time.Minute
)

// Open reads the tree of the folder dir.
//
// Inside a Git work tree, Files are the tracked files that are not deleted,
// and the untracked files that are not ignored; files of submodules that are
// checked out stand among them, those of other nested repositories do not.
// Commit is the full hash, empty before the first commit. Dirty means that
// what stands in dir is not what the commit holds there; untracked files and
// submodules count, and so do files at which git was told not to look. If dir is
// a sub folder, only what is in it counts, and Outside are the others.
//
// Elsewhere, and where git is not installed or an enclosing repository ignores
// dir, Files are all regular files and symbolic links, and Commit is empty.
//
// In both cases nothing in a folder `.git` is listed, and a symbolic link is
// listed and not followed. Errors are about the world: dir is missing, git
// fails, or a limit of this package is passed.
func Open(ctx context.Context, dir string) (*ssf.Tree, error) {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening tree: %w", err)
	}
	defer root.Close()

	f := folder(dir)
	t := &ssf.Tree{Symbols: newSymbols(f.source).of, Read: f.read, Digest: f.digest, Toolchain: newToolchains(dir).of, Env: os.LookupEnv}
	held, err := readGit(ctx, t, root, dir, "", 0)
	if err == nil && !held {
		err = walk(ctx, t, root)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tree %s: %w", dir, err)
	}
	t.Files, t.Changed = slices.DeleteFunc(t.Files, passing), slices.DeleteFunc(t.Changed, passing)
	slices.Sort(t.Files)
	slices.Sort(t.Changed)
	t.Changed = slices.Compact(t.Changed)
	t.Files = slices.Compact(t.Files) // a file in conflict stands in the index up to three times
	if held {
		t.Ignored = f.beside(t.Files)
	}
	return t, nil
}

// readGit adds to t what git says of dir, each path after prefix. It reports
// false if no repository holds dir.
func readGit(ctx context.Context, t *ssf.Tree, root *os.Root, dir, prefix string, depth int) (held bool, err error) {
	g := git{dir: dir}
	var within string
	var tracked []entry
	var filters []string
	err = together(
		func() (err error) { within, err = g.prefix(ctx); return err },
		func() (err error) { tracked, err = g.tracked(ctx); return err },
		func() (err error) { filters, err = g.disarm(ctx); return err },
	)
	switch {
	case errors.Is(err, errNoRepository), errors.Is(err, exec.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	g.filters = filters
	st, err := g.status(ctx, within)
	if err != nil {
		return false, err
	}
	if within != "" && len(tracked) == 0 && len(st.untracked) == 0 {
		return false, nil // ignored, or empty
	}
	if depth == 0 {
		t.Commit, t.Outside = st.commit, slices.Sorted(slices.Values(st.outside))
	}
	t.Dirty = t.Dirty || st.changed
	for _, p := range st.paths {
		t.Changed = append(t.Changed, prefix+p)
	}

	for _, e := range tracked {
		if e.unwatched {
			t.Dirty, t.Changed = true, append(t.Changed, prefix+e.path)
		}
		switch {
		case st.deleted[e.path]:
		case !e.submodule:
			t.Files = append(t.Files, prefix+e.path)
		case depth == maxDepth:
			return false, fmt.Errorf("listing submodule %s: more than maxDepth = %d levels", prefix+e.path, maxDepth)
		case isRepository(root, prefix+e.path):
			if _, err := readGit(ctx, t, root, dir+"/"+e.path, prefix+e.path+"/", depth+1); err != nil {
				return false, fmt.Errorf("reading submodule %s: %w", prefix+e.path, err)
			}
		}
	}
	for _, p := range st.untracked {
		if !strings.HasSuffix(p, "/") { // a repository that is no submodule
			t.Files = append(t.Files, prefix+p)
		}
	}
	if len(t.Files) > maxFiles {
		return false, errTooMany
	}
	return true, nil
}

// passing reports whether a file is one that another process of this program is
// writing, and will soon have another name.
func passing(path string) bool {
	return strings.HasPrefix(path, ".ssf-") && strings.HasSuffix(path, ".tmp")
}

var errTooMany = fmt.Errorf("more than maxFiles = %d files", maxFiles)

// together calls functions at the same time, since starting git takes longer
// than its answer. It returns the error of the first that has one.
func together(fs ...func() error) error {
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// isRepository reports whether the folder name is the top of a repository.
// Only then may git be asked there: elsewhere it would answer for the parent.
func isRepository(root *os.Root, name string) bool {
	fi, err := root.Lstat(name)
	if err != nil || !fi.IsDir() {
		return false
	}
	_, err = root.Lstat(name + "/.git")
	return err == nil
}

// walk adds to t the files in root.
func walk(ctx context.Context, t *ssf.Tree, root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case path.Base(name) == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() && d.Type()&fs.ModeSymlink == 0:
			return nil
		case len(t.Files) == maxFiles:
			return errTooMany
		}
		t.Files = append(t.Files, name)
		return nil
	})
}
