package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/evidence"
	"ssf/internal/lang"
	"ssf/internal/report"
)

// readEvidence reads the records beside a model. What is wrong with them, or
// not there though the lock file says that it was, becomes errors of the model.
func readEvidence(fsys fs.FS, in *ssf.Inputs) error {
	log, err := evidence.Read(fsys)
	if err != nil {
		return err
	}
	in.Evidence = log.Records
	problems := slices.Concat(log.Problems, evidence.Check(log, checkpoints(in.Lock)))
	ds := broken(problems[:min(len(problems), maxBroken)])
	if more := len(problems) - len(ds); more > 0 {
		ds[len(ds)-1].Message += fmt.Sprintf("; and %d more problems like this", more)
	}
	in.Diagnostics = append(in.Diagnostics, ds...)
	return nil
}

// maxBroken is how much of what is wrong with evidence a check tells.
const maxBroken = 20

// checkpoints are those that a lock file holds.
func checkpoints(lock *ssf.Lock) (cs []evidence.Checkpoint) {
	if lock == nil {
		return nil
	}
	for _, p := range lock.Pins {
		if p.Kind == ssf.PinCheckpoint {
			n, _ := strconv.Atoi(p.Treat)
			cs = append(cs, evidence.Checkpoint{Count: n, Head: p.Digest})
		}
	}
	return cs
}

// decisionsOf are the pins but those that are checkpoints.
func decisionsOf(pins []ssf.Pin) []ssf.Pin {
	return slices.DeleteFunc(slices.Clone(pins), func(p ssf.Pin) bool { return p.Kind == ssf.PinCheckpoint })
}

// broken tells what is wrong with evidence, each at its file.
func broken(problems []evidence.Problem) (ds []ssf.Diagnostic) {
	for _, p := range problems {
		ds = append(ds, ssf.Diagnostic{
			Check: "verification/evidence", Subject: "evidence", Severity: ssf.Error, Message: p.Message, Pos: ssf.Pos{File: p.File},
			Hint: "restore the file from version control; `ssf evidence verify` lists all that is wrong",
		})
	}
	return ds
}

func (a *app) evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evidence",
		Short: "list, show and check the records of results",
		Long: `Evidence is what ` + "`ssf verify`" + ` recorded: signed results, one a file, in the
folder .ssf/evidence beside the model. Keep it in version control.
` + exits,
		Args: a.onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	cmd.PersistentFlags().StringVarP(&dir, "dir", "C", "", "the model's folder")
	cmd.AddCommand(a.listEvidenceCommand(&dir), a.showEvidenceCommand(&dir), a.verifyEvidenceCommand(&dir))
	return cmd
}

// openLog reads the evidence of the model in a folder.
func (a *app) openLog(dir string) (*evidence.Log, string, error) {
	dir, err := a.dir(dir)
	if err != nil {
		return nil, dir, err
	}
	store, err := evidence.Open(dir)
	if err != nil {
		return nil, dir, err
	}
	defer store.Close()
	log, err := store.Read()
	return log, dir, err
}

func (a *app) listEvidenceCommand(dir *string) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list [ID]",
		Short: "list the records, the latest last",
		Long: `List prints one line a record: its id, time, commit, result and verification. ID
is a verification, or what it verifies.
` + exits,
		Args: upToOne,
		RunE: func(_ *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			log, _, err := a.openLog(*dir)
			if err != nil {
				return err
			}
			shown, names := []ssf.Evidence{}, []string{}
			for _, e := range log.Records {
				names = append(names, string(e.Verification))
				if len(args) == 0 || string(e.Verification) == args[0] || slices.Contains(e.Verifies, ssf.ID(args[0])) {
					shown = append(shown, e)
				}
			}
			if len(args) > 0 && len(shown) == 0 {
				return usagef("no record is about %q%s", args[0], didYouMean(args[0], names))
			}
			if format == "json" {
				return report.JSON(a.env.Stdout, shown)
			}
			if len(log.Problems) > 0 {
				fmt.Fprintln(a.env.Stderr, "ssf: some of the evidence is not whole and not listed; `ssf evidence verify` says what")
			}
			return report.EvidenceList(a.env.Stdout, shown, style)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (a *app) showEvidenceCommand(dir *string) *cobra.Command {
	var format string
	var output bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "show one record: its tests, inputs and signature",
		Long: `Show prints a record whose id begins with ID: what was run, what came of it, on
what it rests and who signed it. With --output it prints what the command
printed, if that was kept here.
` + exits,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("evidence show takes the id of one record; `ssf evidence list` lists them")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			log, folder, err := a.openLog(*dir)
			if err != nil {
				return err
			}
			var found []ssf.Evidence
			for _, e := range log.Records {
				if strings.HasPrefix(e.ID.String(), args[0]) {
					found = append(found, e)
				}
			}
			switch {
			case len(found) == 0:
				return usagef("no whole record has an id that begins with %q; `ssf evidence list` lists them", args[0])
			case len(found) > 1:
				return usagef("%d records have an id that begins with %q; give more of it", len(found), args[0])
			case output:
				return a.showOutput(folder, &found[0])
			case format == "json":
				return report.JSON(a.env.Stdout, found[0])
			}
			return report.EvidenceRecord(a.env.Stdout, &found[0], style)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().BoolVar(&output, "output", false, "print what the command printed")
	return cmd
}

func (a *app) showOutput(dir string, e *ssf.Evidence) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	text, err := evidence.ReadBlob(root.FS(), e.Run.Output)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("what %s printed was not kept here; blobs are left out of version control unless you add them", e.Run.ID)
	}
	if err != nil {
		return err
	}
	return report.Raw(a.env.Stdout, text)
}

func (a *app) verifyEvidenceCommand(dir *string) *cobra.Command {
	var format, since string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "check that every record is whole, signed and still there",
		Long: `Verify reads every record: its name, form, signature and what it follows, and
compares with the checkpoints in ssf.lock. With --since it takes the checkpoints
of the lock file at a commit too: what was recorded then must be there now.

Exit status: 0 all is whole, 1 could not do it, 2 wrong usage, 3 something is
wrong with the evidence.`,
		Args: a.onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			log, folder, err := a.openLog(*dir)
			if err != nil {
				return err
			}
			cs, err := a.checkpointsAt(cmd.Context(), folder, since)
			if err != nil {
				return err
			}
			problems := append([]evidence.Problem{}, slices.Concat(log.Problems, evidence.Check(log, cs))...)
			if format == "json" {
				err = report.JSON(a.env.Stdout, problems)
			} else {
				err = report.EvidenceState(a.env.Stdout, broken(problems), len(log.Records), len(cs), style)
			}
			if err == nil && len(problems) > 0 {
				return exit(exitNo)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&since, "since", "", "compare with the lock file at this commit too, such as v1.0.0")
	return cmd
}

// checkpointsAt are the checkpoints of the lock file, and of that at a commit.
func (a *app) checkpointsAt(ctx context.Context, dir, rev string) ([]evidence.Checkpoint, error) {
	lock, faults, err := lang.ReadLock(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, usagef("%s: %s", filepath.Join(dir, lang.LockFile), faults[0].Message)
	}
	cs := checkpoints(lock)
	if rev == "" {
		return cs, nil
	}
	_, files, err := commitAt(ctx, dir, rev, "--since")
	if err != nil {
		return nil, err
	}
	if lock, faults, err = lang.ReadLock(files); err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, usagef("the lock file at %s cannot be read: %s", rev, faults[0].Message)
	}
	return append(cs, checkpoints(lock)...), nil
}
