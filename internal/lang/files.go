package lang

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ssf"
)

// A listing is what of a folder bears on which files a model has, by path: the
// modes of files and links, RootFile's own if it leads to something.
type listing map[string]fs.FileMode

// others are where the root file may be by mistake.
var others = []string{"ssf.yml", "SSF.yaml", "ssf.YAML", "ssf/ssf.yaml"}

// maxSeen bounds a listing: enough to know all files of a model within the
// limits, also after some of very many were deleted.
const maxSeen = 20 * MaxFiles

// look lists a folder.
func look(fsys fs.FS) (listing, error) {
	seen := listing{}
	info, err := fs.Stat(fsys, RootFile)
	switch {
	case err == nil:
		seen[RootFile] = info.Mode()
	case isLink(fsys, RootFile):
		seen[RootFile] = fs.ModeSymlink
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("looking for the model: %w", err)
	}
	for _, other := range others {
		if info, err := fs.Lstat(fsys, other); err == nil {
			seen[other] = info.Mode()
		}
	}
	if isLink(fsys, Folder) {
		seen[Folder] = fs.ModeSymlink
		return seen, nil
	}
	err = fs.WalkDir(fsys, Folder, func(p string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p == Folder:
			return fs.SkipDir
		case err != nil:
			return err
		case !e.IsDir() && bears(p, e.Type()):
			seen[p] = e.Type()
		}
		if len(seen) > maxSeen {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the model's files: %w", err)
	}
	return seen, nil
}

// bears reports whether a file in the folder of a model is one of its files, or
// looks as if somebody took it for one.
func bears(p string, mode fs.FileMode) bool {
	ext := path.Ext(p)
	return strings.HasPrefix(p, Folder+"/") && !strings.HasPrefix(path.Base(p), ".#") && // an editor's lock
		(strings.EqualFold(ext, ".yaml") || strings.EqualFold(ext, ".yml") || mode&fs.ModeSymlink != 0 && ext == "")
}

// Files lists the files of the model in fsys, the root file first, with what is
// wrong about them before any is read.
func Files(fsys fs.FS) ([]string, []ssf.Diagnostic, error) {
	seen, err := look(fsys)
	if err != nil {
		return nil, nil, err
	}
	paths, diags := seen.files()
	return paths, diags, nil
}

// files lists the files of a model: the root file first, then by path.
func (seen listing) files() (paths []string, diags []ssf.Diagnostic) {
	report := func(file, hint, format string, args ...any) {
		diags = append(diags, ssf.Diagnostic{Check: "model/files", Severity: ssf.Error, Pos: ssf.Pos{File: file, Line: 1, Col: 1}, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	switch mode, there := seen[RootFile]; {
	case there && mode.IsRegular():
		paths = append(paths, RootFile)
	case there && mode.IsDir():
		report(RootFile, "rename the folder; the file "+RootFile+" holds the model, and further files stand in the folder "+Folder, "%s is a folder", RootFile)
	case there && mode&fs.ModeSymlink != 0:
		report(RootFile, "put the file itself here", "%s is a link to nothing, or to something outside the model's folder", RootFile)
	case there:
		report(RootFile, "put the model's text into an ordinary file", "%s is not an ordinary file", RootFile)
	default:
		report(RootFile, seen.rootHint(), "there is no %s", RootFile)
	}
	if _, there := seen["ssf.yml"]; there && len(paths) > 0 {
		report("ssf.yml", "delete it, or move what it holds to the folder "+Folder, "the model is in %s, so this file would not be read", RootFile)
	}
	if _, there := seen[Folder]; there {
		report(Folder, "put the folder itself here; links are not followed", "%s is a link", Folder)
		return paths, diags
	}
	for _, p := range seen.inFolder() {
		mode, ext := seen[p], path.Ext(p)
		switch {
		case ext == ".yaml" && mode.IsRegular():
			paths = append(paths, p)
		case mode&fs.ModeSymlink != 0 && (ext == ".yaml" || ext == ".yml" || ext == ""):
			report(p, "put the file or folder itself here; links are not followed", "%s is a link", p)
		case ext == ".yaml":
			report(p, "put the text into an ordinary file", "%s is not an ordinary file", p)
		default:
			report(p, "rename it to "+strings.TrimSuffix(p, ext)+".yaml", "a model's files end in .yaml, so this one would not be read")
		}
		if len(paths) > MaxFiles {
			report(p, "put more into each file", "the model has more files than the limit of %d", MaxFiles)
			break
		}
	}
	return paths, diags
}

// inFolder are the paths below Folder in the order of a walk: a folder's
// entries by name, each folder with what is in it.
func (seen listing) inFolder() []string {
	var ps []string
	for p, mode := range seen {
		if bears(p, mode) && !mode.IsDir() {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) })
	return ps
}

// rootHint is the way out where there is no root file.
func (seen listing) rootHint() string {
	for _, other := range others {
		if _, there := seen[other]; there {
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
	most, _ := sizeLimit(p)
	f, err := fsys.Open(p)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, nil, err
	}
	s, ds := readText(p, string(b))
	return s, ds, nil
}

// sizeLimit is the most bytes that a file may have, and what helps if it has more.
func sizeLimit(p string) (most int64, hint string) {
	if p == LockFile {
		return MaxLockSize, "let patterns cover fewer threats, and write the file anew with `ssf review`"
	}
	return MaxFileSize, "split it over files in the folder " + Folder
}

// readText is readFile for a text that is there already.
func readText(p, text string) (*source, []ssf.Diagnostic) {
	d := ssf.Diagnostic{Severity: ssf.Error, Pos: ssf.Pos{File: p, Line: 1, Col: 1}}
	if most, hint := sizeLimit(p); int64(len(text)) > most {
		d.Check, d.Message, d.Hint = "model/limit", fmt.Sprintf("the file is larger than the limit of %d MiB", most>>20), hint
		return &source{path: p}, []ssf.Diagnostic{d}
	}
	s := newSource(p, strings.TrimPrefix(text, "\ufeff"))
	if at, msg, hint := s.unreadable(); msg != "" {
		d.Check, d.Pos, d.Message, d.Hint = "model/encoding", at, msg, hint
		if !strings.Contains(s.line(at.Line), "\x00\x00") && at.Col > 1 || !strings.Contains(s.text, "\x00") {
			d.Snippet = s.snippet(at)
		}
		return &source{path: p}, []ssf.Diagnostic{d}
	}
	return s, nil
}
