package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/internal/ruletest"
	"ssf/library"
)

// template is a library acme with one threat, its cases, and one measure.
//
//go:embed template
var template embed.FS

// newLibrary is where the first library of a model is made.
const newLibrary = "security/library"

func (a *app) newCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "new threat|measure NAME",
		Short: "write a rule with its test, or a measure, to start from",
		Long: `New writes threats/NAME with a rule and cases that pass, or measures/NAME, into
a threat library: the one that the nearest model names by a path, or
` + newLibrary + `, which it makes. Its comments say what to change.
Nothing that is there already is touched.
` + exits,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("new takes what to write, and its name: `ssf new threat weak-login`")
			}
			return oneOf("what to write", args[0], "threat", "measure")
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if id, ok := lang.ID(args[1]); !ok {
				return usagef("%q cannot be an id; write small letters, digits and single hyphens: %s", args[1], id)
			}
			s, err := a.shelf(dir)
			if err != nil {
				return err
			}
			defer s.root.Close()
			return a.writeEntry(s, args[0], args[1])
		},
	}
	cmd.Flags().StringVar(&dir, "library", "", "the library's folder (default: that of the nearest model)")
	return cmd
}

// A shelf is the library that something is written into: the folder dir below
// root, called shown. Without libs it is still to be made.
type shelf struct {
	root   *os.Root
	dir    string
	shown  string
	name   string
	core   *ssf.Library
	libs   *lang.Libraries
	unused *ssf.Model // the model beside it that does not use it yet
}

// shelf finds the library to write into.
func (a *app) shelf(dir string) (*shelf, error) {
	s := &shelf{core: library.Index()}
	var err error
	if dir != "" {
		err = a.shelfIn(s, dir)
	} else {
		err = a.shelfOfModel(s)
	}
	if err == nil && s.libs != nil {
		err = a.sound(s.libs)
	}
	if err != nil && s.root != nil {
		s.root.Close()
	}
	return s, err
}

// shelfIn is the library in a folder, which may be empty or not there yet.
func (a *app) shelfIn(s *shelf, dir string) (err error) {
	full := dir
	if !filepath.IsAbs(full) {
		full = filepath.Join(a.env.Dir, full)
	}
	s.dir, s.shown = ".", path.Clean(filepath.ToSlash(dir))
	if exists(filepath.Join(full, "library.yaml")) {
		if s.libs, s.root, err = a.libraryIn(dir, s.core); err == nil && len(s.libs.Added) > 0 {
			s.name = s.libs.Added[0].Name
		}
		return err
	}
	if there, err := os.ReadDir(full); len(there) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usagef("%s is there, and holds no library.yaml; name the folder of a library, or one that is not there yet", dir)
	}
	if err := os.MkdirAll(full, 0o755); err != nil {
		return fmt.Errorf("making the library: %w", err)
	}
	s.name = packName(filepath.Base(full))
	s.root, err = os.OpenRoot(full)
	return err
}

// shelfOfModel is the library of the nearest model.
func (a *app) shelfOfModel(s *shelf) error {
	dir, err := a.dir("")
	if err != nil {
		return err
	}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return fmt.Errorf("opening the model's folder: %w", err)
	}
	snap, err := lang.Load(s.root.FS(), s.core)
	if err != nil {
		return err
	}
	switch added := snap.Libraries.Added; {
	case len(added) > 1:
		return usagef("the model uses several libraries; name the folder of one with --library")
	case len(added) == 1 || len(snap.Libraries.Diagnostics) > 0:
		s.libs = snap.Libraries
		if len(added) == 1 {
			s.dir, s.shown, s.name = added[0].Dir, added[0].Shown, added[0].Name
		}
		return nil
	}
	s.dir, s.shown, s.unused = newLibrary, newLibrary, snap.Model
	if _, err := s.root.Lstat(path.Join(newLibrary, "library.yaml")); err != nil {
		s.name = packName(snap.Model.System.Title)
		return nil
	}
	s.libs, err = lang.ReadLibraries(s.core, lang.LibraryDir{FS: s.root.FS(), Dir: s.dir, Shown: s.shown})
	if err == nil && len(s.libs.Added) == 1 {
		s.name = s.libs.Added[0].Name
	}
	return err
}

// packName is a name for a library, after that of the product.
func packName(title string) string {
	name, _ := lang.ID(title)
	if name == "ssf" || name == "own" {
		name += "-rules"
	}
	return name
}

// sound ends the command while a library has faults.
func (a *app) sound(libs *lang.Libraries) error {
	faults := append(slices.Clone(libs.Diagnostics), conditions(libs)...)
	if len(faults) == 0 {
		return nil
	}
	style, err := a.style("text")
	if err != nil {
		return err
	}
	ssf.SortDiagnostics(faults)
	if err := report.Diagnostics(a.env.Stderr, faults, style); err != nil {
		return err
	}
	return exit(exitUsage)
}

// writeEntry writes a threat or measure from the template, and tries it.
func (a *app) writeEntry(s *shelf, what, name string) error {
	folder := what + "s/" + name
	if _, err := s.root.Lstat(path.Join(s.dir, folder)); err == nil {
		return usagef("%s is there already", path.Join(s.shown, folder))
	}
	if what == "measure" && slices.ContainsFunc(s.core.Measures, func(m ssf.Measure) bool { return m.ID == ssf.ID(name) }) {
		return usagef("%s has a measure %s already; `ssf explain %s` shows it", s.core.Packs[0].Name, name, name)
	}
	id := name
	if s.name != s.core.Packs[0].Name {
		id = s.name + "/" + name
	}
	fill := strings.NewReplacer("acme/my-"+what, id, "my-"+what, name, "My "+what, titled(name), "name: acme", "name: "+s.name)
	if s.libs == nil {
		if err := a.fromTemplate(s, "library.yaml", "library.yaml", fill); err != nil {
			return err
		}
	}
	files := map[string][]string{"threat": {"threat.yaml", ruletest.File}, "measure": {"measure.yaml"}}[what]
	for _, f := range files {
		if err := a.fromTemplate(s, what+"s/my-"+what+"/"+f, folder+"/"+f, fill); err != nil {
			return err
		}
	}
	if what == "threat" {
		if err := a.firstTest(s, id); err != nil {
			return err
		}
	}
	a.next(s, what, name)
	return nil
}

// titled is a name as a title.
func titled(name string) string {
	s := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// fromTemplate writes a file of the template, filled in.
func (a *app) fromTemplate(s *shelf, from, to string, fill *strings.Replacer) error {
	text, err := template.ReadFile("template/" + from)
	if err != nil {
		return err
	}
	to = path.Join(s.dir, to)
	if err := s.root.MkdirAll(path.Dir(to), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	f, err := s.root.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	_, err = f.WriteString(fill.Replace(string(text)))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	fmt.Fprintf(a.env.Stdout, "wrote %s\n", path.Join(s.shown, strings.TrimPrefix(strings.TrimPrefix(to, s.dir), "/")))
	return nil
}

// firstTest writes what the new rule's case prints, and runs its cases.
func (a *app) firstTest(s *shelf, id string) error {
	core := s.core
	if s.name == core.Packs[0].Name {
		core = nil
	}
	libs, err := lang.ReadLibraries(core, lang.LibraryDir{FS: s.root.FS(), Dir: s.dir, Shown: s.shown})
	if err != nil {
		return err
	}
	if err := a.sound(libs); err != nil {
		return err
	}
	fsys, err := fs.Sub(s.root.FS(), s.dir)
	if err != nil {
		return err
	}
	suite := ruletest.Suite{FS: fsys, Shown: s.shown, Own: &libs.Added[0].Library, Library: libs.Whole}
	r, err := ruletest.Run(suite, ruletest.Options{Run: regexp.MustCompile("^" + regexp.QuoteMeta(id) + "$"), Update: true})
	if err != nil {
		return err
	}
	for name, text := range r.Archives {
		if err := replace(s.root, path.Join(s.dir, name), text); err != nil {
			return err
		}
	}
	return ruletest.Text(a.env.Stdout, r)
}

// next says what to do with what was written.
func (a *app) next(s *shelf, what, name string) {
	say := func(format string, args ...any) { fmt.Fprintf(a.env.Stdout, format, args...) }
	if m := s.unused; m != nil {
		line := "use: {libraries: [ssf/core, ./" + s.dir + "]}"
		switch u := m.Use; {
		case len(u.Libraries) > 0:
			say("\nadd ./%s to the list at %s:%d\n", s.dir, u.Libraries[0].Pos.File, u.Libraries[0].Pos.Line)
		case len(u.Catalogues)+len(u.Standards) > 0 || u.Policy.ID != "":
			say("\nadd to the section `use` of %s:\n\n  libraries: [ssf/core, ./%s]\n", lang.RootFile, s.dir)
		default:
			say("\nadd to %s:\n\n%s\n", lang.RootFile, line)
		}
	}
	test := "ssf test"
	if s.dir == "." {
		test += " " + s.shown
		if s.libs == nil && filepath.IsLocal(s.shown) {
			say("\na model uses the library by its path from the model's folder:\n\nuse: {libraries: [ssf/core, ./%s]}\n", s.shown)
		}
	}
	if what == "measure" {
		say("\nnext: make %s yours, and name %s in `measures:` of a threat; `%s` tries the library\n", path.Join(s.shown, "measures", name, "measure.yaml"), name, test)
		return
	}
	say("\nnext: make %s and its cases yours; `%s` tries them,\nand `%s --update` renews what they print\n", path.Join(s.shown, "threats", name, "threat.yaml"), test, test)
}
