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

	"ssf/internal/format"
)

// TestExportFromCase: every export that is made from a stored case has the bytes of
// the one made at once.
func TestExportFromCase(t *testing.T) {
	stored := filepath.Join(t.TempDir(), "case.json")
	const dir = "testdata/complete"
	runIn(t, dir, "check", "--now", "2027-01-01", "-o", stored)
	for _, f := range exportFormats {
		at, again := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
		if code, out, errs := runIn(t, dir, "export", "--to", f.Name, "--now", "2027-01-01", "-o", at); code != exitYes || out != "" || !strings.HasPrefix(errs, "wrote ") {
			t.Errorf("%s: exit %d, %s%s", f.Name, code, out, errs)
		}
		if code, _, errs := runIn(t, dir, "export", "--to", f.Name, "--from", stored, "-o", again); code != exitYes {
			t.Errorf("%s from a case: exit %d, %s", f.Name, code, errs)
		}
		if a, b := contents(t, at), contents(t, again); a != b || len(a) < 100 {
			t.Errorf("%s: %d bytes at once, and other %d from the case", f.Name, len(a), len(b))
		}
		if f.Folder {
			continue
		}
		if _, out, _ := runIn(t, dir, "export", "--to", f.Name, "--from", stored); "\n"+out != contents(t, at) {
			t.Errorf("%s: the file is not what stands on the output", f.Name)
		}
	}
}

// contents is what is in a file, or in the files of a folder with their names.
func contents(t *testing.T, name string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(name, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		b.WriteString(strings.TrimPrefix(file, name) + "\n" + string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExportRefuses: what cannot be meant is refused with the way out, and writes
// nothing.
func TestExportRefuses(t *testing.T) {
	dir := writeModel(t, wildModel(3))
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"export":                                    "say in which form with --to: one of ",
		"export --to mermaide":                      `did you mean "mermaid"`,
		"export --to issues":                        "name a folder for them with -o DIR",
		"export --to issues -o -":                   "name a folder for them with -o DIR",
		"export --to issues -o file":                "is a file",
		"export --to dot -o .":                      "is a folder; name a file in it",
		"export --to dot --from gone.json":          "reading the case",
		"export --to dot --from case.json .":        "no folder to name",
		"export --to dot a b":                       "one folder",
		"export --to nothing --losses":              "not \"nothing\"",
		"export --to dot --from x --now 2027-01-01": "--now has no use",
	} {
		code, out, errs := runIn(t, dir, strings.Fields(line)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %q, want %q", line, code, out+errs, want)
		}
	}
	if code, _, errs := runIn(t, dir, "export", "--to", "issues", "-o", "no/such/folder"); code != exitFail || !strings.Contains(errs, "there is no folder") {
		t.Errorf("a folder in none: exit %d, %s", code, errs)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "file")); string(got) != "mine" {
		t.Errorf("a file that is not an export's is %q", got)
	}
	var out, errs bytes.Buffer
	env := &Env{Dir: dir, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: func() time.Time { return today }, Terminal: true, Width: 80}
	if code := Run(context.Background(), env, []string{"export", "--to", "xlsx"}); code != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "is no text") {
		t.Errorf("a workbook on a terminal: exit %d, %d bytes, %s", code, out.Len(), errs.String())
	}
	if code := Run(context.Background(), env, []string{"export", "--to", "mermaid"}); code != exitYes || !strings.Contains(out.String(), "flowchart LR") {
		t.Errorf("a flowchart on a terminal: exit %d, %s", code, out.String())
	}
}

// TestExportOfErrors: the export of a model with an error is written, and says that
// nobody should rely on it.
func TestExportOfErrors(t *testing.T) {
	dir := writeModel(t, "ssf: 1\nsystem: {name: X}\nzones: {a: {in: nowhere}}\n")
	if code, out, errs := runIn(t, dir, "export", "--to", "dot"); code != exitUsage || !strings.HasPrefix(out, "digraph") || !strings.Contains(errs, "nothing in the export can be relied on") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

// TestExportLosses: each form says what it does not hold, alone or among all.
func TestExportLosses(t *testing.T) {
	_, together, _ := runIn(t, t.TempDir(), "export", "--losses")
	for _, f := range exportFormats {
		code, out, errs := runIn(t, t.TempDir(), "export", "--to", f.Name, "--losses")
		if code != exitYes || errs != "" || strings.Count(out, "\n  - ") != len(f.Loses) || len(f.Loses) == 0 || !strings.Contains(together, out) {
			t.Errorf("%s: exit %d, %s%s", f.Name, code, out, errs)
		}
	}
}

// TestReplaceFolder: a second export replaces the first and nothing else.
func TestReplaceFolder(t *testing.T) {
	file := func(name, data string) format.File { return format.File{Name: name, Data: []byte(data)} }
	dir := filepath.Join(t.TempDir(), "out")
	put := func(wantKept string, files ...format.File) {
		t.Helper()
		kept, err := replaceFolder(dir, "x", files)
		if err != nil || strings.Join(kept, " ") != wantKept {
			t.Fatalf("kept %q, %v", kept, err)
		}
	}
	here := func() string {
		var names []string
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				data, _ := os.ReadFile(name)
				rel, _ := filepath.Rel(dir, name)
				if !strings.HasPrefix(rel, listPrefix) {
					names = append(names, filepath.ToSlash(rel)+"="+string(data))
				}
			}
			return nil
		})
		return strings.Join(names, " ")
	}
	want := func(s string) {
		t.Helper()
		if got := here(); got != s {
			t.Fatalf("the folder has %q, want %q", got, s)
		}
	}
	put("", file("a.md", "1"), file("t/b.md", "1"), file("t/c.md", "1"), file("t/d.md", "1"))
	want("a.md=1 t/b.md=1 t/c.md=1 t/d.md=1")
	for name, data := range map[string]string{"mine.md": "mine", "t/c.md": "changed", "t/b.md": "changed"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("t/c.md", file("a.md", "2"), file("t/b.md", "2"), file("u/e.md", "2"))
	want("a.md=2 mine.md=mine t/b.md=2 t/c.md=changed u/e.md=2")

	// What is in the way of one file leaves all as they were.
	for name, files := range map[string][]format.File{
		"is there and not of an export": {file("a.md", "3"), file("mine.md", "3")},
		"mine.md":                       {file("a.md", "3"), file("mine.md/x", "3")},
		"cannot be that of a file":      {file("a.md", "3"), file("../x", "3")},
		`"/etc/x" cannot be`:            {file("/etc/x", "3")},
		`".git" cannot be`:              {file(".git", "3")},
		`"a.md" cannot be`:              {file("a.md", "3"), file("a.md", "4")},
	} {
		if _, err := replaceFolder(dir, "x", files); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
		want("a.md=2 mine.md=mine t/b.md=2 t/c.md=changed u/e.md=2")
	}
	// A link that leads out of the folder is not followed.
	away := t.TempDir()
	if err := os.Symlink(away, filepath.Join(dir, "link")); err != nil {
		t.Skipf("no links here, so none can lead out: %v", err)
	}
	if _, err := replaceFolder(dir, "x", []format.File{file("link/x.md", "3")}); err == nil {
		t.Error("a file was written through a link")
	}
	if left, _ := os.ReadDir(away); len(left) > 0 {
		t.Errorf("outside the folder is %v", left)
	}
	// The files of another form are of no concern.
	if _, err := replaceFolder(dir, "y", []format.File{file("y.md", "1")}); err != nil {
		t.Fatal(err)
	}
	put("", file("a.md", "4"))
	want("a.md=4 link= mine.md=mine t/c.md=changed y.md=1")
	if left, _ := filepath.Glob(filepath.Join(dir, ".ssf-*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// A list that no export wrote is not believed.
	if err := os.WriteFile(filepath.Join(dir, listPrefix+"x"), []byte(strings.Repeat("0", 64)+"  ../mine.md\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := replaceFolder(dir, "x", []format.File{file("a.md", "5")}); err == nil || !strings.Contains(err.Error(), "not what an export wrote") {
		t.Errorf("a forged list: %v", err)
	}
}
