package evidence

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"ssf"
)

// Folder holds the evidence of a model, beside its root file; Records and Blobs
// are in it.
const (
	Folder  = ".ssf"
	Records = Folder + "/evidence"
	Blobs   = Folder + "/blobs"
)

const (
	recordEnding = ".json"
	draftPrefix  = ".tmp-" // of files that are being written
)

// A Log is all evidence of a model.
type Log struct {
	// Records are those that are whole: named by their content, written in the
	// one way, and signed. Each stands after those in its Prev; where that
	// leaves a choice the earlier stands first, then the smaller id.
	Records  []ssf.Evidence
	Heads    []ssf.Digest // records that no other record names, sorted
	Problems []Problem    // sorted by file
}

// A Problem is something wrong with a log. It takes no whole record out of it.
type Problem struct {
	File    string     `json:"file"` // from the model's folder, with slashes
	ID      ssf.Digest `json:"id,omitzero"`
	Kind    Kind       `json:"kind"`
	Message string     `json:"message"`
}

// A Kind is a sort of problem.
type Kind string

// The kinds of problem. The last two are found with a checkpoint only.
const (
	Misnamed      Kind = "misnamed"       // the content is not that of the name: changed, or renamed
	Malformed     Kind = "malformed"      // the name fits, and this is no record
	BadSignature  Kind = "bad_signature"  // the name fits, and the key has not signed it
	NoPredecessor Kind = "no_predecessor" // a record names one that is not there, or not whole
	Duplicate     Kind = "duplicate"      // two records hold the same under two signatures
	Foreign       Kind = "foreign"        // something that is no file of a record
	OverLimit     Kind = "over_limit"
	Removed       Kind = "removed"    // a head of a checkpoint is not there, or not whole
	Miscounted    Kind = "miscounted" // a head of a checkpoint stands for another number of records
)

// Read reads the evidence of the model whose folder is fsys; none is an empty
// log. An error is about the world, or a folder that is a link or none.
func Read(fsys fs.FS) (*Log, error) {
	files, problems, err := listFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("reading evidence: %w", err)
	}
	type result struct {
		record  ssf.Evidence
		signed  ssf.Digest
		problem *Problem
		err     error
	}
	results := make([]result, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				r := &results[i]
				r.record, r.signed, r.problem, r.err = readRecord(fsys, files[i])
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wg.Wait()

	var records []ssf.Evidence
	signed := map[ssf.Digest]ssf.Digest{} // by id
	for _, r := range results {
		switch {
		case r.err != nil:
			return nil, fmt.Errorf("reading evidence: %w", r.err)
		case r.problem != nil:
			problems = append(problems, *r.problem)
		default:
			records = append(records, r.record)
			signed[r.record.ID] = r.signed
		}
	}
	return newLog(records, signed, problems), nil
}

// A file is one that has the name of a record.
type file struct {
	path string
	id   ssf.Digest
}

// listFiles lists the files that have names of records, sorted.
func listFiles(fsys fs.FS) (files []file, problems []Problem, err error) {
	for _, dir := range []string{Folder, Records} {
		if there, err := isFolder(fsys, dir, dir); err != nil || !there {
			return nil, nil, err
		}
	}
	entries, err := readDir(fsys)
	if err != nil {
		return nil, nil, err
	}
	total := int64(0)
	for _, e := range entries {
		f := file{path: path.Join(Records, e.Name())}
		bad := func(kind Kind, message string) { problems = append(problems, Problem{f.path, f.id, kind, message}) }
		name, ok := strings.CutSuffix(e.Name(), recordEnding)
		ok = ok && f.id.UnmarshalText([]byte(name)) == nil && f.id.String() == name
		switch {
		case strings.HasPrefix(e.Name(), draftPrefix) && e.Type().IsRegular():
			continue
		case !ok:
			f.id = ssf.Digest{}
			bad(Foreign, "this does not belong here: a record is named by its SHA-256, and ends in "+recordEnding)
			continue
		case !e.Type().IsRegular():
			bad(Foreign, "this has the name of a record and is not an ordinary file")
			continue
		case len(files) == MaxRecords:
			bad(OverLimit, over("MaxRecords", MaxRecords, "records; this one is not read").Error())
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, nil, err
		}
		if total += min(info.Size(), MaxRecord); total > MaxLog {
			bad(OverLimit, over("MaxLog", MaxLog, "bytes in all records; this one is not read").Error())
			continue
		}
		files = append(files, f)
	}
	return files, problems, nil
}

// isFolder reports whether a folder is there. Something else is an error, which
// calls it by the name shown.
func isFolder(fsys fs.FS, name, shown string) (bool, error) {
	info, err := fs.Lstat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Mode()&fs.ModeSymlink != 0:
		return false, fmt.Errorf("%s is a link; put the folder itself there", shown)
	case !info.IsDir():
		return false, fmt.Errorf("%s is not a folder", shown)
	}
	return true, nil
}

// readDir lists the folder of records by name. Of one with very many files that
// are no records it reads no more than could be of use.
func readDir(fsys fs.FS) ([]fs.DirEntry, error) {
	f, err := fsys.Open(Records)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, fmt.Errorf("%s cannot be listed", Records)
	}
	var entries []fs.DirEntry
	for {
		more, err := dir.ReadDir(10_000)
		entries = append(entries, more...)
		switch {
		case len(entries) > 2*MaxRecords:
			return nil, over("MaxRecords", MaxRecords, "records, and as many other files, in "+Records)
		case errors.Is(err, io.EOF):
			slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return entries, nil
		case err != nil:
			return nil, err
		}
	}
}

// readRecord reads one file, and says what is wrong with it as a record.
func readRecord(fsys fs.FS, f file) (e ssf.Evidence, signed ssf.Digest, p *Problem, err error) {
	in, err := fsys.Open(f.path)
	if err != nil {
		return e, signed, nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, MaxRecord+1))
	if err != nil {
		return e, signed, nil, err
	}
	e, signed, bad := decode(text)
	id := ssf.Digest(sha256.Sum256(text))
	kind, message := Malformed, ""
	switch {
	case errors.Is(bad, ErrLimit):
		kind, message = OverLimit, bad.Error()
	case id != f.id && bad == nil:
		kind, message = Misnamed, fmt.Sprintf("this is the record %s under another name", id)
	case id != f.id:
		kind, message = Misnamed, fmt.Sprintf("this was changed after it was written, and is no record: %v", bad)
	case errors.Is(bad, ErrSignature):
		kind, message = BadSignature, bad.Error()
	case bad != nil:
		message = bad.Error()
	default:
		return e, signed, nil, nil
	}
	return e, signed, &Problem{f.path, f.id, kind, message}, nil
}

// newLog orders records, and says what is wrong between them. Signed has the
// digest of what is signed by the id of the record.
func newLog(records []ssf.Evidence, signed map[ssf.Digest]ssf.Digest, problems []Problem) *Log {
	l := &Log{Records: inOrder(records), Heads: heads(records), Problems: problems}
	bad := func(id ssf.Digest, kind Kind, format string, args ...any) {
		l.Problems = append(l.Problems, Problem{fileOf(id), id, kind, fmt.Sprintf(format, args...)})
	}
	there := places(l.Records)
	first := map[ssf.Digest]ssf.Digest{} // record by what is signed
	for _, e := range l.Records {
		for _, p := range e.Prev {
			if _, ok := there[p]; !ok {
				bad(e.ID, NoPredecessor, "this follows the record %s, which is not there or not whole", p)
			}
		}
		if other, ok := first[signed[e.ID]]; ok {
			bad(e.ID, Duplicate, "this holds what the record %s holds, under another signature", other)
		} else {
			first[signed[e.ID]] = e.ID
		}
	}
	sortProblems(l.Problems)
	return l
}

// fileOf is the file of a record.
func fileOf(id ssf.Digest) string { return path.Join(Records, id.String()+recordEnding) }

func sortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Message, b.Message))
	})
}
