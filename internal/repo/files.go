package repo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ssf"
)

// Limits on one file, in bytes.
const (
	maxSource = 4 << 20 // beyond it a file is not read as source
	maxDigest = 4 << 30 // beyond it a file has no digest
)

// A folder reads the files in it, also after following links, and none outside.
type folder string

// source is a file that may be parsed.
func (dir folder) source(path string) ([]byte, error) {
	f, err := dir.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(src) > maxSource {
		err = fmt.Errorf("reading %s: more than maxSource = %d bytes", path, maxSource)
	}
	return src, err
}

func (dir folder) read(path string) ([]byte, bool) {
	src, err := dir.source(path)
	return src, err == nil
}

// digest is SHA-256 over the bytes of a file.
func (dir folder) digest(path string) (d ssf.Digest, ok bool) {
	f, err := dir.open(path)
	if err != nil {
		return d, false
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, maxDigest+1))
	if err != nil || n > maxDigest {
		return d, false
	}
	return ssf.Digest(h.Sum(nil)), true
}

// open opens a regular file.
func (dir folder) open(path string) (*os.File, error) {
	if !fs.ValidPath(path) {
		return nil, fmt.Errorf("reading %q: not a path inside the tree", path)
	}
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if fi, err := root.Stat(path); err != nil { // before opening: a pipe would block
		return nil, err
	} else if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: not a regular file", path)
	}
	return root.Open(path)
}

// toolchains ask programs for their versions, each once.
type toolchains struct {
	dir string
	mu  sync.Mutex
	ask map[string]string
}

func newToolchains(dir string) *toolchains { return &toolchains{dir: dir, ask: map[string]string{}} }

// of is the version of Go that a command in the folder compiles with, which
// go.mod may choose; empty for other programs, whose lock files say it.
//
// Only `go env` is run, from an absolute place outside the folder: it runs and
// fetches nothing that the folder names.
func (t *toolchains) of(program string) string {
	if program != "go" {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.ask[program]; !ok {
		t.ask[program] = goVersion(t.dir)
	}
	return t.ask[program]
}

func goVersion(dir string) string {
	name, err := program(dir, "go")
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, "env", "GOVERSION")
	cmd.Dir = dir
	// A go.mod that wants a toolchain which is not here must not have it fetched;
	// and what is ours, such as a key, is nobody else's.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GOPROXY=") || strings.HasPrefix(v, "GOFLAGS=") || strings.HasPrefix(v, "SSF_")
	}), "GOPROXY=off", "GOFLAGS=")
	out := bounded{max: 1 << 10}
	cmd.Stdout = &out
	if cmd.Run() != nil { // the chosen toolchain is not here yet
		chosen, _, _ := strings.Cut(os.Getenv("GOTOOLCHAIN"), "+")
		return map[bool]string{true: chosen}[strings.HasPrefix(chosen, "go1")]
	}
	return strings.TrimSpace(out.buf.String())
}

// program finds a program in the absolute folders of PATH that lie outside of the
// repository around dir: what a repository holds is never run by us, also where
// it has a folder in PATH, such as node_modules/.bin.
func program(dir, name string) (string, error) {
	top, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for d := top; d != filepath.Dir(d); d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			top = d
		}
	}
	for _, d := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(d) {
			continue
		}
		if file, err := exec.LookPath(filepath.Join(d, name)); err == nil && !inside(top, d) && !inside(top, file) {
			return file, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

// inside reports whether a file lies in a folder, links followed.
func inside(dir, name string) bool {
	d, err1 := filepath.EvalSymlinks(dir)
	n, err2 := filepath.EvalSymlinks(name)
	if err1 != nil || err2 != nil {
		return true // nobody can tell, so it is not run
	}
	d, err1 = filepath.Abs(d)
	rel, err2 := filepath.Rel(d, n)
	return err1 != nil || err2 != nil || filepath.IsLocal(rel)
}

// beside returns a function that lists the files in a folder of the tree, not
// below it, that are not among the sorted files: those that Git ignores. A folder
// that cannot be read has none.
func (dir folder) beside(files []string) func(string) []string {
	return func(at string) (out []string) {
		if !fs.ValidPath(at) {
			return nil
		}
		root, err := os.OpenRoot(string(dir))
		if err != nil {
			return nil
		}
		defer root.Close()
		entries, _ := fs.ReadDir(root.FS(), at)
		for _, e := range entries {
			name := path.Join(at, e.Name())
			if _, known := slices.BinarySearch(files, name); !known && !e.IsDir() && e.Name() != ".git" {
				out = append(out, name)
			}
		}
		return out
	}
}
