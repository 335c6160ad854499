package lang

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"ssf"
)

// find lists the files of a model: the root file first, then by path.
func find(fsys fs.FS) (paths []string, diags []ssf.Diagnostic, err error) {
	report := func(file, hint, format string, args ...any) {
		diags = append(diags, ssf.Diagnostic{Check: "model/files", Severity: ssf.Error, Pos: ssf.Pos{File: file, Line: 1, Col: 1}, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	info, err := fs.Stat(fsys, RootFile)
	switch {
	case err == nil && info.Mode().IsRegular():
		paths = append(paths, RootFile)
	case err == nil && info.IsDir():
		report(RootFile, "rename the folder; the file "+RootFile+" holds the model, and further files stand in the folder "+Folder, "%s is a folder", RootFile)
	case err == nil:
		report(RootFile, "put the model's text into an ordinary file", "%s is not an ordinary file", RootFile)
	case isLink(fsys, RootFile):
		report(RootFile, "put the file itself here", "%s is a link to nothing, or to something outside the model's folder", RootFile)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("looking for the model: %w", err)
	default:
		report(RootFile, rootHint(fsys), "there is no %s", RootFile)
	}
	if _, err := fs.Lstat(fsys, "ssf.yml"); err == nil && len(paths) > 0 {
		report("ssf.yml", "delete it, or move what it holds to the folder "+Folder, "the model is in %s, so this file would not be read", RootFile)
	}
	if isLink(fsys, Folder) {
		report(Folder, "put the folder itself here; links are not followed", "%s is a link", Folder)
		return paths, diags, nil
	}
	err = fs.WalkDir(fsys, Folder, func(p string, e fs.DirEntry, err error) error {
		ext := path.Ext(p)
		switch {
		case errors.Is(err, fs.ErrNotExist) && p == Folder:
			return fs.SkipDir
		case err != nil:
			return err
		case e.IsDir(), p == Folder, strings.HasPrefix(e.Name(), ".#"): // an editor's lock
		case ext == ".yaml" && e.Type().IsRegular():
			paths = append(paths, p)
		case e.Type()&fs.ModeSymlink != 0 && (ext == ".yaml" || ext == ".yml" || ext == ""):
			report(p, "put the file or folder itself here; links are not followed", "%s is a link", p)
		case ext == ".yaml":
			report(p, "put the text into an ordinary file", "%s is not an ordinary file", p)
		case strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".yaml"):
			report(p, "rename it to "+strings.TrimSuffix(p, ext)+".yaml", "a model's files end in .yaml, so this one would not be read")
		}
		if len(paths) > MaxFiles {
			report(p, "put more into each file", "the model has more files than the limit of %d", MaxFiles)
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing the model's files: %w", err)
	}
	return paths, diags, nil
}

// rootHint is the way out where there is no root file.
func rootHint(fsys fs.FS) string {
	for _, other := range []string{"ssf.yml", "SSF.yaml", "ssf.YAML", "ssf/ssf.yaml"} {
		if _, err := fs.Lstat(fsys, other); err == nil {
			return "move " + other + " to " + RootFile
		}
	}
	return "`ssf init` writes one to start from"
}

func isLink(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// readFile reads a text file within the limits. A file that is refused has a
// diagnostic, and no text.
func readFile(fsys fs.FS, p string) (*source, []ssf.Diagnostic, error) {
	f, err := fsys.Open(p)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, nil, err
	}
	d := ssf.Diagnostic{Severity: ssf.Error, Pos: ssf.Pos{File: p, Line: 1, Col: 1}}
	if len(b) > MaxFileSize {
		d.Check, d.Message, d.Hint = "model/limit", fmt.Sprintf("the file is larger than the limit of %d MiB", MaxFileSize>>20), "split it over files in the folder "+Folder
		return &source{path: p}, []ssf.Diagnostic{d}, nil
	}
	s := newSource(p, strings.TrimPrefix(string(b), "\ufeff"))
	if at, msg, hint := s.unreadable(); msg != "" {
		d.Check, d.Pos, d.Message, d.Hint = "model/encoding", at, msg, hint
		if !strings.Contains(s.line(at.Line), "\x00\x00") && at.Col > 1 || !strings.Contains(s.text, "\x00") {
			d.Snippet = s.snippet(at)
		}
		return &source{path: p}, []ssf.Diagnostic{d}, nil
	}
	return s, nil, nil
}
