// Package runner runs the commands of a model and reads the reports that they
// or other jobs left. A command is given little: an environment by an allow-list,
// no input, a time limit, and a bound on what it prints; at its end all that it
// started is ended too. It is no sandbox: who runs a model's commands trusts them.
// What the tests tell is read and judged by internal/results.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"ssf"
	"ssf/internal/results"
)

// The limits of one run.
const (
	DefaultLimit = 10 * time.Minute
	maxOutput    = 64 << 20 // bytes of standard output and error together
	maxTail      = 2000     // bytes of Outcome.Tail

	grace = 2 * time.Second        // between asking a command to end and ending it
	drain = 2 * time.Second        // for what is printed yet when the command has ended
	tick  = 100 * time.Millisecond // between two calls of Progress
)

// A Job is one run of a model.
type Job struct {
	ID      ssf.ID
	Dir     string        // the folder of the model, in which the command runs
	Command []string      // program and arguments; empty where only reports are read
	Shell   bool          // Command is one text for /bin/sh
	Read    string        // glob of reports below Dir, see [ssf.MatchPath]; if empty, standard output is read
	Limit   time.Duration // of the command and the reading of reports together; 0: DefaultLimit
	Env     []string      // names of variables that the command gets besides those that every command gets

	NotBefore time.Time // a report that was written earlier is refused; zero: only one that is older than the command
	Newest    string    // the file that was written then, for people

	Output   io.Writer                                 // takes all that is printed, then the reports; may be nil
	Progress func(finished int, elapsed time.Duration) // tests that ended so far; at most ten times a second, from one goroutine; may be nil
}

// An Outcome is what came of a job.
type Outcome struct {
	Run    ssf.RunResult
	Report results.Report // as far as it could be read
	Result ssf.Result     // of the run as a whole; empty where the tests decide
	Why    string         // a sentence on Result
	Tail   string         // the last that was printed, at most 2,000 bytes, where no report tells more; it may begin within a rune
}

// Judge says what the outcome is worth to one verification.
func (o *Outcome) Judge(s results.Selection) results.Judgement {
	if o.Result != "" {
		return results.Judgement{Result: o.Result, Why: o.Why, Tests: o.Report.Select(s)}
	}
	return o.Report.Judge(s, o.Run.Exit)
}

// What ends a command before its time, as causes of a context.
var (
	errLimit = errors.New("time limit")
	errCut   = errors.New("output limit")
)

// Run runs a job to its end. Several may run at the same time. All that a command does wrong is an Outcome; an
// error says that this program could not do its part, such as writing Output.
// If ctx ends, all that was started is ended and the result is Interrupted.
func Run(ctx context.Context, job Job) (Outcome, error) {
	o := Outcome{Run: ssf.RunResult{ID: job.ID, Command: []string{}, Exit: -1}}
	root, err := os.OpenRoot(job.Dir)
	if err != nil {
		return o, fmt.Errorf("running %s: %w", job.ID, err)
	}
	defer root.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	job.Limit = cmp.Or(job.Limit, DefaultLimit)
	defer time.AfterFunc(job.Limit, func() { cancel(errLimit) }).Stop()
	r := &run{Job: job, root: root, outcome: &o, out: newOutput(job.Output, cancel)}
	defer r.showProgress()()

	old := map[string]os.FileInfo{}
	if len(job.Command) > 0 && job.Read != "" {
		if old, err = r.find(ctx); err != nil {
			r.unread(ctx, err)
			return o, nil
		}
	}
	if len(job.Command) > 0 {
		err = r.command(ctx)
	} else {
		o.Run.Exit = 0
	}
	if err == nil && o.Result == "" && job.Read != "" {
		err = r.reports(ctx, old)
	}
	if err != nil {
		return o, fmt.Errorf("running %s: %w", job.ID, err)
	}
	if !r.began.IsZero() || len(job.Command) == 0 {
		o.Run.Output = r.out.digest()
		if f := o.Report.Format; f == results.Exit || f == results.Detect || o.Result != "" {
			o.Tail = string(r.out.tail)
		}
	}
	return o, nil
}

// A run is the state of one job.
type run struct {
	Job
	root     *os.Root
	outcome  *Outcome
	out      *output
	began    time.Time // of the command; zero where none started
	finished atomic.Int64
}

// stop sets the result of the run as a whole, which the first gives.
func (r *run) stop(result ssf.Result, why string) {
	if r.outcome.Result == "" {
		r.outcome.Result, r.outcome.Why = result, why
	}
}

// read reads results, counting the tests.
func (r *run) read(in io.Reader) (results.Report, error) {
	already := r.finished.Load()
	return results.Read(in, results.Detect, func(n int) { r.finished.Store(already + int64(n)) })
}

// showProgress calls Progress until the function that it returns is called.
func (r *run) showProgress() (end func()) {
	if r.Progress == nil {
		return func() {}
	}
	begin, stop, stopped := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				r.Progress(int(r.finished.Load()), time.Since(begin))
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// command runs the command, and reads its standard output unless there are
// reports to read.
func (r *run) command(ctx context.Context) (err error) {
	path, args, err := r.program()
	r.outcome.Run.Command = args
	var env []string
	if err == nil {
		env, err = environment(os.Environ(), r.Env)
	}
	if err != nil {
		r.stop(ssf.Errored, "the command did not start: "+err.Error())
		return nil
	}
	cmd := &exec.Cmd{Path: path, Args: args, Dir: r.Dir, Env: env}
	stdout, err := pipe(&cmd.Stdout)
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := pipe(&cmd.Stderr)
	if err != nil {
		closeAll(cmd.Stdout)
		return err
	}
	defer stderr.Close()

	family, err := newFamily(cmd)
	if err == nil {
		r.began = time.Now()
		if err = cmd.Start(); err != nil {
			err = errors.Join(err, family.release())
		}
	}
	closeAll(cmd.Stdout, cmd.Stderr)
	if err != nil {
		r.began = time.Time{}
		r.stop(ssf.Errored, "the command did not start: "+err.Error())
		return nil
	}
	printed := r.listen(pipeEnd{stdout}, pipeEnd{stderr})

	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its state tells more
		close(exited)
	}()
	var cause error
	select {
	case <-exited:
	case <-ctx.Done():
		cause = context.Cause(ctx)
		family.ask()
		select {
		case <-exited:
		case <-time.After(grace):
		}
		_ = cmd.Process.Kill() // it may have ended
		<-exited
	}
	elapsed := time.Since(r.began)
	familyErr := errors.Join(family.end(), family.release())
	select {
	case <-printed:
	case <-time.After(drain): // somebody holds the pipe whom we may not end
		closeAll(stdout, stderr)
		<-printed
	}

	r.outcome.Run.Exit = cmd.ProcessState.ExitCode()
	r.outcome.Run.Seconds = float64(elapsed.Round(time.Millisecond).Milliseconds()) / 1000
	writeErr, cut := r.out.state()
	switch {
	case writeErr != nil:
		return fmt.Errorf("writing its output: %w", writeErr)
	case familyErr != nil:
		return familyErr
	case cut:
		r.first(ssf.OutputCut, fmt.Sprintf("it printed more than maxOutput = %d MiB", maxOutput>>20))
	case cause != nil:
		r.ended(cause)
	case r.outcome.Run.Exit < 0:
		r.first(ssf.Errored, "the command ended by "+cmd.ProcessState.String())
	}
	return nil
}

// first sets the result of the run as a whole, whatever the reader made of what
// was printed until then.
func (r *run) first(result ssf.Result, why string) {
	r.outcome.Result, r.outcome.Why = result, why
}

// ended sets the result of a run that was ended by the cause of its context.
func (r *run) ended(cause error) {
	if cause == errLimit {
		r.first(ssf.TimedOut, fmt.Sprintf("it took longer than its limit of %s", r.Limit))
		return
	}
	r.first(ssf.Interrupted, "it was interrupted")
}

// listen copies what is printed until both pipes end, and then closes printed.
func (r *run) listen(stdout, stderr io.Reader) (printed <-chan struct{}) {
	done := make(chan struct{})
	errDone := make(chan struct{})
	go func() {
		defer close(errDone)
		_, _ = io.Copy(r.out, stderr) // an error is one of the pipe, which has ended then
	}()
	go func() {
		defer close(done)
		if r.Job.Read == "" {
			in := io.TeeReader(stdout, r.out)
			var err error
			if r.outcome.Report, err = r.read(in); err != nil {
				r.stop(ssf.Unreadable, err.Error())
			}
			_, _ = io.Copy(io.Discard, in)
		} else {
			_, _ = io.Copy(r.out, stdout)
		}
		<-errDone
	}()
	return done
}

// pipe makes a pipe and sets its end for writing.
func pipe(w *io.Writer) (*os.File, error) {
	in, out, err := os.Pipe()
	if err == nil {
		*w = out
	}
	return in, err
}

// A pipeEnd ends where we closed it: then all that is to come is from somebody
// else than the command.
type pipeEnd struct{ f *os.File }

func (p pipeEnd) Read(b []byte) (int, error) {
	n, err := p.f.Read(b)
	if errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

// closeAll closes pipes, whose errors tell nothing.
func closeAll(pipes ...any) {
	for _, p := range pipes {
		_ = p.(io.Closer).Close()
	}
}
