// Package ssf is the vocabulary of the Secure Software Framework: the values
// that every other package of this module speaks, and nothing that acts.
//
// # The chain
//
// A product's model (YAML, read by internal/lang) says what the system is and
// what secure means for it. The library (data in library/, read by
// internal/rule) knows which threats stand on which facts, what measures
// counter them and what each control of the framework asks. The tree
// (internal/repo) is what the repository holds. They are joined in three steps:
//
//	Inputs{Model, Library, Tree, Now} -> facts -> eval -> check -> Case
//
// internal/facts finds what is known, internal/eval which threats follow and
// what became of them, internal/check what is missing.
//
// A [Case] is the whole assurance case as a plain value: it is complete, so a
// writer (internal/report) needs nothing else, and it is deterministic: the
// same inputs give byte-equal JSON.
//
// # Three kinds of trouble
//
// A [Diagnostic] is about the user's files and has a place in them. A Go error
// is about the world: a disk, a process, a broken embedded library. The answer
// "no" (a gate that is not met) is neither: it stands in the Case.
//
// # Open world
//
// What a model does not say is unknown, not false. The zero [Value] and the
// zero [Level] are unknown, and no rule, rating or gate takes unknown for a
// good answer.
//
// Read model.go for what a team writes, library.go for what the library knows,
// case.go for what comes out.
package ssf
