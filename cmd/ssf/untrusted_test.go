package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A stranger is a repository whose command leaves a line in a file outside each
// time that it runs.
type stranger struct {
	*testing.T
	dir, config, ran string
}

const strangersModel = `ssf: 1
system: {name: Shop}
zones: {home: {trust: high, run_by: supplier}}
components:
  tool: {kind: command_line_tool, zone: home}
threats:
  t: {at: tool, says: Something happens., origin: architecture, likelihood: low}
mitigations:
  m: {counters: [own/t@tool], where: [setting:x], state: implemented}
runs:
  unit: {run: [sh, -c, COMMAND], env: [SHOP]}
verifications:
  v: {verifies: [m], in: unit}
`

func newStranger(t *testing.T, ends string) *stranger {
	t.Setenv("SHOP", "open")
	top := t.TempDir()
	s := &stranger{t, filepath.Join(top, "shop"), filepath.Join(top, "config"), filepath.Join(top, "ran")}
	s.write("ssf.yaml", strings.Replace(strangersModel, "COMMAND", "'printf x >> "+s.ran+"; "+ends+"'", 1))
	s.write("code.txt", "x")
	s.git("init", "-q")
	s.commit()
	return s
}

func (s *stranger) write(name, text string) {
	s.Helper()
	writeFiles(s.T, s.dir, map[string]string{name: text})
}

func (s *stranger) git(args ...string) {
	s.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (s *stranger) commit() {
	s.Helper()
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "x")
}

// edit replaces a text in the model, once.
func (s *stranger) edit(old, new string) {
	s.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "ssf.yaml"))
	if err != nil || strings.Count(string(b), old) != 1 {
		s.Fatalf("the model has %q %d times (%v)", old, strings.Count(string(b), old), err)
	}
	s.write("ssf.yaml", strings.Replace(string(b), old, new, 1))
}

// ssf carries out a command line in a folder, and holds its exit status and how
// often the command has run by then.
func (s *stranger) ssf(dir string, status, ran int, args ...string) string {
	s.Helper()
	var out bytes.Buffer
	env := osEnv()
	env.Dir, env.Stdin, env.Stdout, env.Stderr, env.Config = dir, strings.NewReader(""), &out, &out, s.config
	env.Asks, env.Watches, env.Getenv = false, false, func(string) string { return "" }
	if got := Run(context.Background(), env, args); got != status {
		s.Errorf("ssf %v ends with %d, want %d:\n%s", args, got, status, &out)
	}
	b, _ := os.ReadFile(s.ran) // not there: never
	if n := strings.Count(string(b), "x"); n != ran {
		s.Errorf("after ssf %v the command ran %d times, want %d:\n%s", args, n, ran, &out)
	}
	return out.String()
}

// TestUntrustedRunsNothing: no command of a model runs unless somebody has
// allowed just it, in just this folder, and nobody else can write that down.
func TestUntrustedRunsNothing(t *testing.T) {
	s := newStranger(t, "exit 0")
	for _, line := range []string{"check", "threats", "questions", "report -o ../r.html", "review --yes", "evidence verify", "evidence list", "trust --list", "keys list"} {
		s.ssf(s.dir, exitYes, 0, strings.Fields(line)...)
	}
	s.ssf(s.dir, exitFail, 0, "verify")
	s.ssf(s.dir, exitNo, 0, "trust") // nobody can be asked
	s.ssf(s.dir, exitFail, 0, "verify")

	s.ssf(s.dir, exitYes, 0, "trust", "--yes")
	s.ssf(s.dir, exitYes, 1, "verify")

	other := filepath.Join(filepath.Dir(s.dir), "other")
	if err := os.CopyFS(other, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	s.ssf(other, exitFail, 1, "verify")
	for _, change := range [][2]string{{"exit 0", "exit 00"}, {"env: [SHOP]", "env: [SHOP, HOME2]"}, {"  unit: {", "  more: {run: 'true'}\n  unit: {"}, {"}\nverifications", ", read: r.xml}\nverifications"}} {
		s.edit(change[0], change[1])
		s.ssf(s.dir, exitFail, 1, "verify")
		s.edit(change[1], change[0])
	}
	s.edit("env: [SHOP]", "env: [SHOP], limit: 5m") // asks nobody again
	s.ssf(s.dir, exitYes, 2, "verify")

	for _, name := range []string{s.config, filepath.Join(s.config, "trust.json")} {
		info, err := os.Stat(name)
		if err == nil {
			err = os.Chmod(name, info.Mode()|0o020)
		}
		if out := s.ssf(s.dir, exitFail, 2, "verify"); err != nil || !strings.Contains(out, "others can write "+name) {
			t.Errorf("%v, and it says\n%s", err, out)
		}
		if err := os.Chmod(name, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	s.ssf(s.dir, exitYes, 2, "trust", "--revoke")
	s.ssf(s.dir, exitFail, 2, "verify")
}

// TestFailureStays: what failed on this code is not run again until it passes,
// and if it is all the same, the answers are a dispute.
func TestFailureStays(t *testing.T) {
	s := newStranger(t, "grep -q xx ../ran") // fails the first time
	s.ssf(s.dir, exitYes, 0, "keys", "new")
	s.ssf(s.dir, exitYes, 0, "trust", "--yes")
	s.ssf(s.dir, exitNo, 1, "verify")
	if out := s.ssf(s.dir, exitNo, 1, "verify"); !strings.Contains(out, "nothing had to run") {
		t.Errorf("it says\n%s", out)
	}
	s.ssf(s.dir, exitNo, 2, "verify", "--again")
	if out := s.ssf(s.dir, exitNo, 2, "verify"); !strings.Contains(out, "passed once and failed once") {
		t.Errorf("it says\n%s", out)
	}
}

// TestDirtyIsNotRecorded: results on code that nobody can fetch are shown, and
// are no evidence.
func TestDirtyIsNotRecorded(t *testing.T) {
	s := newStranger(t, "exit 0")
	s.ssf(s.dir, exitYes, 0, "keys", "new")
	s.ssf(s.dir, exitYes, 0, "trust", "--yes")
	s.write("more.txt", "not committed")
	if out := s.ssf(s.dir, exitYes, 1, "verify"); !strings.Contains(out, "more.txt differs from the commit") {
		t.Errorf("it says\n%s", out)
	}
	if files := readFiles(t, s.dir); len(files[".ssf/.gitignore"]) > 0 {
		t.Error("something was recorded")
	}
	s.commit()
	s.ssf(s.dir, exitYes, 2, "verify")
	s.ssf(s.dir, exitYes, 2, "verify") // it is known now
	s.ssf(s.dir, exitYes, 2, "evidence", "verify")
	for name, text := range readFiles(t, s.dir) {
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s holds a key", name)
		}
	}
}

// TestChangedMeanwhile: what passed while its code changed has not passed.
func TestChangedMeanwhile(t *testing.T) {
	s := newStranger(t, "printf y >> code.txt")
	s.ssf(s.dir, exitYes, 0, "trust", "--yes")
	if out := s.ssf(s.dir, exitNo, 1, "verify"); !strings.Contains(out, "code.txt changed while it ran") {
		t.Errorf("it says\n%s", out)
	}
}
