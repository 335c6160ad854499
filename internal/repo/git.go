package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A git asks questions about the repository around dir.
type git struct {
	dir     string
	filters []string // from disarm
}

// safe are settings before every command. The configuration of a repository
// can name programs; each that a command of ours could start is taken out here,
// in the environment, or by [git.disarm]. Since nothing is run, the owner of
// the repository does not matter.
var safe = []string{
	"--no-pager",
	"-c", "core.fsmonitor=false",
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "safe.directory=*",
	"-c", "safe.bareRepository=explicit",
}

// environment is the whole environment of git: nothing of GIT_DIR and the like
// is inherited, messages are in English, nothing is written, asked or fetched.
func environment() []string {
	env := []string{
		"LC_ALL=C",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none", // for a git that does not know the line above
	}
	for _, name := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "USERPROFILE", "SYSTEMROOT"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// errNoRepository is the error of every command outside a repository.
var errNoRepository = errors.New("not a git repository")

// errNoMatch is the error of a command that exits with status 1 and no message.
var errNoMatch = errors.New("no match")

// run runs git and returns what it prints.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	name, err := program(g.dir, "git")
	if err != nil {
		return "", fmt.Errorf("running git %s: %w", args[0], err)
	}
	all := append(append(append([]string(nil), safe...), g.filters...), args...)
	cmd := exec.CommandContext(ctx, name, all...)
	cmd.Dir = g.dir
	cmd.Env = environment()
	cmd.WaitDelay = time.Second
	stdout, stderr := bounded{max: maxOutput}, bounded{max: 64 << 10}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()

	message, _, _ := strings.Cut(strings.TrimSpace(stderr.buf.String()), "\n")
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.buf.String(), nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case stdout.full:
		err = fmt.Errorf("more than maxOutput = %d bytes", maxOutput)
	case strings.Contains(message, "not a git repository (or any"):
		err = errNoRepository
	case message != "":
		err = errors.New(strings.TrimPrefix(message, "fatal: "))
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		err = errNoMatch
	}
	return "", fmt.Errorf("running git %s: %w", args[0], err)
}

// disarm returns settings that take out the filters which the configuration
// names: to see whether a file is changed git would run them. A file that a filter changes, and that
// git has to read to compare, then counts as changed.
func (g git) disarm(ctx context.Context) (settings []string, err error) {
	out, err := g.run(ctx, "config", "-z", "--name-only", "--get-regexp", `^filter\.`)
	if err != nil && !errors.Is(err, errNoMatch) {
		return nil, err
	}
	seen := map[string]bool{}
	for key := range records(out) {
		name := key[:strings.LastIndexByte(key, '.')] // filter.NAME
		if strings.Contains(name, "=") {
			return nil, fmt.Errorf("reading git configuration: %q has a = in its name and cannot be switched off", name)
		}
		if !seen[name] && name != "filter" {
			seen[name] = true
			settings = append(settings, "-c", name+".clean=", "-c", name+".process=", "-c", name+".required=false")
		}
	}
	return settings, nil
}

// prefix is the path of the folder in its repository, empty or with a slash at
// the end.
func (g git) prefix(ctx context.Context) (string, error) {
	out, err := g.run(ctx, "rev-parse", "--show-prefix")
	return strings.TrimSuffix(out, "\n"), err
}

// A status is what differs between the commit, the index and the files.
type status struct {
	commit    string
	changed   bool
	paths     []string        // that are changed within the folder
	outside   []string        // that are changed elsewhere in the repository, from its top
	untracked []string        // a nested repository ends with a slash
	deleted   map[string]bool // tracked, and not there
}

// status reads the state of the folder, which stands at within in its
// repository, and what is changed beside it. Nothing is run inside submodules; only their commit is compared.
func (g git) status(ctx context.Context, within string) (status, error) {
	st := status{deleted: map[string]bool{}}
	out, err := g.run(ctx, "status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind",
		"--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
	if err != nil {
		return st, err
	}
	// The fields of a line, see git-status(1), "Porcelain Format Version 2".
	fields := map[byte]int{'1': 9, 'u': 11, '?': 2}
	for line := range records(out) {
		if commit, ok := strings.CutPrefix(line, "# branch.oid "); ok && commit != "(initial)" {
			st.commit = commit
		}
		n := fields[line[0]]
		if n == 0 {
			continue
		}
		f := strings.SplitN(line, " ", n)
		if len(f) != n {
			return st, fmt.Errorf("reading git status: unexpected line %q", line)
		}
		p, ok := strings.CutPrefix(f[n-1], within)
		if !ok {
			st.outside = append(st.outside, f[n-1])
			continue
		}
		st.changed = true
		st.paths = append(st.paths, p)
		switch {
		case line[0] == '?':
			st.untracked = append(st.untracked, p)
		case f[1][1] == 'D':
			st.deleted[p] = true
		}
	}
	return st, nil
}

// An entry is one path of the index.
type entry struct {
	path      string
	submodule bool
	unwatched bool // git was told not to look whether it is changed
}

// tracked lists the index within the folder. The letter before an entry is small
// for "assume unchanged", and S for "skip worktree"; see git-ls-files(1), -v.
func (g git) tracked(ctx context.Context) ([]entry, error) {
	out, err := g.run(ctx, "ls-files", "-z", "-v", "--cached", "--stage", "--", ".")
	if err != nil {
		return nil, err
	}
	var es []entry
	for line := range records(out) {
		info, p, ok := strings.Cut(line, "\t")
		tag, mode, _ := strings.Cut(info, " ")
		if !ok || tag == "" {
			return nil, fmt.Errorf("reading git ls-files: unexpected line %q", line)
		}
		es = append(es, entry{p, strings.HasPrefix(mode, "160000 "), tag == "S" || tag == strings.ToLower(tag)})
	}
	return es, nil
}

// records yields what stands before each NUL.
func records(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for r := range strings.SplitSeq(s, "\x00") {
			if r != "" && !yield(r) {
				return
			}
		}
	}
}

// A bounded buffer refuses what goes beyond max. It does not embed its buffer,
// whose ReadFrom would know no bound.
type bounded struct {
	buf  bytes.Buffer
	max  int
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > b.max {
		b.full = true
		return 0, errors.New("output is too long")
	}
	return b.buf.Write(p)
}
