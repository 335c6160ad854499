// Package rule holds what the library's files say in code: the facts as a
// [Vocabulary], and conditions over them, which a [Compiler] reads and which
// are evaluated on a [World].
//
// # Conditions
//
// A condition is an expression in a small part of CEL: facts of `self` and of
// the elements it leads to, compared with words, joined by &&, || and !, and
// quantified over lists by `exists` and `all`.
//
//	to.query_language == "sql" && !from.trusted
//	incoming.exists(f, f.from.zone.trust in ["none", "low"])
//
// It is checked against the vocabulary when it is compiled, so a misspelt fact
// or value is an error at its place. It is evaluated in three-valued logic: a
// fact that nobody stated is unknown, and an evaluation that stays unknown
// tells which facts would decide it.
//
// Not here: which rule stands on which element, what a truth means for a
// threat, and everything with files. Read condition.go for what goes in, eval.go
// for what comes out, lower.go for everything that can be wrong with a condition.
package rule
