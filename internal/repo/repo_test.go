package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

// scratch is an empty folder, with a home that has no configuration of git.
func scratch(t *testing.T) string {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	return t.TempDir()
}

// repository is a folder under git with one commit of the files.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := scratch(t)
	initialise(t, dir, files)
	return dir
}

func initialise(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	write(t, dir, files)
	run(t, dir, "git", "init", "-q")
	run(t, dir, "git", "add", "-A")
	commit(t, dir)
}

func commit(t *testing.T, dir string) {
	t.Helper()
	run(t, dir, "git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m", "x")
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("running %s %q: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

func open(t *testing.T, dir string) *ssf.Tree {
	t.Helper()
	tree, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// check opens dir and compares what there is.
func check(t *testing.T, dir, commit string, dirty bool, files ...string) {
	t.Helper()
	tree := open(t, dir)
	if tree.Commit != commit || tree.Dirty != dirty {
		t.Errorf("tree is at %q, dirty %v; want %q, %v", tree.Commit, tree.Dirty, commit, dirty)
	}
	if diff := cmp.Diff(files, tree.Files); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}

func head(t *testing.T, dir string) string { return run(t, dir, "git", "rev-parse", "HEAD") }

func TestFiles(t *testing.T) {
	odd := []string{"a b.txt", "dir/ümlaut €.go", "new\nline", "quote\".txt", "tab\there", " 100644 x"}
	files := map[string]string{"z": "", "-- .": ""}
	for _, name := range odd {
		files[name] = "x"
	}
	dir := repository(t, files)
	check(t, dir, head(t, dir), false,
		" 100644 x", "-- .", "a b.txt", "dir/ümlaut €.go", "new\nline", "quote\".txt", "tab\there", "z")

	// The same names untracked are the same files, of a dirty tree.
	run(t, dir, "git", "rm", "-q", "--cached", "-r", ".")
	check(t, dir, head(t, dir), true,
		" 100644 x", "-- .", "a b.txt", "dir/ümlaut €.go", "new\nline", "quote\".txt", "tab\there", "z")
}

func TestIgnored(t *testing.T) {
	dir := repository(t, map[string]string{".gitignore": "*.log\n/out/\n", "a.go": "", "sub/b.go": ""})
	write(t, dir, map[string]string{"x.log": "", "out/y": "", "sub/z.log": ""})
	check(t, dir, head(t, dir), false, ".gitignore", "a.go", "sub/b.go")
	write(t, dir, map[string]string{"sub/new.go": ""})
	check(t, dir, head(t, dir), true, ".gitignore", "a.go", "sub/b.go", "sub/new.go")
	tree := open(t, dir)
	for at, want := range map[string]string{".": "x.log", "sub": "sub/z.log", "out": "out/y", "..": "", "none": ""} {
		if got := strings.Join(tree.Ignored(at), " "); got != want {
			t.Errorf("ignored in %s are %q, want %q", at, got, want)
		}
	}

	// A folder that the repository ignores is a folder without git.
	check(t, filepath.Join(dir, "out"), "", false, "y")
}

func TestSubFolder(t *testing.T) {
	dir := repository(t, map[string]string{"a": "", "sub folder/b": "", "sub folder/c/d": "", "sub folder2/e": ""})
	at := head(t, dir)
	check(t, filepath.Join(dir, "sub folder"), at, false, "b", "c/d")
	write(t, dir, map[string]string{"a": "changed", "f": ""})
	check(t, filepath.Join(dir, "sub folder"), at, false, "b", "c/d")
	if diff := cmp.Diff([]string{"a", "f"}, open(t, filepath.Join(dir, "sub folder")).Outside); diff != "" {
		t.Errorf("outside differs (-want +got):\n%s", diff)
	}
	write(t, dir, map[string]string{"sub folder/g": ""})
	remove(t, dir, "sub folder/c/d")
	check(t, filepath.Join(dir, "sub folder"), at, true, "b", "g")
}

func TestDirty(t *testing.T) {
	for name, change := range map[string]func(dir string){
		"changed":  func(dir string) { write(t, dir, map[string]string{"a": "changed"}) },
		"staged":   func(dir string) { write(t, dir, map[string]string{"a": "changed"}); run(t, dir, "git", "add", "a") },
		"unstaged": func(dir string) { run(t, dir, "git", "rm", "-q", "--cached", "a") },
		"mode":     func(dir string) { run(t, dir, "chmod", "+x", "a") },
		"assumed":  func(dir string) { run(t, dir, "git", "update-index", "--assume-unchanged", "a") },
		"skipped":  func(dir string) { run(t, dir, "git", "update-index", "--skip-worktree", "a") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, map[string]string{"a": "1", "b": "2"})
			check(t, dir, head(t, dir), false, "a", "b")
			change(dir)
			check(t, dir, head(t, dir), true, "a", "b")
			if diff := cmp.Diff([]string{"a"}, open(t, dir).Changed); diff != "" {
				t.Errorf("changed differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("deleted", func(t *testing.T) {
		dir := repository(t, map[string]string{"a": "1", "b": "2", "c": "3"})
		remove(t, dir, "a")
		run(t, dir, "git", "rm", "-q", "c")
		check(t, dir, head(t, dir), true, "b")
	})
	t.Run("in conflict", func(t *testing.T) {
		dir := repository(t, map[string]string{"a": "1", "b": "2"})
		run(t, dir, "git", "checkout", "-q", "-b", "other")
		write(t, dir, map[string]string{"a": "other"})
		run(t, dir, "git", "add", "a")
		commit(t, dir)
		run(t, dir, "git", "checkout", "-q", "-")
		write(t, dir, map[string]string{"a": "main"})
		run(t, dir, "git", "add", "a")
		commit(t, dir)
		cmd := exec.Command("git", "-c", "user.name=T", "-c", "user.email=t@example.org", "merge", "-q", "other")
		cmd.Dir = dir
		if cmd.Run() == nil {
			t.Fatal("the merge has no conflict")
		}
		check(t, dir, head(t, dir), true, "a", "b")
	})
}

func TestNoCommit(t *testing.T) {
	dir := scratch(t)
	run(t, dir, "git", "init", "-q")
	check(t, dir, "", false)
	write(t, dir, map[string]string{"a": "", "b": ""})
	run(t, dir, "git", "add", "a")
	check(t, dir, "", true, "a", "b")
}

func TestWithoutGit(t *testing.T) {
	files := map[string]string{
		"b/c": "", "a": "", "b.c": "", "new\nline": "", ".hidden": "", ".gitignore": "a",
		".git/config": "", "nested/.git": "gitdir: elsewhere", "nested/d": "",
	}
	want := []string{".gitignore", ".hidden", "a", "b.c", "b/c", "nested/d", "new\nline"}
	t.Run("not a repository", func(t *testing.T) {
		dir := scratch(t)
		write(t, dir, files)
		check(t, dir, "", false, want...)
	})
	t.Run("not installed", func(t *testing.T) {
		dir := repository(t, map[string]string{"a": "", ".gitignore": "b"})
		write(t, dir, map[string]string{"b": ""})
		t.Setenv("PATH", t.TempDir())
		check(t, dir, "", false, ".gitignore", "a", "b")
	})
	t.Run("too many", func(t *testing.T) {
		tree := &ssf.Tree{Files: make([]string, maxFiles)}
		dir := scratch(t)
		write(t, dir, map[string]string{"a": ""})
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := walk(t.Context(), tree, root); !errors.Is(err, errTooMany) {
			t.Errorf("walk returned %v", err)
		}
	})
}

func TestSymlinks(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"secret": ""})
	for _, under := range []string{"git", "nothing"} {
		t.Run("under "+under, func(t *testing.T) {
			dir := scratch(t)
			write(t, dir, map[string]string{"real/a": ""})
			symlink(t, outside, filepath.Join(dir, "out"))
			symlink(t, "real", filepath.Join(dir, "in"))
			symlink(t, "..", filepath.Join(dir, "real", "loop"))
			symlink(t, "nowhere", filepath.Join(dir, "broken"))
			commit := ""
			if under == "git" {
				initialise(t, dir, nil)
				commit = head(t, dir)
			}
			check(t, dir, commit, false, "broken", "in", "out", "real/a", "real/loop")
		})
	}
	t.Run("special file", func(t *testing.T) {
		dir := scratch(t)
		write(t, dir, map[string]string{"a": ""})
		if err := exec.Command("mkfifo", filepath.Join(dir, "pipe.go")).Run(); err != nil {
			t.Skip(err)
		}
		check(t, dir, "", false, "a")
	})
}

func TestSubmodules(t *testing.T) {
	dir := repository(t, map[string]string{"a": ""})
	inner := filepath.Join(t.TempDir(), "inner")
	initialise(t, inner, map[string]string{"x.go": "package x", "y/z": ""})
	run(t, dir, "git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "mod")
	commit(t, dir)
	at := head(t, dir)
	check(t, dir, at, false, ".gitmodules", "a", "mod/x.go", "mod/y/z")
	if names, known := open(t, dir).Symbols("mod/x.go"); !known || len(names) != 0 {
		t.Errorf("symbols of a file in a submodule are %q, %v", names, known)
	}

	write(t, dir, map[string]string{"mod/new": ""})
	remove(t, dir, "mod/x.go")
	check(t, dir, at, true, ".gitmodules", "a", "mod/new", "mod/y/z")

	run(t, filepath.Join(dir, "mod"), "git", "add", "-A")
	commit(t, filepath.Join(dir, "mod"))
	check(t, dir, at, true, ".gitmodules", "a", "mod/new", "mod/y/z") // another commit than the recorded one

	remove(t, dir, "mod")
	if err := os.Mkdir(filepath.Join(dir, "mod"), 0o777); err != nil {
		t.Fatal(err)
	}
	check(t, dir, at, false, ".gitmodules", "a") // not checked out
}

func TestNestedRepository(t *testing.T) {
	dir := repository(t, map[string]string{"a": ""})
	initialise(t, filepath.Join(dir, "nested"), map[string]string{"b": ""})
	check(t, dir, head(t, dir), true, "a")
}

func TestWorktree(t *testing.T) {
	dir := repository(t, map[string]string{"a": ""})
	other := filepath.Join(t.TempDir(), "other")
	run(t, dir, "git", "worktree", "add", "-q", other)
	write(t, other, map[string]string{"b": ""})
	check(t, other, head(t, dir), true, "a", "b")
	check(t, dir, head(t, dir), false, "a")
}

// TestEnvironment proves that the variables a hook of git sees do not lead
// elsewhere.
func TestEnvironment(t *testing.T) {
	dir := repository(t, map[string]string{"a": ""})
	at := head(t, dir)
	other := t.TempDir()
	initialise(t, other, map[string]string{"b": ""})
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_WORK_TREE", other)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, ".git", "index"))
	check(t, dir, at, false, "a")
}

// TestHostileConfiguration proves that nothing runs which a repository names:
// every program below would leave a file behind.
func TestHostileConfiguration(t *testing.T) {
	for name, test := range map[string]struct {
		config     func(script string) [][2]string
		attributes string
		submodule  bool
	}{
		"fsmonitor": {config: func(s string) [][2]string { return [][2]string{{"core.fsmonitor", s}} }},
		"hooks": {config: func(s string) [][2]string {
			return [][2]string{{"core.hooksPath", filepath.Dir(s)}}
		}},
		"clean filter": {
			config: func(s string) [][2]string {
				return [][2]string{{"filter.e.vil.clean", s}, {"filter.e.vil.required", "true"}}
			},
			attributes: "* filter=e.vil\n",
		},
		"process filter": {
			config:     func(s string) [][2]string { return [][2]string{{"filter.evil.process", s}} },
			attributes: "* filter=evil\n",
		},
		"fsmonitor of a submodule": {
			config:    func(s string) [][2]string { return [][2]string{{"core.fsmonitor", s}} },
			submodule: true,
		},
		"filter of a submodule": {
			config:     func(s string) [][2]string { return [][2]string{{"filter.evil.clean", s}} },
			attributes: "* filter=evil\n",
			submodule:  true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, map[string]string{"a": "1", ".gitattributes": test.attributes})
			victim := dir
			if test.submodule {
				dir = t.TempDir()
				initialise(t, dir, nil)
				run(t, dir, "git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", victim, "mod")
				commit(t, dir)
				victim = filepath.Join(dir, "mod")
			}
			trace := filepath.Join(t.TempDir(), "ran")
			hooks := t.TempDir()
			script := filepath.Join(hooks, "post-index-change")
			text := "#!/bin/sh\necho ran >" + trace + "\ncat\n"
			if err := os.WriteFile(script, []byte(text), 0o777); err != nil {
				t.Fatal(err)
			}
			for _, kv := range test.config(script) {
				run(t, victim, "git", "config", kv[0], kv[1])
			}
			write(t, victim, map[string]string{"a": "2"})                          // as long as before: git must read it
			run(t, victim, "touch", "-d", "2001-02-03 04:05:06", ".gitattributes") // so that plain git writes the index

			if tree := open(t, dir); !tree.Dirty {
				t.Error("a changed file does not make the tree dirty")
			}
			if _, err := os.Stat(trace); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a program that the repository names was run")
			}

			// The trap must be able to snap: plain git steps into it.
			cmd := exec.Command("git", "status")
			cmd.Dir = dir
			_ = cmd.Run() // a filter that speaks no protocol fails
			if _, err := os.Stat(trace); err != nil {
				t.Error("plain git does not run the program, so this test proves nothing")
			}
		})
	}
	t.Run("a filter that cannot be switched off", func(t *testing.T) {
		dir := repository(t, nil)
		run(t, dir, "sh", "-c", `printf '[filter "a=b"]\n\tclean = evil\n' >>.git/config`)
		if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), `"filter.a=b" has a =`) {
			t.Errorf("Open returned %v", err)
		}
	})
}

func TestWritesNothing(t *testing.T) {
	dir := repository(t, map[string]string{"a": "1"})
	run(t, dir, "touch", "-d", "2001-02-03 04:05:06", "a") // git would refresh the index
	index := filepath.Join(dir, ".git", "index")
	before, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	check(t, dir, head(t, dir), false, "a")
	after, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("reading the tree changed the index")
	}
}

func TestForeignOwner(t *testing.T) {
	dir := repository(t, map[string]string{"a": ""})
	at := head(t, dir)
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, 65534, 65534)
	})
	if err != nil {
		t.Skip("cannot give files away: ", err)
	}
	cmd := exec.Command("git", "status")
	cmd.Dir = dir
	if cmd.Run() == nil {
		t.Skip("git does not look at the owner")
	}
	check(t, dir, at, false, "a")
}

func TestErrors(t *testing.T) {
	file := filepath.Join(scratch(t), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	dangling := t.TempDir()
	write(t, dangling, map[string]string{".git": "gitdir: /nowhere/at/all\n"})
	broken := t.TempDir()
	initialise(t, broken, nil)
	write(t, broken, map[string]string{".git/index": "not an index"})

	for name, test := range map[string]struct {
		ctx  context.Context
		dir  string
		want string
	}{
		"missing":       {t.Context(), file + "-missing", "no such file"},
		"not a folder":  {t.Context(), file, "not a directory"},
		"cancelled":     {cancelled, t.TempDir(), "context canceled"},
		"dangling .git": {t.Context(), dangling, "not a git repository: /nowhere/at/all"},
		"broken index":  {t.Context(), broken, "running git ls-files: "},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := Open(test.ctx, test.dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open returned %v, %v; want an error with %q", tree, err, test.want)
			}
		})
	}
}

func TestBounded(t *testing.T) {
	cmd := exec.Command("cat", "/dev/zero")
	b := bounded{max: 1000}
	cmd.Stdout = &b
	if err := cmd.Run(); err == nil || !b.full || b.buf.Len() > 1000 {
		t.Errorf("an endless output gave %v, full %v, %d bytes", err, b.full, b.buf.Len())
	}
}
