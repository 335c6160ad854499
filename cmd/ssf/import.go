package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/format"
	"ssf/internal/format/all"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/library"
)

func (a *app) importCommand() *cobra.Command {
	var out, from, form string
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "make a model of another tool's threat model",
		Long: `Import reads threat models of other tools and writes one model in our language,
ssf.yaml in the folder -o (default: the working folder), which has no model yet.
Several files become one model.

` + formatList(all.Formats, func(f *format.Format) bool { return f.Read != nil }) + `
The form is found by the content; --from names it. What a source does not say is
unknown in the model, and no default of a tool becomes a fact. Its threats stand in
the model with what was decided about them; one that the library derives at the
same element too is joined to that. Its mitigations are claims until something
shows that they work. The report says what was carried, guessed and dropped, by
path in the source.

Exit status: 0 imported, 1 could not do it, 2 wrong usage or a file that cannot be
read.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("name the files to import: ssf import FILE...")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(form)
			if err != nil {
				return err
			}
			now, err := a.clock()
			if err != nil {
				return err
			}
			dir := a.within(out)
			name := filepath.Join(dir, lang.RootFile)
			for _, there := range []string{name, filepath.Join(dir, lang.Folder)} {
				if exists(there) {
					return usagef("%s is there already; name another folder with -o", there)
				}
			}
			plan, err := a.plan(args, from, now)
			if err != nil {
				return err
			}
			text, err := joined(cmd.Context(), plan, now)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return fmt.Errorf("making the folder for the model: %w", err)
			}
			if err := a.replace(name, ordinary, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
				return fmt.Errorf("writing the model: %w", err)
			}
			if form == "json" {
				return report.JSON(a.env.Stdout, plan.Report())
			}
			if err := report.Losses(a.env.Stdout, plan.Report(), style); err != nil {
				return err
			}
			fmt.Fprintf(a.env.Stdout, `
wrote %s
in its folder, next:
  ssf questions                   what the source does not say and decides most
  ssf threats                     what threatens it, the worst first
  ssf check --format markdown     what is missing, and what to do first
`, filepath.Join(out, lang.RootFile))
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", ".", "the folder for the model")
	cmd.Flags().StringVar(&from, "from", "", "the form of the files")
	cmd.Flags().StringVar(&form, "format", "text", "of the report: text or json")
	return cmd
}

// plan reads the files and gives ids to what they hold. All files that cannot be
// read are told at once.
func (a *app) plan(names []string, from string, now time.Time) (*format.Plan, error) {
	if from != "" {
		var known []string
		for _, f := range all.Formats {
			if f.Read != nil {
				known = append(known, f.Name)
			}
		}
		if err := oneOf("--from", from, known...); err != nil {
			return nil, err
		}
	}
	lib := library.Index()
	var drafts []*format.Draft
	var refused []error
	for _, name := range names {
		d, err := a.draft(name, from, lib)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		drafts = append(drafts, d)
	}
	if len(refused) > 0 {
		return nil, usageError{errors.Join(refused...)}
	}
	return format.Merge(drafts).Build(lib, now), nil
}

// draft reads one file. The files that it names are read from its folder and
// from nowhere else.
func (a *app) draft(name, from string, lib *ssf.Library) (*format.Draft, error) {
	root, err := os.OpenRoot(filepath.Dir(a.within(name)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	defer root.Close()
	open := func(other string) ([]byte, error) { return readBounded(root.FS(), filepath.ToSlash(other)) }
	data, err := open(filepath.Base(name))
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err // whose own text names a part of the path only
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return format.Read(all.Formats, name, from, data, lib, open)
}

// readBounded reads a file that is not larger than a document may be.
func readBounded(fsys fs.FS, name string) ([]byte, error) {
	switch info, err := fs.Stat(fsys, name); { // before it is opened, since a pipe without a writer never is
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, format.MaxSize+1))
	if err == nil && len(data) > format.MaxSize {
		err = fmt.Errorf("it is larger than the limit of %d bytes", format.MaxSize)
	}
	return data, err
}

// joined is the text of the model, with the threats of the source joined to
// those that the library derives from its elements. That the language takes it
// is made sure of before it is written.
func joined(ctx context.Context, plan *format.Plan, now time.Time) (string, error) {
	if len(plan.Instances()) > 0 {
		in, err := inMemory(plan.Bare(), now)
		if err != nil {
			return "", err
		}
		eng := eval.New(in)
		eng.Only = plan.Concerned()
		ev, err := eng.Evaluate()
		if err != nil {
			return "", err
		}
		plan.Join(plan.Derived(in.Library, func(yield func(ssf.ID) bool) {
			for i := range ev.Instances {
				if !yield(ev.Instances[i].ID) {
					return
				}
			}
		}))
	}
	text := plan.Text()
	in, err := inMemory(text, now)
	if err != nil {
		return "", err
	}
	if ssf.HasErrors(in.Diagnostics) {
		for _, d := range in.Diagnostics {
			if d.Severity == ssf.Error {
				return "", fmt.Errorf("the model that was made of it is not right, which is a fault of this program: %s: %s: %q", d.Pos, d.Message, d.Snippet)
			}
		}
	}
	return text, ctx.Err()
}

func inMemory(text string, now time.Time) (ssf.Inputs, error) {
	return readModel(fstest.MapFS{lang.RootFile: {Data: []byte(text)}}, now)
}

// formatList is the forms that fit, one a line, as help shows them.
func formatList(formats []format.Format, fits func(*format.Format) bool) string {
	s := ""
	for i := range formats {
		if f := &formats[i]; fits(f) {
			s += fmt.Sprintf("  %-18s %s\n", f.Name, f.Title)
		}
	}
	return s
}
