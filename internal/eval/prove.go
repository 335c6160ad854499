package eval

import (
	"slices"

	"ssf"
	"ssf/internal/proof"
)

// prove judges the verifications by the evidence.
func (e *Evaluation) prove() {
	e.Proofs = proof.Judge(e.Inputs, e.tracer)
	e.Shown = proof.Show(e.Proofs)
	for i := range e.Proofs {
		e.Case.Verifications = append(e.Case.Verifications, e.Proofs[i].VerificationInfo)
	}
}

// refuted is why what counters a threat does not: its verification fails on the
// code as it is. It is empty if nothing shows that.
func (e *Evaluation) refuted(ids []ssf.ID) string {
	for _, id := range ids {
		if v := e.Shown[id].Against; v != "" {
			return string(id) + " does not hold: " + v
		}
	}
	return ""
}

// shown reports whether everything that counters a threat is verified.
func (e *Evaluation) shown(ids []ssf.ID) bool {
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id ssf.ID) bool { return !e.Shown[id].Holds })
}
