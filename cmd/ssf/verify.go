package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/evidence"
	"ssf/internal/lang"
	"ssf/internal/proof"
	"ssf/internal/repo"
	"ssf/internal/report"
	"ssf/internal/results"
)

func (a *app) verifyCommand() *cobra.Command {
	var v verifier
	var format, keyName string
	cmd := &cobra.Command{
		Use:   "verify [ID...]",
		Short: "run the verifications, and record what they show",
		Long: `Verify runs what the model names in ` + "`runs:`" + `, each once for all verifications
that use it, and records each result as signed evidence beside the model. It
runs only what has no result on the code as it is; what failed on it is not run
again, because a second answer would be a dispute. --again runs everything.

ID is a verification, a run, a mitigation or a claimed fact.

Nothing runs before you allow it with ` + "`ssf trust`" + `. Nothing is recorded without a
key (` + "`ssf keys new`" + `) or while files differ from the commit; results are shown.

Exit status: 0 all of them pass, 1 could not do it, 2 wrong usage or an error in
the model, 3 one of them does not pass.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			style, err := a.style(format)
			if err != nil {
				return err
			}
			v.app, v.style, v.json = a, style, format == "json"
			return v.run(cmd.Context(), args, keyName)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVarP(&v.dir, "dir", "C", "", "the model's folder")
	cmd.Flags().StringVar(&keyName, "key", "", "sign with this key: a name or a file (default: SSF_KEY, else the only one)")
	cmd.Flags().BoolVar(&v.again, "again", false, "run what has a result too")
	cmd.Flags().BoolVar(&v.must, "record", false, "do not begin unless results can be recorded; for CI")
	return cmd
}

// A verifier carries out verifications and records what they give.
type verifier struct {
	*app
	dir   string
	again bool
	must  bool // record, or do not begin
	json  bool
	style report.Style

	in     ssf.Inputs
	key    *evidence.Key // nil: nothing is recorded
	why    string        // nothing is recorded
	store  *evidence.Store
	inputs map[ssf.ID][]ssf.Input // of what is due, as they were before anything ran
	lines  []report.Result
}

func (v *verifier) run(ctx context.Context, ids []string, keyName string) (err error) {
	if v.dir, err = v.app.dir(v.dir); err != nil {
		return err
	}
	c, in, err := v.evaluate(ctx, v.dir)
	if err != nil {
		return err
	}
	if err := v.erroneous(c, v.style); err != nil {
		return err
	}
	v.in, v.inputs = in, map[ssf.ID][]ssf.Input{}
	chosen, err := v.choose(c, ids)
	if err != nil {
		return err
	}
	if err := v.prepare(keyName); err != nil {
		return err
	}
	if v.store != nil {
		defer v.store.Close()
	}
	due := v.due(c, chosen)
	if len(due) > 0 && slices.ContainsFunc(due, func(d *ssf.Verification) bool { return len(v.runOf(d).Command) > 0 }) {
		if ok, err := v.trusts(v.dir, in.Model); err != nil {
			return err
		} else if !ok {
			fmt.Fprintln(v.env.Stderr, "ssf: the commands of this model were not run: nobody has allowed that for them as they are now\nlook at them and allow it with `ssf trust`")
			return exit(exitFail)
		}
	}
	tracer := proof.NewTracer(in.Model, in.Tree)
	for _, x := range due {
		v.inputs[x.ID] = tracer.Inputs(x)
		if why := tracer.Unfounded(v.inputs[x.ID]); why != "" && v.key != nil {
			v.key, v.store, v.why = nil, nil, fmt.Sprintf("%s, and %s rests on it", why, x.ID)
		}
	}
	if v.must && v.key == nil {
		return fmt.Errorf("results cannot be recorded: %s", v.why)
	}
	if err := v.fit(due); err != nil {
		return err
	}
	failed := v.carryOut(ctx, due)
	if failed != nil && ctx.Err() != nil {
		return failed
	}
	if err := v.finish(c, chosen, len(due)); failed == nil {
		return err
	}
	return failed
}

// choose are the verifications that the ids name; all if there are none.
func (v *verifier) choose(c *ssf.Case, ids []string) (map[ssf.ID]bool, error) {
	chosen, names := map[ssf.ID]bool{}, []string{}
	for _, x := range c.Verifications {
		names = append(names, string(x.ID), string(x.Run))
		for _, m := range x.Verifies {
			names = append(names, string(m))
		}
	}
	for _, id := range ids {
		found := false
		for _, x := range c.Verifications {
			if string(x.ID) == id || string(x.Run) == id || slices.Contains(x.Verifies, ssf.ID(id)) {
				chosen[x.ID], found = true, true
			}
		}
		if !found {
			return nil, usagef("%q is no verification, and none is about it%s", id, didYouMean(id, names))
		}
	}
	if len(ids) == 0 {
		for _, x := range c.Verifications {
			chosen[x.ID] = true
		}
	}
	if len(chosen) == 0 {
		return nil, usagef("the model has no verifications; `ssf explain verification/missing` says why it should")
	}
	return chosen, nil
}

// prepare finds whether results can be recorded, and with which key.
func (v *verifier) prepare(keyName string) (err error) {
	key, err := v.app.key(keyName)
	if err != nil {
		return err
	}
	t := v.in.Tree
	changed := slices.DeleteFunc(slices.Clone(t.Changed), func(f string) bool {
		return f == lang.LockFile || strings.HasPrefix(f, evidence.Folder+"/") || v.isReport(f)
	})
	switch {
	case key == nil:
		v.why = "there is no key to sign with: make one with `ssf keys new`"
	case len(changed) == 1:
		v.why = changed[0] + " differs from the commit"
	case len(changed) > 1:
		v.why = fmt.Sprintf("%s and %d more differ from the commit", changed[0], len(changed)-1)
	case len(t.Outside) > 0:
		v.why = t.Outside[0] + ", elsewhere in the repository, differs from the commit"
	case len(v.in.Model.Signers) > 0 && !slices.ContainsFunc(v.in.Model.Signers, func(s ssf.Signer) bool { return string(s.Key.ID) == key.Public() }):
		v.why = "the model expects other keys than " + key.Public() + " in `signers:`"
	default:
		v.key = key
		v.store, err = evidence.Open(v.dir)
	}
	return err
}

func (v *verifier) runOf(x *ssf.Verification) *ssf.Run {
	for i := range v.in.Model.Runs {
		if r := &v.in.Model.Runs[i]; r.ID == x.In.ID {
			return r
		}
	}
	return nil
}

// due are the chosen verifications that have no answer on the code as it is.
func (v *verifier) due(c *ssf.Case, chosen map[ssf.ID]bool) (out []*ssf.Verification) {
	for i := range v.in.Model.Verify {
		x := &v.in.Model.Verify[i]
		answered := false
		switch c.Verifications[i].State {
		case ssf.Stands, ssf.Disputed, ssf.Standing(ssf.Failed):
			answered = true
		}
		if chosen[x.ID] && x.In.ID != "" && (v.again || !answered) {
			out = append(out, x)
		}
	}
	return out
}

// record judges the outcome of a run for each verification, and signs it. What
// cannot be recorded stops nothing else.
func (v *verifier) record(ctx context.Context, o *outcome) error {
	tree, err := repo.Open(ctx, v.dir)
	if err != nil {
		return err
	}
	after := proof.NewTracer(v.in.Model, tree)
	var errs []error
	for _, x := range o.due {
		s := results.Selection{IDs: []ssf.ID{x.ID}, Fresh: x.Method.ID != "" && x.Method.ID != "test"}
		for _, t := range x.Tests {
			s.Patterns = append(s.Patterns, string(t.ID))
		}
		e := v.blank(x)
		e.Run = o.Run
		s.IDs = append(s.IDs, e.Verifies...)
		j := o.Judge(s)
		e.Result, e.Why, e.Tests = j.Result, j.Why, append([]ssf.TestResult{}, j.Tests...)
		if changed := proof.Differing(e.Inputs, after.Inputs(x)); len(changed) > 0 && (e.Result == ssf.Passed || e.Result == ssf.Failed) {
			e.Result, e.Why = ssf.Errored, changed[0]+" changed while it ran, or cannot be read"
		}
		switch {
		case v.records(o.run):
			signed, err := v.store.Append(e, *v.key)
			if err != nil {
				errs = append(errs, fmt.Errorf("recording %s: %w", x.ID, err))
				continue
			}
			e = signed
		case v.store != nil:
			v.why = fmt.Sprintf("the model wants results of %s signed by %s, whose key this is not", o.run.ID, o.run.Signer.ID)
			fallthrough
		default:
			e.Key = v.expected(o.run) // as if it were recorded
		}
		v.in.Evidence = append(v.in.Evidence, e)
		v.lines = append(v.lines, report.Result{Evidence: e, Tail: o.Tail})
	}
	return errors.Join(append(errs, v.checkpoint())...)
}

// records reports whether results of a run are recorded: not if they would not
// count, because the run names another signer.
func (v *verifier) records(r *ssf.Run) bool {
	return v.store != nil && (r.Signer.ID == "" || v.expected(r) == v.key.Public())
}

// expected is a key by which the model would count evidence of a run.
func (v *verifier) expected(r *ssf.Run) string {
	for _, s := range v.in.Model.Signers {
		if r.Signer.ID == "" || r.Signer.ID == s.ID {
			return string(s.Key.ID)
		}
	}
	return ""
}

// checkpoint writes the heads of the evidence into the lock file, in the place
// of those that were there.
func (v *verifier) checkpoint() error {
	if v.store == nil {
		return nil
	}
	release, err := evidence.LockFolder(v.dir)
	if err != nil {
		return err
	}
	defer release()
	log, err := v.store.Read()
	if err != nil {
		return err
	}
	lock, faults, err := lang.ReadLock(os.DirFS(v.dir)) // a review may have written it since
	switch {
	case err != nil:
		return err
	case lock == nil:
		lock = &ssf.Lock{}
	case lock.Conflict.Known() || len(faults) > 0:
		return nil // it is not ours to settle
	}
	pins := decisionsOf(lock.Pins)
	for _, c := range log.Checkpoints() {
		pins = append(pins, ssf.Pin{Kind: ssf.PinCheckpoint, ID: "evidence", Treat: fmt.Sprint(c.Count), Digest: c.Head})
	}
	if text := lang.FormatLock(pins); text != lang.FormatLock(lock.Pins) {
		if err := v.store.WriteLock(lang.LockFile, text); err != nil {
			return err
		}
	}
	v.in.Lock = &ssf.Lock{Pins: pins}
	return nil
}

// finish evaluates once more with what was found, and says what follows.
func (v *verifier) finish(before *ssf.Case, chosen map[ssf.ID]bool, ran int) error {
	if err := v.checkpoint(); err != nil { // what an earlier run recorded before it was stopped
		return err
	}
	if v.store != nil && v.in.Lock != nil && v.in.Lock.Conflict.Known() {
		fmt.Fprintf(v.env.Stderr, "ssf: git has left both sides of a merge in %s, so no checkpoint stands there yet; `ssf review` joins them\n", lang.LockFile)
	}
	c := before
	if ran > 0 {
		var err error
		if c, err = check.Case(v.in); err != nil {
			return err
		}
	}
	only := *c
	only.Verifications = slices.DeleteFunc(slices.Clone(c.Verifications), func(x ssf.VerificationInfo) bool { return !chosen[x.ID] })
	var err error
	if v.json {
		if len(v.lines) > 0 && v.why != "" {
			fmt.Fprintf(v.env.Stderr, "ssf: not recorded: %s\n", v.why)
		}
		for i := range only.Verifications { // what is not recorded has no id
			x := &only.Verifications[i]
			x.Evidence = slices.DeleteFunc(slices.Clone(x.Evidence), func(d ssf.Digest) bool { return d == ssf.Digest{} })
		}
		err = report.JSON(v.env.Stdout, only.Verifications)
	} else {
		err = report.Verify(v.env.Stdout, &only, v.lines, v.why, v.style)
	}
	if err == nil && slices.ContainsFunc(only.Verifications, func(x ssf.VerificationInfo) bool { return x.State != ssf.Stands }) {
		return exit(exitNo)
	}
	return err
}
