package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ssf"
	"ssf/internal/report"
)

// TestScript runs the command lines of testdata/script. SSF_UPDATE=1 rewrites
// the expected outputs that stand in the scripts themselves.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("SSF_UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOURCE_DATE_EPOCH", "1800000000") // 2027-01-15
			e.Setenv("HOME", e.WorkDir)
			for _, v := range append(gitNames, "GOCACHE="+goCache()) {
				name, value, _ := strings.Cut(v, "=")
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "commit": commit, "scrub": scrub},
	})
}

// TestMain lets scripts call the program as `ssf`, which dies at the failpoint
// that SSF_DIES_AT names.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ssf": func() { dieAt(os.Getenv("SSF_DIES_AT")); main() }})
}

// gitNames let git commit, with the same result each time.
var gitNames = []string{
	"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.org",
	"GIT_AUTHOR_DATE=2027-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2027-01-01T00:00:00Z",
}

// goCache is the build cache of these tests, which the modules in them share.
func goCache() string {
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "go-build")
}

// commit commits all that is in the working folder, in a new repository if there
// is none.
func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: commit")
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "state"}} {
		if err := ts.Exec("git", args...); err != nil {
			ts.Fatalf("git %q: %v", args, err)
		}
	}
}

// changing is what two runs of the same command print differently.
var changing = regexp.MustCompile(`ed25519:[A-Za-z0-9+/]{43}=|\b(?:[0-9.]+m?s|[0-9a-f]{7,64}|go1\.[0-9.]+)\b|after [0-9.]+ s|\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// scrub writes the last output to a file, with @ for what differs from run to
// run: `scrub FILE`.
func scrub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: scrub FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile("stdout"), ts.Getenv("WORK"), "$WORK")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(changing.ReplaceAllString(text, "@")), 0o666))
}

// status runs a command and compares its exit status: `status 3 ssf check`.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND [ARG ...]")
	}
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var coded interface{ ExitCode() int }
	switch {
	case errors.As(err, &coded):
		got = string(rune('0' + coded.ExitCode()))
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %s, want %s", got, want)
	}
}

// TestWriteFileRights: a file that is written has the rights of the one that was
// there, else those that the user's mask leaves, while it is written too; and the
// list of what may be run is its owner's alone.
func TestWriteFileRights(t *testing.T) {
	for name, x := range map[string]struct{ old, most, want fs.FileMode }{
		"a narrow file":    {0o600, ordinary, 0o600},
		"a shared file":    {0o664, ordinary, 0o664},
		"a program":        {0o755, ordinary, 0o644},
		"a secret":         {0o644, secret, 0o600},
		"a new secret":     {0, secret, 0o600},
		"what others read": {0o444, ordinary, 0o444},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "x")
		if x.old != 0 {
			if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, x.old)); err != nil {
				t.Fatal(err)
			}
		}
		a := &app{env: &Env{Dir: dir}}
		err := a.replace("x", x.most, func(w io.Writer) error {
			entries, err := filepath.Glob(filepath.Join(dir, ".ssf-*.tmp"))
			if err != nil || len(entries) != 1 {
				return fmt.Errorf("while it is written there are %q (%w)", entries, err)
			}
			if info, err := os.Lstat(entries[0]); err != nil || info.Mode() != x.want {
				t.Errorf("%s: while it is written it has the rights %v, want %v (%v)", name, info.Mode(), x.want, err)
			}
			return nil
		})
		if info, err2 := os.Lstat(file); err != nil || err2 != nil || info.Mode() != x.want {
			t.Errorf("%s: it has the rights %v, want %v (%v, %v)", name, info.Mode(), x.want, err, err2)
		}
	}

	s := newShop(t, threeTests)
	for mask, want := range map[string]fs.FileMode{"077": 0o600, "027": 0o640} {
		name := "case" + mask + ".json"
		if out, err := s.command("/bin/sh", "-c", "umask "+mask+"; ssf check -q -o "+name+" >&2 || [ $? = 3 ]").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if info, err := os.Lstat(filepath.Join(s.dir, name)); err != nil || info.Mode() != want {
			t.Errorf("with the mask %s a case has the rights %v, want %v (%v)", mask, info.Mode(), want, err)
		}
	}
	var lists int
	err := filepath.WalkDir(s.home, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "trust.json" {
			return err
		}
		lists++
		info, err := d.Info()
		if err == nil && info.Mode() != 0o600 {
			t.Errorf("%s has the rights %v", name, info.Mode())
		}
		return err
	})
	if err != nil || lists != 1 {
		t.Errorf("there are %d lists of what may be run (%v)", lists, err)
	}
}

// TestWriteFileOfLibrary: what is written into a library goes through no link and
// keeps the rights of the file that was there, and an error leaves nothing.
func TestWriteFileOfLibrary(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	write(t, filepath.Join(dir, "ssf.yaml"), []byte("mine"))
	for _, name := range []string{"linked", "linked.tmp"} {
		if err := os.Symlink("ssf.yaml", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, most := range map[string]fs.FileMode{"narrow": 0o600, "shared": 0o664} {
		write(t, filepath.Join(dir, name), nil)
		if err := os.Chmod(filepath.Join(dir, name), most); err != nil {
			t.Fatal(err)
		}
		if err := replace(root, name, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != most {
			t.Errorf("%s has the rights %v, want %v (%v)", name, info.Mode(), most, err)
		}
	}
	if err := replace(root, "linked", []byte("new")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"linked": "new", "narrow": "new", "ssf.yaml": "mine"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != want {
			t.Errorf("%s holds %q, want %q (%v)", name, b, want, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := replace(root, "folder", nil); err == nil {
		t.Error("a folder was replaced")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".ssf-*")); err != nil || len(left) > 0 {
		t.Errorf("there is left %q (%v)", left, err)
	}
}

// runIn carries out one command line in dir.
func runIn(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	env := &Env{Dir: dir, Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC) }}
	return Run(context.Background(), env, args), out.String(), errs.String()
}

// TestOwnModel: the program's own model has no error and no open question, and
// reaches what its policy asks; the README shows what it prints.
func TestOwnModel(t *testing.T) {
	code, out, errs := runIn(t, "../..", "check")
	if code != exitYes {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	_, questions, _ := runIn(t, "../..", "questions")
	if questions != "no open questions\n" {
		t.Errorf("questions are open:\n%s", questions)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	for _, part := range []string{
		`(?m)^ssf\.yaml:\d+:\d+: gap: unreviewed-release is open .*\n(.+\n)+`,
		`(?m)^(  \w+ .*controls: .*|reach: .*)\n`,
	} {
		shown := regexp.MustCompile(part)
		want := strings.Join(shown.FindAllString(out, -1), "")
		got := strings.Join(shown.FindAllString(text, -1), "")
		if got == "" || got != want && os.Getenv("SSF_UPDATE") == "" {
			t.Errorf("README.md shows\n%swant\n%s(SSF_UPDATE=1 rewrites it)", got, want)
		}
		text = strings.Replace(text, got, want, 1)
	}
	if text == string(readme) || t.Failed() {
		return
	}
	if err := os.WriteFile("../../README.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestBookshop: the model of the example has no error and no open question, all
// that it decides is reviewed, and it reaches what its policy asks.
func TestBookshop(t *testing.T) {
	const shop = "../../examples/bookshop"
	code, out, errs := runIn(t, shop, "check", "--now", "2026-12-01")
	if code != exitYes || strings.Contains(out, ": error: ") || strings.Contains(out, ": question: ") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := runIn(t, shop, "review", "--now", "2026-12-01"); code != exitYes {
		t.Errorf("something is left to review: exit %d\n%s%s", code, out, errs)
	}
}

// TestSameBytes: two runs give the same case under the same time.
func TestSameBytes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		if code, out, errs := runIn(t, "../..", "check", "-q", "--now", "2027-01-01", "-o", filepath.Join(dir, name)); code != exitYes {
			t.Fatalf("exit %d\n%s%s", code, out, errs)
		}
	}
	a, errA := os.ReadFile(filepath.Join(dir, "a.json"))
	b, errB := os.ReadFile(filepath.Join(dir, "b.json"))
	if err := errors.Join(errA, errB); err != nil || len(a) < 1000 || !bytes.Equal(a, b) {
		t.Errorf("two runs differ: %d and %d bytes, %v", len(a), len(b), err)
	}
}

// TestFromCase: what is written from a stored case is what is written at once.
func TestFromCase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "case.json")
	_, direct, _ := runIn(t, "../..", "check", "--hints", "--now", "2027-01-01", "-o", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c ssf.Case
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := report.Check(&again, &c, report.Style{}, report.CheckOptions{Hints: true}); err != nil {
		t.Fatal(err)
	}
	if direct == "" || again.String() != direct {
		t.Errorf("from the case:\n%s\nat once:\n%s", again.String(), direct)
	}
	var json2 bytes.Buffer
	if err := report.JSON(&json2, &c); err != nil || !bytes.Equal(json2.Bytes(), b) {
		t.Errorf("the case does not survive a round trip (%v)", err)
	}
}

// TestWriteFile: a write that fails leaves the old file whole and nothing
// beside it, and of two at once each writes a file of its own.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	a := &app{env: &Env{Dir: dir, Stdout: io.Discard, Stderr: io.Discard}}
	if err := a.writeFile("case.json", "first"); err != nil {
		t.Fatal(err)
	}
	if err := a.writeFile("case.json", func() {}); err == nil {
		t.Fatal("a value that JSON cannot hold was written")
	}
	b, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil || string(b) != "\"first\"\n" {
		t.Errorf("the old file holds %q (%v)", b, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
	err = a.replace("both", ordinary, func(w io.Writer) error {
		if err := a.writeFile("both", "inner"); err != nil {
			return err
		}
		_, err := io.WriteString(w, "outer")
		return err
	})
	if b, err2 := os.ReadFile(filepath.Join(dir, "both")); err != nil || string(b) != "outer" {
		t.Errorf("of two at once there is %q (%v, %v)", b, err, err2)
	}
	if err := a.writeFile("no/such/folder.json", "x"); err == nil {
		t.Error("a file in no folder was written")
	}
	if err := a.writeFile(".", "x"); err == nil {
		t.Error("a folder was replaced")
	}
}
