package repo

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestAt: a commit is read as it was, whatever the folder holds now.
func TestAt(t *testing.T) {
	dir := repository(t, map[string]string{"ssf.yaml": "old\n", "sub/ssf.yaml": "below\n", "sub/a/b.go": "package b\n\nfunc Old() {}\n"})
	first := head(t, dir)
	write(t, dir, map[string]string{"ssf.yaml": "new\n", "sub/a/b.go": "package b\n"})
	remove(t, dir, "sub/ssf.yaml")
	run(t, dir, "git", "add", "-A")
	commit(t, dir)
	for _, rev := range []string{"HEAD~1", first} {
		tree, files, err := At(context.Background(), dir, rev)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(files, "ssf.yaml"); err != nil || string(text) != "old\n" {
			t.Errorf("%s: ssf.yaml holds %q (%v)", rev, text, err)
		}
		if d := cmp.Diff([]string{"ssf.yaml", "sub/a/b.go", "sub/ssf.yaml"}, tree.Files); d != "" || tree.Commit != first || tree.Dirty {
			t.Errorf("%s: commit %s, dirty %v, files (-want +got)\n%s", rev, tree.Commit, tree.Dirty, d)
		}
		if list, known := tree.Symbols("sub/a/b.go"); !known || !slices.Equal(list, []string{"Old"}) {
			t.Errorf("%s: symbols %q, %v", rev, list, known)
		}
		if err := fstest.TestFS(files, "ssf.yaml", "sub/a/b.go", "sub/ssf.yaml"); err != nil {
			t.Error(err)
		}
	}
	tree, _, err := At(context.Background(), dir+"/sub", first)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a/b.go", "ssf.yaml"}, tree.Files); d != "" {
		t.Errorf("of a sub folder (-want +got)\n%s", d)
	}
}

// TestAtRefuses: what is no commit is told as such, and is never an option.
func TestAtRefuses(t *testing.T) {
	dir := repository(t, map[string]string{"a": "a\n"})
	for _, rev := range []string{"", "nowhere", "--help", "-h", "HEAD:a", "HEAD\n", "@{upstream}"} {
		if _, _, err := At(context.Background(), dir, rev); err == nil {
			t.Errorf("%q was read", rev)
		}
	}
	if _, _, err := At(context.Background(), dir, "nowhere"); !errors.Is(err, ErrNoCommit) {
		t.Errorf("an unknown revision gives %v", err)
	}
	if _, _, err := At(context.Background(), scratch(t), "HEAD"); err == nil {
		t.Error("a folder without a repository has a commit")
	}
}

// TestAtFollowsNoLink: a link of a stranger's commit leads nowhere.
func TestAtFollowsNoLink(t *testing.T) {
	dir := scratch(t)
	symlink(t, "/etc/passwd", dir+"/ssf.yaml")
	initialise(t, dir, nil)
	_, files, err := At(context.Background(), dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(files, "ssf.yaml"); err == nil {
		t.Errorf("a link was read: %q", text)
	}
	if info, err := fs.Lstat(files, "ssf.yaml"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
}
