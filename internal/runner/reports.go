package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/results"
)

// The limits of the reports of one run.
const (
	maxReports     = 1000     // files
	maxReportBytes = 64 << 20 // of all of them together
)

var errReportBytes = fmt.Errorf("the reports have more than maxReportBytes = %d MiB together", maxReportBytes>>20)

// clockGrain is how much earlier than now the time of a new file may be: file
// systems count in up to two seconds.
const clockGrain = 2 * time.Second

// reports reads the reports that the glob names, in the order of their names.
// Those in old were there before the command ran.
func (r *run) reports(ctx context.Context, old map[string]os.FileInfo) error {
	report, err := r.readReports(ctx, old)
	r.outcome.Report = report
	if writeErr, _ := r.out.state(); writeErr != nil {
		return fmt.Errorf("writing its reports: %w", writeErr)
	}
	if err != nil {
		r.unread(ctx, err)
	}
	return nil
}

// unread sets the result where reports could not be read.
func (r *run) unread(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
		r.ended(context.Cause(ctx))
	case errors.Is(err, errReportBytes):
		r.stop(ssf.OutputCut, err.Error())
	default:
		r.stop(ssf.Unreadable, err.Error())
	}
}

func (r *run) readReports(ctx context.Context, old map[string]os.FileInfo) (results.Report, error) {
	found, err := r.find(ctx)
	if err != nil {
		return results.Report{}, err
	}
	if len(found) == 0 {
		return results.Report{}, fmt.Errorf("no report fits %s", r.Job.Read)
	}
	r.out.raise(maxReportBytes)
	left := int64(maxReportBytes)
	return results.Merge(func(yield func(results.Report, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(found)) {
			report, err := results.Report{}, r.fresh(name, found[name], old[name])
			if err == nil {
				report, err = r.readReport(ctx, name, &left)
			}
			if !yield(report, err) {
				return
			}
		}
	})
}

// fresh returns an error for a report that is older than what it is about; was is
// what was there before the command ran.
func (r *run) fresh(name string, fi, was os.FileInfo) error {
	same := was != nil && os.SameFile(was, fi) && was.ModTime().Equal(fi.ModTime()) && was.Size() == fi.Size()
	switch {
	case same || fi.ModTime().Before(r.began.Add(-clockGrain)):
		return fmt.Errorf("the report %s is older than the run", name)
	case fi.ModTime().Before(r.NotBefore):
		return fmt.Errorf("the report %s is older than the code (%s)", name, r.Newest)
	}
	return nil
}

// readReport reads one report, copies it to the output and takes its size from
// the bytes that are left.
func (r *run) readReport(ctx context.Context, name string, left *int64) (report results.Report, err error) {
	defer func() {
		if err != nil && err != errReportBytes {
			err = fmt.Errorf("the report %s: %w", name, err)
		}
	}()
	f, err := r.root.Open(name)
	if err != nil {
		return report, reason(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	switch {
	case err != nil:
		return report, reason(err)
	case !fi.Mode().IsRegular():
		return report, errors.New("no regular file")
	case fi.Size() > *left:
		return report, errReportBytes
	}
	*left -= fi.Size()
	in := io.TeeReader(io.LimitReader(endsWith{ctx, f}, fi.Size()), r.out)
	report, err = r.read(in)
	if err == nil && report.Format == results.Exit {
		err = errors.New("neither go test -json nor JUnit XML nor TAP")
	}
	_, _ = io.Copy(io.Discard, in) // to have it in the output; an error was met before
	return report, err
}

// An endsWith reader returns the error of its context once that has ended.
type endsWith struct {
	ctx context.Context
	r   io.Reader
}

func (e endsWith) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.r.Read(p)
}

// find returns the files below the folder that the glob names. What is no
// regular file is refused, a link too.
func (r *run) find(ctx context.Context) (map[string]os.FileInfo, error) {
	glob := strings.TrimSuffix(strings.TrimPrefix(r.Job.Read, "./"), "/")
	if !filepath.IsLocal(glob) {
		return nil, fmt.Errorf("the reports %s lead out of the folder", r.Job.Read)
	}
	start := "." // the part before the first sign of a pattern
	for parts := strings.Split(glob, "/"); len(parts) > 0 && !strings.ContainsAny(parts[0], `*?[\`); parts = parts[1:] {
		start = strings.TrimPrefix(start+"/"+parts[0], "./")
	}
	found := map[string]os.FileInfo{}
	err := fs.WalkDir(r.root.FS(), start, func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case name == start && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", name, reason(err))
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() || !ssf.MatchPath(glob, name):
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return fmt.Errorf("the report %s is a link", name)
		case !d.Type().IsRegular():
			return fmt.Errorf("the report %s is no regular file", name)
		case len(found) == maxReports:
			return fmt.Errorf("more than maxReports = %d files fit %s", maxReports, r.Job.Read)
		}
		found[name], err = d.Info()
		return err
	})
	return found, err
}
