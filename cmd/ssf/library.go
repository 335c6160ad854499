package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/internal/ruletest"
	"ssf/library"
)

// usable is the library to evaluate with, and what is wrong with the conditions
// of the team's rules in it. With such a fault it is the program's own alone.
func usable(l *lang.Libraries) (*ssf.Library, []ssf.Diagnostic) {
	if faults := conditions(l); len(faults) > 0 {
		return l.Core, faults
	}
	return l.Usable(), nil
}

func conditions(l *lang.Libraries) (faults []ssf.Diagnostic) {
	for _, a := range l.Added {
		faults = append(faults, check.Conditions(l.Whole.Facts, a.Library.Threats, l.Line)...)
	}
	return faults
}

func (a *app) testCommand() *cobra.Command {
	var format, only string
	var update bool
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "test the rules of a threat library with their cases",
		Long: `Test tries the rules of the library in DIR (default: the libraries that the
nearest model names by a path) with the cases beside them. A case is a small
model in threats/RULE/test.txtar, whose first line says what is expected:

  -- fires.yaml --
  # expect: open acme/weak-login@web
  ...
  -- asks.yaml --
  # expect: undecided acme/weak-login@web asks web.session

Each rule has a case that fires, one that is quiet, one that asks and, if it has
` + "`unless`" + `, one that is claimed. After the first case that fires stands fires.txt:
what the program prints about it. --update writes it, and renews the others.

Exit status: 0 every case passes, 1 could not do it, 2 wrong usage or a fault in
the library, 3 a case fails or is missing.`,
		Args: upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "junit", "json"); err != nil {
				return err
			}
			o := ruletest.Options{Update: update}
			if only != "" {
				var err error
				if o.Run, err = regexp.Compile(only); err != nil {
					return usagef("--run is a regular expression: %v", err)
				}
			}
			return a.test(first(args), format, o)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, junit or json")
	cmd.Flags().StringVar(&only, "run", "", "only the rules whose ids match this regular expression")
	cmd.Flags().BoolVar(&update, "update", false, "write what the cases print into their archives")
	return cmd
}

func (a *app) test(dir, format string, o ruletest.Options) error {
	libs, root, err := a.libraries(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if len(libs.Added) == 0 && len(libs.Diagnostics) == 0 {
		if exists(filepath.Join(root.Name(), newLibrary, "library.yaml")) {
			return usagef("the model in %s does not use ./%s; add `use: {libraries: [./%s]}` to it, or name the folder: `ssf test %s`", root.Name(), newLibrary, newLibrary, newLibrary)
		}
		return usagef("the model in %s uses no library of its own; name a library's folder, or make one with `ssf new threat NAME`", root.Name())
	}
	if err := a.sound(libs); err != nil {
		return err
	}
	total := &ruletest.Result{Cases: []ruletest.Case{}, Lacks: []ruletest.Failure{}, Notes: []string{}}
	for i := range libs.Added {
		l := &libs.Added[i]
		fsys, err := fs.Sub(root.FS(), l.Dir)
		if err != nil {
			return err
		}
		r, err := ruletest.Run(ruletest.Suite{FS: fsys, Shown: l.Shown, Own: &l.Library, Library: libs.Whole}, o)
		if err != nil {
			return err
		}
		total.Add(r)
		for _, name := range slices.Sorted(maps.Keys(r.Archives)) {
			if err := replace(root, path.Join(l.Dir, name), r.Archives[name]); err != nil {
				return err
			}
			fmt.Fprintf(a.env.Stderr, "ssf: wrote %s\n", path.Join(l.Shown, name))
		}
	}
	switch format {
	case "junit":
		err = ruletest.JUnit(a.env.Stdout, total)
	case "json":
		err = report.JSON(a.env.Stdout, total)
	default:
		err = ruletest.Text(a.env.Stdout, total)
	}
	switch {
	case err != nil:
		return fmt.Errorf("writing the report: %w", err)
	case total.Rules == 0 && o.Run != nil:
		return usagef("no rule's id matches --run %s", o.Run)
	case !total.Passed():
		return exit(exitNo)
	}
	return nil
}

// libraries reads the library in a folder, or those that the nearest model has.
// The caller closes the root, below which they lie.
func (a *app) libraries(dir string) (*lang.Libraries, *os.Root, error) {
	core := library.Index()
	if dir != "" {
		return a.libraryIn(dir, core)
	}
	dir, err := a.dir("")
	if err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the model's folder: %w", err)
	}
	snap, err := lang.Load(root.FS(), core)
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return snap.Libraries, root, nil
}

// libraryIn reads the library in a folder, be it the program's own.
func (a *app) libraryIn(dir string, core *ssf.Library) (*lang.Libraries, *os.Root, error) {
	full := dir
	if !filepath.IsAbs(full) {
		full = filepath.Join(a.env.Dir, full)
	}
	if info, err := os.Stat(full); err != nil || !info.IsDir() {
		return nil, nil, usagef("there is no folder %s", dir)
	}
	if !exists(filepath.Join(full, "library.yaml")) {
		return nil, nil, usagef("%s holds no library.yaml, so it is no library", dir)
	}
	root, err := os.OpenRoot(full)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the library: %w", err)
	}
	at := lang.LibraryDir{FS: root.FS(), Dir: ".", Shown: path.Clean(filepath.ToSlash(dir))}
	libs, err := lang.ReadLibraries(core, at)
	if err == nil && len(libs.Added) == 1 && libs.Added[0].Name == core.Packs[0].Name {
		libs, err = lang.ReadLibraries(nil, at)
	}
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return libs, root, nil
}

// replace writes a file below root with the rights of the one that was there:
// beside it first, under a name that nobody can guess, then renamed, so that an
// interruption leaves the old file or the new one.
func replace(root *os.Root, name string, data []byte) error {
	most := ordinary
	old, err := root.Stat(name)
	if err == nil {
		most &= old.Mode().Perm()
	}
	beside := path.Join(path.Dir(name), ".ssf-"+rand.Text()+".tmp")
	f, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, most)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if old != nil {
		err = f.Chmod(most)
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(beside, name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, errors.Join(err, root.Remove(beside)))
	}
	return nil
}
