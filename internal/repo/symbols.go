package repo

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
)

// symbols knows the names that files declare. Its methods may be called at the
// same time.
type symbols struct {
	source func(path string) ([]byte, error)
	mu     sync.Mutex
	read   map[string]names
}

type names struct {
	list  []string
	known bool
}

func newSymbols(source func(path string) ([]byte, error)) *symbols {
	return &symbols{source: source, read: map[string]names{}}
}

// of returns the top-level names of a file, sorted: `Exec` for a function,
// type, variable or constant, `Conn.Exec` for a method. They are not known if
// the file is in a language without a parser here, does not parse, is too
// large, or is not a regular file inside the folder.
func (s *symbols) of(path string) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.read[path]
	if !ok {
		list, err := parse(s.source, path)
		n = names{list, err == nil}
		s.read[path] = n
	}
	return slices.Clone(n.list), n.known
}

var errLanguage = errors.New("no parser for this language")

// parse reads the names of one file.
func parse(source func(string) ([]byte, error), path string) ([]string, error) {
	if !strings.HasSuffix(path, ".go") {
		return nil, errLanguage
	}
	src, err := source(path)
	if err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", path, err)
	}
	var list []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil && len(d.Recv.List) == 1 {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			list = append(list, name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					list = append(list, spec.Name.Name)
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						list = append(list, n.Name)
					}
				}
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(name string) bool { return name == "_" }), nil
}

// receiver is the name of a receiver's type, without pointer and parameters.
func receiver(t ast.Expr) string {
	for {
		switch u := t.(type) {
		case *ast.Ident:
			return u.Name
		case *ast.StarExpr:
			t = u.X
		case *ast.ParenExpr:
			t = u.X
		case *ast.IndexExpr:
			t = u.X
		case *ast.IndexListExpr:
			t = u.X
		default:
			return "_"
		}
	}
}
