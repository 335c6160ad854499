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
	maxReports = 1000
	maxReport  = 64 << 20 // bytes of one
)

// clockGrain is how much earlier than now the time of a new file may be: file
// systems count in up to two seconds.
const clockGrain = 2 * time.Second

// reports reads the reports that the glob names, in the order of their names.
// Those in old were there before the command ran.
func (r *run) reports(ctx context.Context, old map[string]os.FileInfo) error {
	report, err := r.readReports(ctx, old)
	r.outcome.Report = report
	writeErr, _ := r.out.state()
	switch {
	case writeErr != nil:
		return fmt.Errorf("writing its reports: %w", writeErr)
	case ctx.Err() != nil:
		r.stop(ssf.Interrupted, "it was interrupted")
	case err != nil:
		r.stop(ssf.Unreadable, err.Error())
	}
	return nil
}

func (r *run) readReports(ctx context.Context, old map[string]os.FileInfo) (results.Report, error) {
	found, err := r.find(ctx)
	if err != nil {
		return results.Report{}, err
	}
	if len(found) == 0 {
		return results.Report{}, fmt.Errorf("no report fits %s", r.Job.Read)
	}
	var all []results.Report
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if err := ctx.Err(); err != nil {
			return results.Report{}, err
		}
		fi := found[name]
		was := old[name]
		same := was != nil && os.SameFile(was, fi) && was.ModTime().Equal(fi.ModTime()) && was.Size() == fi.Size()
		if same || fi.ModTime().Before(r.began.Add(-clockGrain)) {
			return results.Report{}, fmt.Errorf("the report %s is older than the run", name)
		}
		report, err := r.readReport(name)
		if err != nil {
			return results.Report{}, fmt.Errorf("the report %s: %w", name, err)
		}
		all = append(all, report)
	}
	return results.Merge(all...)
}

// readReport reads one report, and copies it to the output.
func (r *run) readReport(name string) (report results.Report, err error) {
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
	case fi.Size() > maxReport:
		return report, fmt.Errorf("larger than maxReport = %d MiB", maxReport>>20)
	}
	r.out.raise(int(fi.Size()))
	in := io.TeeReader(io.LimitReader(f, fi.Size()), r.out)
	report, err = r.read(in)
	if err == nil && report.Format == results.Exit {
		err = errors.New("neither go test -json nor JUnit XML nor TAP")
	}
	_, _ = io.Copy(io.Discard, in) // to have it in the output; an error was met before
	return report, err
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
