package ssf_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSabotage proves that tests can fail. Each testdata/sabotage/*.patch is a
// small break of the code, as `git apply` takes it, after lines that name the
// tests which must go red:
//
//	Test: ./internal/rule TestKleene
//	Test: ./cmd/ssf TestScript/review
//
// In a scratch copy of the module each of these tests must pass as it is, and
// fail by assertion with the patch.
func TestSabotage(t *testing.T) {
	if testing.Short() {
		t.Skip("applies every patch and runs its tests")
	}
	patches, err := filepath.Glob("testdata/sabotage/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) == 0 {
		t.Fatal("no patch in testdata/sabotage")
	}
	dir := t.TempDir()
	copyModule(t, dir)
	green := map[target]bool{}
	for _, patch := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(patch), ".patch"), func(t *testing.T) {
			text, err := os.ReadFile(patch)
			if err != nil {
				t.Fatal(err)
			}
			targets, err := parseTargets(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range targets {
				if green[target] {
					continue
				}
				if err := target.green(goTest(t, dir, target)); err != nil {
					t.Fatal(err)
				}
				green[target] = true
			}
			apply(t, dir, text)
			defer apply(t, dir, text, "--reverse")
			for _, target := range targets {
				if err := target.red(goTest(t, dir, target)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestSabotageJudges proves that a test which does not go red is seen.
func TestSabotageJudges(t *testing.T) {
	x := target{"./p", "TestX"}
	for name, test := range map[string]struct {
		out        string
		green, red bool
	}{
		"passes":        {"=== RUN   TestX\n--- PASS: TestX (0.00s)\nPASS\n", true, false},
		"fails":         {"=== RUN   TestX\n    x_test.go:5: no\n--- FAIL: TestX (0.00s)\nFAIL\n", false, true},
		"part fails":    {"--- FAIL: TestX (0.00s)\n    --- FAIL: TestX/a (0.00s)\nFAIL\n", false, true},
		"other fails":   {"--- FAIL: TestXY (0.00s)\nFAIL\n", false, false},
		"no such test":  {"testing: warning: no tests to run\nPASS\n", false, false},
		"skipped":       {"--- SKIP: TestX (0.00s)\nPASS\n", false, false},
		"panics":        {"--- FAIL: TestX (0.00s)\npanic: oh no [recovered]\n", false, false},
		"times out":     {"=== RUN   TestX\npanic: test timed out after 1s\nFAIL\tp\t1.0s\n", false, false},
		"cannot build":  {"# p\n./p.go:3:1: syntax error\nFAIL\tp [build failed]\n", false, false},
		"exits":         {"=== RUN   TestX\nexit status 1\nFAIL\tp\t0.01s\n", false, false},
		"says nothing":  {"", false, false},
		"log looks red": {"    x_test.go:3: \"--- FAIL: TestX (0.0s)\"\n--- PASS: TestX (0.00s)\nPASS\n", true, false},
	} {
		if err := x.green(test.out); (err == nil) != test.green {
			t.Errorf("%s: green returned %v", name, err)
		}
		if err := x.red(test.out); (err == nil) != test.red {
			t.Errorf("%s: red returned %v", name, err)
		}
	}
	for _, text := range []string{
		"", "--- a/x\n", "Test: ./p\n--- a/x\n", "Test: ./p Nothing\n", "Test: p TestX\n", "Test: ./p TestX extra\n",
		"Test: ./p TestX|TestY\n", "Test: ./p TestX/\n", "Test: ./p TestX/a/b\n", "--- a/x\nTest: ./p TestX\n", "diff --git a/x b/x\nTest: ./p TestX\n",
	} {
		if got, err := parseTargets(text); err == nil {
			t.Errorf("%q names %v, want an error", text, got)
		}
	}
}

// A target is one test of one package.
type target struct{ pkg, test string }

func (x target) String() string { return x.pkg + " " + x.test }

var targetLine = regexp.MustCompile(`^Test: (\.\S*) (Test[A-Za-z0-9_]*(?:/[A-Za-z0-9_-]+)?)$`)

// parseTargets reads the lines above a diff.
func parseTargets(patch string) (targets []target, err error) {
	for line := range strings.Lines(patch) {
		if strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "diff ") {
			break
		}
		if !strings.HasPrefix(line, "Test:") {
			continue
		}
		m := targetLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			return nil, fmt.Errorf("reading %q: want `Test: ./package TestName`", strings.TrimSpace(line))
		}
		targets = append(targets, target{m[1], m[2]})
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("reading patch: no line `Test: ./package TestName` before the diff")
	}
	return targets, nil
}

// green returns an error unless out shows that the test ran and passed.
func (x target) green(out string) error {
	if !x.shows(out, "PASS") {
		return fmt.Errorf("%s does not pass without the patch:\n%s", x, out)
	}
	return nil
}

// red returns an error unless out shows that the test failed by assertion.
func (x target) red(out string) error {
	switch {
	case !x.shows(out, "FAIL"):
		return fmt.Errorf("%s does not go red:\n%s", x, out)
	case regexp.MustCompile(`(?m)^(panic|fatal error): `).MatchString(out):
		return fmt.Errorf("%s panics, which is no assertion:\n%s", x, out)
	}
	return nil
}

func (x target) shows(out, result string) bool {
	return regexp.MustCompile(`(?m)^ *--- ` + result + `: ` + x.test + ` \(`).MatchString(out)
}

// goTest runs one test of the module in dir and returns what it prints.
func goTest(t *testing.T, dir string, x target) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-v", "-run", "^"+strings.ReplaceAll(x.test, "/", "$/^")+"$", x.pkg)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "SSF_UPDATE=") // red is not to become golden
	out, _ := cmd.CombinedOutput()                 // what it prints tells more than its status
	return string(out)
}

// apply applies a patch to the files in dir.
func apply(t *testing.T, dir string, patch []byte, flags ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"apply", "--whitespace=nowarn"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	cmd.Stdin = bytes.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("applying the patch: %v\n%s", err, out)
	}
}

// copyModule copies the files of this module to dir, without what git and
// builds leave behind.
func copyModule(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		switch {
		case name == ".git" || name == "bin":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(to, 0o777)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, fi.Mode().Perm()|0o200)
	})
	if err != nil {
		t.Fatalf("copying the module: %v", err)
	}
}
