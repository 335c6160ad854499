package report

import (
	"strings"
	"testing"

	"ssf/internal/format"
)

// TestLossesGather: what a report says the same of several things stands there
// once, with their names, and differing reasons stand apart.
func TestLossesGather(t *testing.T) {
	doc, err := format.Parse("m.json", []byte(`{"cells": [{"out": true}, {"out": true}, {"out": true}, {"kind": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := &format.Report{File: "m.json", Format: "some"}
	cells := doc.At("cells").Entries()
	for i, name := range []string{"Web", "Mail", "Web"} {
		r.Guess(cells[i].At("out"), "%s is out of scope, says %s", name, "the source")
	}
	r.Guess(cells[2].At("out"), "%s is out of scope, says %s", "Disk", "its name")
	r.Guess(nil, "all of it has no name")
	r.Unseen(doc)
	var b strings.Builder
	if err := Losses(&b, r, Style{}); err != nil {
		t.Fatal(err)
	}
	const want = `m.json (some)

guessed
  cells[0].out and 2 more like it
    Web is out of scope, says the source
    also: Mail
  cells[2].out
    Disk is out of scope, says its name
  as a whole
    all of it has no name

dropped
  cells[3]
    not part of our language: an object with kind
`
	if b.String() != want {
		t.Errorf("the report is\n%s", b.String())
	}
}
