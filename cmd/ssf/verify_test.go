package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ssf/internal/evidence"
	"ssf/internal/lang"
)

// dieAt lets this process die by SIGKILL at a failpoint of [evidence.Failpoint]:
// `lock-half`, or the second time that it is there `lock-half:2`.
func dieAt(point string) {
	if point == "" {
		return
	}
	name, nth, _ := strings.Cut(point, ":")
	left, err := strconv.Atoi(nth)
	if err != nil {
		left = 1
	}
	evidence.Failpoint = func(at string) {
		if at != name {
			return
		}
		if left--; left == 0 {
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = p.Kill()
			}
			fmt.Fprintln(os.Stderr, err)
			select {} // until the signal is here
		}
	}
}

// goesOn checks what a killed verify left: nothing half, and nothing of before
// is lost; and that the next one makes a whole of it.
func (s *shop) goesOn(pins string) {
	t := s.t
	t.Helper()
	if code, out := s.ssf("evidence", "verify"); code != exitYes {
		t.Errorf("after the kill: exit %d\n%s", code, out)
	}
	before := s.records()
	if lock := s.lock(); withoutCheckpoints(lock) != pins {
		t.Errorf("after the kill the lock holds\n%swant\n%s", lock, pins)
	}
	s.must("verify")
	after := s.records()
	for _, name := range before {
		if !slices.Contains(after, name) {
			t.Errorf("the record %s is lost", name)
		}
	}
	if len(after) != 3 {
		t.Errorf("there are %d records, want 3", len(after))
	}
	if lock := s.lock(); withoutCheckpoints(lock) != pins || strings.Count(lock, "checkpoint evidence") != 1 || !strings.Contains(lock, "checkpoint evidence 3 ") {
		t.Errorf("in the end the lock holds\n%swant one checkpoint of 3 and\n%s", lock, pins)
	}
	s.must("evidence", "verify")
	if out := s.git("status", "--porcelain", "--ignored", "--untracked-files=all"); strings.Contains(out, "tmp") {
		t.Errorf("temporary files are left:\n%s", out)
	}
}

func withoutCheckpoints(lock string) string {
	var b strings.Builder
	for line := range strings.Lines(lock) {
		if !strings.HasPrefix(line, "checkpoint ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// reset takes away all evidence.
func (s *shop) reset() {
	s.t.Helper()
	s.git("clean", "-q", "-d", "-x", "-f")
	s.git("checkout", "-q", ".")
}

// TestVerifyKilled: wherever a verify dies, nothing half is there, nothing that
// was recorded is lost, and the next one goes on.
func TestVerifyKilled(t *testing.T) {
	s := newShop(t, threeTests)
	pins := s.lock()
	if !strings.Contains(pins, "threat flooding@") {
		t.Fatalf("the lock pins nothing:\n%s", pins)
	}
	for _, kind := range []string{"ignore", "blob", "record", "lock"} {
		for _, when := range []string{"begin", "half", "written", "renamed"} {
			point := kind + "-" + when
			if kind != "ignore" { // which is written once
				point += ":2"
			}
			t.Run(kind+"-"+when, func(t *testing.T) {
				s.t = t
				s.reset()
				cmd := s.command("ssf", "verify")
				cmd.Env = append(cmd.Env, "SSF_DIES_AT="+point)
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != -1 {
					t.Fatalf("it did not die at %s: %v\n%s", point, err, out)
				}
				s.goesOn(pins)
			})
		}
	}
}

// TestVerifyKilledAnywhere is the same at random times.
func TestVerifyKilledAnywhere(t *testing.T) {
	if os.Getenv("SSF_SOAK") == "" {
		t.Skip("kills a hundred times; SSF_SOAK=1 runs it")
	}
	s := newShop(t, threeTests)
	pins := s.lock()
	begin := time.Now()
	s.must("verify")
	whole := time.Since(begin)
	random := rand.New(rand.NewPCG(1, 2))
	killed, half := 0, 0
	for i := range 100 {
		s.reset()
		cmd := s.command("ssf", "verify")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(whole))))
		_ = cmd.Process.Kill() // it may have ended
		if err := cmd.Wait(); err != nil {
			killed++
		}
		if n := len(s.records()); 0 < n && n < 3 {
			half++
		}
		s.goesOn(pins)
		if t.Failed() {
			t.Fatalf("at kill %d", i)
		}
	}
	t.Logf("%d of 100 were killed, %d between records", killed, half)
	if killed < 50 || half < 5 {
		t.Errorf("only %d of 100 were killed, and %d between records", killed, half)
	}
}

// TestVerifyInterrupted: an interrupt ends a long command with all that it
// started, at once, and keeps what was recorded before.
func TestVerifyInterrupted(t *testing.T) {
	files := map[string]string{
		"ssf.yaml": shopModel + `runs: {first: {run: ./test.sh first}, long: {run: ./long.sh}}
verifications:
  first-holds: {verifies: [tokens], in: first, tests: [first]}
  long-holds: {verifies: [tokens], in: long, tests: [long]}
`,
		"shop.go": "package shop\n",
		"test.sh": threeTests["test.sh"],
		"long.sh": `#!/bin/sh
echo TAP version 13
if [ ! -e "$HOME/short" ]; then
	trap '' TERM
	setsid sleep 301 &
	echo $! $$ >"$HOME/pids.new"
	mv "$HOME/pids.new" "$HOME/pids"
	while :; do sleep 302; done
fi
echo ok 1 - long
echo 1..1
`,
	}
	s := newShop(t, files)
	cmd := s.command("ssf", "verify")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []byte
	for begin := time.Now(); len(pids) == 0 || len(s.records()) == 0; time.Sleep(10 * time.Millisecond) {
		pids, _ = os.ReadFile(filepath.Join(s.home, "pids"))
		if time.Since(begin) > time.Minute {
			_ = cmd.Process.Kill()
			t.Fatalf("the long command did not begin: %s", out.String())
		}
	}
	begin := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFail || !strings.Contains(out.String(), "interrupted; what was recorded before stays") {
		t.Errorf("exit %d\n%s", code, out.String())
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	for _, pid := range strings.Fields(string(pids)) {
		if out, err := s.command("kill", "-0", pid).CombinedOutput(); err == nil {
			t.Errorf("process %s is still there %s", pid, out)
		}
	}
	if n := len(s.records()); n != 1 {
		t.Errorf("there are %d records, want that of the first run", n)
	}
	blobs, err := os.ReadDir(filepath.Join(s.dir, evidence.Blobs))
	if err != nil || len(blobs) != 1 {
		t.Errorf("there are %d blobs, want 1 (%v)", len(blobs), err)
	}
	s.must("evidence", "verify")
	if err := os.WriteFile(filepath.Join(s.home, "short"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s.must("verify")
	if n := len(s.records()); n != 2 || s.ran() != 1 {
		t.Errorf("in the end there are %d records, and the first command ran %d times", n, s.ran())
	}
}

// TestVerifyMerge: two branches that both verified merge, and the next verify
// joins them.
func TestVerifyMerge(t *testing.T) {
	s := newShop(t, threeTests)
	branch := func(name string, ids ...string) {
		t.Helper()
		s.git("checkout", "-q", "-b", name, "main")
		if code, out := s.ssf(append([]string{"verify"}, ids...)...); code != exitYes {
			t.Fatalf("verify on %s: exit %d\n%s", name, code, out)
		}
		s.commit()
	}
	branch("a", "one-holds")
	branch("b", "two-holds")
	out, err := s.command("git", "merge", "a").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Merge conflict in ssf.lock") { // each side has its own checkpoint there
		t.Fatalf("git merge: %v\n%s", err, out)
	}
	if st := s.git("status", "--porcelain"); strings.Contains(st, "UU .ssf") || strings.Contains(st, "AA .ssf") {
		t.Errorf("evidence conflicts:\n%s", st)
	}

	conflict := s.lock()
	said := s.must("verify", "three-holds")
	if s.lock() != conflict || !strings.Contains(said, "both sides of a merge in ssf.lock") {
		t.Errorf("verify wrote the lock in conflict, or says nothing of it: %s\n%s", said, s.lock())
	}
	s.must("review", "--yes")
	if n := strings.Count(s.lock(), "checkpoint evidence 1 "); n != 2 || strings.Contains(s.lock(), "<<<") {
		t.Errorf("after the review the lock holds\n%s", s.lock())
	}
	s.commit()
	s.must("evidence", "verify")
	s.must("verify")
	if n := strings.Count(s.lock(), "checkpoint evidence"); n != 1 || !strings.Contains(s.lock(), "checkpoint evidence 3 ") {
		t.Errorf("after a verify the lock holds\n%s", s.lock())
	}
	for _, rev := range []string{"a", "b", "HEAD"} {
		s.must("evidence", "verify", "--since", rev)
	}
	if s.ran() != 3 {
		t.Errorf("commands ran %d times, want 3", s.ran())
	}
	names := s.records()
	if err := os.Remove(filepath.Join(s.dir, evidence.Records, names[0])); err != nil {
		t.Fatal(err)
	}
	if code, out := s.ssf("evidence", "verify"); code != exitNo || !strings.Contains(out, strings.TrimSuffix(names[0], ".json")) {
		t.Errorf("without %s: exit %d\n%s", names[0], code, out)
	}
}

// TestVerifyDuringReview: what a review confirms while commands run stays.
func TestVerifyDuringReview(t *testing.T) {
	files := map[string]string{
		"ssf.yaml": strings.Replace(threeTests["ssf.yaml"], "./test.sh three", "./review.sh", 1),
		"shop.go":  "package shop\n", "test.sh": threeTests["test.sh"],
		"review.sh": "#!/bin/sh\nssf review --yes >&2 || exit 1\necho TAP version 13\necho ok 1 - three\necho 1..1\n",
	}
	s := newShop(t, files)
	pins := s.lock()
	if err := os.Remove(filepath.Join(s.dir, lang.LockFile)); err != nil {
		t.Fatal(err)
	}
	s.commit()
	s.must("verify")
	if lock := s.lock(); withoutCheckpoints(lock) != pins || !strings.Contains(lock, "checkpoint evidence 3 ") {
		t.Errorf("the lock holds\n%swant a checkpoint and\n%s", lock, pins)
	}
}

// TestVerifyUnfounded: what rests on a file that nobody else can have is shown,
// and not recorded.
func TestVerifyUnfounded(t *testing.T) {
	for name, x := range map[string]struct {
		change func(s *shop)
		says   string
	}{
		"a link out of the folder": {func(s *shop) {
			if err := os.Symlink("/etc/hosts", filepath.Join(s.dir, "hosts")); err != nil {
				t.Fatal(err)
			}
			s.commit()
		}, "hosts cannot be read, and holds rests on it"},
		"ignored code": {func(s *shop) {
			writeFiles(t, s.dir, map[string]string{".gitignore": "gen.go\n"})
			s.commit()
			writeFiles(t, s.dir, map[string]string{"gen.go": "package shop\n"})
		}, "Git ignores gen.go, and go-holds rests on it"},
		"a file that Git does not look at": {func(s *shop) {
			s.git("update-index", "--skip-worktree", "shop.go")
		}, "shop.go differs from the commit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, map[string]string{
				"ssf.yaml": shopModel + `runs: {one: {run: ./test.sh one}, two: {run: go test -json ./...}}
verifications:
  holds: {verifies: [tokens], in: one, tests: [one]}
  go-holds: {verifies: [tokens], in: two, tests: [TestOne]}
`,
				"go.mod": "module shop\n", "shop.go": "package shop\n", "test.sh": threeTests["test.sh"],
				"shop_test.go": "package shop\n\nimport \"testing\"\n\nfunc TestOne(*testing.T) {}\n",
			})
			x.change(s)
			if _, out := s.ssf("verify"); !strings.Contains(out, x.says) || len(s.records()) > 0 {
				t.Errorf("%d records, and it says\n%s\nwant: %s", len(s.records()), out, x.says)
			}
		})
	}
}

// TestVerifyBelow: what differs beside the model's folder counts too.
func TestVerifyBelow(t *testing.T) {
	files := map[string]string{"beside.go": "package beside\n"}
	for name, content := range threeTests {
		files["shop/"+name] = content
	}
	s := &shop{t, t.TempDir(), t.TempDir()}
	writeFiles(t, s.dir, files)
	s.git("init", "-q", "-b", "main")
	s.commit()
	s.must("keys", "new")
	writeFiles(t, s.dir, map[string]string{"beside.go": "package beside // changed\n"})
	s.must("trust", "--yes", "shop")
	if _, out := s.ssf("verify", "-C", "shop"); !strings.Contains(out, "beside.go, elsewhere in the repository, differs from the commit") {
		t.Errorf("it says\n%s", out)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "shop", evidence.Records)); err == nil {
		t.Error("something was recorded")
	}
}
