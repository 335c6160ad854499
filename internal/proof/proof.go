// Package proof says what each verification of a model is worth today: which
// records of evidence are about it, whether they rest on the inputs as they are,
// and what they show.
//
// It is pure: evidence is what somebody has read and found whole, and the tree
// says what the files are. Reading and writing records is in internal/evidence.
// The rules are those of spec/evidence.md. Begin with [Judge]; inputs.go and
// gocode.go find on what a result rests.
package proof

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ssf"
)

// A Verdict is what a verification is worth, and the records that do not count
// because the model expects them from others. Outside reports that it runs Go
// tests of a module whose go.mod is not in the tree.
type Verdict struct {
	ssf.VerificationInfo
	Foreign []ssf.Digest
	Outside bool
}

// Judge says what each verification of the tracer's model is worth, in the order
// of the model.
func Judge(in ssf.Inputs, t *Tracer) []Verdict {
	of := map[ssf.ID][]*ssf.Evidence{}
	for i := range in.Evidence {
		e := &in.Evidence[i]
		of[e.Verification] = append(of[e.Verification], e)
	}
	out := make([]Verdict, 0, len(t.model.Verify))
	for i := range t.model.Verify {
		v := &t.model.Verify[i]
		info := ssf.VerificationInfo{
			ID: v.ID, State: ssf.NeverRun, Method: cmp.Or(string(v.Method.ID), "test"), Run: v.In.ID,
			Verifies: ids(v.Verifies), Evidence: []ssf.Digest{}, Pos: v.Pos,
		}
		run := t.run(v)
		j := judge{t, v, in.Now, Verdict{VerificationInfo: info, Outside: run != nil && testsGo(run) && t.goCode().homeless}}
		j.decide(j.counting(of[v.ID]))
		out = append(out, j.Verdict)
	}
	return out
}

// Shown is what all verifications of one mitigation or claimed fact show
// together: nothing, that it holds, or that it does not.
type Shown struct {
	Holds   bool
	Against string // the first that failed with today's inputs, and how: `ID fails`
}

// Show joins the verdicts by what they are about.
func Show(vs []Verdict) map[ssf.ID]Shown {
	out := map[ssf.ID]Shown{}
	for i := range vs {
		v := &vs[i]
		for _, id := range v.Verifies {
			s, again := out[id]
			s.Holds = v.State == ssf.Stands && (s.Holds || !again)
			if how := against[v.State]; how != "" && s.Against == "" {
				s.Against = string(v.ID) + " " + how
			}
			out[id] = s
		}
	}
	return out
}

// against are the standings that speak against what is verified, in words. Where
// chance decides between pass and fail, the failure was seen.
var against = map[ssf.Standing]string{
	ssf.Standing(ssf.Failed): "fails",
	ssf.Disputed:             "failed once and passed once",
}

func ids(refs []ssf.Ref) []ssf.ID {
	out := make([]ssf.ID, 0, len(refs))
	for _, r := range refs {
		out = append(out, r.ID)
	}
	return out
}

type judge struct {
	*Tracer
	v   *ssf.Verification
	now time.Time
	Verdict
}

// A day of grace for a clock that goes wrong, and for whoever evaluates as of a
// day and not of a time.
const grace = 24 * time.Hour

// counting are the records that may speak: signed by who is expected, and not
// from later than the evaluation is as of.
func (j *judge) counting(records []*ssf.Evidence) (out []*ssf.Evidence) {
	for _, e := range records {
		switch {
		case !j.expects(e.Key):
			j.Foreign = append(j.Foreign, e.ID)
		case !e.Time.After(j.now.Add(grace)):
			out = append(out, e)
		}
	}
	return out
}

// expects reports whether evidence by a key counts here: if the run names its
// signer only that one, else any that the model knows, and any at all if it
// knows none.
func (j *judge) expects(key string) bool {
	only := ssf.ID("")
	if run := j.run(j.v); run != nil {
		only = run.Signer.ID
	}
	if only == "" && len(j.model.Signers) == 0 {
		return true
	}
	return slices.ContainsFunc(j.model.Signers, func(s ssf.Signer) bool {
		return string(s.Key.ID) == key && (only == "" || s.ID == only)
	})
}

// ages is how long a result holds by its method; zero: as long as its inputs
// are the same.
var ages = map[string]time.Duration{
	"config_check": 90 * 24 * time.Hour, "scan": 30 * 24 * time.Hour,
	"review": 365 * 24 * time.Hour, "pentest": 365 * 24 * time.Hour, "attestation": 365 * 24 * time.Hour,
}

// byAge are the methods whose results change of the inputs alone does not undo.
var byAge = []string{"review", "pentest", "attestation"}

// decide finds the state by the records that count, of which the last is the
// latest.
func (j *judge) decide(records []*ssf.Evidence) {
	if len(records) == 0 {
		return
	}
	today := j.Inputs(j.v)
	j.VerificationInfo.Inputs = len(today)
	same := keep(records, func(e *ssf.Evidence) bool { return len(j.differing(e, today)) == 0 })
	if said := keep(same, answers); len(said) > 0 {
		same = said // what shows nothing hides no answer
	}
	fail := slices.IndexFunc(same, func(e *ssf.Evidence) bool { return e.Result == ssf.Failed })
	byAge := slices.Contains(byAge, j.Method)
	latest := latestOf(records, same)
	if byAge && fail < 0 {
		alike := keep(records, func(e *ssf.Evidence) bool { return answers(e) && !redefined(j.differing(e, today)) })
		if len(alike) > 0 {
			latest = alike[len(alike)-1]
		}
	}
	j.take(latest)
	j.Changed = j.differing(latest, today)
	switch {
	case fail >= 0 && slices.ContainsFunc(same, passed):
		j.State, j.Why = ssf.Disputed, "with the same inputs it passed once and failed once"
		j.Tests = same[fail].Tests
		for _, e := range same {
			j.Evidence = append(j.Evidence, e.ID)
		}
		slices.SortFunc(j.Evidence, func(a, b ssf.Digest) int { return slices.Compare(a[:], b[:]) })
		j.Evidence = slices.Compact(j.Evidence)
	case len(j.Changed) == 0:
		j.State, j.Why = ssf.Standing(latest.Result), latest.Why
	case byAge && passed(latest) && !redefined(j.Changed):
		j.State = ssf.Stands
	default:
		j.State, j.Why = ssf.NotToday, changed(j.Changed, latest.Inputs, today)
	}
	if age := ages[j.Method]; age > 0 && j.State == ssf.Stands {
		lapses := latest.Time.Add(age)
		j.Lapses = lapses.UTC().Format(time.DateOnly)
		if j.now.After(lapses) {
			j.State, j.Why = ssf.TooOld, fmt.Sprintf("a %s holds for %d days, and it is of %s", strings.ReplaceAll(j.Method, "_", " "), age/(24*time.Hour), latest.Time.UTC().Format(time.DateOnly))
		}
	}
}

func passed(e *ssf.Evidence) bool  { return e.Result == ssf.Passed }
func answers(e *ssf.Evidence) bool { return e.Result == ssf.Passed || e.Result == ssf.Failed }

func keep(records []*ssf.Evidence, fits func(*ssf.Evidence) bool) (out []*ssf.Evidence) {
	for _, e := range records {
		if fits(e) {
			out = append(out, e)
		}
	}
	return out
}

// latestOf is the record that a result is compared with: the latest of those with
// the same inputs, else the latest that passed, else the latest.
func latestOf(records, same []*ssf.Evidence) *ssf.Evidence {
	for _, of := range [][]*ssf.Evidence{same, keep(records, passed), records} {
		if len(of) > 0 {
			return of[len(of)-1]
		}
	}
	return nil
}

// differing are the names of the inputs that are not those of a record. What it
// was to show is part of the definition, also where its producer took another
// for that.
func (j *judge) differing(e *ssf.Evidence, today []ssf.Input) []string {
	const definition = "definition:verification"
	names := Differing(e.Inputs, today)
	was, is := slices.Sorted(slices.Values(e.Verifies)), slices.Sorted(slices.Values(j.Verifies))
	if !slices.Equal(slices.Compact(was), slices.Compact(is)) && !slices.Contains(names, definition) {
		names = append(names, definition)
		slices.Sort(names)
	}
	return names
}

// redefined reports whether a definition is among the inputs that differ, which
// no method forgives.
func redefined(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "definition:") })
}

// take says of a record what a reader wants to know.
func (j *judge) take(e *ssf.Evidence) {
	j.Evidence = []ssf.Digest{e.ID}
	j.Time, j.Commit, j.Key, j.Tests = e.Time, e.Commit, e.Key, e.Tests
	for _, s := range j.model.Signers {
		if string(s.Key.ID) == e.Key {
			j.Signer = s.ID
		}
	}
}

// Differing are the names of inputs that are not the same in both, which are
// sorted by name. A file that cannot be read is never the same. A toolchain that
// is not here cannot be compared, nor can a variable that is not set here, but
// for those by which Go builds otherwise.
func Differing(was, is []ssf.Input) (names []string) {
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(is) == 0 || len(was) > 0 && was[0].Name < is[0].Name:
			class, what, _ := strings.Cut(was[0].Name, ":")
			if class != "toolchain" && (class != "env" || slices.Contains(goVariables, what)) {
				names = append(names, was[0].Name)
			}
			was = was[1:]
		case len(was) == 0 || is[0].Name < was[0].Name:
			names, is = append(names, is[0].Name), is[1:]
		default:
			if was[0].Digest != is[0].Digest || is[0].Digest == (ssf.Digest{}) {
				names = append(names, is[0].Name)
			}
			was, is = was[1:], is[1:]
		}
	}
	return names
}

// changed tells a few of the inputs that differ, and how.
func changed(names []string, was, is []ssf.Input) string {
	find := func(in []ssf.Input, name string) *ssf.Input {
		if i, ok := slices.BinarySearchFunc(in, name, func(x ssf.Input, n string) int { return strings.Compare(x.Name, n) }); ok {
			return &in[i]
		}
		return nil
	}
	var parts []string
	for i, name := range names {
		if i == 3 && len(names) > 4 {
			parts = append(parts, fmt.Sprintf("%d more", len(names)-i))
			break
		}
		w, n := find(was, name), find(is, name)
		class, what, isText := strings.Cut(name, ":")
		switch {
		case class == "definition" && isText:
			parts = append(parts, "the definition of the "+what+" changed")
		case n != nil && n.Digest == ssf.Digest{}:
			parts = append(parts, name+" cannot be read")
		case w == nil:
			parts = append(parts, name+" was added")
		case n == nil:
			parts = append(parts, name+" is gone")
		case w.Text != "" && n.Text != "":
			parts = append(parts, fmt.Sprintf("%s became %s", w.Text, n.Text))
		default:
			parts = append(parts, name+" changed")
		}
	}
	return strings.Join(parts, ", ")
}
