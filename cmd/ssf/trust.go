package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/proof"
	"ssf/internal/report"
)

// A trusted model is one whose commands somebody has looked at: those of this
// digest, in this folder.
type trusted struct {
	Folder   string     `json:"folder"`
	Commands ssf.Digest `json:"commands"`
	Since    time.Time  `json:"since"`
}

func (a *app) trustCommand() *cobra.Command {
	var list, revoke, yes bool
	var format string
	var at func([]string) (string, error)
	cmd := &cobra.Command{
		Use:   "trust [DIR]",
		Short: "allow the commands of a model to be run",
		Long: `Trust shows the commands of the model in DIR (default: the nearest parent with
ssf.yaml) and asks whether they may be run; with --yes it does not ask. Before
that, ` + "`ssf verify`" + ` runs nothing of it. The answer is kept in your settings, for
this folder and these commands: when a command changes, it is asked again. It is
not asked again when code changes that a command runs.

Exit status: 0 they may be run, or the list is shown, 1 could not do it,
2 wrong usage or wrong input files, 3 they may not.`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			switch {
			case list && (revoke || yes || len(args) > 0 || cmd.Flags().Changed("dir")), revoke && yes:
				return usagef("--list, --revoke and --yes do not go together, and --list is about every folder")
			case format == "json" && !list:
				return usagef("--format json goes with --list")
			case list:
				return a.listTrusted(format)
			}
			named, err := at(args)
			if err != nil {
				return err
			}
			if revoke && named != "" {
				return a.revoke(a.within(named)) // the folder may be gone
			}
			dir, err := a.dir(named)
			if err != nil {
				return err
			}
			if revoke {
				return a.revoke(dir)
			}
			c, in, err := a.evaluate(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if err := a.erroneous(c, style); err != nil {
				return err
			}
			if proof.Commands(in.Model) == "" {
				fmt.Fprintln(a.env.Stdout, "the model names no command, so there is nothing to trust")
				return nil
			}
			if err := report.Commands(a.env.Stdout, in.Model, style); err != nil {
				return err
			}
			if !yes {
				if !a.env.Asks {
					fmt.Fprintln(a.env.Stderr, "ssf: nobody can be asked here; look at the commands, then run `ssf trust --yes`")
					return exit(exitNo)
				}
				fmt.Fprint(a.env.Stdout, "may these be run with your rights? [y]es, [n]o: ")
				line, err := readLine(cmd.Context(), bufio.NewReader(a.env.Stdin))
				if answer := strings.ToLower(strings.TrimSpace(line)); err != nil && !errors.Is(err, io.EOF) || answer != "y" && answer != "yes" {
					fmt.Fprintln(a.env.Stdout, "nothing is trusted")
					return exit(exitNo)
				}
			}
			return a.trust(dir, in.Model)
		},
	}
	at = folder(cmd)
	cmd.Flags().BoolVar(&list, "list", false, "list the folders whose commands may be run")
	cmd.Flags().BoolVar(&revoke, "revoke", false, "let nothing of this folder be run any more")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&format, "format", "text", "text or json, of --list")
	return cmd
}

// commandsOf is what trust in a model is bound to.
func commandsOf(m *ssf.Model) ssf.Digest { return sha256.Sum256([]byte(proof.Commands(m))) }

// trustFile is where the settings say whose commands may be run.
func (a *app) trustFile() (string, error) {
	if a.env.Config == "" {
		return "", errNoConfig
	}
	return filepath.Join(a.env.Config, "trust.json"), nil
}

// readTrusted reads what is trusted. A file that others can write, itself or by
// its folder, counts for nothing.
func (a *app) readTrusted() (all []trusted, err error) {
	name, err := a.trustFile()
	if err != nil {
		return nil, err
	}
	for _, at := range []string{filepath.Dir(name), name} { // who can write the folder can put another file there
		stat := os.Stat
		if at == name {
			stat = os.Lstat
		}
		info, err := stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("reading what is trusted: %w", err)
		case at == name && !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0:
			return nil, fmt.Errorf("reading what is trusted: others can write %s; run chmod go-w on it if you trust what it says", at)
		}
	}
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is trusted: %s: %w", name, err)
	}
	return all, nil
}

func (a *app) writeTrusted(all []trusted) error {
	name, err := a.trustFile()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		slices.SortFunc(all, func(x, y trusted) int { return strings.Compare(x.Folder, y.Folder) })
		err = a.replace(name, secret, func(w io.Writer) error { return report.JSON(w, all) })
	}
	if err != nil {
		return fmt.Errorf("writing what is trusted: %w", err)
	}
	return nil
}

// folderOf is a folder by the one name that it has.
func folderOf(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = dir, nil
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// trusts reports whether the commands of the model in dir may be run.
func (a *app) trusts(dir string, m *ssf.Model) (bool, error) {
	folder, err := folderOf(dir)
	if err != nil {
		return false, err
	}
	all, err := a.readTrusted()
	return slices.ContainsFunc(all, func(t trusted) bool { return t.Folder == folder && t.Commands == commandsOf(m) }), err
}

func (a *app) trust(dir string, m *ssf.Model) error {
	folder, err := folderOf(dir)
	if err != nil {
		return err
	}
	all, err := a.readTrusted()
	if err != nil {
		return err
	}
	now, err := a.clock()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t trusted) bool { return t.Folder == folder })
	if err := a.writeTrusted(append(all, trusted{folder, commandsOf(m), now})); err != nil {
		return err
	}
	fmt.Fprintf(a.env.Stdout, "the commands of %s may be run as they are now\n", folder)
	return nil
}

func (a *app) revoke(dir string) error {
	folder, err := folderOf(dir)
	if err != nil {
		return err
	}
	all, err := a.readTrusted()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(t trusted) bool { return t.Folder == folder })
	if len(left) == len(all) {
		return usagef("nothing of %s is trusted; `ssf trust --list` shows what is", folder)
	}
	if err := a.writeTrusted(left); err != nil {
		return err
	}
	fmt.Fprintf(a.env.Stdout, "nothing of %s is run any more\n", folder)
	return nil
}

func (a *app) listTrusted(format string) error {
	all, err := a.readTrusted()
	if err != nil {
		return err
	}
	if format == "json" {
		return report.JSON(a.env.Stdout, append([]trusted{}, all...))
	}
	for _, t := range all {
		fmt.Fprintf(a.env.Stdout, "%s  since %s, commands %s\n", t.Folder, t.Since.Format(time.DateOnly), t.Commands.String()[:12])
	}
	if len(all) == 0 {
		fmt.Fprintln(a.env.Stderr, "ssf: no folder is trusted")
	}
	return nil
}
