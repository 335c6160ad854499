package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/report"
)

// reportFormats are the forms of a report with the endings of their files.
var reportFormats = []struct {
	name, ending string
	write        func(io.Writer, *ssf.Case) error
}{
	{"html", ".html", func(w io.Writer, c *ssf.Case) error { return report.HTML(w, report.Build(c)) }},
	{"markdown", ".md", func(w io.Writer, c *ssf.Case) error { return report.Markdown(w, report.Build(c)) }},
	{"json", ".json", func(w io.Writer, c *ssf.Case) error { return report.JSON(w, c) }},
	{"sarif", ".sarif", func(w io.Writer, c *ssf.Case) error { return report.SARIF(w, c, "", report.CheckOptions{}) }},
	{"csv", ".csv", report.CSV},
}

func (a *app) reportCommand() *cobra.Command {
	var format, out, from string
	var at func([]string) (string, error)
	cmd := &cobra.Command{
		Use:   "report [DIR]",
		Short: "write the whole case: HTML, Markdown, SARIF, CSV or JSON",
		Long: `Report evaluates the model in DIR (default: the nearest parent with ssf.yaml),
or reads a case that ` + "`ssf check -o case.json`" + ` stored, and writes it as one
file:

  report.html   a page for everybody: the verdict, what to do first, all lists
  report.md     the same in Markdown
  report.sarif  what is open, for code scanning and editors
  report.csv    the threats, for a spreadsheet
  report.json   the case itself

The ending of the file chooses the form; --format does it where there is none.
A report that is made from a stored case has the same bytes as one made at once.

Exit status: 0 written, also where something is open; 1 could not do it; 2 wrong
usage, or written but nothing in it can be relied on, because the model has an
error.`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(a.within(out)); out != "" && err == nil && info.IsDir() {
				return usagef("%s is a folder; name a file in it", out)
			}
			write, err := reportWriter(format, out)
			if err != nil {
				return err
			}
			c, err := a.made(cmd, args, at, from)
			if err != nil {
				return err
			}
			if out == "" || out == "-" {
				err = write(a.env.Stdout, c)
			} else {
				err = a.replace(out, ordinary, func(w io.Writer) error { return write(w, c) })
				if err == nil {
					fmt.Fprintf(a.env.Stderr, "wrote %s\n", out)
				}
			}
			if err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
			return a.reliable(c, "report")
		},
	}
	at = folder(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this file; its ending chooses the form")
	cmd.Flags().StringVar(&format, "format", "", "html, markdown, json, sarif or csv")
	cmd.Flags().StringVar(&from, "from", "", "read the case from this file")
	return cmd
}

// made is the case of the model in the folder that the arguments name, or the one
// that was stored in the file from.
func (a *app) made(cmd *cobra.Command, args []string, at func([]string) (string, error), from string) (*ssf.Case, error) {
	switch {
	case from == "":
		dir, err := at(args)
		if err != nil {
			return nil, err
		}
		c, _, err := a.evaluate(cmd.Context(), dir)
		return c, err
	case len(args) > 0 || cmd.Flags().Changed("dir"):
		return nil, usagef("--from reads a stored case, so there is no folder to name")
	case a.now != "":
		return nil, usagef("--from takes the time from the stored case, so --now has no use")
	}
	return a.readCase(from)
}

// reliable ends a command that has written an output of a case: with the status of
// wrong input where the model has errors.
func (a *app) reliable(c *ssf.Case, what string) error {
	if !ssf.HasErrors(c.Diagnostics) {
		return nil
	}
	fmt.Fprintf(a.env.Stderr, "ssf: the model has errors, so nothing in the %s can be relied on; `ssf check` shows them\n", what)
	return exit(exitUsage)
}

// reportWriter is the writer of a format, which the ending of the output names
// where no flag does.
func reportWriter(format, out string) (func(io.Writer, *ssf.Case) error, error) {
	var names, endings []string
	for _, f := range reportFormats {
		if f.name == format || format == "" && f.ending == strings.ToLower(filepath.Ext(out)) {
			return f.write, nil
		}
		names, endings = append(names, f.name), append(endings, f.ending)
	}
	switch {
	case format != "":
		return nil, usagef("--format is one of %s, not %q", choice(names), format)
	case out == "" || out == "-":
		return nil, usagef("say where to write with -o FILE, or --format for the standard output: one of %s", choice(names))
	}
	return nil, usagef("%s ends in none of %s; rename it, or choose with --format one of %s", out, choice(endings), choice(names))
}

// choice is a list as a sentence has it: a, b or c.
func choice(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// within is a name as seen from the folder in which the command runs.
func (a *app) within(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.env.Dir, name)
}

// readCase reads a stored case. What is wrong with it is wrong input.
func (a *app) readCase(name string) (*ssf.Case, error) {
	name = a.within(name)
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("reading the case: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, usagef("reading the case: %s is a folder; name the file that `ssf check -o` wrote", name)
	}
	c, err := report.ReadCase(f)
	if err != nil {
		return nil, usagef("reading the case %s: %w", name, err)
	}
	return c, nil
}
