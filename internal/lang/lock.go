package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
)

// LockFile holds what was confirmed, beside RootFile. Its form is spec/lock.md.
const LockFile = "ssf.lock"

const lockHead = "# ssf.lock 1: written by `ssf review`; keep it in version control\n"

// pinKinds are the kinds of pin that a lock file may hold.
var pinKinds = []ssf.PinKind{ssf.PinCatalogue, ssf.PinCell, ssf.PinCheckpoint, ssf.PinLibrary, ssf.PinPolicy, ssf.PinRate, ssf.PinStandard, ssf.PinThreat}

// ReadLock reads the lock file of the model in fsys. It is nil if there is
// none. A lock with a fault holds no pins, and has a diagnostic for each.
func ReadLock(fsys fs.FS) (*ssf.Lock, []ssf.Diagnostic, error) {
	info, err := fs.Lstat(fsys, LockFile)
	refuse := func(hint, format string, args ...any) (*ssf.Lock, []ssf.Diagnostic, error) {
		return &ssf.Lock{}, []ssf.Diagnostic{{Check: "model/lock", Severity: ssf.Error, Pos: ssf.Pos{File: LockFile, Line: 1, Col: 1}, Message: fmt.Sprintf(format, args...), Hint: hint}}, nil
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("reading the lock: %w", err)
	case !info.Mode().IsRegular():
		return refuse("put the file itself here", "%s is not an ordinary file", LockFile)
	}
	src, ds, err := readFile(fsys, LockFile)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the lock: %w", err)
	}
	if len(ds) > 0 {
		return &ssf.Lock{}, ds, nil
	}
	return src.lock()
}

// lock reads the pins of a lock file.
func (s *source) lock() (*ssf.Lock, []ssf.Diagnostic, error) {
	l := &ssf.Lock{}
	var ds []ssf.Diagnostic
	base := false // where a merge shows what was before both sides
	for n := 1; n <= len(s.lines); n++ {
		line := s.line(n)
		switch {
		case strings.HasPrefix(line, "<<<<<<< "), strings.HasPrefix(line, "||||||| "), line == "=======", strings.HasPrefix(line, ">>>>>>> "):
			if !l.Conflict.Known() {
				l.Conflict = ssf.Pos{File: s.path, Line: n, Col: 1, EndCol: utf8.RuneCountInString(line) + 1}
			}
			base = line[0] == '|'
			continue
		case base:
			continue
		case strings.HasPrefix(line, "# ssf.lock ") && !strings.HasPrefix(line, "# ssf.lock 1:"):
			ds = append(ds, s.badPin(n, line, line, "a newer version of this program may read it", "this is no version of the lock file that this program reads"))
			continue
		case strings.TrimSpace(line) == "", line[0] == '#':
			continue
		}
		p, bad, hint := parsePin(line)
		if hint != "" {
			ds = append(ds, s.badPin(n, line, bad, hint, "%q is not part of a pin", clip(bad)))
			continue
		}
		p.Pos = ssf.Pos{File: s.path, Line: n, Col: 1, EndCol: utf8.RuneCountInString(line) + 1}
		l.Pins = append(l.Pins, p)
	}
	if len(ds) > 0 {
		return &ssf.Lock{Conflict: l.Conflict}, limit(ds), nil
	}
	return l, nil, nil
}

// badPin reports a part of a line.
func (s *source) badPin(n int, line, part, hint, format string, args ...any) ssf.Diagnostic {
	col := utf8.RuneCountInString(line[:max(0, strings.Index(line, part))]) + 1
	at := ssf.Pos{File: s.path, Line: n, Col: col, EndCol: col + max(1, utf8.RuneCountInString(part))}
	return ssf.Diagnostic{Check: "model/lock", Severity: ssf.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint, Snippet: s.snippet(at)}
}

// records is how many records of evidence a checkpoint stands for.
var records = regexp.MustCompile(`^[1-9][0-9]{0,5}$`)

// parsePin reads one line. A hint tells what is wrong with the part that is bad.
func parsePin(line string) (p ssf.Pin, bad, hint string) {
	const again = "; delete the line and run `ssf review`"
	words := strings.Split(line, " ")
	if i := slices.Index(words, ""); i >= 0 || len(words) < 4 {
		return p, line, "a pin is KIND ID WORD DIGEST FACT..., with one space between" + again
	}
	p.Kind, p.ID, p.Treat = ssf.PinKind(words[0]), ssf.ID(words[1]), words[2]
	if !slices.Contains(pinKinds, p.Kind) {
		return p, words[0], "it is one of " + ssf.Join(pinKinds) + again
	}
	if err := p.Digest.UnmarshalText([]byte(words[3])); err != nil || strings.ToLower(words[3]) != words[3] {
		return p, words[3], "a digest is 64 hexadecimal digits in small letters" + again
	}
	if p.Kind == ssf.PinCheckpoint && (p.ID != "evidence" || !records.MatchString(p.Treat) || len(words) > 4) {
		return p, line, "a checkpoint is `checkpoint evidence COUNT HEAD`; restore it from version control, or run `ssf verify`"
	}
	for _, f := range words[4:] {
		if i := strings.IndexByte(f, '='); i < 1 {
			return p, f, "a fact is NAME=VALUE" + again
		}
	}
	p.Rests = slices.Clip(words[4:])
	return p, "", ""
}

// FormatLock is the text of a lock file with these pins, each once.
func FormatLock(pins []ssf.Pin) string {
	lines := make([]string, 0, len(pins))
	for _, p := range pins {
		lines = append(lines, strings.Join(append([]string{string(p.Kind), string(p.ID), p.Treat, p.Digest.String()}, p.Rests...), " ")+"\n")
	}
	slices.Sort(lines)
	return lockHead + strings.Join(slices.Compact(lines), "")
}
