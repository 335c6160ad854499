package lang

import (
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// complete is a model that uses the whole language.
const complete = "../../cmd/ssf/testdata/complete"

// core is the library of the program.
var core = sync.OnceValues(func() (*ssf.Library, []ssf.Diagnostic) {
	lib, ds, err := ReadLibrary(os.DirFS("../../library"))
	if err != nil {
		panic(err)
	}
	return lib, ds
})

func library(t testing.TB) *ssf.Library {
	t.Helper()
	lib, ds := core()
	if len(ds) > 0 {
		t.Fatalf("the library has faults: %v: %s", ds[0].Pos, ds[0].Message)
	}
	return lib
}

// load reads a model of one file, or of several as path and text in turn.
func load(t testing.TB, files ...string) *Snapshot {
	t.Helper()
	if len(files) == 1 {
		files = []string{RootFile, files[0]}
	}
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	s, err := Load(fsys, library(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// modelFiles are the files of the complete model.
func modelFiles(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, p := range []string{RootFile, "ssf/more.yaml"} {
		b, err := os.ReadFile(path.Join(complete, p))
		if err != nil {
			t.Fatal(err)
		}
		files[p] = string(b)
	}
	return files
}

// placed wants each diagnostic to stand at a place that is in its file, and to
// say what to do.
func placed(t testing.TB, text func(file string) (string, bool), ds []ssf.Diagnostic) {
	t.Helper()
	for _, d := range ds {
		at := append([]ssf.Pos{d.Pos}, nil...)
		for _, r := range d.Related {
			at = append(at, r.Pos)
		}
		for _, f := range d.Fix {
			at = append(at, f.Pos)
		}
		for _, p := range at {
			file, ok := text(p.File)
			if !ok {
				continue
			}
			lines := strings.Split(strings.TrimPrefix(file, "\ufeff"), "\n")
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 {
				t.Fatalf("%+v: %s: there is no such place in %d lines", p, d.Message, len(lines))
			}
			width := utf8.RuneCountInString(strings.TrimSuffix(lines[p.Line-1], "\r"))
			if p.Col > width+1 || p.EndCol > width+2 || p.EndCol != 0 && p.EndCol <= p.Col && p.Col <= width {
				t.Fatalf("%+v: %s: the line has %d characters", p, d.Message, width)
			}
		}
		if d.Hint == "" && len(ds) < MaxErrors {
			t.Fatalf("%v: %s: there is no hint", d.Pos, d.Message)
		}
	}
}

// TestComplete proves that the complete model uses every row of the field
// table, so that what is tested with it is tested of the whole language.
func TestComplete(t *testing.T) {
	used := map[string]bool{}
	for p, text := range modelFiles(t) {
		var doc yaml.Node
		if err := yaml.Load([]byte(text), &doc); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		use(used, "", modelTable.typ(), doc.Content[0])
	}
	var rows func(at string, typ Type)
	n := 0
	rows = func(at string, typ Type) {
		for _, r := range typ.Rows {
			if n++; !used[at+"."+r.Key] {
				t.Errorf("the complete model has no%s.%s", at, r.Key)
			}
			rows(at+"."+r.Key, r.Type)
		}
		if typ.Elem != nil {
			rows(at, *typ.Elem)
		}
	}
	rows("", modelTable.typ())
	for _, row := range unknownFact.typ().Rows {
		if n++; !used["fact."+row.Key] {
			t.Errorf("the complete model has no fact with %s", row.Key)
		}
	}
	if n < 150 {
		t.Errorf("the field table has %d rows, want 150 or more", n)
	}
}

// use notes which rows a node uses.
func use(used map[string]bool, at string, typ Type, n *yaml.Node) {
	switch {
	case typ.Name == "list" && n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			use(used, at, *typ.Elem, c)
		}
	case typ.Name == "dict" && n.Kind == yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			use(used, at, *typ.Elem, n.Content[i])
		}
	case typ.Name == "object" && n.Kind == yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			row := -1
			for j := range typ.Rows {
				if typ.Rows[j].Key == key {
					row = j
				}
			}
			if row >= 0 {
				used[at+"."+key] = true
				use(used, at+"."+key, typ.Rows[row].Type, value)
			} else if value.Kind == yaml.MappingNode {
				for j := 0; j < len(value.Content); j += 2 {
					used["fact."+value.Content[j].Value] = true
				}
			}
		}
	}
}

// TestCompleteReads wants the complete model without any diagnostic.
func TestCompleteReads(t *testing.T) {
	files := modelFiles(t)
	s := load(t, RootFile, files[RootFile], "ssf/more.yaml", files["ssf/more.yaml"])
	for _, d := range s.Diagnostics {
		t.Errorf("%v: %s", d.Pos, d.Message)
	}
	if len(s.Model.Components) != 6 || len(s.Model.Flows) != 3+4 {
		t.Errorf("read %d components and %d flows", len(s.Model.Components), len(s.Model.Flows))
	}
}
