package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/repo"
)

// TestMain is a process that adds evidence where a test wants another one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SSF_EVIDENCE_DIR"); dir != "" {
		point := os.Getenv("SSF_EVIDENCE_DIES_AT")
		Failpoint = func(name string) {
			if name == point {
				p, err := os.FindProcess(os.Getpid())
				if err == nil {
					err = p.Kill()
				}
				fmt.Fprintln(os.Stderr, err)
				select {} // until the signal is here
			}
		}
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child keeps ten blobs and records in the folder dir.
func child(dir string) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range 10 {
		if _, err := s.Blob(func(w io.Writer) error { return write(w, fmt.Sprintf("%d of %d\n", i, os.Getpid()), 1000) }); err != nil {
			return err
		}
		e := simple(i)
		e.Tool += fmt.Sprint(" ", os.Getpid())
		if _, err := s.Append(e, testKey(1)); err != nil {
			return err
		}
	}
	return nil
}

func write(w io.Writer, text string, n int) error {
	for range n {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// start starts a child that dies at a point, or at none.
func start(t *testing.T, dir, point string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "SSF_EVIDENCE_DIR="+dir, "SSF_EVIDENCE_DIES_AT="+point)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAppend(t testing.TB, s *Store, e ssf.Evidence) ssf.Evidence {
	t.Helper()
	e, err := s.Append(e, testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// whole reads a store and wants it without a problem.
func whole(t testing.TB, s *Store) *Log {
	t.Helper()
	l, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Problems) > 0 {
		t.Errorf("the problems are %v", l.Problems)
	}
	return l
}

// drafts are the files below .ssf that are being written, or were.
func drafts(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, Folder), func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), draftPrefix) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	if l := whole(t, s); len(l.Records) > 0 || len(entries(t, dir)) > 0 {
		t.Errorf("at first there are %v", l.Records)
	}
	var want []ssf.Evidence
	prev := []ssf.Digest{}
	for i := range 3 {
		e := mustAppend(t, s, simple(i))
		if !slices.Equal(e.Prev, prev) || e.Key != testKey(1).Public() {
			t.Errorf("record %d follows %v by %s", i, e.Prev, e.Key)
		}
		file, err := os.ReadFile(filepath.Join(dir, fileOf(e.ID)))
		if err != nil || e.ID != sha256.Sum256(file) {
			t.Errorf("the file of record %d: %v", i, err)
		}
		want, prev = append(want, e), []ssf.Digest{e.ID}
	}
	l := whole(t, s)
	if diff := cmp.Diff(want, l.Records); diff != "" {
		t.Errorf("appended and read (-want +got):\n%s", diff)
	}
	if !slices.Equal(l.Heads, prev) {
		t.Errorf("the heads are %v", l.Heads)
	}
	// Somebody else adds and takes away; the same store sees it.
	other := mustAppend(t, openStore(t, dir), simple(3))
	if err := os.Remove(filepath.Join(dir, fileOf(want[2].ID))); err != nil {
		t.Fatal(err)
	}
	prev = []ssf.Digest{want[1].ID, other.ID}
	slices.SortFunc(prev, compareDigests)
	if e := mustAppend(t, s, simple(4)); !slices.Equal(e.Prev, prev) {
		t.Errorf("it follows %v, want %v", e.Prev, prev)
	}
	// What cannot be written leaves nothing.
	bad := simple(5)
	bad.Result = ssf.Interrupted
	if _, err := s.Append(bad, testKey(1)); err == nil || !strings.HasPrefix(err.Error(), "adding evidence: encoding record: result is") {
		t.Errorf("error %v", err)
	}
	if names := drafts(t, dir); len(names) > 0 {
		t.Errorf("drafts are left: %v", names)
	}
}

// entries is what stands in the folder of a model.
func entries(t testing.TB, dir string) []fs.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestAppendBesideBad: a log with problems can be added to, and nothing follows
// what is not whole.
func TestAppendBesideBad(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	a, b := mustAppend(t, s, simple(1)), mustAppend(t, s, simple(2))
	if err := os.WriteFile(filepath.Join(dir, fileOf(b.ID)), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if e := mustAppend(t, openStore(t, dir), simple(3)); !slices.Equal(e.Prev, []ssf.Digest{a.ID}) {
		t.Errorf("it follows %v", e.Prev)
	}
}

func TestBlob(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	text := strings.Repeat("line\n", 5000)
	for range 2 { // the same again is no trouble
		id, err := s.Blob(func(w io.Writer) error { return write(w, "line\n", 5000) })
		if err != nil || id != digest(text) {
			t.Fatalf("the digest is %s, %v", id, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, Blobs, id.String())); err != nil || string(got) != text {
			t.Errorf("the blob has %d bytes, %v", len(got), err)
		}
	}
	if id, err := s.Blob(func(io.Writer) error { return nil }); err != nil || id != digest("") {
		t.Errorf("the digest of nothing is %s, %v", id, err)
	}
	no := errors.New("no")
	if _, err := s.Blob(func(w io.Writer) error { return errors.Join(write(w, "x", 9), no) }); !errors.Is(err, no) {
		t.Errorf("error %v", err)
	}
	if names, err := os.ReadDir(filepath.Join(dir, Blobs)); err != nil || len(names) != 2 {
		t.Errorf("the blobs are %v, %v", names, err)
	}
	if whole(t, s); len(drafts(t, dir)) > 0 {
		t.Errorf("drafts are left")
	}
}

// TestIgnore: Git does not see blobs and drafts, and a .gitignore of somebody
// else stays.
func TestIgnore(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	mustAppend(t, s, simple(1))
	name := filepath.Join(dir, Folder, ".gitignore")
	if text, err := os.ReadFile(name); err != nil || string(text) != "/blobs/\n.tmp-*\n" {
		t.Errorf("it is %q, %v", text, err)
	}
	if err := os.WriteFile(name, []byte("mine\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, simple(2))
	if text, err := os.ReadFile(name); err != nil || string(text) != "mine\n" {
		t.Errorf("it became %q, %v", text, err)
	}
}

// TestLinks: evidence is neither read nor written through a link, nor where a
// file stands in the way of a folder.
func TestLinks(t *testing.T) {
	for _, name := range []string{Folder, Records, Blobs} {
		for kind, make := range map[string]func(name string) error{
			name + " is a link": func(name string) error {
				return errors.Join(os.Mkdir(name+"x", 0o777), os.Symlink(filepath.Base(name)+"x", name))
			},
			name + " is not a folder": func(name string) error { return os.WriteFile(name, nil, 0o666) },
		} {
			dir := t.TempDir()
			full := filepath.Join(dir, name)
			s := openStore(t, dir)
			if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o777), make(full)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), kind) {
				t.Errorf("Open: error %v, want one with %q", err, kind)
			}
			if _, err := s.Append(simple(1), testKey(1)); (err == nil || !strings.Contains(err.Error(), kind)) != (name == Blobs) {
				t.Errorf("Append: error %v, want one with %q", err, kind)
			}
			if _, err := s.Blob(func(io.Writer) error { return nil }); (err == nil || !strings.Contains(err.Error(), kind)) != (name == Records) {
				t.Errorf("Blob: error %v, want one with %q", err, kind)
			}
			if _, err := s.Read(); (err == nil || !strings.Contains(err.Error(), kind)) != (name == Blobs) {
				t.Errorf("Read: error %v, want one with %q", err, kind)
			}
		}
	}
	dir := t.TempDir()
	s := openStore(t, dir)
	e := mustAppend(t, s, simple(1))
	file := filepath.Join(dir, fileOf(e.ID))
	if err := errors.Join(os.Rename(file, filepath.Join(dir, "x")), os.Symlink("../../x", file)); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Read(); err != nil || len(l.Records) > 0 || len(l.Problems) != 1 || l.Problems[0].Kind != Foreign {
		t.Errorf("a record that is a link: %v, %v", l, err)
	}
}

// TestMerge: two branches that both added evidence merge in Git by themselves,
// without a problem, and the next record joins them.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	all := map[ssf.Digest]bool{}
	step := func(n int) ssf.Evidence {
		t.Helper()
		s := openStore(t, dir)
		if _, err := s.Blob(func(w io.Writer) error { return write(w, "x", n) }); err != nil {
			t.Fatal(err)
		}
		e := mustAppend(t, s, simple(n))
		all[e.ID] = true
		git("add", "-A")
		git("commit", "-q", "-m", fmt.Sprint(n))
		return e
	}
	step(1)
	git("checkout", "-q", "-b", "a")
	step(2)
	a := step(3)
	git("checkout", "-q", "-b", "b", "main")
	b := step(4)
	before := whole(t, openStore(t, dir)).Checkpoints()
	git("merge", "-q", "--no-edit", "a")
	l := whole(t, openStore(t, dir))
	want := []ssf.Digest{a.ID, b.ID}
	slices.SortFunc(want, compareDigests)
	if !slices.Equal(l.Heads, want) || len(l.Records) != 4 {
		t.Errorf("the heads are %v of %d records, want %v", l.Heads, len(l.Records), want)
	}
	for _, e := range l.Records {
		if !all[e.ID] {
			t.Errorf("%s was on no branch", e.ID)
		}
	}
	if problems := Check(l, append(before, Checkpoint{3, a.ID})); len(problems) > 0 {
		t.Errorf("the problems are %v", problems)
	}
	if e := step(5); !slices.Equal(e.Prev, want) {
		t.Errorf("the next record follows %v", e.Prev)
	}
	if l := whole(t, openStore(t, dir)); len(l.Heads) != 1 || len(l.Records) != 5 {
		t.Errorf("then there are the heads %v of %d records", l.Heads, len(l.Records))
	}
	// As it was before the merge, out of the commit.
	_, fsys, err := repo.At(t.Context(), dir, "b~2")
	if err != nil {
		t.Fatal(err)
	}
	if l := read(t, fsys); !slices.Equal(l.Checkpoints(), before) || len(l.Problems) > 0 {
		t.Errorf("the commit before the merge has %v, %v", l.Checkpoints(), l.Problems)
	}
	out, err := exec.Command("git", "-C", dir, "ls-files").Output()
	if err != nil || bytes.Contains(out, []byte("blobs")) || bytes.Count(out, []byte("\n")) != 6 {
		t.Errorf("in version control there are %s, %v", out, err)
	}
}

// TestKilled: wherever the process dies, what was there stays, nothing half is
// read, the next one goes on, and no draft is left.
func TestKilled(t *testing.T) {
	for point, want := range map[string]struct{ records, drafts int }{
		"blob-begin": {2, 1}, "blob-half": {2, 1}, "blob-written": {2, 1}, "blob-renamed": {2, 0},
		"record-begin": {2, 1}, "record-half": {2, 1}, "record-written": {2, 1}, "record-renamed": {3, 0},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openStore(t, dir)
			first := []ssf.Evidence{mustAppend(t, s, simple(100)), mustAppend(t, s, simple(101))}
			cmd := start(t, dir, point)
			if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("the child was not killed: %v", err)
			}
			l := whole(t, s)
			if len(l.Records) != want.records || !cmp.Equal(l.Records[:2], first) {
				t.Errorf("there are %d records, want %d: %v", len(l.Records), want.records, l.Records)
			}
			if names := drafts(t, dir); len(names) != want.drafts {
				t.Errorf("the drafts are %v, want %d", names, want.drafts)
			}
			e := mustAppend(t, openStore(t, dir), simple(102))
			if l := whole(t, s); len(l.Records) != want.records+1 || !slices.Equal(l.Heads, []ssf.Digest{e.ID}) {
				t.Errorf("then there are %d records and the heads %v", len(l.Records), l.Heads)
			}
			if names := drafts(t, dir); len(names) > 0 {
				t.Errorf("these drafts stay: %v", names)
			}
			wholeBlobs(t, dir)
		})
	}
}

// wholeBlobs holds each blob against its name.
func wholeBlobs(t *testing.T, dir string) (n int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, Blobs, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || digest(string(text)).String() != filepath.Base(name) {
			t.Errorf("%s has another digest, %v", name, err)
		}
	}
	return len(names)
}

// TestTogether: processes that add at the same time all succeed, nothing is
// lost, and the next record joins what they left.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	const n = 4
	var children []*exec.Cmd
	for range n {
		children = append(children, start(t, dir, ""))
	}
	for _, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a child: %v", err)
		}
	}
	s := openStore(t, dir)
	if names := drafts(t, dir); len(names) > 0 {
		t.Errorf("the drafts are %v", names)
	}
	if l := whole(t, s); len(l.Records) != 10*n {
		t.Errorf("there are %d records with %d heads", len(l.Records), len(l.Heads))
	}
	if got := wholeBlobs(t, dir); got != 10*n {
		t.Errorf("there are %d blobs", got)
	}
	e := mustAppend(t, s, simple(100))
	if l := whole(t, s); !slices.Equal(l.Checkpoints(), []Checkpoint{{10*n + 1, e.ID}}) {
		t.Errorf("the checkpoints are %v of %d records", l.Checkpoints(), len(l.Records))
	}
}

// TestDraftOfTheLiving: a draft stays as long as its process lives.
func TestDraftOfTheLiving(t *testing.T) {
	dir := t.TempDir()
	id, err := openStore(t, dir).Blob(func(w io.Writer) error {
		if err := write(w, "x", 5); err != nil {
			return err
		}
		mustAppend(t, openStore(t, dir), simple(1))
		if names := drafts(t, dir); len(names) != 1 {
			t.Errorf("the drafts are %v", names)
		}
		return write(w, "x", 5)
	})
	if err != nil || id != digest("xxxxxxxxxx") || wholeBlobs(t, dir) != 1 {
		t.Errorf("the blob is %s, %v", id, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := openStore(b, b.TempDir())
	for i := range 1000 {
		mustAppend(b, s, simple(i))
	}
	for b.Loop() {
		mustAppend(b, s, simple(1))
	}
}

// TestAppendShortens: a record that is too large loses of its longest messages
// what is over, and no more; one that is too large without them is refused.
func TestAppendShortens(t *testing.T) {
	s := openStore(t, t.TempDir())
	e := simple(1)
	e.Tests, e.Result, e.Why = nil, ssf.Failed, "many failed"
	for i := range 800 {
		e.Tests = append(e.Tests, ssf.TestResult{Name: fmt.Sprintf("long%04d", i), Outcome: ssf.TestFailed, Message: strings.Repeat("\u00e4", 1000)})
	}
	e.Tests = append(e.Tests, ssf.TestResult{Name: "short", Outcome: ssf.TestFailed, Message: "want 403"})
	got := mustAppend(t, s, e)
	file, err := s.root.ReadFile(fileOf(got.ID))
	if err != nil || len(file) > MaxRecord || len(file) < MaxRecord-4*800 {
		t.Errorf("the record has %d bytes, want just below %d; %v", len(file), MaxRecord, err)
	}
	for _, x := range got.Tests {
		if n := len(x.Message); x.Name == "short" && x.Message != "want 403" || x.Name != "short" && (n%2 > 0 || n < 500 || n > 1500) {
			t.Errorf("%s says %.20q, %d bytes", x.Name, x.Message, n)
		}
	}
	if len(e.Tests[0].Message) != 2000 {
		t.Error("Append has shortened its argument")
	}
	for i := range e.Tests {
		e.Tests[i].Suite = strings.Repeat("s", 2000)
	}
	if _, err := s.Append(e, testKey(1)); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "MaxRecord") {
		t.Errorf("error is %v", err)
	}
	whole(t, s)
}
