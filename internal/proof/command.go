package proof

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"ssf"
)

// words are the words of a command; those of a shell text by its separators.
func words(run *ssf.Run) (out []string) {
	for _, arg := range run.Command {
		if run.Shell.ID == "yes" {
			out = append(out, separators.Split(string(arg.ID), -1)...)
		} else {
			out = append(out, string(arg.ID))
		}
	}
	return slices.DeleteFunc(out, func(w string) bool { return w == "" })
}

var (
	separators = regexp.MustCompile("[\\s;&|<>()`'\"$]+")
	assignment = regexp.MustCompile(`^\w+=`)
)

// usesGo reports whether a command runs `go`.
func usesGo(run *ssf.Run) bool {
	return slices.ContainsFunc(words(run), func(w string) bool { return path.Base(w) == "go" })
}

// testsGo reports whether a command is `go test` and nothing else, so that what
// it does can be found in the tests. Before it may stand `env`, variables and
// `gotestsum` with its flags; a flag that puts other files or programs in the
// place of those that are there makes it something else.
func testsGo(run *ssf.Run) bool {
	before, args := words(run), []string(nil)
	if i := slices.Index(before, "go"); i >= 0 && run.Shell.ID != "yes" {
		before, args = before[:i], before[i+1:]
	}
	summed := false
	for _, w := range before {
		switch {
		case w == "gotestsum":
			summed = true
		case w == "env", assignment.MatchString(w), summed && w[0] == '-':
		default:
			return false
		}
	}
	if len(args) > 1 && args[0] == "-C" {
		args = args[2:]
	} else if len(args) > 0 && strings.HasPrefix(args[0], "-C=") {
		args = args[1:]
	}
	return len(args) > 0 && args[0] == "test" && !slices.ContainsFunc(args, func(w string) bool {
		flag, _, _ := strings.Cut(strings.TrimPrefix(w, "-"), "=")
		return slices.Contains([]string{"-exec", "-modfile", "-overlay", "-toolexec"}, "-"+strings.TrimPrefix(flag, "-"))
	})
}

// addNamed adds the files of the tree that a command names, by themselves, as the
// value of a flag or below the folder that it changes to.
func (t *traced) addNamed(files map[string]bool, run *ssf.Run) {
	all, dir := words(run), "."
	for i, w := range all {
		if w == "-C" && i+1 < len(all) {
			dir = all[i+1]
		}
	}
	for _, w := range all {
		_, value, _ := strings.Cut(w, "=")
		for _, name := range []string{w, value} {
			for _, f := range []string{path.Clean(name), path.Join(dir, name)} {
				if t.has(f) {
					files[f] = true
				}
			}
		}
	}
}
