package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"ssf"
	"ssf/internal/evidence"
	"ssf/internal/proof"
	"ssf/internal/report"
	"ssf/internal/runner"
)

// An outcome is what came of one run.
type outcome struct {
	run *ssf.Run
	due []*ssf.Verification
	runner.Outcome
	err error
}

// fit says which of the verifications could not be recorded whatever they give,
// before anything runs for them.
func (v *verifier) fit(due []*ssf.Verification) error {
	if v.key == nil {
		return nil
	}
	var errs []error
	for _, x := range due {
		r := v.runOf(x)
		e := v.blank(x)
		e.Result, e.Run.ID = ssf.Errored, r.ID
		for _, arg := range r.Command {
			e.Run.Command = append(e.Run.Command, string(arg.ID))
		}
		switch err := evidence.Fits(e); {
		case errors.Is(err, evidence.ErrLimit):
			errs = append(errs, fmt.Errorf("%s rests on too much to be recorded: %w; name in its `covers:` what it rests on", x.ID, err))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s cannot be recorded: %w", x.ID, err))
		}
	}
	return errors.Join(errs...)
}

// blank is a record of a verification without what came of it.
func (v *verifier) blank(x *ssf.Verification) ssf.Evidence {
	e := ssf.Evidence{Verification: x.ID, Commit: v.in.Tree.Commit, Time: v.env.Now().UTC().Truncate(time.Second), Tool: v.in.Tool, Inputs: v.inputs[x.ID], Verifies: []ssf.ID{}}
	for _, m := range x.Verifies {
		e.Verifies = append(e.Verifies, m.ID)
	}
	return e
}

// carryOut carries out the runs that any of the verifications needs, several at
// a time, and records each as soon as it has ended. The error joins those of
// single runs, none of which stops another.
func (v *verifier) carryOut(ctx context.Context, due []*ssf.Verification) error {
	ended, slots, started := make(chan outcome), make(chan struct{}, runtime.GOMAXPROCS(0)), 0
	show := v.progress()
	for i := range v.in.Model.Runs {
		o := outcome{run: &v.in.Model.Runs[i]}
		for _, x := range due {
			if x.In.ID == o.run.ID {
				o.due = append(o.due, x)
			}
		}
		if len(o.due) == 0 {
			continue
		}
		started++
		go func() {
			slots <- struct{}{}
			if o.err = ctx.Err(); o.err == nil {
				o.Outcome, o.err = v.start(ctx, o.run, show)
			}
			<-slots
			ended <- o
		}()
	}
	var errs []error
	for range started { // all are waited for, so that nothing outlives this
		o := <-ended
		show(o.run.ID, "")
		if o.err == nil { // what has ended is recorded, whatever comes in between
			o.err = v.record(context.WithoutCancel(ctx), &o)
		} else if ctx.Err() != nil {
			continue
		}
		if o.err != nil {
			errs = append(errs, o.err)
		}
	}
	if ctx.Err() != nil {
		errs = append(errs, fmt.Errorf("interrupted; what was recorded before stays, %d of it by this run", v.recorded()))
	}
	order := func(e report.Result) int {
		return slices.IndexFunc(v.in.Model.Runs, func(r ssf.Run) bool { return r.ID == e.Run.ID })
	}
	slices.SortStableFunc(v.lines, func(a, b report.Result) int {
		return cmp.Or(order(a)-order(b), shownLast(a.Result)-shownLast(b.Result))
	})
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) }) // not as the runs happened to end
	return errors.Join(errs...)
}

// shownLast puts what did not pass below what did, where it is seen first.
func shownLast(r ssf.Result) int {
	if r == ssf.Passed {
		return 0
	}
	return 1
}

// recorded is how many results were recorded so far.
func (v *verifier) recorded() int {
	if v.store == nil {
		return 0
	}
	return len(v.lines)
}

// start runs one run, and keeps what it prints if results are recorded.
func (v *verifier) start(ctx context.Context, r *ssf.Run, show func(ssf.ID, string)) (out runner.Outcome, err error) {
	job := runner.Job{ID: r.ID, Dir: v.dir, Shell: r.Shell.ID == "yes", Read: string(r.Read.ID)}
	for _, arg := range r.Command {
		job.Command = append(job.Command, string(arg.ID))
	}
	for _, name := range r.Env {
		job.Env = append(job.Env, string(name.ID))
	}
	if r.Limit.ID != "" {
		job.Limit, _ = time.ParseDuration(string(r.Limit.ID))
	}
	if len(r.Command) == 0 {
		if job.Newest, job.NotBefore, err = v.newest(); err != nil {
			return out, err
		}
	}
	job.Progress = func(tests int, elapsed time.Duration) {
		show(r.ID, fmt.Sprintf("%s: %d tests, %d s", r.ID, tests, int(elapsed.Seconds())))
	}
	if !v.records(r) {
		return runner.Run(ctx, job)
	}
	store, err := evidence.Open(v.dir)
	if err != nil {
		return out, err
	}
	defer store.Close()
	_, err = store.Blob(func(w io.Writer) error {
		job.Output = w
		if out, err = runner.Run(ctx, job); err == nil {
			err = ctx.Err() // nothing is kept of what was interrupted
		}
		return err
	})
	return out, err
}

// newest is the file of the tree that was written last, and when. Reports and
// what belongs to the model are none of the code that a report is about.
func (v *verifier) newest() (file string, at time.Time, err error) {
	root, err := os.OpenRoot(v.dir)
	if err != nil {
		return "", at, fmt.Errorf("looking for the newest file: %w", err)
	}
	defer root.Close()
	for _, f := range v.in.Tree.Files {
		if proof.OfModel(f) || v.isReport(f) {
			continue
		}
		if info, err := root.Lstat(f); err == nil && info.ModTime().After(at) { // else it was just taken away
			file, at = f, info.ModTime()
		}
	}
	return file, at, nil
}

// isReport reports whether a run of the model reads the file as a report.
func (v *verifier) isReport(file string) bool {
	return slices.ContainsFunc(v.in.Model.Runs, func(r ssf.Run) bool { return r.Read.ID != "" && ssf.MatchPath(string(r.Read.ID), file) })
}

// progress returns a function that shows how far each run is, on one line of a
// terminal; a run that has ended shows nothing.
func (v *verifier) progress() func(run ssf.ID, says string) {
	if !v.env.Watches {
		return func(ssf.ID, string) {}
	}
	var mu sync.Mutex
	shown, says := "", map[ssf.ID]string{}
	return func(run ssf.ID, s string) {
		mu.Lock()
		defer mu.Unlock()
		says[run] = s
		if s == "" {
			delete(says, run)
		}
		var all []string
		for _, id := range slices.Sorted(maps.Keys(says)) {
			all = append(all, says[id])
		}
		if line := strings.Join(all, "; "); line != shown {
			shown = line
			fmt.Fprintf(v.env.Stderr, "\r\x1b[K%.79s", line)
		}
	}
}
