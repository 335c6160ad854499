package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/library"
)

func (a *app) fmtCommand() *cobra.Command {
	var f formatter
	cmd := &cobra.Command{
		Use:   "fmt [DIR|FILE...]",
		Short: "put the model's files into one order and layout",
		Long: `Fmt writes the files of the model in DIR (default: the nearest parent with
ssf.yaml), or the files named, in their form:

  sections and keys in the order of the language, then facts in the author's
  order, then calls; entries and lists keep the author's order
  two spaces for each level, lists too; an empty line between sections
  {a: b} and [a, b] on one line of 120 characters at most, else line by line

Texts keep their quotes, and comments stay with what they speak of; the meaning
never changes. A file that is in form is not touched. A model with a syntax error
is left as it is. With - it reads a file from the standard input and writes its
form to the standard output.

Exit status: 0 done, or with --check all files are in form; 1 could not do it,
2 wrong usage or a syntax error, 3 with --check a file is not in form.`,
		RunE: func(_ *cobra.Command, args []string) error {
			f.app = a
			return f.run(args)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing, and list the files that are not in form")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "write nothing, and show what would change")
	return cmd
}

// A formatter puts files into form, all of them or none.
type formatter struct {
	*app
	check, diff bool
	files       []formed
	faults      []ssf.Diagnostic
}

// A formed file is what it holds and its form.
type formed struct {
	name  string // to open; empty for the standard input
	shown string
	text  string
	form  string
}

func (f *formatter) run(args []string) error {
	style, err := f.style("text")
	if err != nil {
		return err
	}
	if err := f.collect(args); err != nil {
		return err
	}
	if len(f.faults) > 0 {
		ssf.SortDiagnostics(f.faults)
		if err := report.Diagnostics(f.env.Stderr, f.faults, style); err != nil {
			return err
		}
		return exit(exitUsage)
	}
	changed := slices.DeleteFunc(slices.Clone(f.files), func(x formed) bool { return x.text == x.form })
	for _, x := range changed {
		switch {
		case f.diff:
			_, err = f.env.Stdout.Write(diff.Diff(report.Line(x.shown+".orig"), []byte(x.text), report.Line(x.shown), []byte(x.form)))
		case f.check:
			_, err = fmt.Fprintln(f.env.Stdout, report.Line(x.shown))
		case x.name != "":
			if err = f.write(x); err == nil {
				_, err = fmt.Fprintf(f.env.Stdout, "wrote %s\n", report.Line(x.shown))
			}
		}
		if err != nil {
			return fmt.Errorf("writing the form of %s: %w", x.shown, err)
		}
	}
	if len(f.files) == 1 && f.files[0].name == "" && !f.check && !f.diff {
		_, err := io.WriteString(f.env.Stdout, f.files[0].form)
		return err
	}
	if f.check && len(changed) > 0 {
		return exit(exitNo)
	}
	return nil
}

// collect reads what the arguments name, each file once.
func (f *formatter) collect(args []string) error {
	if slices.Contains(args, "-") {
		if len(args) > 1 {
			return usagef("- stands alone: it reads one file from the standard input")
		}
		return f.read("", "standard input", f.env.Stdin)
	}
	if len(args) == 0 {
		return f.folder("")
	}
	for _, arg := range args {
		name := f.within(arg)
		switch info, err := os.Stat(name); {
		case err != nil:
			return usagef("there is no file or folder %s", arg)
		case info.IsDir():
			if err := f.folder(arg); err != nil {
				return err
			}
		case !info.Mode().IsRegular():
			return usagef("%s is not an ordinary file", arg)
		default:
			if err := f.open(os.Open, name, name, arg); err != nil {
				return err
			}
		}
	}
	return nil
}

// folder reads the files of the model in a folder.
func (f *formatter) folder(arg string) error {
	dir, err := f.dir(arg)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening the model's folder: %w", err)
	}
	defer root.Close()
	paths, faults, err := lang.Files(root.FS())
	if err != nil {
		return err
	}
	f.faults = append(f.faults, faults...)
	for _, p := range paths {
		full := filepath.Join(dir, filepath.FromSlash(p))
		shown, err := filepath.Rel(f.env.Dir, full)
		if err != nil || !filepath.IsLocal(shown) {
			shown = full
		}
		if err := f.open(root.Open, filepath.FromSlash(p), full, shown); err != nil {
			return err
		}
	}
	return nil
}

func (f *formatter) open(open func(string) (*os.File, error), name, full, shown string) error {
	if slices.ContainsFunc(f.files, func(x formed) bool { return x.name == full }) {
		return nil
	}
	file, err := open(name)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	return errors.Join(f.read(full, shown, file), file.Close())
}

// read finds the form of one file. Of one that is too large it reads no more than
// shows that.
func (f *formatter) read(name, shown string, in io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(in, lang.MaxFileSize+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", shown, err)
	}
	x := formed{name: name, shown: filepath.ToSlash(shown), text: string(b)}
	form, faults, err := lang.Format(x.shown, x.text, library.Index())
	if err != nil {
		return err
	}
	x.form = form
	f.files, f.faults = append(f.files, x), append(f.faults, faults...)
	return nil
}

// write puts the form in place of the file, and where that is a link, of what it
// leads to.
func (f *formatter) write(x formed) error {
	name, err := filepath.EvalSymlinks(x.name)
	if err != nil {
		return err
	}
	return f.replace(name, fs.ModePerm, func(w io.Writer) error {
		_, err := io.WriteString(w, x.form)
		return err
	})
}
