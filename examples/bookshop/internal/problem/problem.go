// Package problem has the errors that are meant for whoever sent a request.
// All other errors stay inside.
package problem

// A Problem is a sentence that tells the sender of a request what is wrong with
// it. It holds nothing that its sender may not know.
type Problem string

func (p Problem) Error() string { return string(p) }

// NotFound stands for whatever the sender may not know to be there, too.
const NotFound = Problem("There is nothing here.")
