package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// allowed are the variables that every command gets, if they are set.
var allowed = []string{
	"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "CI",
	"GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOPRIVATE", "GONOSUMDB", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN",
	"XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// environment picks the variables of a command from all, in order. PATH loses
// what is no absolute folder. What is ours is never passed on.
func environment(all, names []string) ([]string, error) {
	for _, n := range names {
		switch {
		case n == "" || strings.ContainsAny(n, "=\x00"):
			return nil, fmt.Errorf("%q is no name of a variable", n)
		case strings.HasPrefix(strings.ToUpper(n), "SSF_"):
			return nil, fmt.Errorf("the variable %s is never passed on", n)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(v string) bool { return strings.HasPrefix(v, n+"=") }) {
			return nil, fmt.Errorf("the variable %s, which the run names, is not set", n)
		}
	}
	env := []string{}
	for _, v := range all {
		name, value, ok := strings.Cut(v, "=")
		switch {
		case !ok || !slices.Contains(allowed, name) && !strings.HasPrefix(name, "LC_") && !slices.Contains(names, name):
			continue
		case name == "PATH":
			value = strings.Join(folders(value), string(filepath.ListSeparator))
		}
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return slices.Compact(env), nil
}

// folders are the absolute entries of PATH; an empty one would mean the folder
// in which the command runs.
func folders(path string) []string {
	return slices.DeleteFunc(filepath.SplitList(path), func(dir string) bool { return !filepath.IsAbs(dir) })
}

// program finds the program of the command and returns its path and arguments.
// A name with a slash is a file of the model's folder, and does not lead out of
// it; a plain name is a program of this machine, and no file of that folder.
func (r *run) program() (path string, args []string, err error) {
	args = slices.Clone(r.Command)
	if r.Shell {
		if len(args) != 1 {
			return "", args, fmt.Errorf("a shell takes one text, and there are %d", len(args))
		}
		args = []string{"/bin/sh", "-c", args[0]}
	}
	name := args[0]
	if strings.ContainsRune(strings.Join(args, ""), 0) {
		return "", args, errors.New("the command holds a NUL")
	}
	dir, err := filepath.Abs(r.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", args, err
	}
	switch {
	case name == "":
		return "", args, errors.New("the name of the program is empty")
	case filepath.IsAbs(name):
		return name, args, runnable(name)
	case strings.ContainsAny(filepath.ToSlash(name), "/"):
		path, err = inside(dir, name)
	default:
		path, err = search(dir, name)
	}
	return path, args, err
}

// inside finds a program of the model's folder.
func inside(dir, name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s leads out of the folder", name)
	}
	path := filepath.Join(dir, name)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, reason(err))
	}
	if !below(dir, real) {
		return "", fmt.Errorf("%s is a link that leads out of the folder", name)
	}
	if err := runnable(real); err != nil {
		return "", fmt.Errorf("%s: %w", name, reason(err))
	}
	return real, nil
}

// search finds a program in the absolute folders of PATH.
func search(dir, name string) (string, error) {
	names := []string{name}
	if runtime.GOOS == "windows" {
		names = []string{name + ".exe", name}
	}
	for _, d := range folders(os.Getenv("PATH")) {
		for _, n := range names {
			path := filepath.Join(d, n)
			if runnable(path) != nil {
				continue
			}
			real, err := filepath.EvalSymlinks(path)
			switch {
			case err != nil:
				return "", err
			case below(dir, real) || below(dir, path):
				return "", fmt.Errorf("%s in PATH is %s, a file of the model's folder; a program of that folder is named by its path in it", name, path)
			}
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s in PATH", name)
}

// below reports whether path is dir or stands below it.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// runnable returns an error unless path is a regular file that may be executed.
func runnable(path string) error {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !fi.Mode().IsRegular():
		return &os.PathError{Op: "running", Path: path, Err: errors.New("no regular file")}
	case fi.Mode()&0o111 == 0 && runtime.GOOS != "windows":
		return &os.PathError{Op: "running", Path: path, Err: errors.New("not executable")}
	}
	return nil
}

// reason is an error without the path that it names.
func reason(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
