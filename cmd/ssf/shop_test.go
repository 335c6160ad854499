package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ssf/internal/evidence"
	"ssf/internal/lang"
)

// A shop is a model in a repository, with a home of its own.
type shop struct {
	t         testing.TB
	dir, home string
}

const shopModel = `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, hosting: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {confidentiality: high, integrity: high, availability: high}, personal: no}}
components: {api: {kind: web_app, zone: hosting, tech: [go], session: cookie, stores: [orders]}}
flows: {order: {from: customer, to: api, over: https, sends: [orders]}}
functions:
  pay: {at: api, does: update, on: [orders], allow: {customer: {scope: own, auth: session}}, otherwise: deny}
mitigations:
  tokens: {counters: [csrf@pay], where: [shop.go], state: implemented}
`

// threeTests are three verifications, each with a run that notes in the home
// that it ran.
var threeTests = map[string]string{
	"ssf.yaml": shopModel + `decisions:
  - {threat: 'flooding@*', treat: not_applicable, because: It is a test.}
runs: {one: {run: ./test.sh one}, two: {run: ./test.sh two}, three: {run: ./test.sh three}}
verifications:
  one-holds: {verifies: [tokens], in: one, tests: [one]}
  two-holds: {verifies: [tokens], in: two, tests: [two]}
  three-holds: {verifies: [tokens], in: three, tests: [three]}
`,
	"shop.go": "package shop\n",
	"test.sh": "#!/bin/sh\necho $1 >>\"$HOME/ran\"\necho TAP version 13\necho ok 1 - $1\necho 1..1\n",
}

// newShop makes a repository with these files, a key, and trust in its commands.
func newShop(t testing.TB, files map[string]string) *shop {
	t.Helper()
	s := &shop{t, t.TempDir(), t.TempDir()}
	writeFiles(t, s.dir, files)
	for name := range files {
		if strings.HasSuffix(name, ".sh") {
			if err := os.Chmod(filepath.Join(s.dir, name), 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.git("init", "-q", "-b", "main")
	s.must("keys", "new")
	s.must("trust", "--yes")
	s.must("review", "--yes")
	s.commit()
	return s
}

func (s *shop) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(gitNames, "PATH="+os.Getenv("PATH"), "HOME="+s.home, "TMPDIR="+os.TempDir(), "GOCACHE="+goCache()) // and the clock as it is: records have its time
	return cmd
}

func (s *shop) git(args ...string) string {
	s.t.Helper()
	out, err := s.command("git", args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *shop) commit() {
	s.t.Helper()
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "state")
}

// ssf runs the program, and returns its exit status with all that it printed.
func (s *shop) ssf(args ...string) (int, string) {
	s.t.Helper()
	out, err := s.command("ssf", args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

func (s *shop) must(args ...string) string {
	s.t.Helper()
	code, out := s.ssf(args...)
	if code != exitYes {
		s.t.Fatalf("ssf %q: exit %d\n%s", args, code, out)
	}
	return out
}

// records are the names of the records, sorted.
func (s *shop) records() (names []string) {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, evidence.Records))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, e.Name())
		}
	}
	return names
}

func (s *shop) lock() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, lang.LockFile))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// ran is how often commands ran.
func (s *shop) ran() int {
	text, err := os.ReadFile(filepath.Join(s.home, "ran"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}
