package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/library"
	"ssf/spec"
)

//go:embed starter.yaml
var starter string

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "write a model to start from",
		Long: `Init writes a commented ssf.yaml into DIR (default: the working folder): a small
system with one of everything that is needed first. It checks without error, and
its questions lead on. A model that is there already is not touched.
` + exits,
		Args: upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.env.Dir
			if len(args) > 0 {
				var err error
				if dir, err = a.dir(args[0]); err != nil {
					return err
				}
			}
			name := filepath.Join(dir, lang.RootFile)
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, fs.ErrExist) {
				return usagef("%s is there already; `ssf check` reads it", name)
			}
			if err != nil {
				return fmt.Errorf("writing the model: %w", err)
			}
			_, err = f.WriteString(strings.Replace(starter, "My product", productName(dir), 1))
			if err := errors.Join(err, f.Close()); err != nil {
				os.Remove(name)
				return fmt.Errorf("writing the model: %w", err)
			}
			fmt.Fprintf(a.env.Stdout, "wrote %s\nnext: describe your own system in it, then `ssf check` and `ssf questions`\n", name)
			return nil
		},
	}
}

// productName is the folder's name as a title that needs no quotes in YAML.
func productName(dir string) string {
	base := filepath.Base(dir)
	for _, r := range base {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_') {
			return "My product"
		}
	}
	if base[0] == '-' || base[0] == '_' {
		return "My product"
	}
	return base
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [model|case]",
		Short:     "print the JSON Schema of the model's files or of case.json",
		Long:      "Schema prints a JSON Schema (draft 2020-12): of the files of a model, for\neditors, or of the case that `ssf check -o case.json` writes, for other\nprograms.\n" + exits,
		ValidArgs: []string{"model", "case"},
		Args:      upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			what := "model"
			if len(args) > 0 {
				what = args[0]
			}
			if err := oneOf("the schema", what, "model", "case"); err != nil {
				return err
			}
			if what == "case" {
				_, err := a.env.Stdout.Write(spec.CaseSchema)
				return err
			}
			lib := library.Index()
			return report.JSON(a.env.Stdout, lang.Schema(lib))
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version of the program and of its library",
		Long:  "Version prints the versions of the program and of the library in it, with the\ndigest of the library's files.\n" + exits,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			lib := library.Index()
			fmt.Fprintf(a.env.Stdout, "ssf %s\n", version())
			for _, p := range lib.Packs {
				fmt.Fprintf(a.env.Stdout, "library %s %s sha256:%s\n", p.Name, p.Version, p.Digest)
			}
			return nil
		},
	}
}
