package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	if code != exitNo || !strings.Contains(strings.Join(strings.Fields(out), " "), want) || !strings.Contains(out, "1 of 2 verifications") {
		t.Errorf("exit %d, want %d and %q:\n%s", code, exitNo, want, out)
	}
}
