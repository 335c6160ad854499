// Package format is where threat models and assurance cases in the forms of
// other tools come in and go out. A [Format] is one such form; each has a folder
// of its own below this one, and package all lists them.
//
// Coming in, a file is read into a tree of [Node] values that know their places
// and whether somebody looked at them; the format turns the tree into a [Draft],
// and [Draft.Build] makes that a model of our language. What nobody looked at is
// in the loss report by itself, so nothing is dropped in silence. Going out, a
// format writes an [ssf.Case], which is complete, as one or more files.
package format

import "ssf"

// A Format is one form of file. Read is nil for a form that is only written,
// Write for one that is only read.
type Format struct {
	Name  string // as `--from` and `--to` have it
	Title string // for people
	// Parse reads a document that is no JSON, YAML or XML, if Text says that it is
	// one of this form; nil for all others.
	Parse func(name string, data []byte) (*Node, error)
	Text  func(data []byte) bool
	// Is reports whether a document is of this form, by its content.
	Is func(*Node) bool
	// Near says what a document lacks that is not of this form and looks as if it
	// were meant to be; empty for all others. It may be nil.
	Near func(*Node) string
	// Read makes a draft of a document. An error refuses it, with its place: see
	// [Refuse].
	Read func(*Source) (*Draft, error)
	// Write makes files of a case: the same case, the same bytes. The first file is
	// the main one.
	Write func(*ssf.Case) ([]File, error)
	// Folder tells that the files are a folder, also where there is one only.
	Folder bool
	// Loses says what does not survive being written in this form and read again,
	// each as a sentence. Tests hold it against what is really lost.
	Loses []string
}

// A File is one file of an output. Name has no folder where there is one file
// only; `/` divides.
type File struct {
	Name string
	Data []byte
}
