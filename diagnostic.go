package ssf

import (
	"cmp"
	"slices"
	"strings"
)

// Severity is how much a diagnostic matters.
type Severity string

// An Error is a model that contradicts itself or cannot be read; a Gap is a
// control that is not met; a Question is a fact that would decide something;
// a Warning is likely a mistake; a Hint is an improvement.
const (
	Error    Severity = "error"
	Gap      Severity = "gap"
	Question Severity = "question"
	Warning  Severity = "warning"
	Hint     Severity = "hint"
)

// A Diagnostic is one thing to say about the user's files. Its subject is an
// id, so that a baseline survives moved lines. It carries the source line, so
// that a writer needs no files.
type Diagnostic struct {
	Check    ID       `json:"id"`
	Subject  ID       `json:"subject,omitempty"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Pos
	Snippet string    `json:"snippet,omitempty"`
	Hint    string    `json:"hint,omitempty"` // the way out, in words
	Fix     []Edit    `json:"fix,omitempty"`  // the way out, mechanically
	Related []Related `json:"related,omitempty"`
	Known   bool      `json:"known,omitempty"` // it was there at the base of a comparison
}

// Related is a further place that contributed to a diagnostic.
type Related struct {
	Message string `json:"message"`
	Pos
	Snippet string `json:"snippet,omitempty"`
}

// An Edit replaces the text at a place.
type Edit struct {
	Pos
	Text string `json:"text"`
}

// SortDiagnostics puts diagnostics in file order; those at the same place by
// check, subject and message.
func SortDiagnostics(ds []Diagnostic) {
	order := make([]int32, len(ds)) // a diagnostic is large, and moved once only
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &ds[i], &ds[j]
		if c := a.Pos.Compare(b.Pos); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(string(a.Check), string(b.Check)), strings.Compare(string(a.Subject), string(b.Subject)), strings.Compare(a.Message, b.Message), cmp.Compare(i, j))
	})
	sorted := make([]Diagnostic, len(ds))
	for to, from := range order {
		sorted[to] = ds[from]
	}
	copy(ds, sorted)
}

// HasErrors reports whether any diagnostic is an error.
func HasErrors(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}
