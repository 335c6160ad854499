package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ssf/internal/evidence"
)

// TestVerifyReports: a run without a command takes reports that are not older than
// the code, and no others.
func TestVerifyReports(t *testing.T) {
	s := newShop(t, map[string]string{
		"ssf.yaml": shopModel + `runs: {ci: {read: out/*.xml}}
verifications: {holds: {verifies: [tokens], in: ci, tests: [a]}}
`,
		"shop.go": "package shop\n", ".gitignore": "out/\n",
	})
	writeFiles(t, s.dir, map[string]string{"out/a.xml": `<testsuite name="s"><testcase name="a"/></testsuite>`})
	at := func(file string, age time.Duration) {
		t.Helper()
		when := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(s.dir, file), when, when); err != nil {
			t.Fatal(err)
		}
	}
	at(".gitignore", 3*time.Hour)
	at("shop.go", time.Hour)
	at("out/a.xml", 2*time.Hour)
	code, out := s.ssf("verify")
	if code != exitNo || !strings.Contains(out, "the report out/a.xml is older than the code (shop.go)") {
		t.Errorf("with an old report: exit %d\n%s", code, out)
	}
	at("shop.go", 3*time.Hour)
	s.must("verify")
	if n := len(s.records()); n != 2 {
		t.Errorf("there are %d records, want 2", n)
	}
}

// TestVerifyCached: what go test takes from its cache is a result for a test, and
// no new one for a method that lapses by age.
func TestVerifyCached(t *testing.T) {
	s := newShop(t, map[string]string{
		"ssf.yaml": shopModel + `runs: {unit: {run: go test -json ./...}}
verifications:
  holds: {verifies: [tokens], in: unit, tests: [TestX]}
  holds-today: {verifies: [tokens], in: unit, tests: [TestX], method: config_check}
`,
		"go.mod": "module example.org/shop\n\ngo 1.25\n", "shop.go": "package shop\n",
		"shop_test.go": "package shop\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Log(\"" + t.TempDir() + "\") }\n", // new in each test run
	})
	s.must("verify")
	code, out := s.ssf("verify", "--again")
	want := "holds-today: package example.org/shop was not run: its result is from the test cache; add -count=1"
	if code != exitYes || !strings.Contains(strings.Join(strings.Fields(out), " "), want) || !strings.Contains(out, "2 of 2 verifications") { // the first result stands
		t.Errorf("exit %d, want %d and %q:\n%s", code, exitYes, want, out)
	}
}

// TestVerifyDoesNotFit: what could not be recorded is told before anything runs.
func TestVerifyDoesNotFit(t *testing.T) {
	files := map[string]string{
		"ssf.yaml": strings.NewReplacer("in: one,", "in: one, covers: [shop.go],", "in: three,", "in: three, covers: [shop.go],").Replace(threeTests["ssf.yaml"]),
		"shop.go":  "package shop\n", "test.sh": threeTests["test.sh"],
	}
	for i := range evidence.MaxInputs {
		files[fmt.Sprint("src/", i)] = ""
	}
	s := newShop(t, files)
	code, out := s.ssf("verify")
	want := "ssf: two-holds rests on too much to be recorded: encoding record: over a limit: more than MaxInputs = 10000 inputs; name in its `covers:` what it rests on\n"
	if code != exitFail || out != want || s.ran() != 0 {
		t.Errorf("exit %d, %d commands ran, want none:\n%swant\n%s", code, s.ran(), out, want)
	}
	s.must("verify", "one-holds", "three-holds")
}

// TestVerifyOneFails: what cannot be recorded stops neither other results of its
// run nor other runs, and is told.
func TestVerifyOneFails(t *testing.T) {
	s := newShop(t, map[string]string{
		"ssf.yaml": shopModel + `runs: {one: {run: ./test.sh one}, many: {run: ./many.sh}}
verifications:
  holds: {verifies: [tokens], in: one, tests: [one]}
  many-hold: {verifies: [tokens], in: many, tests: [t*]}
  single-holds: {verifies: [tokens], in: many, tests: [t7]}
`,
		"shop.go": "package shop\n", "test.sh": threeTests["test.sh"],
		"many.sh": "#!/bin/sh\necho TAP version 13\nseq 10001 | sed 's/.*/ok & - t&/'\necho 1..10001\n",
	})
	code, out := s.ssf("verify")
	for _, want := range []string{"single-holds", "  holds", "2 of 3 verifications pass", "ssf: recording many-hold: adding evidence: encoding record: over a limit: more than MaxTests = 10000 tests\n"} {
		if code != exitFail || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %d and %q:\n%s", code, exitFail, want, out)
		}
	}
	if n := len(s.records()); n != 2 {
		t.Errorf("there are %d records, want 2", n)
	}
	s.must("evidence", "verify")
}

// TestVerifyOddNames: no name of a file keeps a result from being recorded, or is
// taken for another input.
func TestVerifyOddNames(t *testing.T) {
	s := newShop(t, map[string]string{
		"ssf.yaml": shopModel + `runs: {unit: {run: ./test.sh one}}
verifications: {holds: {verifies: [tokens], in: unit, tests: [one]}}
`,
		"shop.go": "package shop\n", "test.sh": threeTests["test.sh"],
		"a\nb": "1", "definition:run": "2", "c\u202ed": "3", "e:f/g%": "4",
	})
	s.must("verify")
	shown := s.must("evidence", "show", s.records()[0][:12])
	for _, want := range []string{"  file:a%0Ab\n", "  file:definition:run\n", "  definition:run\n", "  file:c%E2%80%AEd\n", "  file:e:f/g%25\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the record does not show %q:\n%s", want, shown)
		}
	}
	writeFiles(t, s.dir, map[string]string{"definition:run": "other"})
	if _, out := s.ssf("check"); !strings.Contains(out, "file:definition:run") {
		t.Errorf("a change of the file is not told:\n%s", out)
	}
}

// TestVerifyTime: a record has the time of the clock, as of whatever time the model
// is evaluated.
func TestVerifyTime(t *testing.T) {
	s := newShop(t, threeTests)
	begin := time.Now().Truncate(time.Second)
	s.must("verify", "one-holds", "--now", "2100-01-01")
	cmd := s.command("ssf", "verify", "two-holds")
	cmd.Env = append(cmd.Env, "SOURCE_DATE_EPOCH=4102444800")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := evidence.Read(os.DirFS(s.dir))
	if err != nil || len(log.Records) != 2 {
		t.Fatalf("there are %d records, %v", len(log.Records), err)
	}
	for _, e := range log.Records {
		if e.Time.Before(begin) || e.Time.After(time.Now()) {
			t.Errorf("%s has the time %s, and it is %s", e.Verification, e.Time, begin)
		}
	}
}

// TestVerifySaysHowItIsKept: what is not recorded, or without a commit, is said
// so, and in JSON on standard error.
func TestVerifySaysHowItIsKept(t *testing.T) {
	s := newShop(t, threeTests)
	const says = "without a commit: this folder is in"
	if out := s.must("verify", "one-holds"); strings.Contains(strings.Join(strings.Fields(out), " "), says) {
		t.Errorf("in a repository it says\n%s", out)
	}
	writeFiles(t, s.dir, map[string]string{"shop.go": "package shop // changed\n"})
	cmd := s.command("ssf", "verify", "one-holds", "--format", "json")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.String() != "ssf: not recorded: shop.go differs from the commit\n" || strings.Contains(out.String(), strings.Repeat("0", 64)) {
		t.Errorf("%v: %s%s", err, errs.String(), out.String())
	}
	if err := os.RemoveAll(filepath.Join(s.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if out := s.must("verify", "two-holds"); !strings.Contains(strings.Join(strings.Fields(out), " "), says) {
		t.Errorf("in no repository it says\n%s", out)
	}
	if n := len(s.records()); n != 2 {
		t.Errorf("there are %d records, want 2", n)
	}
}
