// Package library holds the threat library ssf/core as files: what the program
// knows about threats, measures, kinds, technologies, protocols and facts. It
// is data; internal/lang reads it, and internal/rule compiles its conditions.
package library

import (
	"embed"

	"ssf"
)

// Core is the library ssf/core, with the cases of its rules.
//
//go:embed library.yaml facts kinds tech protocols threats/*/threat.yaml threats/*/test.txtar measures/*/measure.yaml controls checks catalogues lists analysers standards policies
var Core embed.FS

//go:generate go run ssf/internal/libgen -library . -o index.go

// Index is ssf/core as read from its files, which nobody may change: what the
// program works with, so that a start reads none of them.
func Index() *ssf.Library { return &index }
