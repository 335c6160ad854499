package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ssf"
	"ssf/library"
)

// today is the day of all runs in tests.
var today = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// run carries out a command line in dir.
func run(t testing.TB, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &Env{Dir: dir, Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return today }}
	status = Run(context.Background(), env, args)
	return status, out.String(), errs.String()
}

// readFiles reads the files below dir by their paths.
func readFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		files[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// writeFiles writes files below dir.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for p, text := range files {
		name := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// library is the program's own, read once.
func coreLibrary(t testing.TB) *ssf.Library {
	t.Helper()
	lib := library.Index()
	return lib
}

// TestHelpFits: every command's help fits into 80 columns and ends with what its
// exit statuses mean.
func TestHelpFits(t *testing.T) {
	for _, name := range []string{"", "init", "check", "threats", "questions", "explain", "review", "report", "test", "new", "schema", "version", "keys"} {
		code, out, _ := runIn(t, t.TempDir(), append(strings.Fields(name), "--help")...)
		if code != exitYes || !strings.Contains(out, "Exit status: 0 ") {
			t.Errorf("ssf %s --help: exit %d, and the statuses are missing:\n%s", name, code, out)
		}
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("ssf %s --help has %d columns: %s", name, n, line)
			}
		}
	}
}
