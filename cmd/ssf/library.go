package main

import (
	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
)

// usable is the library to evaluate with, and what is wrong with the conditions
// of the team's rules in it. With such a fault it is the program's own alone.
func usable(l *lang.Libraries) (*ssf.Library, []ssf.Diagnostic) {
	var faults []ssf.Diagnostic
	for _, a := range l.Added {
		faults = append(faults, check.Conditions(l.Whole.Facts, a.Library.Threats, l.Line)...)
	}
	if len(faults) > 0 {
		return l.Core, faults
	}
	return l.Usable(), nil
}
