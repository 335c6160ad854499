package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ssf"
)

// MaxCase is the size of a stored case up to which it is read.
const MaxCase = 256 << 20

// ReadCase reads a case that was stored as JSON. It takes only what this
// program could have written: a key or a word that it does not know could mean
// that something is open, and would be passed over. Every error is the file's.
func ReadCase(r io.Reader) (*ssf.Case, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxCase+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxCase {
		return nil, fmt.Errorf("it is larger than %d MiB, which is more than is read", MaxCase>>20)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, errors.New("it is empty; `ssf check -o case.json` writes a case")
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, explainJSON(b, err)
	}
	switch {
	case head.Schema == nil:
		return nil, fmt.Errorf("it has no `schema`, so it is no case; `ssf check -o case.json` writes one")
	case *head.Schema == ssf.CaseSchema:
	case strings.HasPrefix(*head.Schema, "ssf/case/"):
		return nil, fmt.Errorf("its version is %q, and this program reads %q; use the program that wrote it, or write it again with `ssf check -o`", *head.Schema, ssf.CaseSchema)
	default:
		return nil, fmt.Errorf("its schema is %q, and a case has %q", *head.Schema, ssf.CaseSchema)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	c := new(ssf.Case)
	if err := d.Decode(c); err != nil {
		return nil, explainJSON(b, err)
	}
	return c, wellFormed(c)
}

// explainJSON says where JSON is broken, and what to do.
func explainJSON(b []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && int(syntax.Offset) >= len(b):
		return errors.New("it ends in the middle, so it was cut off; write it again with `ssf check -o`")
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d is not JSON: %w", lineOf(b, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %s is no case: a %s stands where another kind of value should", lineOf(b, kind.Offset), orTop(kind.Field), kind.Value)
	case strings.Contains(err.Error(), "unknown field"):
		_, name, _ := strings.Cut(err.Error(), "unknown field ")
		return fmt.Errorf("it has the key %s, which this program does not know; use the program that wrote it", name)
	}
	return err
}

func orTop(field string) string {
	if field == "" {
		return "the whole"
	}
	return field
}

func lineOf(b []byte, offset int64) int {
	return 1 + bytes.Count(b[:min(int(offset), len(b))], []byte("\n"))
}

// wellFormed refuses words that would pass for something good because nobody
// knows them, and counts that cannot be.
func wellFormed(c *ssf.Case) error {
	bad := func(what string, id ssf.ID, word string) error {
		return fmt.Errorf("%s %q has the %s, which is none", what, id, word)
	}
	phases := append([]ssf.Phase{ssf.PhaseNone}, ssf.Phases...)
	if !slices.Contains(phases, c.Reach) || c.ReachAsked != "" && !slices.Contains(phases, c.ReachAsked) {
		return fmt.Errorf("its reach %q or the reach it asks for %q is no phase", c.Reach, c.ReachAsked)
	}
	for _, ph := range c.Phases {
		if ph.Done < 0 || ph.Of < ph.Done || !slices.Contains(phases, ph.Name) {
			return fmt.Errorf("phase %q has %d of %d, which cannot be", ph.Name, ph.Done, ph.Of)
		}
		for _, k := range ph.Controls {
			if !slices.Contains([]ssf.Status{ssf.Met, ssf.Unmet, ssf.UnknownYet, ssf.NotAssessed}, k.Status) {
				return bad("control", k.ID, fmt.Sprintf("status %q", k.Status))
			}
		}
	}
	for _, t := range c.Threats {
		if !slices.Contains(ssf.States, t.State) {
			return bad("threat", t.ID, fmt.Sprintf("state %q", t.State))
		}
		if t.Origin != "" && !slices.Contains(ssf.Origins, t.Origin) {
			return bad("threat", t.ID, fmt.Sprintf("origin %q", t.Origin))
		}
	}
	threats := make(map[ssf.ID]bool, len(c.Threats))
	for i := range c.Threats {
		threats[c.Threats[i].ID] = true
	}
	for _, j := range c.Joined {
		if len(j.As) == 0 || slices.ContainsFunc(j.As, func(id ssf.ID) bool { return !threats[id] }) {
			return fmt.Errorf("threat %q is the same as %q, which are not all in the case", j.ID, j.As)
		}
	}
	for _, d := range c.Diagnostics {
		if severityRank(d.Severity) < 0 {
			return bad("diagnostic", d.Check, fmt.Sprintf("severity %q", d.Severity))
		}
	}
	for _, r := range c.Requirements {
		if !slices.Contains([]ssf.RequirementStatus{ssf.Upheld, ssf.UpheldByAssumption, ssf.Residual, ssf.NotShown, ssf.NotUpheld}, r.Status) {
			return bad("requirement", r.ID, fmt.Sprintf("status %q", r.Status))
		}
	}
	for _, d := range c.Deployments {
		for _, x := range d.Threats {
			if x.State != "" && !slices.Contains(ssf.States, x.State) {
				return bad("threat", x.ID, fmt.Sprintf("state %q", x.State))
			}
		}
	}
	return nil
}
