package check

import (
	"strings"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/rule"
)

// Conditions is what is wrong with the conditions of rules over the facts of a
// library, in the order of the rules; line gives the line of a place.
func Conditions(facts []ssf.FactDef, rules []ssf.Rule, line func(ssf.Pos) string) (faults []ssf.Diagnostic) {
	c := rule.NewCompiler(rule.NewVocabulary(facts))
	for i := range rules {
		if rules[i].When.S == "" { // that it is missing was reported
			continue
		}
		_, _, ds := eval.CompileRule(c, &rules[i])
		for _, d := range ds {
			if strings.Contains(string(d.Subject), "/") { // of a team's library, which belongs to its model
				d.Check = "model/condition"
			}
			d.Snippet = line(d.Pos)
			faults = append(faults, d)
		}
	}
	return faults
}
