// Package evidence keeps the results of verifications as signed records beside
// a model, and reads them again: spec/evidence.md is its contract.
//
// [Encode] and [Decode] are one record; [Read] is a folder of them, as a [Log]
// with every [Problem] that it has; a [Store] adds to it. What a record is worth
// today, and whose key counts, is not decided here.
package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"ssf"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://in-toto.io/attestation/test-result/v0.1"
)

// A statement is an in-toto Statement v1 with a test-result v0.1. Its fields
// stand in the order in which a payload has them.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name   string        `json:"name"`
	Digest subjectDigest `json:"digest"`
}

type subjectDigest struct {
	SHA256    ssf.Digest `json:"sha256"`
	GitCommit string     `json:"gitCommit,omitempty"`
}

type predicate struct {
	Result        string       `json:"result"`
	Configuration []descriptor `json:"configuration"`
	PassedTests   []string     `json:"passedTests"`
	FailedTests   []string     `json:"failedTests"`
	SSF           details      `json:"ssf"`
}

type descriptor struct {
	Name        string       `json:"name"`
	Digest      fileDigest   `json:"digest"`
	Annotations *annotations `json:"annotations,omitempty"`
}

type fileDigest struct {
	SHA256 ssf.Digest `json:"sha256"`
}

type annotations struct {
	Text string `json:"text"`
}

// details is what in-toto's type has no place for.
type details struct {
	Result   ssf.Result   `json:"result"`
	Why      string       `json:"why,omitempty"`
	Verifies []ssf.ID     `json:"verifies"`
	Tests    []test       `json:"tests"`
	Run      run          `json:"run"`
	Time     string       `json:"time"`
	Tool     string       `json:"tool"`
	Prev     []ssf.Digest `json:"prev"`
}

// test and run are ssf.TestResult and ssf.RunResult with keys of their own, so
// that what files hold does not change with the vocabulary.
type test struct {
	Name    string            `json:"name"`
	Suite   string            `json:"suite,omitempty"`
	Outcome ssf.Outcome       `json:"outcome"`
	Attrs   map[string]string `json:"attrs,omitempty"`
	Message string            `json:"message,omitempty"`
}

type run struct {
	ID      ssf.ID     `json:"id"`
	Command []string   `json:"command"`
	Exit    int        `json:"exit"`
	Seconds float64    `json:"seconds"`
	Output  ssf.Digest `json:"output,omitzero"`
}

// Encode signs a record and returns its file and the id that is the file's
// name. It sorts what a record has sorted and rounds its times; ID and Key of e
// do not matter. Errors say what of e cannot stand in a record.
func Encode(e ssf.Evidence, key Key) (file []byte, id ssf.Digest, err error) {
	file, err = encode(normal(e), key)
	if err != nil {
		return nil, id, fmt.Errorf("encoding record: %w", err)
	}
	return file, sha256.Sum256(file), nil
}

func encode(e ssf.Evidence, key Key) ([]byte, error) {
	if err := valid(&e); err != nil {
		return nil, err
	}
	payload, err := marshal(statementOf(&e))
	if err != nil {
		return nil, err
	}
	file, err := seal(payload, key)
	if err == nil && len(file) > MaxRecord {
		err = errRecord
	}
	return file, err
}

// Fits says what of e could not stand in a record, if anything, before there is
// a key to sign it.
func Fits(e ssf.Evidence) error {
	_, _, err := Encode(e, newKey("", make([]byte, ed25519.SeedSize)))
	return err
}

// errRecord is the error of a record that is too large.
var errRecord = over("MaxRecord", MaxRecord, "bytes in a record")

// shorten takes from the longest messages of tests as little as makes a record of
// e, or all if that is not enough.
func shorten(e ssf.Evidence, key Key) ssf.Evidence {
	cut := func(most int) ssf.Evidence {
		short := e
		short.Tests = slices.Clone(e.Tests)
		for i := range short.Tests {
			if m := short.Tests[i].Message; len(m) > most {
				short.Tests[i].Message = strings.ToValidUTF8(m[:most], "")
			}
		}
		return short
	}
	least := sort.Search(ssf.MaxMessage, func(most int) bool {
		_, _, err := Encode(cut(most), key)
		return errors.Is(err, errRecord)
	})
	return cut(max(0, least-1))
}

// Decode reads the file of a record. What it returns was signed by the key that
// it names, and the file is the only way to write it. An error says what is
// wrong; [ErrSignature] and [ErrLimit] are among its kinds.
func Decode(file []byte) (ssf.Evidence, error) {
	e, _, err := decode(file)
	if err != nil {
		return ssf.Evidence{}, fmt.Errorf("reading record: %w", err)
	}
	return e, nil
}

// decode returns the record and the digest of what is signed.
func decode(file []byte) (e ssf.Evidence, signed ssf.Digest, err error) {
	switch {
	case len(file) == 0:
		return e, signed, errors.New("the file is empty")
	case len(file) > MaxRecord:
		return e, signed, errRecord
	}
	payload, key, err := open(file)
	if err != nil {
		return e, signed, err
	}
	var s statement
	if err := unmarshal(payload, &s); err != nil {
		return e, signed, fmt.Errorf("reading the statement: %w", err)
	}
	if e, err = s.evidence(); err != nil {
		return e, signed, err
	}
	if err := valid(&e); err != nil {
		return e, signed, err
	}
	want := statementOf(&e)
	if err := s.agrees(want); err != nil {
		return e, signed, err
	}
	again, err := marshal(want)
	if err != nil {
		return e, signed, err
	}
	if err := sameBytes(payload, again); err != nil {
		return e, signed, fmt.Errorf("reading the statement: %w", err)
	}
	e.ID, e.Key = sha256.Sum256(file), key
	return e, sha256.Sum256(payload), nil
}

// InputsDigest is the digest that stands for all inputs: SHA-256 over the lines
// `NAME SP DIGEST LF`, sorted by bytes.
func InputsDigest(inputs []ssf.Input) ssf.Digest {
	lines := make([]string, len(inputs))
	for i, in := range inputs {
		lines[i] = in.Name + " " + in.Digest.String() + "\n"
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "")))
}

// statementOf says a valid record in in-toto's words.
func statementOf(e *ssf.Evidence) *statement {
	s := &statement{
		Type:          statementType,
		Subject:       []subject{{string(e.Verification), subjectDigest{InputsDigest(e.Inputs), e.Commit}}},
		PredicateType: predicateType,
		Predicate: predicate{
			Result:        "FAILED",
			Configuration: make([]descriptor, len(e.Inputs)),
			PassedTests:   []string{},
			FailedTests:   []string{},
			SSF: details{
				Result: e.Result, Why: e.Why, Verifies: list(e.Verifies), Tests: make([]test, len(e.Tests)), Run: run(e.Run),
				Time: e.Time.Format(time.RFC3339), Tool: e.Tool, Prev: list(e.Prev),
			},
		},
	}
	p := &s.Predicate
	if e.Result == ssf.Passed {
		p.Result = "PASSED"
	}
	p.SSF.Run.Command = list(p.SSF.Run.Command)
	for i, in := range e.Inputs {
		p.Configuration[i] = descriptor{Name: in.Name, Digest: fileDigest{in.Digest}}
		if in.Text != "" {
			p.Configuration[i].Annotations = &annotations{in.Text}
		}
	}
	for i, t := range e.Tests {
		p.SSF.Tests[i] = test(t)
		name := t.Name
		if t.Suite != "" {
			name = t.Suite + "." + name
		}
		switch t.Outcome {
		case ssf.TestPassed:
			p.PassedTests = append(p.PassedTests, name)
		case ssf.TestFailed, ssf.TestBroken:
			p.FailedTests = append(p.FailedTests, name)
		}
	}
	return s
}

// evidence is what a statement says; whether it may say so is for [valid].
func (s *statement) evidence() (ssf.Evidence, error) {
	p := &s.Predicate
	d := &p.SSF
	if len(s.Subject) != 1 {
		return ssf.Evidence{}, fmt.Errorf("there are %d subjects, not one", len(s.Subject))
	}
	at, err := time.Parse(time.RFC3339, d.Time)
	if err != nil {
		return ssf.Evidence{}, fmt.Errorf("reading predicate.ssf.time: %.100q is no time of RFC 3339", d.Time)
	}
	e := ssf.Evidence{
		Verification: ssf.ID(s.Subject[0].Name), Verifies: d.Verifies, Result: d.Result, Why: d.Why,
		Tests: make([]ssf.TestResult, len(d.Tests)), Inputs: make([]ssf.Input, len(p.Configuration)),
		Commit: s.Subject[0].Digest.GitCommit, Time: at, Tool: d.Tool, Run: ssf.RunResult(d.Run), Prev: d.Prev,
	}
	for i, t := range d.Tests {
		e.Tests[i] = ssf.TestResult(t)
	}
	for i, c := range p.Configuration {
		e.Inputs[i] = ssf.Input{Name: c.Name, Digest: c.Digest.SHA256}
		if c.Annotations != nil {
			e.Inputs[i].Text = c.Annotations.Text
		}
	}
	return e, nil
}

// agrees compares what a statement says twice: want is what it should say.
func (s *statement) agrees(want *statement) error {
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"_type", s.Type, want.Type},
		{"predicateType", s.PredicateType, want.PredicateType},
		{"the digest of the subject", s.Subject[0].Digest.SHA256, want.Subject[0].Digest.SHA256},
		{"predicate.result", s.Predicate.Result, want.Predicate.Result},
		{"predicate.passedTests", s.Predicate.PassedTests, want.Predicate.PassedTests},
		{"predicate.failedTests", s.Predicate.FailedTests, want.Predicate.FailedTests},
	} {
		if got, want := fmt.Sprint(f.got), fmt.Sprint(f.want); got != want {
			return fmt.Errorf("%s is %.200q, and the rest of the record says %.200q", f.name, got, want)
		}
	}
	return nil
}

// normal is e with its lists in order and its times as fine as they are kept.
func normal(e ssf.Evidence) ssf.Evidence {
	e.Time = e.Time.UTC().Truncate(time.Second)
	e.Run.Seconds = math.Round(e.Run.Seconds*1000) / 1000
	e.Verifies, e.Prev, e.Tests, e.Inputs = slices.Clone(e.Verifies), slices.Clone(e.Prev), slices.Clone(e.Tests), slices.Clone(e.Inputs)
	slices.Sort(e.Verifies)
	slices.SortFunc(e.Prev, compareDigests)
	slices.SortStableFunc(e.Tests, compareTests)
	slices.SortFunc(e.Inputs, compareInputs)
	return e
}

// list is s, and where that is nil a list that JSON writes as [].
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
