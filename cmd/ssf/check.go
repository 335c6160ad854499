package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/report"
)

func (a *app) checkCommand() *cobra.Command {
	var format, out, base string
	var o report.CheckOptions
	var at func([]string) (string, error)
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "say what is missing, what threatens, and which phase is reached",
		Long: `Check reads the model in DIR (default: the nearest parent with ssf.yaml),
derives its threats and prints every problem with its place and the way out,
then one line for each phase and the phase that is reached.

An error is a model that contradicts itself, a gap a control that is not met, a
question a fact that would decide a threat. ` + "`ssf explain ID`" + ` tells more of any
id.

For other programs, --format writes github (annotations of a workflow), sarif,
junit (each control and each threat is a test), markdown (a comment on a change)
or json (the whole case).

With --base it compares the model with what it was at a commit, and shows and
fails on what is worse now: so a product with many gaps can begin today.

Exit status: 0 the policy's reach and gates are met (or there is no policy),
1 could not do it, 2 wrong usage or an error in the model, 3 the policy's reach
or a gate is not met. With --base: 0 nothing is worse, 3 something is.`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format, "github", "sarif", "junit", "markdown")
			if err != nil {
				return err
			}
			named, err := at(args)
			if err != nil {
				return err
			}
			dir, err := a.dir(named)
			if err != nil {
				return err
			}
			c, in, err := a.evaluate(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("base") {
				if err := a.compare(cmd.Context(), c, in.Line, dir, base); err != nil {
					return err
				}
			}
			if out != "" {
				if err := a.writeFile(out, c); err != nil {
					return err
				}
			}
			err = writeCheck(a.env.Stdout, c, format, prefix(dir), style, o)
			switch {
			case err != nil:
				return fmt.Errorf("writing the report: %w", err)
			case ssf.HasErrors(c.Diagnostics):
				return exit(exitUsage)
			case !report.Passes(c):
				return exit(exitNo)
			}
			return nil
		},
	}
	at = folder(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text, json, github, sarif, junit or markdown")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the whole case as JSON to this file too")
	cmd.Flags().StringVar(&base, "base", "", "compare with this commit, such as origin/main")
	cmd.Flags().BoolVar(&o.Hints, "hints", false, "show hints too")
	cmd.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "show errors and the summary only")
	return cmd
}

func writeCheck(w io.Writer, c *ssf.Case, format, prefix string, style report.Style, o report.CheckOptions) error {
	switch format {
	case "json":
		return report.JSON(w, c)
	case "github":
		return report.GitHub(w, c, prefix, o)
	case "sarif":
		return report.SARIF(w, c, prefix, o)
	case "junit":
		return report.JUnit(w, c, o)
	case "markdown":
		return report.Markdown(w, report.PullRequest(c, o))
	}
	return report.Check(w, c, style, o)
}

// prefix is the path of the model's folder below the root of its repository,
// for programs that know files from there; empty at the root or outside any.
func prefix(dir string) string {
	for root := dir; ; root = filepath.Dir(root) {
		if exists(filepath.Join(root, ".git")) {
			if rel, err := filepath.Rel(root, dir); err == nil && rel != "." {
				return filepath.ToSlash(rel)
			}
			return ""
		}
		if root == filepath.Dir(root) {
			return ""
		}
	}
}

func upToOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s takes one folder at most, and there are %d arguments", cmd.Name(), len(args))
	}
	return nil
}

// folder lets a command whose argument is the model's folder take that by -C too,
// as those do that have another argument. What it returns gives the folder.
func folder(cmd *cobra.Command) func(args []string) (string, error) {
	dir := cmd.Flags().StringP("dir", "C", "", "the model's folder, as DIR")
	return func(args []string) (string, error) {
		if *dir != "" && len(args) > 0 {
			return "", usagef("name the folder once: %s or -C %s", args[0], *dir)
		}
		return cmp.Or(*dir, first(args)), nil
	}
}

// beside tells, where an argument that fits nothing is a folder, how to name one.
func (a *app) beside(arg, command string) string {
	if info, err := os.Stat(a.within(arg)); err == nil && info.IsDir() {
		return fmt.Sprintf("; a folder is named by -C: `ssf %s -C %s`", command, arg)
	}
	return ""
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func oneOf(flag, value string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return usagef("%s is one of %s, not %q", flag, strings.Join(values, ", "), value)
}

// writeFile writes a value as JSON to a file, or says why not.
func (a *app) writeFile(name string, v any) error {
	err := a.replace(name, ordinary, func(w io.Writer) error { return report.JSON(w, v) })
	if err != nil {
		return fmt.Errorf("writing the case: %w", err)
	}
	return nil
}

// The most rights that a file of ours is given.
const (
	ordinary fs.FileMode = 0o666 // of which the user's mask takes away
	secret   fs.FileMode = 0o600
)

// replace writes a file: beside it first, then synced and renamed, so that an
// interruption leaves the old file or the new one. From the first byte it has
// the rights of the file that was there, else those that the user's mask leaves
// of most, and never others than most. What is no ordinary file, such as
// /dev/stdout, is written as it is.
func (a *app) replace(name string, most fs.FileMode, write func(io.Writer) error) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(a.env.Dir, name)
	}
	old, err := os.Stat(name)
	if err == nil && !old.Mode().IsRegular() && !old.IsDir() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return fmt.Errorf("there is no folder %s", filepath.Dir(name))
	}
	if old != nil {
		most &= old.Mode().Perm()
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".ssf-"+rand.Text()+".tmp"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, most)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if old != nil {
		err = f.Chmod(most)
	}
	for _, step := range []func() error{func() error { return write(f) }, f.Sync, f.Close, func() error { return os.Rename(f.Name(), name) }} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		f.Close()
	}
	return err
}
