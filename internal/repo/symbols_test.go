package repo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `package p

import "io"

const A, b = 1, 2
var C, _ = 3, 4
type (
	Conn struct{ field int }
	List[K comparable, V any] []V
	Alias = io.Reader
)

func Exec() {}
func init() {}
func init() {}
func (c Conn) Exec() {}
func (c *Conn) Close() { type local int }
func (*List[K, V]) Len() int { return 0 }
func (l List[_, _]) Cap() int { return 0 }
func (_ (Conn)) paren() {}
func _() {}
`

func TestSymbols(t *testing.T) {
	dir := scratch(t)
	outside := t.TempDir()
	write(t, outside, map[string]string{"x.go": source})
	write(t, dir, map[string]string{
		"db/query.go": source,
		"empty.go":    "package p",
		"bad.go":      "package p\nfunc Exec( {",
		"query.py":    "def exec(): pass",
		"large.go":    "package p\n//" + strings.Repeat("x", maxSource),
		"deep.go":     "package p\nvar x = " + strings.Repeat("(", 1<<20) + "1",
		"dir.go/x":    "",
	})
	symlink(t, filepath.Join(outside, "x.go"), filepath.Join(dir, "out.go"))
	symlink(t, "../db/query.go", filepath.Join(dir, "dir.go", "in.go"))
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe.go")).Run(); err != nil {
		t.Log(err)
	}
	symbols := open(t, dir).Symbols

	want := []string{
		"A", "Alias", "C", "Conn", "Conn.Close", "Conn.Exec", "Conn.paren", "Exec",
		"List", "List.Cap", "List.Len", "b", "init",
	}
	for _, path := range []string{"db/query.go", "dir.go/in.go"} {
		got, known := symbols(path)
		if diff := cmp.Diff(want, got); diff != "" || !known {
			t.Errorf("symbols of %s: known %v, differ (-want +got):\n%s", path, known, diff)
		}
	}
	if got, known := symbols("empty.go"); !known || len(got) != 0 {
		t.Errorf("symbols of an empty file are %q, %v", got, known)
	}
	for _, path := range []string{
		"bad.go", "query.py", "large.go", "deep.go", "dir.go", "missing.go", "out.go", "pipe.go", "",
		filepath.Join(outside, "x.go"), "../" + filepath.Base(outside) + "/x.go", "db/../db/query.go",
	} {
		if got, known := symbols(path); known || got != nil {
			t.Errorf("symbols of %q are %q, %v; want them not known", path, got, known)
		}
	}
}

func TestSymbolsAreReadOnce(t *testing.T) {
	dir := scratch(t)
	write(t, dir, map[string]string{"a.go": source})
	symbols := open(t, dir).Symbols
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { symbols("a.go") })
	}
	wg.Wait()
	first, _ := symbols("a.go")
	first[0] = "spoilt by a caller"
	if err := os.Remove(filepath.Join(dir, "a.go")); err != nil {
		t.Fatal(err)
	}
	again, known := symbols("a.go")
	if !known || len(again) != len(first) || again[0] != "A" {
		t.Errorf("asked again, the symbols are %q, %v", again, known)
	}
}
