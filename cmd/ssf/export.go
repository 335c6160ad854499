package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/format/all"
	"ssf/internal/report"
)

// exportFormats are the forms that are written: those of other tools, and those of
// a report that other programs read.
var exportFormats = append(slices.DeleteFunc(slices.Clone(all.Formats), func(f format.Format) bool { return f.Write == nil }),
	format.Format{
		Name: "sarif", Title: "SARIF 2.1.0: what is open, for code scanning and editors",
		Write: oneFile("report.sarif", func(w io.Writer, c *ssf.Case) error { return report.SARIF(w, c, "", report.CheckOptions{}) }),
		Loses: []string{
			"threats that are treated, and what treats them",
			"elements, matrices, requirements, assumptions, decisions, mitigations, verifications, deployments and people, but for the places of problems",
			"why a threat was rated so, and what it endangers",
		},
	},
	format.Format{
		Name: "csv", Title: "CSV: the threats, for a spreadsheet or a script",
		Write: oneFile("report.csv", report.CSV),
		Loses: []string{
			"all but the threats: elements, requirements, decisions, mitigations, verifications, questions and diagnostics",
			"what rules and measures say, what a threat rests on, and why it is stale",
		},
	})

// oneFile makes the writer of a form of a writer of a report.
func oneFile(name string, write func(io.Writer, *ssf.Case) error) func(*ssf.Case) ([]format.File, error) {
	return func(c *ssf.Case) ([]format.File, error) {
		var b bytes.Buffer
		err := write(&b, c)
		return []format.File{{Name: name, Data: b.Bytes()}}, err
	}
}

func (a *app) exportCommand() *cobra.Command {
	var to, out, from string
	var losses bool
	var at func([]string) (string, error)
	cmd := &cobra.Command{
		Use:   "export --to FORMAT [DIR]",
		Short: "write the case for another tool: workbook, issues, diagram",
		Long: `Export evaluates the model in DIR (default: the nearest parent with ssf.yaml),
or reads a case that ` + "`ssf check -o case.json`" + ` stored, and writes it in the form
of another tool:

` + formatList(exportFormats, func(*format.Format) bool { return true }) + `
No form holds the whole case; ` + "`ssf export --to FORMAT --losses`" + ` says what is not in
it. Forms of one file go to the standard output or to -o FILE. Those of several go
to the folder -o DIR, all or none: a second export replaces the files of the first,
and leaves what else is in the folder as it is.

Exit status: 0 written, also where something is open; 1 could not do it; 2 wrong
usage, or written but nothing in it can be relied on, because the model has an
error.`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := exportFormat(to, losses)
			switch {
			case err != nil:
				return err
			case losses:
				return a.loses(f)
			case f.Folder && (out == "" || out == "-"):
				return usagef("%s is several files; name a folder for them with -o DIR", f.Name)
			}
			if info, err := os.Stat(a.within(out)); out != "" && err == nil && info.IsDir() != f.Folder && (info.IsDir() || info.Mode().IsRegular()) {
				if f.Folder {
					return usagef("%s is a file, and %s is several; name a folder", out, f.Name)
				}
				return usagef("%s is a folder; name a file in it", out)
			}
			c, err := a.made(cmd, args, at, from)
			if err != nil {
				return err
			}
			files, err := f.Write(c)
			if err != nil {
				return fmt.Errorf("exporting to %s: %w", f.Name, err)
			}
			if err := a.put(f, files, out); err != nil {
				return err
			}
			return a.reliable(c, "export")
		},
	}
	at = folder(cmd)
	cmd.Flags().StringVar(&to, "to", "", "the form: one of those above")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this file, or folder where the form is several files")
	cmd.Flags().StringVar(&from, "from", "", "read the case from this file")
	cmd.Flags().BoolVar(&losses, "losses", false, "say what the form does not hold, and write nothing")
	return cmd
}

// exportFormat is the form of a name. Where any will do it is nil for none.
func exportFormat(name string, any bool) (*format.Format, error) {
	var names []string
	for i := range exportFormats {
		if exportFormats[i].Name == name {
			return &exportFormats[i], nil
		}
		names = append(names, exportFormats[i].Name)
	}
	switch {
	case name == "" && any:
		return nil, nil
	case name == "":
		return nil, usagef("say in which form with --to: one of %s", choice(names))
	}
	return nil, usagef("--to is one of %s, not %q%s", choice(names), name, didYouMean(name, names))
}

// loses tells what a form, or each, does not hold.
func (a *app) loses(f *format.Format) error {
	style, err := a.style("text")
	if err != nil {
		return err
	}
	if f != nil {
		return report.Loses(a.env.Stdout, f, style)
	}
	for i := range exportFormats {
		if i > 0 {
			fmt.Fprintln(a.env.Stdout)
		}
		if err := report.Loses(a.env.Stdout, &exportFormats[i], style); err != nil {
			return err
		}
	}
	return nil
}

// put writes the files of a form where they are wanted.
func (a *app) put(f *format.Format, files []format.File, out string) error {
	data := files[0].Data
	switch {
	case f.Folder:
		kept, err := replaceFolder(a.within(out), f.Name, files)
		if err != nil {
			return fmt.Errorf("writing %s: %w", out, err)
		}
		for _, name := range kept {
			fmt.Fprintf(a.env.Stderr, "ssf: %s is no longer in the export; it was changed by hand, so it stays\n", path.Join(filepath.ToSlash(out), name))
		}
		fmt.Fprintf(a.env.Stderr, "wrote %d files to %s\n", len(files), out)
	case out == "" || out == "-":
		if a.env.Terminal && (!utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0) {
			return usagef("%s is no text, and the output is a terminal; write it to a file with -o FILE", f.Name)
		}
		if _, err := a.env.Stdout.Write(data); err != nil {
			return fmt.Errorf("writing the export: %w", err)
		}
	default:
		if err := a.replace(out, ordinary, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
			return fmt.Errorf("writing the export: %w", err)
		}
		fmt.Fprintf(a.env.Stderr, "wrote %s\n", out)
	}
	return nil
}

// listPrefix begins the name of the file in which an export keeps which files of a
// folder are its own, as sha256sum has it.
const listPrefix = ".ssf-export-"

// replaceFolder puts files into a folder, all of them or none. Those of an earlier
// export of the same form are replaced; of those that are not written any more, the
// ones that somebody changed are kept, and named. A file that is no export's is
// never touched. Nothing is written through a link that leaves the folder.
func replaceFolder(dir, form string, files []format.File) (kept []string, err error) {
	list := listPrefix + form
	var sums strings.Builder
	names := map[string]bool{}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, `\:`) || strings.HasPrefix(f.Name, ".") || names[f.Name] {
			return nil, fmt.Errorf("the name %q cannot be that of a file of an export", f.Name)
		}
		names[f.Name] = true
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.Data), f.Name)
	}
	all := append(slices.Clone(files), format.File{Name: list, Data: []byte(sums.String())})
	temp := ".ssf-" + rand.Text() + ".tmp"

	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		beside := filepath.Join(filepath.Dir(dir), temp)
		if err := os.Mkdir(beside, 0o777); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("there is no folder %s", filepath.Dir(dir))
			}
			return nil, err
		}
		defer os.RemoveAll(beside)
		root, err := os.OpenRoot(beside)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		if err := fillFolder(root, ".", all); err != nil {
			return nil, err
		}
		return nil, os.Rename(beside, dir)
	}

	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	own, err := ownFiles(root, list)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := root.Lstat(f.Name); err == nil && own[f.Name] == "" {
			return nil, fmt.Errorf("%s is there and not of an export; move it away, or name another folder", f.Name)
		}
	}
	defer root.RemoveAll(temp)
	if err := fillFolder(root, path.Join(temp, "new"), all); err != nil {
		return nil, err
	}
	if err := root.Mkdir(path.Join(temp, "old"), 0o777); err != nil {
		return nil, err
	}
	m := moves{root: root, old: path.Join(temp, "old")}
	defer func() {
		if err != nil {
			m.undo()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(own)) {
		data, err := root.ReadFile(name)
		switch {
		case names[name], errors.Is(err, fs.ErrNotExist):
		case err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != own[name]:
			kept = append(kept, name)
		default:
			if err := m.away(name); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range all {
		if err := m.away(f.Name); err != nil {
			return nil, err
		}
		if err := root.MkdirAll(path.Dir(f.Name), 0o777); err != nil {
			return nil, err
		}
		if err := m.move(path.Join(temp, "new", f.Name), f.Name); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// fillFolder writes files below a folder of root, each to the disk.
func fillFolder(root *os.Root, below string, files []format.File) error {
	for _, f := range files {
		name := path.Join(below, f.Name)
		if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
			return err
		}
		w, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ordinary)
		if err != nil {
			return err
		}
		_, err = w.Write(f.Data)
		if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
			return err
		}
	}
	return nil
}

// maxList bounds the file in which an export keeps its own.
const maxList = 64 << 20

// ownFiles are the files of an earlier export, each with its digest.
func ownFiles(root *os.Root, list string) (map[string]string, error) {
	own := map[string]string{}
	info, err := root.Stat(list)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return own, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxList:
		return nil, fmt.Errorf("%s is not what an export wrote; delete it", list)
	}
	data, err := root.ReadFile(list)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		digest, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(digest) != 2*sha256.Size || !fs.ValidPath(name) || strings.HasPrefix(name, ".") {
			return nil, fmt.Errorf("%s is not what an export wrote; delete it with the files that it should name", list)
		}
		own[name] = digest
	}
	return own, nil
}

// moves are renamings in a folder that can be undone.
type moves struct {
	root *os.Root
	old  string
	done [][2]string
}

func (m *moves) move(from, to string) error {
	err := m.root.Rename(from, to)
	if err == nil {
		m.done = append(m.done, [2]string{from, to})
	}
	return err
}

// away takes a file out of the way, if it is there.
func (m *moves) away(name string) error {
	if _, err := m.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	to := path.Join(m.old, name)
	if err := m.root.MkdirAll(path.Dir(to), 0o777); err != nil {
		return err
	}
	return m.move(name, to)
}

func (m *moves) undo() {
	for _, d := range slices.Backward(m.done) {
		_ = m.root.Rename(d[1], d[0]) // the best that is left
	}
}
