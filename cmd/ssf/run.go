package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/evidence"
	"ssf/internal/lang"
	"ssf/internal/repo"
	"ssf/internal/report"
	"ssf/library"
)

// The exit statuses of every command.
const (
	exitYes   = 0 // done, and the answer is yes
	exitFail  = 1 // could not do it
	exitUsage = 2 // wrong usage, or wrong input files
	exitNo    = 3 // done, and the answer is no
)

// An Env is what a run takes from the world, so that tests can give their own.
type Env struct {
	Dir            string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
	Terminal       bool   // Stdout is a terminal
	Width          int    // of the terminal; 0 if it is none
	Asks           bool   // a person can answer on Stdin
	Watches        bool   // a person sees Stderr
	Config         string // folder of the user's settings; empty if nobody knows one
}

func osEnv() *Env {
	dir, _ := os.Getwd()
	e := &Env{Dir: dir, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now, Terminal: term.IsTerminal(int(os.Stdout.Fd()))}
	if e.Terminal {
		e.Asks = term.IsTerminal(int(os.Stdin.Fd()))
		e.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	e.Watches = term.IsTerminal(int(os.Stderr.Fd()))
	if e.Config = os.Getenv("SSF_CONFIG"); e.Config != "" {
		e.Config, _ = filepath.Abs(e.Config)
	} else if config, err := os.UserConfigDir(); err == nil {
		e.Config = filepath.Join(config, "ssf")
	}
	return e
}

// An exit ends a command with a status; what was to be said has been said.
type exit int

func (e exit) Error() string { return "exit " + strconv.Itoa(int(e)) }

// A usageError is a mistake in how the program was called.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Run carries out one command line and returns its exit status.
func Run(ctx context.Context, env *Env, args []string) int {
	root := rootCommand(env)
	root.SetArgs(args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	var status exit
	var usage usageError
	switch {
	case err == nil:
		return exitYes
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		fmt.Fprintf(env.Stderr, "ssf: %v\nrun `ssf --help` for how to use it\n", strings.TrimSpace(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(env.Stderr, "ssf: %v\n", err)
	return exitFail
}

const exits = `
Exit status: 0 yes, 1 could not do it, 2 wrong usage or wrong input files,
3 done and the answer is no.`

func rootCommand(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "ssf",
		Short: "is this software secure, by what, and what is missing",
		Long: `ssf reads the model of a software product (ssf.yaml and ssf/**/*.yaml), derives
the threats that follow from it, and says what is missing in each phase of the
Secure Software Framework: context, threats, implementation, verification.

Begin with ` + "`ssf init`" + ` in the folder of a product, then ` + "`ssf check`" + `.
` + exits,
		SilenceUsage: true, SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				var names []string
				for _, c := range cmd.Commands() {
					names = append(names, c.Name())
				}
				return usagef("there is no command %q%s", args[0], didYouMean(args[0], names))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages ", "Flags.FlagUsagesWrapped 80 "))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	a := &app{env: env}
	root.PersistentFlags().StringVar(&a.now, "now", "", "evaluate as of this time: 2027-01-31 or RFC 3339 (default: SOURCE_DATE_EPOCH, else now)")
	root.PersistentFlags().StringVar(&a.colour, "color", "auto", "auto, always or never; NO_COLOR means never")
	root.AddCommand(a.initCommand(), a.checkCommand(), a.threatsCommand(), a.questionsCommand(), a.explainCommand(), a.reviewCommand(), a.verifyCommand(), a.trustCommand(), a.keysCommand(), a.evidenceCommand(), a.reportCommand(), a.exportCommand(), a.importCommand(), a.fmtCommand(), a.libraryCommand(), a.suggestCommand(), a.testCommand(), a.newCommand(), a.schemaCommand(), a.versionCommand())
	return root
}

// app is what the commands share.
type app struct {
	env    *Env
	now    string
	colour string
}

// style is how text is written, by the terminal and the flags. It refuses a
// --format that is neither text nor json nor one of the others.
func (a *app) style(format string, others ...string) (report.Style, error) {
	s := report.Style{Width: a.env.Width}
	if err := oneOf("--format", format, append([]string{"text", "json"}, others...)...); err != nil {
		return s, err
	}
	switch a.colour {
	case "always":
		s.Colour = true
	case "never":
	case "auto":
		s.Colour = a.env.Terminal && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
	default:
		return s, usagef("--color is auto, always or never, not %q", a.colour)
	}
	return s, nil
}

// clock is the time of the evaluation, to the second.
func (a *app) clock() (time.Time, error) {
	if a.now != "" {
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, a.now); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, usagef("--now is a day such as 2027-01-31 or a time such as 2027-01-31T12:00:00Z, not %q", a.now)
	}
	if s := a.env.Getenv("SOURCE_DATE_EPOCH"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, usagef("SOURCE_DATE_EPOCH is a number of seconds, not %q", s)
		}
		return time.Unix(n, 0).UTC(), nil
	}
	return a.env.Now().UTC().Truncate(time.Second), nil
}

// dir is the folder of the model: the argument, or the nearest parent of the
// working folder that has one.
func (a *app) dir(arg string) (string, error) {
	if arg != "" {
		if !filepath.IsAbs(arg) {
			arg = filepath.Join(a.env.Dir, arg)
		}
		info, err := os.Stat(arg)
		switch {
		case err != nil:
			return "", usagef("there is no folder %s", arg)
		case !info.IsDir():
			return "", usagef("%s is a file; name the folder that holds %s", arg, lang.RootFile)
		}
		return arg, nil
	}
	for d := a.env.Dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, lang.RootFile)); err == nil {
			if d != a.env.Dir {
				fmt.Fprintf(a.env.Stderr, "ssf: the model is in %s\n", d)
			}
			return d, nil
		}
		if other := filepath.Join(d, "ssf.yml"); exists(other) {
			return "", usagef("%s is not read; rename it to %s", other, lang.RootFile)
		}
		if d == filepath.Dir(d) {
			return "", usagef("there is no %s here or in a folder above; `ssf init` writes one", lang.RootFile)
		}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// inputs reads everything that an evaluation needs.
func (a *app) inputs(ctx context.Context, arg string) (ssf.Inputs, error) {
	now, err := a.clock()
	if err != nil {
		return ssf.Inputs{}, err
	}
	dir, err := a.dir(arg)
	if err != nil {
		return ssf.Inputs{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ssf.Inputs{}, fmt.Errorf("opening the model's folder: %w", err)
	}
	defer root.Close()
	in, err := readModel(root.FS(), now)
	if err != nil {
		return ssf.Inputs{}, err
	}
	if err := readEvidence(root.FS(), &in); err != nil {
		return ssf.Inputs{}, err
	}
	in.Tree, err = repo.Open(ctx, dir)
	return in, err
}

// readModel reads the model in a file system with its lock and its library.
func readModel(fsys fs.FS, now time.Time) (ssf.Inputs, error) {
	snap, err := lang.Load(fsys, library.Index())
	if err != nil {
		return ssf.Inputs{}, err
	}
	lock, more, err := lang.ReadLock(fsys)
	if err != nil {
		return ssf.Inputs{}, err
	}
	lib, faults := usable(snap.Libraries)
	return ssf.Inputs{Model: snap.Model, Diagnostics: slices.Concat(snap.Diagnostics, faults, more), Library: lib, Lock: lock, Now: now, Tool: "ssf " + version(), Line: snap.Lines()}, nil
}

// commitAt is the tree of a folder as a commit holds it, which a flag names.
func commitAt(ctx context.Context, dir, rev, flag string) (*ssf.Tree, fs.FS, error) {
	tree, files, err := repo.At(ctx, dir, rev)
	switch {
	case errors.Is(err, repo.ErrNoCommit):
		err = usagef("there is no commit %q here; in a shallow clone, fetch it first: git fetch origin BRANCH", rev)
	case errors.Is(err, repo.ErrNoRepository):
		err = usagef("%s needs Git, and %s is in no repository", flag, dir)
	}
	return tree, files, err
}

// compare compares a case with that of the model as it was at a revision.
func (a *app) compare(ctx context.Context, c *ssf.Case, line func(ssf.Pos) string, dir, rev string) error {
	tree, files, err := commitAt(ctx, dir, rev, "--base")
	if err != nil {
		return err
	}
	if _, err := fs.Stat(files, lang.RootFile); errors.Is(err, fs.ErrNotExist) {
		c.Base = ssf.Comparison{Rev: rev, Commit: tree.Commit, Absent: true, Worse: []ssf.Worse{}}
		return nil
	}
	in, err := readModel(files, c.Now)
	if err != nil {
		return fmt.Errorf("reading the model at %s: %w", rev, err)
	}
	in.Tree = tree
	if c.Diagnostics, err = a.stillThere(c.Diagnostics, dir, in.Lock); err != nil {
		return err
	}
	base, err := check.Case(in)
	if err != nil {
		return err
	}
	if ssf.HasErrors(base.Diagnostics) {
		fmt.Fprintf(a.env.Stderr, "ssf: the model at %s has errors, so what it would have held may show as worse\n", rev)
	}
	check.Compare(c, base, rev, line)
	return nil
}

// stillThere adds to diagnostics what the lock file of an earlier commit says of
// the evidence, and is not so any more.
func (a *app) stillThere(ds []ssf.Diagnostic, dir string, lock *ssf.Lock) ([]ssf.Diagnostic, error) {
	cs := checkpoints(lock)
	if len(cs) == 0 {
		return ds, nil
	}
	log, _, err := a.openLog(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range broken(evidence.Check(log, cs)) {
		if !slices.ContainsFunc(ds, func(x ssf.Diagnostic) bool { return x.Check == d.Check && x.Pos == d.Pos && x.Message == d.Message }) {
			ds = append(ds, d)
		}
	}
	ssf.SortDiagnostics(ds)
	return ds, nil
}

// evaluate makes the case of the model in a folder.
func (a *app) evaluate(ctx context.Context, arg string) (*ssf.Case, ssf.Inputs, error) {
	in, err := a.inputs(ctx, arg)
	if err != nil {
		return nil, in, err
	}
	c, err := check.Case(in)
	return c, in, err
}

// version is the module's version, or what the build knows of it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "0.1.0-dev"
}
